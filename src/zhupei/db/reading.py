"""Reading rows: pages of several lists, and how many there are, in one statement where it can be.

What is compared is in numbered places only; the texts consist of constants.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import asyncpg
from tortoise import connections

from zhupei.db.tables import ID_CLASSES, RowSource, View

__all__ = [
    "Belonging",
    "Condition",
    "Order",
    "PageQuery",
    "PageRows",
    "among",
    "any_of",
    "read_objects",
    "read_one_with",
    "read_pages",
    "read_pages_of",
    "select",
]


class Condition(NamedTuple):
    """A condition; each ``?`` in the text stands for one of the values, in their order.

    Lists are given as tuples, so that two equal conditions are one in a statement.
    """

    text: str
    values: tuple[Any, ...] = ()

    def numbered(self, first: int) -> str:
        """Return the text with numbered places from ``first`` on."""
        head, *rest = self.text.split("?")
        return head + "".join(f"${first + at}{part}" for at, part in enumerate(rest))


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


class Order(NamedTuple):
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


@dataclass(slots=True, kw_only=True)
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


class PageRows(NamedTuple):
    """The rows of a page, and how many there are; None where that was not asked."""

    rows: Sequence[Any]
    total: int | None = None


async def select(
    statement: str, values: Sequence[Any], rows: type[asyncpg.Record] = asyncpg.Record
) -> list[Any]:
    """Return the rows of a SELECT, on the connection that models use now."""
    client: Any = connections.get("default")
    found: list[Any] = await client.read_rows(statement, values, rows)
    return found


class Belonging(NamedTuple):
    """Rows of another table that belong to a row.

    ``by`` is the attribute of theirs that holds the value of the row's attribute ``of``; they are
    ordered by the attributes ``order``.
    """

    source: RowSource
    view: View
    by: str
    of: str
    order: tuple[str, ...]


async def read_one_with(
    source: RowSource, view: View, condition: Condition, below: Belonging
) -> tuple[Any, list[Any]] | None:
    """Return the one row that passes a condition with the rows that belong to it; None for none.

    One statement: the row's columns come with each of the others.
    """
    statement = _statement_with(source, view, condition.text, below)
    found = await select(statement, condition.values, below.view.rows)
    if not found:
        return None
    there = below.view.width
    row = view.parts(found[0][there + 1 :])
    return row, found if found[0][there] else []


@lru_cache(maxsize=1024)
def _statement_with(source: RowSource, view: View, condition: str, below: Belonging) -> str:
    other = below.source
    columns = [*below.view.select, f"{other.sql_of(below.by)} IS NOT NULL", *view.select]
    order = ", ".join(map(other.sql_of, below.order))
    return (
        f"SELECT {', '.join(columns)} FROM {source.table} LEFT JOIN {other.table} "  # noqa: S608 - constants and one place
        f"ON {other.sql_of(below.by)} = {source.sql_of(below.of)} "
        f"WHERE {condition.replace('?', '$1')} ORDER BY {order}"
    )


async def read_pages(asked: Sequence[PageQuery]) -> list[PageRows]:
    """Answer queries at once: all that is counted over one table in the same statement.

    Each page that rows are read of is a statement; what is counted comes with the first.
    """
    rows: list[Sequence[Any]] = [()] * len(asked)
    totals: list[int | None] = [None] * len(asked)
    reads = []
    for places in _by_table(asked):
        counted = [at for at in places if asked[at].counted]
        reading = [at for at in places if asked[at].first] or counted[:1]
        for at in reading:
            reads.append(_read(asked, at, counted, rows, totals))
            counted = []
    if len(reads) == 1:
        await reads[0]
    else:
        await asyncio.gather(*reads)
    return list(map(PageRows, rows, totals))


def _by_table(asked: Sequence[PageQuery]) -> Iterable[Sequence[int]]:
    if len(asked) == 1:
        return ((0,),)
    groups: dict[tuple[RowSource, str], list[int]] = {}
    for at, query in enumerate(asked):
        groups.setdefault((query.source, query.joins), []).append(at)
    return groups.values()


async def _read(
    asked: Sequence[PageQuery],
    at: int,
    counted: Sequence[int],
    rows: list[Sequence[Any]],
    totals: list[int | None],
) -> None:
    query = asked[at]
    known: dict[Condition, int] = {}
    own = _numbers(known, query.conditions)
    beyond = None
    if query.first and query.beyond is not None:
        (beyond,) = _numbers(known, (query.beyond,))
    counts = tuple([_numbers(known, asked[each].conditions) for each in counted])
    shape = _Shape(
        query.source,
        query.joins,
        query.order,
        query.view.select,
        own,
        beyond,
        bool(query.first),
        query.backwards,
        query.placed,
        counts,
        tuple([(each.text, len(each.values)) for each in known]),
    )
    values = [value for each in known for value in each.values]
    if query.first:
        values.append(query.first)
    found = await select(_statement(shape), values, query.view.rows)
    if counts:
        behind = query.view.width * shape.reads + 2 * query.placed * shape.reads
        for number, each in enumerate(counted, behind + shape.reads):
            totals[each] = found[0][number]
        # Without rows the counts still come, beside nothing.
        found = found if query.first and found[0][behind] else []
    if query.backwards:
        found.reverse()
    rows[at] = found


async def read_objects(query: PageQuery, first: int) -> list[Any]:
    """Return the objects that the first rows of a query stand for; it asks for all attributes."""
    query.first = first
    (found,) = await read_pages([query])
    return list(map(query.source.whole, found.rows))


async def read_pages_of(asked: PageQuery, by: str, keys: Sequence[Any]) -> list[PageRows]:
    """Answer a query for each of some keys, which are ids or texts, in one statement.

    ``by`` is the expression that holds the key of a row; each page is as long as the query says.
    """
    kind = "uuid" if isinstance(keys[0], ID_CLASSES) else "text"
    known: dict[Condition, int] = {}
    own = _numbers(known, asked.conditions)
    beyond = None
    if asked.first and asked.beyond is not None:
        (beyond,) = _numbers(known, (asked.beyond,))
    shape = _Shape(
        asked.source,
        asked.joins,
        asked.order,
        asked.view.select,
        own,
        beyond,
        bool(asked.first),
        asked.backwards,
        asked.placed,
        (own,) if asked.counted else (),
        tuple([(each.text, len(each.values)) for each in known]),
    )
    values = [value for each in known for value in each.values]
    if asked.first:
        values.append(asked.first)
    statement = _statement_of_each(shape, by, kind)
    found = await select(statement, [*values, list(dict.fromkeys(keys))], asked.view.rows)
    rows: dict[Any, list[Any]] = {}
    totals: dict[Any, int | None] = {}
    behind = (asked.view.width + 2 * asked.placed) * shape.reads
    for each in found:
        key = each[behind + shape.reads + asked.counted]
        totals[key] = each[behind + shape.reads] if asked.counted else None
        listed = rows.setdefault(key, [])
        if asked.first and each[behind]:
            listed.append(each)
    if asked.backwards:
        for listed in rows.values():
            listed.reverse()
    return [PageRows(rows[key], totals[key]) for key in keys]


def _numbers(known: dict[Condition, int], conditions: Iterable[Condition]) -> tuple[int, ...]:
    """Return the number of each condition; the same condition has the same one."""
    return tuple([known.setdefault(each, len(known)) for each in conditions])


class _Shape(NamedTuple):
    """All that a statement's text depends on: no value is in it."""

    source: RowSource
    joins: str
    order: Order
    columns: tuple[str, ...]
    own: tuple[int, ...]
    beyond: int | None
    reads: bool
    backwards: bool
    placed: bool
    counts: tuple[tuple[int, ...], ...]
    conditions: tuple[tuple[str, int], ...]


@lru_cache(maxsize=1024)
def _statement(shape: _Shape) -> str:
    """Return the text of a statement: made of constants and numbered places."""
    texts, number = _numbered(shape)
    counts = _counts(shape, texts) if shape.counts else ""
    if not shape.reads:
        return counts
    page = _page(shape, texts, f"${number}")
    return _beside(shape, page, counts) if counts else page


@lru_cache(maxsize=1024)
def _statement_of_each(shape: _Shape, by: str, kind: str) -> str:
    """Return the text of a statement of one page for each of the keys in the last place."""
    texts, number = _numbered(shape)
    # It holds of the key beside which the page stands.
    texts.append(f"{by} = k.key")
    bound = len(texts) - 1
    shape = shape._replace(
        own=(*shape.own, bound), counts=((*shape.own, bound),) * len(shape.counts)
    )
    beside, columns = "", []
    if shape.counts:
        beside += f" CROSS JOIN LATERAL ({_counts(shape, texts)}) c"
    order = "k.key"
    if shape.reads:
        page = _page(shape._replace(placed=True), texts, f"${number}")
        beside += f" LEFT JOIN LATERAL ({page}) r ON true"
        columns += [f"r.c{at}" for at in range(len(shape.columns))]
        columns += ["r.value", "r.place"] if shape.placed else []
        columns.append("r.place IS NOT NULL")
        ordered = shape.order.sorted_by(backwards=shape.backwards, value="r.value", id_="r.place")
        order += f", {ordered}"
    columns += [f"c.n{at}" for at in range(len(shape.counts))]
    keys = f"unnest(${number + shape.reads}::{kind}[])"
    return (
        f"SELECT {', '.join([*columns, 'k.key'])} FROM {keys} AS k(key){beside} "  # noqa: S608 - as above
        f"ORDER BY {order}"
    )


def _numbered(shape: _Shape) -> tuple[list[str], int]:
    """Return the texts of the conditions with the numbers of their places, and the next number."""
    texts, number = [], 1
    for text, values in shape.conditions:
        head, *rest = text.split("?")
        if len(rest) != values:
            raise ValueError(f"{text} has another number of values")
        texts.append(head + "".join(f"${number + at}{part}" for at, part in enumerate(rest)))
        number += values
    return texts, number


def _page(shape: _Shape, texts: Sequence[str], limit: str) -> str:
    """Return the statement of a page; where a statement stands around it, its place is in it."""
    order = shape.order
    columns = [f"{sql} AS c{at}" for at, sql in enumerate(shape.columns)]
    if shape.placed or shape.counts:
        columns += [f"{order.value or 'NULL'} AS value", f"{order.id} AS place"]
    numbers = shape.own if shape.beyond is None else (*shape.own, shape.beyond)
    return (
        f"SELECT {', '.join(columns) or 'true'} FROM {shape.source.table} {shape.joins}"  # noqa: S608 - constants and numbered places
        f"WHERE {_all(texts, numbers)} "
        f"ORDER BY {order.sorted_by(backwards=shape.backwards)} LIMIT {limit}"
    )


def _beside(shape: _Shape, page: str, counts: str) -> str:
    """Return the statement of a page with the counts behind the columns of each row."""
    columns = [f"r.c{at}" for at in range(len(shape.columns))]
    if shape.placed:
        columns += ["r.value", "r.place"]
    columns += ["r.place IS NOT NULL", *(f"c.n{at}" for at in range(len(shape.counts)))]
    order = shape.order.sorted_by(backwards=shape.backwards, value="r.value", id_="r.place")
    return (
        f"SELECT {', '.join(columns)} FROM ({counts}) c LEFT JOIN ({page}) r ON true "  # noqa: S608 - as above
        f"ORDER BY {order}"
    )


def _counts(shape: _Shape, texts: Sequence[str]) -> str:
    """Return the statement that counts for several queries over the same table."""
    shared = [each for each in shape.counts[0] if all(each in other for other in shape.counts)]
    columns, alternatives = [], []
    for at, numbers in enumerate(shape.counts):
        own = [each for each in numbers if each not in shared]
        text = _all(texts, own) if own else ""
        columns.append(f"count(*){f' FILTER (WHERE {text})' if text else ''} AS n{at}")
        alternatives.append(text)
    where = _all(texts, shared)
    if all(alternatives):
        # What none of them counts need not be gone through.
        where += f" AND ({' OR '.join(f'({text})' for text in alternatives)})"
    return (
        f"SELECT {', '.join(columns)} FROM {shape.source.table} {shape.joins}"  # noqa: S608 - as above
        f"WHERE {where}"
    )


def _all(texts: Sequence[str], numbers: Iterable[int]) -> str:
    return " AND ".join([texts[each] for each in numbers]) or "true"
