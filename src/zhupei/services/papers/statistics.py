"""Statistics of recruitment: applications, fill rates and the fill of shortage specialties (R157).

A rate over a plan that is not published, or of no places, is None with the reason, never 0 and
never 100%.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.recruitment_limits import counts_as_shortage
from zhupei.domain.registration_columns import (
    STATISTICS_HEADERS,
    ExportColumn,
    StatisticsField,
)
from zhupei.domain.text import Language, Text
from zhupei.domain.training import Program
from zhupei.services.papers.export_columns import chosen_columns, common_columns
from zhupei.services.papers.figures import own_parameters
from zhupei.services.papers.records import OpeningFigures
from zhupei.services.papers.spreadsheet import Column, Value, write_csv, write_xlsx

__all__ = [
    "DEFAULT_COLUMNS",
    "OpeningStatistics",
    "Rate",
    "RecruitmentStatistics",
    "StatisticsColumns",
    "recruitment_statistics",
    "shortage_of",
    "statistics_columns_for",
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
    that of shortage specialties (紧缺专业招收完成情况), which evaluations of bases look at (R160);
    both R157 and by registered people.
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
    undecided = [each.opening for each in figures if each.shortage is None]
    shortage = [each for each in figures if each.shortage]
    if not figures:
        shortage_rate = Rate(None, _NO_OPENINGS)
    elif undecided:
        names = _named(undecided)
        shortage_rate = Rate(
            None,
            Text(
                f"紧缺专业名单未列尽，无法判定：{names.zh}",
                f"the list of shortage specialties is open-ended; undecided: {names.en}",
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


def _total(figures: Sequence[OpeningFigures]) -> int | None:
    if not figures:
        # Such as of a province whose list of places was not supplied (T36).
        return None
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
    names = _named(unknown)
    note = Text(f"招收计划未公布：{names.zh}", f"plans not published: {names.en}")
    registered = sum(each.registered for each in figures)
    return _rate(registered, _total(figures), note if unknown else _NO_OPENINGS)


_NO_OPENINGS = Text("没有招收专业，招收计划未知", "there are no openings, so no plan is known")
_MOST_NAMED = 10


def _named(openings: Sequence[str]) -> Text:
    """Return codes in a row: the first ten, and how many more there are."""
    shown, rest = openings[:_MOST_NAMED], len(openings) - _MOST_NAMED
    more = Text(f"，另有 {rest} 个", f" and {rest} more") if rest > 0 else Text("", "")
    return Text("、".join(shown) + more.zh, ", ".join(shown) + (more.en or ""))


def _rate(part: int, whole: int | None, note: Text | None) -> Rate:
    if whole is None:
        return Rate(None, note or Text("招收计划未公布", "the plan is not published"))
    if whole == 0:
        return Rate(None, Text("计划为 0", "the plan is 0"))
    percent = (Decimal(part) * 100 / whole).quantize(_ONE_TENTH, ROUND_HALF_UP)
    return Rate(percent)


StatisticsColumns = tuple[ExportColumn, ...]
"""The columns of the statistics in their order."""

DEFAULT_COLUMNS: StatisticsColumns = tuple(
    ExportColumn(field=field.value, header=STATISTICS_HEADERS[field]) for field in StatisticsField
)
"""All that are known."""

_S = StatisticsField
_WIDTHS: Mapping[StatisticsField, int] = MappingProxyType(
    {
        _S.BASE: 36,
        _S.SPECIALTY_CODE: 10,
        _S.SPECIALTY: 24,
        _S.SHORTAGE: 10,
        _S.PLACES: 18,
        _S.APPLICATIONS: 10,
        _S.ADMITTED: 10,
        _S.REGISTERED: 10,
        _S.COMPLETION: 12,
        _S.COMPETITION: 16,
        _S.REASON: 50,
    }
)


def statistics_columns_for(catalogue: Catalogue, programs: Collection[str]) -> StatisticsColumns:
    """Return the columns that the jurisdiction set for all of some programs, else all known ones.

    They stand in its step of kind ``registration_list``.
    """
    return common_columns(
        (_columns_of(catalogue.programs[each]) for each in programs), DEFAULT_COLUMNS
    )


def _columns_of(program: Program) -> StatisticsColumns:
    for step in program.steps:
        if step.kind == "registration_list":
            columns = own_parameters(step.params).get("statistics")
            if columns:
                return chosen_columns(columns, STATISTICS_HEADERS)
    return DEFAULT_COLUMNS


def statistics_xlsx(
    catalogue: Catalogue,
    statistics: RecruitmentStatistics,
    columns: StatisticsColumns = DEFAULT_COLUMNS,
    language: Language = Language.ZH,
) -> bytes:
    """Return the statistics as XLSX, a row for each opening and totals. Unknown rates are blank."""
    rows = _rows(catalogue, statistics, columns, language)
    return write_xlsx("招收统计", _heads(columns, language), rows)


def statistics_csv(
    catalogue: Catalogue,
    statistics: RecruitmentStatistics,
    columns: StatisticsColumns = DEFAULT_COLUMNS,
    language: Language = Language.ZH,
) -> bytes:
    """Return the statistics as CSV, with the same rows as the XLSX."""
    return write_csv(_heads(columns, language), _rows(catalogue, statistics, columns, language))


def _heads(columns: StatisticsColumns, language: Language) -> tuple[Column, ...]:
    return tuple(
        Column(
            header=each.header.get(language),
            width=16 if each.field is None else _WIDTHS[StatisticsField(each.field)],
        )
        for each in columns
    )


_SHORTAGE = {True: Text("是", "yes"), False: Text("否", "no"), None: Text("未定", "undecided")}
_SHORTAGE_CODES = {True: "true", False: "false", None: "unknown"}
_TOTALS = (Text("合计", "Total"), Text("紧缺专业合计", "Total of shortage specialties"))
_Row = Mapping[StatisticsField, Value]


def _rows(
    catalogue: Catalogue,
    statistics: RecruitmentStatistics,
    columns: StatisticsColumns,
    language: Language,
) -> list[list[Value]]:
    found: list[list[Value]] = []
    for each in statistics.openings:
        opening = catalogue.openings[each.figures.opening]
        row: _Row = {
            _S.BASE: catalogue.bases[opening.base].name.get(language),
            _S.SPECIALTY_CODE: opening.specialty,
            _S.SPECIALTY: opening.specialty_name.get(language),
            _S.SHORTAGE: _SHORTAGE[each.figures.shortage].get(language),
            _S.PLACES: each.places,
            _S.APPLICATIONS: each.figures.applications,
            _S.ADMITTED: each.figures.admitted,
            _S.REGISTERED: each.figures.registered,
            _S.COMPLETION: each.fill.percent,
            _S.COMPETITION: each.competition.percent,
            _S.REASON: _reason(each.fill, language),
        }
        code = _SHORTAGE_CODES[each.figures.shortage]
        found.append([_cell(row, column, code) for column in columns])
    shortage = statistics.shortage_completion
    totals: tuple[_Row, ...] = (
        {
            _S.PLACES: statistics.places,
            _S.APPLICATIONS: statistics.applications,
            _S.ADMITTED: statistics.admitted,
            _S.REGISTERED: statistics.registered,
            _S.COMPLETION: statistics.completion.percent,
            _S.REASON: _reason(statistics.completion, language),
        },
        {_S.COMPLETION: shortage.percent, _S.REASON: _reason(shortage, language)},
    )
    for title, row in zip(_TOTALS, totals, strict=True):
        cells = [_cell(row, column, None) for column in columns]
        # Where the title stands nothing of the sum does: the first column that is about a place.
        at = next((at for at, one in enumerate(columns) if one.field in _PLACES), None)
        if at is not None:
            cells[at] = title.get(language)
        found.append(cells)
    return found


_PLACES = (_S.BASE.value, _S.SPECIALTY.value, _S.SPECIALTY_CODE.value)


def _cell(row: _Row, column: ExportColumn, shortage: str | None) -> Value:
    if column.field is None:
        return column.text
    if column.codes:
        return None if shortage is None else column.codes[shortage]
    return row.get(StatisticsField(column.field))


def _reason(rate: Rate, language: Language) -> str | None:
    return None if rate.reason is None else rate.reason.get(language)
