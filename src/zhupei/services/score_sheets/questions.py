"""Which score sheets there are, for those who enter or sign scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from zhupei.db.models import ScoreSheetRow
from zhupei.domain.score_sheets import ScoreSheet, ScoreSheetState
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.searching import seen_by
from zhupei.services.score_sheets.rows import sheet_record

__all__ = [
    "FoundSheets",
    "SearchSheetsInput",
    "count_sheets",
    "found_sheets",
    "score_sheet_of",
    "score_sheets",
]

_READ = "scores.read"
_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSheetsInput:
    """Which sheets are asked for; None does not limit. ``after`` is the last id seen."""

    base: str | None = None
    program: str | None = None
    opening: str | None = None
    round: str | None = None
    states: tuple[ScoreSheetState, ...] = ()
    first: int = 50
    after: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSheets:
    """Sheets from the newest, how many there are in all, and whether more follow."""

    sheets: tuple[ScoreSheet, ...]
    total: int
    more: bool


async def _visible(desk: Desk) -> Q:
    seen = await seen_by(desk, _READ)
    return Q(base_code__in=list(seen.bases)) | Q(opening_code__in=list(seen.openings))


async def score_sheet_of(desk: Desk, sheet: UUID) -> ScoreSheet | None:
    """Return one sheet, None where there is none or the actor may not see it."""
    with desk.database.use():
        row = await ScoreSheetRow.filter(await _visible(desk), id=sheet).first()
        return None if row is None else sheet_record(row)


async def score_sheets(desk: Desk, given: SearchSheetsInput) -> FoundSheets:
    """Return the sheets that the actor may see, the newest first, and how many in all."""
    first = max(0, min(given.first, _MOST))
    rows = await found_sheets(desk, given, first=first + 1, after=given.after)
    return FoundSheets(
        sheets=rows[:first], total=await count_sheets(desk, given), more=len(rows) > first
    )


async def count_sheets(desk: Desk, given: SearchSheetsInput) -> int:
    """Return how many sheets the actor may see."""
    with desk.database.use():
        return await (await _query(desk, given)).count()


async def found_sheets(
    desk: Desk,
    given: SearchSheetsInput,
    *,
    first: int,
    after: UUID | None,
    backwards: bool = False,
) -> tuple[ScoreSheet, ...]:
    """Return sheets from the newest, from a place on or, ``backwards``, before it."""
    with desk.database.use():
        query = await _query(desk, given)
        if after is not None:
            query = query.filter(id__gt=after) if backwards else query.filter(id__lt=after)
        rows = await query.order_by("id" if backwards else "-id").limit(first)
        return tuple(sheet_record(row) for row in (reversed(rows) if backwards else rows))


async def _query(desk: Desk, given: SearchSheetsInput) -> QuerySet[ScoreSheetRow]:
    asked: dict[str, Any] = {
        "base_code": given.base,
        "program_code": given.program,
        "opening_code": given.opening,
        "round_code": given.round,
        "state__in": [state.value for state in given.states] or None,
    }
    limits = {name: value for name, value in asked.items() if value is not None}
    return ScoreSheetRow.filter(await _visible(desk), **limits)
