"""Adds the quotas of openings and child programs up to the totals of programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zhupei.catalogue.entries import text_of
from zhupei.config.layers import Layers
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program

__all__ = ["with_totals"]


def with_totals(
    programs: Mapping[str, Program],
    openings: Mapping[str, Opening],
    layers: Layers,
    summed: Mapping[str, Program],
) -> dict[str, Program]:
    """Return the programs with their openings and the sum of their quotas (R023).

    ``summed`` are those of ``programs`` that have both already; they are not in ``layers``.
    """
    own: dict[str, list[Opening]] = {}
    for opening in openings.values():
        own.setdefault(opening.program, []).append(opening)
    totals = _Totals(programs, own, layers, summed)
    return {
        code: program
        if code in summed
        else replace(
            program,
            quota_total=totals.of(code)[0],
            quota_note=totals.of(code)[1],
            openings=tuple(sorted(opening.code for opening in own.get(code, ()))),
        )
        for code, program in programs.items()
    }


class _Totals:
    """Adds quotas up: unknown as soon as a part is, with the reason."""

    def __init__(
        self,
        programs: Mapping[str, Program],
        openings: Mapping[str, Sequence[Opening]],
        layers: Layers,
        summed: Mapping[str, Program],
    ) -> None:
        self._programs = programs
        self._openings = openings
        self._layers = layers
        self._planned = {plan.model.program for plan in layers.workspace.plans}
        self._known: dict[str, tuple[int | None, Text | None]] = {
            code: (each.quota_total, each.quota_note) for code, each in summed.items()
        }

    def of(self, code: str) -> tuple[int | None, Text | None]:
        """Return a program's total, and what there is to say about it."""
        if code not in self._known:
            self._known[code] = self._total(code)
        return self._known[code]

    def _total(self, code: str) -> tuple[int | None, Text | None]:
        entry = self._layers.programs[code].entry
        note, parts = text_of(entry.quota_note), self._parts(code)
        planned = code in self._planned or self._programs[code].parent in self._planned
        if not parts:
            return entry.quota, note or (_unknown_total(parts) if entry.quota is None else None)
        seats = [quota for quota, _ in parts if quota is not None]
        if len(seats) < len(parts):
            return None, note or _unknown_total(parts)
        below = self._programs[code].children
        if below and entry.quota is not None and entry.quota != sum(seats):
            # Served only where a file is left out, or where nobody can tell which figure is wrong.
            return None, _other_total(entry.quota, sum(seats))
        if planned:
            # The table is the plan: what was said of its absence no longer holds.
            return sum(seats), None
        if below and note is not None and entry.quota is None:
            # The file says that its members do not make up the whole.
            return None, note
        return sum(seats), note

    def _parts(self, code: str) -> list[tuple[int | None, Text]]:
        parts = [(row.quota, row.specialty_name) for row in self._openings.get(code, ())]
        for child in self._programs[code].children:
            if code in self._planned:
                parts += self._parts(child)
            else:
                parts.append((self.of(child)[0], self._programs[child].name))
        return parts


def _other_total(published: int, found: int) -> Text:
    return Text(
        f"公布的计划总数为 {published}，而下级项目名额之和为 {found}，两者不符",
        f"the published total is {published}, and the programs below add up to {found}",
    )


def _unknown_total(parts: Sequence[tuple[int | None, Text]]) -> Text:
    if not parts:
        return Text("尚未公布招收计划", "No plan has been published")
    missing = [name for quota, name in parts if quota is None]
    return Text(
        "以下名额未公布：" + "、".join(name.zh for name in missing),
        "Not published: " + ", ".join(name.en or name.zh for name in missing),
    )
