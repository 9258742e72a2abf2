"""Statistics of recruitment: applications, fill rates and the fill of shortage specialties (R157).

A rate over a plan that is not published, or of no places, is None with the reason, never 0 and
never 100%.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.recruitment_limits import counts_as_shortage
from zhupei.domain.text import Text
from zhupei.services.papers.records import OpeningFigures
from zhupei.services.papers.spreadsheet import Column, Value, write_csv, write_xlsx

__all__ = [
    "OpeningStatistics",
    "Rate",
    "RecruitmentStatistics",
    "recruitment_statistics",
    "shortage_of",
    "statistics_csv",
    "statistics_xlsx",
]

_ONE_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Rate:
    """A share in per cent with one decimal, or None with the reason why there is none."""

    percent: Decimal | None
    reason: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningStatistics:
    """One opening; ``places`` is the quota with approved increases, None if not published."""

    figures: OpeningFigures
    places: int | None
    fill: Rate
    competition: Rate
    """Applications in per cent of the places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecruitmentStatistics:
    """All openings and what they add up to.

    ``completion`` is the recruitment completion rate (住培招收完成率), ``shortage_completion``
    that of shortage specialties (紧缺专业招收完成情况), both R157 and by registered people.
    """

    openings: tuple[OpeningStatistics, ...]
    applications: int
    admitted: int
    registered: int
    places: int | None
    completion: Rate
    shortage_completion: Rate


def shortage_of(catalogue: Catalogue, opening: str) -> bool | None:
    """Return whether an opening's specialty counts as a shortage one for the plan (R159, R214).

    None where no list decides it: there is none for this purpose, or it ends in 等 and does not
    name the specialty. The lists for pay and for priority are other lists (T16).

    Raises KeyError: there is no such opening.
    """
    found = catalogue.openings[opening]
    return counts_as_shortage(catalogue.shortages.get(found.program, ()), found.specialty)


def recruitment_statistics(figures: Sequence[OpeningFigures]) -> RecruitmentStatistics:
    """Add the figures of openings up.

    Raises ValueError for a number below zero and for an opening that stands twice.
    """
    seen: set[str] = set()
    for each in figures:
        numbers = (
            each.quota or 0,
            each.applications,
            each.admitted,
            each.registered,
            each.increase,
        )
        if min(numbers) < 0:
            raise ValueError(f"a number of {each.opening} is below zero")
        if each.opening in seen:
            raise ValueError(f"{each.opening} stands twice")
        seen.add(each.opening)
    undecided = [each for each in figures if each.shortage is None]
    shortage = [each for each in figures if each.shortage]
    if undecided:
        names = ", ".join(each.opening for each in undecided)
        shortage_rate = Rate(
            None,
            Text(
                f"紧缺专业名单未列尽，无法判定：{names}",
                f"the list of shortage specialties is open-ended; undecided: {names}",
            ),
        )
    elif not shortage:
        shortage_rate = Rate(None, Text("没有紧缺专业", "there is no shortage specialty"))
    else:
        shortage_rate = _completion(shortage)
    return RecruitmentStatistics(
        openings=tuple(_opening(each) for each in figures),
        applications=sum(each.applications for each in figures),
        admitted=sum(each.admitted for each in figures),
        registered=sum(each.registered for each in figures),
        places=_total(figures),
        completion=_completion(figures),
        shortage_completion=shortage_rate,
    )


def _places(each: OpeningFigures) -> int | None:
    return None if each.quota is None else each.quota + each.increase


def _total(figures: Iterable[OpeningFigures]) -> int | None:
    total = 0
    for each in figures:
        places = _places(each)
        if places is None:
            return None
        total += places
    return total


def _opening(each: OpeningFigures) -> OpeningStatistics:
    places = _places(each)
    return OpeningStatistics(
        figures=each,
        places=places,
        fill=_rate(each.registered, places, each.quota_note),
        competition=_rate(each.applications, places, each.quota_note),
    )


def _completion(figures: Sequence[OpeningFigures]) -> Rate:
    unknown = [each.opening for each in figures if each.quota is None]
    note = Text(
        f"招收计划未公布：{', '.join(unknown)}", f"plans not published: {', '.join(unknown)}"
    )
    registered = sum(each.registered for each in figures)
    return _rate(registered, _total(figures), note if unknown else None)


def _rate(part: int, whole: int | None, note: Text | None) -> Rate:
    if whole is None:
        return Rate(None, note or Text("招收计划未公布", "the plan is not published"))
    if whole == 0:
        return Rate(None, Text("计划为 0", "the plan is 0"))
    percent = (Decimal(part) * 100 / whole).quantize(_ONE_TENTH, ROUND_HALF_UP)
    return Rate(percent)


_COLUMNS = (
    Column(header="培训基地", width=36),
    Column(header="专业代码", width=10),
    Column(header="专业", width=24),
    Column(header="紧缺专业", width=10),
    Column(header="招收计划（含增加）", width=18),
    Column(header="报名人数", width=10),
    Column(header="录取人数", width=10),
    Column(header="注册人数", width=10),
    Column(header="完成率（%）", width=12),
    Column(header="报名计划比（%）", width=16),
    Column(header="说明", width=50),
)


def statistics_xlsx(catalogue: Catalogue, statistics: RecruitmentStatistics) -> bytes:
    """Return the statistics as XLSX, a row for each opening and totals. Unknown rates are blank."""
    return write_xlsx("招收统计", _COLUMNS, _rows(catalogue, statistics))


def statistics_csv(catalogue: Catalogue, statistics: RecruitmentStatistics) -> bytes:
    """Return the statistics as CSV."""
    return write_csv(_COLUMNS, _rows(catalogue, statistics))


_SHORTAGE = {True: "是", False: "否", None: "未定"}


def _rows(catalogue: Catalogue, statistics: RecruitmentStatistics) -> list[list[Value]]:
    rows: list[list[Value]] = []
    for each in statistics.openings:
        opening = catalogue.openings[each.figures.opening]
        rows.append(
            [
                catalogue.bases[opening.base].name.zh,
                opening.specialty,
                opening.specialty_name.zh,
                _SHORTAGE[each.figures.shortage],
                each.places,
                each.figures.applications,
                each.figures.admitted,
                each.figures.registered,
                each.fill.percent,
                each.competition.percent,
                _reason(each.fill),
            ]
        )
    whole: list[Value] = ["合计", None, None, None, statistics.places]
    counts: list[Value] = [statistics.applications, statistics.admitted, statistics.registered]
    rows.append(
        [*whole, *counts, statistics.completion.percent, None, _reason(statistics.completion)]
    )
    shortage = statistics.shortage_completion
    blank: list[Value] = [None] * 7
    rows.append(["紧缺专业合计", *blank, shortage.percent, None, _reason(shortage)])
    return rows


def _reason(rate: Rate) -> str | None:
    return None if rate.reason is None else rate.reason.zh
