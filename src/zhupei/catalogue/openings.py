"""The openings of programs: rows of their own plans, of plan tables, and those that plugins add."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from zhupei.catalogue.answers import Answer, BaseAnswers
from zhupei.catalogue.entries import EntryReader, overlay, text_of
from zhupei.config.files import SpecialtyBaseEntry
from zhupei.config.layers import Layers, OpeningRef, ProgramRef
from zhupei.config.programs import OpeningEntry
from zhupei.config.windows import source_of
from zhupei.config.workspace import ConfiguredFile, Workspace
from zhupei.domain.codes import ShortageSet
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import Direction, Opening, Program, Quota, RoundQuota
from zhupei.reference import Reference

__all__ = ["Openings"]

# Why a row of a plan table has no seats; pydantic makes a passage of it.
_BLANK: Any = {"zh": "计划表中此格为空", "en": "Left blank in the plan table"}


class Openings:
    """Reads the openings of the programs of one workspace.

    Args:
        workspace: whose plan tables add rows to programs.
        layers: its layers.
        reader: reads the entries of openings' own lists.
        reference: names the national specialties.

    """

    def __init__(
        self, workspace: Workspace, layers: Layers, reader: EntryReader, reference: Reference
    ) -> None:
        self._layers = layers
        self._reader = reader
        self._reference = reference
        self._plan_rows = _rows_by_program(workspace, layers)

    def of(
        self,
        ref: ProgramRef,
        program: Program,
        answers: BaseAnswers,
        shortages: Sequence[ShortageSet],
    ) -> Iterator[Opening]:
        """Yield the openings of a program: its own rows, the plan's, and what plugins add.

        ``answers`` are those about its base, ``shortages`` the sets that bind the program.
        """
        if ref.base is None:
            return
        quotas = {
            quota.specialty: (answer, quota)
            for answer in reversed(answers.quotas.get(program.year, ()))
            for quota in answer.value
            if quota.program == ref.code
        }
        seen = set()
        for opening in (*ref.openings(), *self._plan_rows.get(ref.code, ())):
            seen.add(opening.entry.specialty)
            yield self._opening(opening, program, shortages, quotas.get(opening.entry.specialty))
        for specialty, (answer, quota) in quotas.items():
            if specialty not in seen:
                entry = OpeningEntry(specialty=specialty)
                path = ref.path
                yield self._opening(
                    OpeningRef(entry, ref, path), program, shortages, (answer, quota)
                )

    def _opening(
        self,
        ref: OpeningRef,
        program: Program,
        shortages: Sequence[ShortageSet],
        answer: tuple[Answer, Quota] | None,
    ) -> Opening:
        entry, code = ref.entry, ref.code
        quota, note = entry.quota, entry.quota_note or ref.program.entry.quota_note
        directions = tuple(
            Direction(
                id=each.id,
                name=each.name.text(),
                quota=each.quota,
                quota_note=text_of(each.quota_note),
                source=source_of(each.source),
            )
            for each in entry.directions
        )
        rounds = tuple(RoundQuota(round=key, seats=seats) for key, seats in entry.rounds.items())
        source, reason = source_of(entry.source), text_of(note)
        if answer is not None and (answer[0].level is Level.INSTITUTION or quota is None):
            given = answer[1]
            quota, reason = given.seats, given.note or reason
            directions, rounds = given.directions or directions, given.rounds or rounds
            source = given.source or source
        base = program.base or ""
        accredited = self._accredited(ref.program, entry.specialty)
        return Opening(
            code=code,
            program=program.code,
            base=base,
            specialty=entry.specialty,
            specialty_name=text_of(entry.name)
            or self._name(ref.program, program.year, entry.specialty),
            year=program.year,
            kind=program.kind,
            quota=quota,
            quota_note=None if quota is not None and entry.quota_note is None else reason,
            directions=directions,
            round_quotas=rounds,
            capacity=(
                accredited.capacity
                if entry.capacity is None and accredited is not None
                else entry.capacity
            ),
            suspended=None if accredited is None else text_of(accredited.suspended),
            post_type=entry.post_type,
            duration_months=entry.duration_months or program.duration_months,
            note=text_of(entry.note),
            requirements=self._own("requirements", program.requirements, ref, program),
            benefits=self._own("benefits", program.benefits, ref, program),
            shortage_purposes=frozenset(
                each.purpose.value for each in shortages if entry.specialty in each.codes
            ),
            source=source,
        )

    def _own(
        self, name: str, merged: tuple[Any, ...], ref: OpeningRef, program: Program
    ) -> tuple[Any, ...]:
        """Lay an opening's own entries over its program's; most have none and share the tuple."""
        if not getattr(ref.entry, name):
            return merged
        return overlay(merged, self._reader.of_layer(name, ref.layer, program.kind))

    @staticmethod
    def _accredited(program: ProgramRef, specialty: str) -> SpecialtyBaseEntry | None:
        entries = () if program.base is None else program.base.specialty_bases
        return next((entry for entry in entries if entry.specialty == specialty), None)

    def _name(self, program: ProgramRef, year: int, specialty: str) -> Text:
        for each in self._layers.lineage(program):
            for declared in each.entry.specialties:
                if declared.code == specialty:
                    return declared.name.text()
        national = self._reference.specialties.get(year, specialty)
        if national is None:
            raise KeyError(f"{program.code}/{specialty}")
        return national.name


def _rows_by_program(workspace: Workspace, layers: Layers) -> dict[str, tuple[OpeningRef, ...]]:
    """Return the rows of plan tables by the bases' programs that they belong to."""
    children = {
        (ref.entry.parent, ref.base.code): ref
        for ref in layers.programs.values()
        if ref.base is not None and ref.entry.parent is not None
    }
    found: dict[str, list[OpeningRef]] = {}
    for plan in workspace.plans:
        for index, row in enumerate(plan.model.rows):
            ref = children.get((plan.model.program, row.base))
            if ref is None:
                continue
            listed = {each.specialty for each in ref.entry.openings}
            if row.specialty in listed:
                continue
            entry = OpeningEntry(
                specialty=row.specialty,
                quota=row.quota,
                quota_note=_BLANK if row.quota is None else None,
                note=plan.model.note,
                source=plan.model.source,
            )
            host = ConfiguredFile(plan.document, ref.host.model)
            placed = ProgramRef(ref.entry, host, ref.path)
            found.setdefault(ref.code, []).append(OpeningRef(entry, placed, ("rows", index)))
    return {code: tuple(rows) for code, rows in found.items()}
