"""Reading rows: pages of several lists, and how many there are, in one statement where it can be.

What is compared is in numbered places only; the texts consist of constants.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from tortoise import connections

from zhupei.db.tables import RowSource, View

__all__ = [
    "Condition",
    "Order",
    "PageQuery",
    "PageRows",
    "among",
    "any_of",
    "read_pages",
    "select",
]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition; each ``?`` in the text stands for one of the values, in their order.

    Lists are given as tuples, so that two equal conditions are one in a statement.
    """

    text: str
    values: tuple[Any, ...] = ()


def among(expression: str, values: Sequence[Any], kind: str) -> Condition:
    """Return the condition that an expression is one of these values, of PostgreSQL's type.

    A single one is compared as such: then rows come out of an index in its further order.
    """
    if len(values) == 1:
        return Condition(f"{expression} = ?", (values[0],))
    return Condition(f"{expression} = ANY(?::{kind}[])", (tuple(values),))


def any_of(conditions: Sequence[Condition]) -> Condition:
    """Return the condition that one of these holds; none holds where there are none."""
    if not conditions:
        return Condition("false")
    if len(conditions) == 1:
        return conditions[0]
    text = " OR ".join(each.text for each in conditions)
    return Condition(f"({text})", tuple(value for each in conditions for value in each.values))


@dataclass(frozen=True, slots=True)
class Order:
    """An order of rows: by an expression, unknown values last, then by id; by id alone for None.

    ``id`` is the expression of the id. ``type`` is that of the value, as PostgreSQL calls it.
    """

    id: str
    value: str | None = None
    descending: bool = False

    def sorted_by(
        self, *, backwards: bool, value: str | None = None, id_: str | None = None
    ) -> str:
        """Return what to sort by, with other expressions where they are given."""
        turn = "ASC" if self.descending is backwards else "DESC"
        if self.value is None:
            return f"{id_ or self.id} {turn}"
        nulls = "FIRST" if backwards else "LAST"
        by_id = "DESC" if backwards else "ASC"
        return f"{value or self.value} {turn} NULLS {nulls}, {id_ or self.id} {by_id}"

    def beyond(self, value: Any, id_: Any, *, backwards: bool) -> Condition:
        """Return the condition of lying after a place; before it for ``backwards``."""
        up = self.descending is backwards
        if self.value is None:
            return Condition(f"{self.id} {'>' if up else '<'} ?", (id_,))
        by_id = f"{self.id} {'<' if backwards else '>'} ?"
        if value is None:
            known = f"{self.value} IS NOT NULL OR " if backwards else ""
            return Condition(f"({known}({self.value} IS NULL AND {by_id}))", (id_,))
        unknown = "" if backwards else f" OR {self.value} IS NULL"
        return Condition(
            f"({self.value} {'>' if up else '<'} ? OR ({self.value} = ? AND {by_id}){unknown})",
            (value, value, id_),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """What is asked of one list: rows of it, how many there are, or both.

    ``first`` rows are read at most, none for 0; ``backwards`` reads the last ones before the place
    that ``beyond`` means, and gives them in the order all the same. ``placed`` adds the value that
    is ordered by and the id behind the columns of the view. ``joins`` follow the table.
    """

    source: RowSource
    conditions: tuple[Condition, ...]
    order: Order
    view: View
    joins: str = ""
    beyond: Condition | None = None
    first: int = 0
    backwards: bool = False
    placed: bool = False
    counted: bool = False


@dataclass(frozen=True, slots=True)
class PageRows:
    """The rows of a page, and how many there are; None where that was not asked."""

    rows: Sequence[Any]
    total: int | None = None


class _Values:
    """The values of a statement, in the order of their numbers."""

    def __init__(self) -> None:
        self.listed: list[Any] = []
        self._known: dict[Condition, str] = {}

    def place(self, value: Any) -> str:
        """Return the numbered place of a value."""
        self.listed.append(value)
        return f"${len(self.listed)}"

    def text(self, condition: Condition) -> str:
        """Return a condition with its places; the same condition gets the same ones."""
        found = self._known.get(condition)
        if found is None:
            head, *rest = condition.text.split("?")
            parts = zip(condition.values, rest, strict=True)
            found = head + "".join(self.place(value) + text for value, text in parts)
            self._known[condition] = found
        return found

    def all_of(self, conditions: Iterable[Condition]) -> str:
        """Return conditions that must all hold."""
        return " AND ".join(map(self.text, conditions)) or "true"


async def select(
    statement: str, values: Sequence[Any], rows: type[asyncpg.Record] = asyncpg.Record
) -> list[Any]:
    """Return the rows of a SELECT, on the connection that models use now."""
    client: Any = connections.get("default")
    found: list[Any] = await client.read_rows(statement, values, rows)
    return found


async def read_pages(asked: Sequence[PageQuery]) -> list[PageRows]:
    """Answer queries at once: all that is counted over one table in the same statement.

    Each page that rows are read of is a statement; what is counted comes with the first.
    """
    groups: dict[tuple[RowSource, str], list[int]] = {}
    for at, query in enumerate(asked):
        groups.setdefault((query.source, query.joins), []).append(at)
    found = _Found([()] * len(asked), [None] * len(asked))
    reads = []
    for places in groups.values():
        counted = [at for at in places if asked[at].counted]
        reading = [at for at in places if asked[at].first] or counted[:1]
        reads += [
            _read(asked, at, counted if number == 0 else [], found)
            for number, at in enumerate(reading)
        ]
    if len(reads) == 1:
        await reads[0]
    else:
        await asyncio.gather(*reads)
    return list(map(PageRows, found.rows, found.totals))


@dataclass(slots=True)
class _Found:
    """What was read so far, by the place of the question."""

    rows: list[Sequence[Any]]
    totals: list[int | None]


async def _read(asked: Sequence[PageQuery], at: int, counted: Sequence[int], found: _Found) -> None:
    query = asked[at]
    values = _Values()
    counts = _counts([asked[each] for each in counted], values) if counted else ""
    if not query.first:
        (row,) = await select(counts, values.listed)
        totals, rows = list(row), []
    else:
        page = _page(query, values, inside=bool(counted))
        rows = await select(
            _beside(query, page, counts, len(counted)), values.listed, query.view.rows
        )
        totals = []
        if counted:
            behind = query.view.width + (2 if query.placed else 0)
            totals = list(rows[0])[behind + 1 :]
            # Without rows the counts still come, beside nothing.
            rows = rows if rows[0][behind] else []
    if query.backwards:
        rows.reverse()
    found.rows[at] = rows
    for each, total in zip(counted, totals, strict=True):
        found.totals[each] = total


def _page(query: PageQuery, values: _Values, *, inside: bool) -> str:
    """Return the statement of a page; ``inside`` names its columns for a statement around it."""
    order, source = query.order, query.source
    columns = [f"{sql} AS c{at}" for at, sql in enumerate(query.view.select)]
    if query.placed or inside:
        columns += [f"{order.value or 'NULL'} AS value", f"{order.id} AS place"]
    conditions = [*query.conditions, *([] if query.beyond is None else [query.beyond])]
    return (
        # Made of constants and numbered places; what was asked for is in the values.
        f"SELECT {', '.join(columns) or 'true'} FROM {source.table} {query.joins}"  # noqa: S608
        f"WHERE {values.all_of(conditions)} "
        f"ORDER BY {order.sorted_by(backwards=query.backwards)} LIMIT {values.place(query.first)}"
    )


def _beside(query: PageQuery, page: str, counts: str, number: int) -> str:
    """Return the statement of a page with the counts behind the columns of each row."""
    if not counts:
        return page
    columns = [f"r.c{at}" for at in range(query.view.width)]
    if query.placed:
        columns += ["r.value", "r.place"]
    columns += ["r.place IS NOT NULL", *(f"c.n{at}" for at in range(number))]
    order = query.order.sorted_by(backwards=query.backwards, value="r.value", id_="r.place")
    return (
        f"SELECT {', '.join(columns)} FROM ({counts}) c LEFT JOIN ({page}) r ON true "  # noqa: S608 - as above
        f"ORDER BY {order}"
    )


def _counts(asked: Sequence[PageQuery], values: _Values) -> str:
    """Return the statement that counts for several queries over the same table."""
    shared = [
        condition
        for condition in asked[0].conditions
        if all(condition in query.conditions for query in asked[1:])
    ]
    own = [[each for each in query.conditions if each not in shared] for query in asked]
    where = values.all_of(shared)
    columns, alternatives = [], []
    for at, conditions in enumerate(own):
        text = values.all_of(conditions) if conditions else ""
        columns.append(f"count(*){f' FILTER (WHERE {text})' if text else ''} AS n{at}")
        alternatives.append(text)
    if all(alternatives):
        # What none of them counts need not be gone through.
        where += f" AND ({' OR '.join(f'({text})' for text in alternatives)})"
    return (
        f"SELECT {', '.join(columns)} FROM {asked[0].source.table} {asked[0].joins}"  # noqa: S608 - as above
        f"WHERE {where}"
    )
