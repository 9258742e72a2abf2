"""Which level, file, line and clause set a field, and what it replaced.

Chains are computed when they are asked for, from the files that the catalogue was built from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zhupei.catalogue.answers import BaseAnswers
from zhupei.catalogue.archive import Archive
from zhupei.catalogue.catalogue import NodeKind
from zhupei.catalogue.entries import origin_at
from zhupei.config.layers import OpeningRef, ProgramRef
from zhupei.config.problems import YamlPath
from zhupei.config.programs import OpeningEntry
from zhupei.config.workspace import ConfiguredFile
from zhupei.domain.sources import Level, Origin
from zhupei.domain.training import Opening, Program

__all__ = ["LISTED", "Explainer"]

LISTED = {
    "requirements": "id",
    "benefits": "id",
    "steps": "id",
    "documents": "id",
    "penalties": "id",
    "assessments": "id",
    "sections": "id",
    "policies": "key",
    "rounds": "code",
}
"""Lists whose entries carry their own origins: the field, and how its entries are told apart."""

# Fields that one key of the configuration sets; a program without it takes its parent's.
_INHERITED = {
    "kind": "kind",
    "year": "year",
    "durationMonths": "duration_months",
    "durationNote": "duration_note",
    "roundsNote": "rounds_note",
}
_OWN_OF_PROGRAM = {
    "code": "code",
    "name": "name",
    "lastYear": "last_year",
    "parent": "parent",
    "quotaTotal": "quota",
    "quotaNote": "quota_note",
    "note": "note",
    "source": "source",
    "contacts": "contacts",
    "openings": "openings",
}
_OWN_OF_OPENING = {
    "specialty": "specialty",
    "quota": "quota",
    "quotaNote": "quota_note",
    "directions": "directions",
    "capacity": "capacity",
    "postType": "post_type",
    "durationMonths": "duration_months",
    "roundQuotas": "rounds",
    "note": "note",
    "source": "source",
}

# What a plugin's quota says of an opening.
_OF_QUOTA = {"quota": "seats", "directions": "directions", "roundQuotas": "rounds"}


class Explainer:
    """Answers `explain` for the objects of one catalogue."""

    def __init__(
        self,
        archive: Archive,
        programs: Mapping[str, Program],
        openings: Mapping[str, Opening],
        answers: Mapping[str, BaseAnswers],
        amended: Mapping[str, Program],
    ) -> None:
        self._archive = archive
        self._programs = programs
        self._openings = openings
        self._amended = amended
        self._answers = {code: given for code, given in answers.items() if given.quotas}

    def explain(self, kind: NodeKind, code: str, name: str) -> tuple[Origin, ...] | None:
        """Return the chain of origins of a field, None for an unknown node or field.

        ``name`` is the graph's name of the field (``durationMonths``), or a list and the id of
        one of its entries (``benefits.stipend``).
        """
        match kind:
            case "opening":
                return self._opening(code, name)
            case "program":
                return self._program(code, name)
            case "base":
                return self._file(self._archive.layers(code).workspace.bases.get(code), name)
            case "jurisdiction":
                return self._file(
                    self._archive.layers(None).workspace.jurisdictions.get(code), name
                )

    def _opening(self, code: str, name: str) -> tuple[Origin, ...] | None:
        opening = self._openings.get(code)
        if opening is None:
            return None
        listed = _entries(opening, name)
        if listed is None and opening.code in self._amended:
            listed = _entries(self._amended[opening.code], name)
        if listed is not None:
            return listed
        ref = self._reference(opening)
        if name in {"code", "specialtyName"}:
            key = "name" if name == "specialtyName" and ref and ref.entry.name else "specialty"
            return _set(ref, key) if ref else ()
        if name == "suspended":
            return self._accredited(opening, name)
        if name in _OWN_OF_OPENING:
            found = self._quota_answers(opening, name)
            own = _set(ref, _OWN_OF_OPENING[name]) if ref else ()
            # As `Openings` has it: a plugin of a higher level only fills what the file leaves open.
            is_over = ref is None or ref.entry.quota is None
            if not is_over and any(each.level is not Level.INSTITUTION for each in found):
                own, found = found, own
            inherited: tuple[Origin, ...] = ()
            if name in {"durationMonths", "quotaNote"}:
                inherited = self._program(opening.program, name) or ()
            if name == "capacity":
                inherited = self._accredited(opening, name)
            return (*found, *own, *inherited)
        return self._program(opening.program, name)

    def _accredited(self, opening: Opening, key: str) -> tuple[Origin, ...]:
        """Return where the base's entry of the accredited specialty says it."""
        file = self._archive.layers(opening.base).workspace.bases.get(opening.base)
        if file is None:
            return ()
        return tuple(
            origin_at(
                Level.INSTITUTION,
                file.document,
                ("specialty_bases", index, key),
                _shown(getattr(entry, key)),
                entry.source,
            )
            for index, entry in enumerate(file.model.specialty_bases)
            if entry.specialty == opening.specialty and getattr(entry, key) is not None
        )

    def _reference(self, opening: Opening) -> OpeningRef | None:
        """Return where the opening's row stands in the configuration."""
        layers = self._archive.layers(opening.base)
        program = layers.programs[opening.program]
        for ref in program.openings():
            if ref.entry.specialty == opening.specialty:
                return ref
        for plan in layers.workspace.plans:
            for index, row in enumerate(plan.model.rows):
                if (
                    row.base == opening.base
                    and row.specialty == opening.specialty
                    and plan.model.program == program.entry.parent
                ):
                    host: ConfiguredFile[Any] = ConfiguredFile(plan.document, program.host.model)
                    placed = ProgramRef(program.entry, host, program.path)
                    return OpeningRef(_row_entry(row, plan.model), placed, ("rows", index))
        return None

    def _quota_answers(self, opening: Opening, name: str) -> tuple[Origin, ...]:
        """Return what plugins answered about the seats, or a list that they gave with them."""
        answers, given = self._answers.get(opening.base), _OF_QUOTA.get(name)
        if answers is None or given is None:
            return ()
        return tuple(
            Origin(
                level=answer.level,
                value=_shown(getattr(quota, given)),
                plugin=answer.plugin,
                hook=answer.hook,
                source=quota.source,
            )
            for answer in answers.quotas.get(opening.year, ())
            for quota in answer.value
            if quota.program == opening.program
            and quota.specialty == opening.specialty
            and getattr(quota, given) != ()
        )

    def _shortages(self, ref: ProgramRef) -> tuple[Origin, ...]:
        """Return where the lists of shortage specialties stand; none replaces another (T16)."""
        layers = self._archive.layers(None if ref.base is None else ref.base.code)
        found = [
            origin_at(
                layer.level,
                layer.document,
                (*layer.path, "shortage", index),
                entry.purpose,
                entry.source,
            )
            for layer in layers.of_program(ref)
            for index, entry in enumerate(layer.rules.shortage)
        ]
        return tuple(reversed(found))

    def _program(self, code: str, name: str) -> tuple[Origin, ...] | None:
        program = self._programs.get(code)
        if program is None:
            return None
        layers = self._archive.layers(program.base)
        ref = layers.programs[code]
        listed = _entries(program, name)
        if listed is not None:
            return listed
        found: tuple[Origin, ...] | None = None
        if name in _INHERITED:
            key = _INHERITED[name]
            found = tuple(one for each in layers.lineage(ref) for one in _at_program(each, key))
        elif name == "shortageSets":
            found = self._shortages(ref)
        elif name in {"base", "jurisdiction"}:
            found = (origin_at(ref.level, ref.host.document, ("code",), ref.host.model.code),)
        elif name in _OWN_OF_PROGRAM:
            found = tuple(_at_program(ref, _OWN_OF_PROGRAM[name]))
        return found

    def _file(self, file: ConfiguredFile[Any] | None, name: str) -> tuple[Origin, ...] | None:
        if file is None:
            return None
        key = _snake(name)
        if key not in type(file.model).model_fields:
            return None
        value = getattr(file.model, key)
        if key not in file.document.data:
            return ()
        level = Level.INSTITUTION if file.document.data["kind"] == "base" else Level.JURISDICTION
        source = getattr(file.model, "source", None)
        return (origin_at(level, file.document, (key,), _shown(value), source),)


def _entries(node: Opening | Program, name: str) -> tuple[Origin, ...] | None:
    """Return the origins of a list, or of one entry of it; None where it is not such a list."""
    field, _, entry_id = name.partition(".")
    if field not in LISTED or not hasattr(node, field):
        return None
    entries = getattr(node, field)
    if not entry_id:
        return tuple(entry.origins[0] for entry in entries if entry.origins)
    for entry in entries:
        if getattr(entry, LISTED[field]) == entry_id:
            return tuple(entry.origins)
    return None


def _at_program(ref: ProgramRef, key: str) -> Iterator[Origin]:
    if key in _data(ref.host.document.data, ref.path):
        value = getattr(ref.entry, key)
        yield origin_at(
            ref.level, ref.host.document, (*ref.path, key), _shown(value), ref.entry.source
        )


def _set(ref: OpeningRef, key: str) -> tuple[Origin, ...]:
    document = ref.program.host.document
    if key not in _data(document.data, ref.path):
        return ()
    value = getattr(ref.entry, key)
    return (
        origin_at(Level.INSTITUTION, document, (*ref.path, key), _shown(value), ref.entry.source),
    )


def _data(data: Any, path: YamlPath) -> Any:
    for part in path:
        data = data[part]
    return data


def _row_entry(row: Any, plan: Any) -> Any:
    return OpeningEntry(specialty=row.specialty, quota=row.quota, source=plan.source)


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    if hasattr(value, "zh"):
        return str(value.zh)
    if isinstance(value, tuple):
        return str(len(value))
    if hasattr(value, "clause"):
        return " ".join(filter(None, (value.document, value.clause)))
    return str(value)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
