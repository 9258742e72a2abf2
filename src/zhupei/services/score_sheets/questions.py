"""Which score sheets there are, for those who enter or sign scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from zhupei.db.reading import Condition, Order, PageQuery, among, read_pages
from zhupei.domain.score_sheets import ScoreSheet, ScoreSheetState
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.searching import seen_among, seen_by
from zhupei.services.score_sheets.rows import SHEETS

__all__ = [
    "FoundSheets",
    "SearchSheetsInput",
    "score_sheets",
    "sheet_query",
]

_READ = "scores.read"
_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSheetsInput:
    """Which sheets are asked for; None does not limit. ``after`` is the last id seen."""

    id: UUID | None = None
    base: str | None = None
    program: str | None = None
    opening: str | None = None
    round: str | None = None
    states: tuple[ScoreSheetState, ...] | None = None
    first: int = 50
    after: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSheets:
    """Sheets from the newest, how many there are in all, and whether more follow."""

    sheets: tuple[ScoreSheet, ...]
    total: int
    more: bool


async def score_sheets(desk: Desk, given: SearchSheetsInput) -> FoundSheets:
    """Return the sheets that the actor may see, the newest first, and how many in all."""
    first = max(0, min(given.first, _MOST))
    query = await sheet_query(desk, given, None, after=given.after)
    query.first, query.counted = first + 1, True
    with desk.database.use():
        (found,) = await read_pages([query])
    sheets = tuple(map(SHEETS.whole, found.rows))
    return FoundSheets(sheets=sheets[:first], total=found.total or 0, more=len(sheets) > first)


async def sheet_query(
    desk: Desk,
    given: SearchSheetsInput,
    names: Iterable[str] | None,
    *,
    after: UUID | None = None,
    backwards: bool = False,
) -> PageQuery:
    """Ask for sheets that the actor may see, the newest first; for all attributes with None."""
    order = Order("h.id", descending=True)
    seen = seen_among(await seen_by(desk, _READ), base="h.base_code", opening="h.opening_code")
    return PageQuery(
        source=SHEETS,
        conditions=(seen, *_limits(given)),
        order=order,
        view=SHEETS.view(names),
        beyond=None if after is None else order.beyond(None, after, backwards=backwards),
        backwards=backwards,
    )


def _limits(given: SearchSheetsInput) -> Iterator[Condition]:
    for name, value in (
        ("id", given.id),
        ("base_code", given.base),
        ("program_code", given.program),
        ("opening_code", given.opening),
        ("round_code", given.round),
    ):
        if value is not None:
            yield Condition(f"h.{name} = ?", (value,))
    if given.states is not None:
        yield among("h.state", [state.value for state in given.states], "text")
