"""Statistics of recruitment from the rows: two statements, however many openings there are (R157).

By type of trainee takes one more: the type stands among the facts of each application.

Counted are applications that were handed in (a transfer within the base is not counted twice),
people who are admitted now, and people who are registered. Plans come from the catalogue with
approved increases; what is not published stays unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tortoise import connections

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.admission_case import PlanIncreaseState
from zhupei.domain.admission_process import ApplicationState
from zhupei.domain.people import TraineeType
from zhupei.domain.permissions import Places, Target
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program
from zhupei.services.papers.records import OpeningFigures
from zhupei.services.papers.statistics import (
    Rate,
    RecruitmentStatistics,
    recruitment_statistics,
    shortage_of,
)
from zhupei.services.papers.wording import TRAINEE_TYPES

__all__ = [
    "GroupedStatistics",
    "RecruitmentReport",
    "has_round",
    "programs_within",
    "recruitment_report",
    "statistics_by_trainee_type",
]

_S = ApplicationState
_ADMITTED = [
    state.value for state in (_S.ADMITTED, _S.NOTIFIED, _S.REPORTED, _S.CONTRACTED, _S.REGISTERED)
]
_NUMBERS = """
    count(*) FILTER (WHERE submitted_at IS NOT NULL AND transferred_from IS NULL)
        AS applications,
    count(*) FILTER (WHERE state = ANY($2)) AS admitted,
    count(*) FILTER (WHERE state = 'REGISTERED') AS registered
FROM application
WHERE program_code = ANY($1) AND ($3::text IS NULL OR round_code = $3)
"""
_COUNTS = f"SELECT opening_code AS opening, round_code AS round, {_NUMBERS} GROUP BY 1, 2"
# The facts of an application are large, so PostgreSQL keeps them beside its row: not to look at
# them takes a tenth of the time.
_COUNTS_BY_TYPE = f"""
SELECT opening_code AS opening, details #>> '{{candidate,trainee_type}}' AS trainee_type,
{_NUMBERS} GROUP BY 1, 2
"""
_INCREASES = """
SELECT opening_code AS opening, round_code AS round, sum(seats)::int AS seats
FROM plan_increase
WHERE program_code = ANY($1) AND state = $2 AND ($3::text IS NULL OR round_code = $3)
GROUP BY 1, 2
"""
_BY_TYPE = Text("招收计划不按人员类型划分", "the plan is not divided by type of trainee")
_NO_RATE = Rate(None, _BY_TYPE)
_NO_TYPE = Text("未登记", "not stated")
_BY_ROUND = Text("招收计划未按批次划分", "the plan is not divided by round")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedStatistics:
    """What one base, specialty, round or type of trainee adds up to; ``code`` None if unknown."""

    code: str | None
    label: Text
    statistics: RecruitmentStatistics


@dataclass(frozen=True, slots=True, kw_only=True)
class RecruitmentReport:
    """The statistics of ``programs``, of one round or of all, as a whole and by what they are of.

    `statistics_by_trainee_type` has those by type of trainee.
    """

    programs: tuple[str, ...]
    round: str | None
    whole: RecruitmentStatistics
    by_base: tuple[GroupedStatistics, ...]
    by_specialty: tuple[GroupedStatistics, ...]
    by_round: tuple[GroupedStatistics, ...]


@dataclass(frozen=True, slots=True)
class _Count:
    opening: str
    applications: int
    admitted: int
    registered: int
    round: str = ""
    trainee_type: str | None = None


def programs_within(
    catalogue: Catalogue,
    *,
    program: str | None = None,
    base: str | None = None,
    jurisdiction: str | None = None,
    year: int | None = None,
) -> tuple[str, ...]:
    """Return the codes of programs that openings belong to: of a program and all below it, of a
    base, of the bases of a jurisdiction; all of them where several are given, in order.
    """
    found = []
    for each in catalogue.programs.values():
        if program is not None and program not in _chain(catalogue, each):
            continue
        if base is not None and each.base != base:
            continue
        if jurisdiction is not None and jurisdiction not in _places(catalogue, each):
            continue
        if year is None or each.year <= year <= (each.last_year or each.year):
            found.append(each.code)
    return tuple(found)


def has_round(catalogue: Catalogue, programs: Iterable[str], round_code: str | None) -> bool:
    """Whether one of the programs has such a round; none is asked for where it is None.

    A misspelt one would be told as a round for which nobody has applied.
    """
    return round_code is None or any(
        each.code == round_code for code in programs for each in catalogue.programs[code].rounds
    )


async def recruitment_report(
    catalogue: Catalogue, programs: Collection[str], round_code: str | None = None
) -> RecruitmentReport:
    """Return the statistics of programs, of one round or of all together.

    Openings that nobody applied for are counted too. What was applied for and left the catalogue
    is not.
    """
    wanted = set(programs)
    openings = [each for each in catalogue.openings.values() if each.program in wanted]
    counts, increases = await _counted(sorted(wanted), round_code)
    of_opening: dict[str, list[_Count]] = {}
    for count in counts:
        of_opening.setdefault(count.opening, []).append(count)
    figures = [
        _figures(catalogue, each, round_code, of_opening.get(each.code, ()), increases)
        for each in openings
    ]
    names = {each.specialty: each.specialty_name for each in openings}
    return RecruitmentReport(
        programs=tuple(sorted(wanted)),
        round=round_code,
        whole=recruitment_statistics(figures),
        by_base=_grouped(
            figures,
            lambda each: catalogue.openings[each.opening].base,
            lambda code: catalogue.bases[code].name,
        ),
        by_specialty=_grouped(
            figures, lambda each: catalogue.openings[each.opening].specialty, names.__getitem__
        ),
        by_round=_by_round(catalogue, openings, of_opening, increases, round_code),
    )


async def statistics_by_trainee_type(
    catalogue: Catalogue, programs: Collection[str], round_code: str | None = None
) -> tuple[GroupedStatistics, ...]:
    """Return the statistics of programs by type of trainee, of one round or of all together."""
    wanted = set(programs)
    rows: Sequence[dict[str, Any]] = await connections.get("default").execute_query_dict(
        _COUNTS_BY_TYPE, [sorted(wanted), _ADMITTED, round_code]
    )
    of_opening: dict[str, list[_Count]] = {}
    for row in rows:
        of_opening.setdefault(row["opening"], []).append(_Count(**row))
    openings = [each for each in catalogue.openings.values() if each.program in wanted]
    return _by_type(catalogue, openings, of_opening)


_Increases = Mapping[str, Sequence[tuple[str, int]]]
"""Approved seats by opening: round and number."""


async def _counted(programs: list[str], round_code: str | None) -> tuple[list[_Count], _Increases]:
    client = connections.get("default")
    counts: Sequence[dict[str, Any]] = await client.execute_query_dict(
        _COUNTS, [programs, _ADMITTED, round_code]
    )
    increases: Sequence[dict[str, Any]] = await client.execute_query_dict(
        _INCREASES, [programs, PlanIncreaseState.APPROVED.value, round_code]
    )
    of_opening: dict[str, list[tuple[str, int]]] = {}
    for row in increases:
        of_opening.setdefault(row["opening"], []).append((row["round"], row["seats"]))
    return [_Count(**row) for row in counts], of_opening


def _figures(
    catalogue: Catalogue,
    opening: Opening,
    round_code: str | None,
    counts: Iterable[_Count],
    increases: _Increases,
) -> OpeningFigures:
    counts = [each for each in counts if round_code in (None, each.round)]
    quota, note = _quota(opening, round_code)
    return OpeningFigures(
        opening=opening.code,
        quota=quota,
        quota_note=note,
        applications=sum(each.applications for each in counts),
        admitted=sum(each.admitted for each in counts),
        registered=sum(each.registered for each in counts),
        shortage=shortage_of(catalogue, opening.code),
        increase=sum(
            seats for at, seats in increases.get(opening.code, ()) if round_code in (None, at)
        ),
    )


def _quota(opening: Opening, round_code: str | None) -> tuple[int | None, Text | None]:
    """Return the plan of an opening, of one round where it is divided, else why it is unknown."""
    if opening.quota is None or round_code is None:
        return opening.quota, opening.quota_note
    shares = {each.round: each.seats for each in opening.round_quotas}
    if round_code in shares:
        return shares[round_code], None
    return None, _BY_ROUND


def _grouped(
    figures: Iterable[OpeningFigures],
    key: Callable[[OpeningFigures], str],
    label: Callable[[str], Text],
) -> tuple[GroupedStatistics, ...]:
    groups: dict[str, list[OpeningFigures]] = {}
    for each in figures:
        groups.setdefault(key(each), []).append(each)
    return tuple(
        GroupedStatistics(
            code=code, label=label(code), statistics=recruitment_statistics(groups[code])
        )
        for code in sorted(groups)
    )


def _by_round(
    catalogue: Catalogue,
    openings: Sequence[Opening],
    counts: Mapping[str, Sequence[_Count]],
    increases: _Increases,
    round_code: str | None,
) -> tuple[GroupedStatistics, ...]:
    names: dict[str, Text] = {}
    for opening in openings:
        for each in catalogue.programs[opening.program].rounds:
            names.setdefault(each.code, each.name)
    return tuple(
        GroupedStatistics(
            code=code,
            label=name,
            statistics=recruitment_statistics(
                [
                    _figures(catalogue, each, code, counts.get(each.code, ()), increases)
                    for each in openings
                ]
            ),
        )
        for code, name in names.items()
        if round_code in (None, code)
    )


def _by_type(
    catalogue: Catalogue, openings: Sequence[Opening], counts: Mapping[str, Sequence[_Count]]
) -> tuple[GroupedStatistics, ...]:
    types = {each.trainee_type for of in counts.values() for each in of}
    found = []
    for code in [*(each.value for each in TraineeType if each.value in types), None]:
        if code not in types:
            continue
        figures = [
            replace(
                _figures(
                    catalogue,
                    opening,
                    None,
                    [each for each in counts[opening.code] if each.trainee_type == code],
                    {},
                ),
                quota=None,
                quota_note=_BY_TYPE,
            )
            for opening in openings
            if opening.code in counts
        ]
        label = _NO_TYPE if code is None else TRAINEE_TYPES[TraineeType(code)]
        whole = replace(
            recruitment_statistics(figures), completion=_NO_RATE, shortage_completion=_NO_RATE
        )
        found.append(GroupedStatistics(code=code, label=label, statistics=whole))
    return tuple(found)


def _chain(catalogue: Catalogue, program: Program) -> frozenset[str]:
    found = {program.code}
    parent = program.parent
    while parent is not None and parent not in found:
        found.add(parent)
        parent = catalogue.programs[parent].parent
    return frozenset(found)


def _places(catalogue: Catalogue, program: Program) -> frozenset[str]:
    if program.base is not None:
        return frozenset(catalogue.bases[program.base].jurisdictions)
    return Places(catalogue.bases, catalogue.jurisdictions).above(
        Target(jurisdiction=program.jurisdiction)
    )
