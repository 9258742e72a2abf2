"""Reading rows: pages of several lists, and how many there are, in one statement where it can be.

What may be asked is in `zhupei.db.conditions`, the texts are written in
`zhupei.db.page_statements`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import asyncpg
from tortoise.context import require_context

from zhupei.db.conditions import Condition, Order, among, any_of
from zhupei.db.page_statements import Shape, statement_of, statement_of_each
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
    "read_rows",
    "select",
]


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
    client: Any = require_context().connections.get("default")
    found: list[Any] = await client.read_rows(statement, values, rows)
    return found


async def read_rows(
    source: RowSource, names: Iterable[str], condition: Condition, *order: str
) -> list[Any]:
    """Return all rows that pass a condition, with these attributes, ordered by some of them."""
    view = source.view(names)
    by = f" ORDER BY {', '.join(map(source.sql_of, order))}" if order else ""
    return await select(
        f"SELECT {', '.join(view.select)} FROM {source.table} "  # noqa: S608 - constants and numbered places
        f"WHERE {condition.numbered(1)}{by}",
        condition.values,
        view.rows,
    )


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
    shape = Shape(
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
    found = await select(statement_of(shape), values, query.view.rows)
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
    shape = Shape(
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
    statement = statement_of_each(shape, by, kind)
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
