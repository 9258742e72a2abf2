"""Statements of pages and counts: texts of constants and numbered places, each written once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from zhupei.db.conditions import Order
from zhupei.db.tables import RowSource

__all__ = ["Shape", "statement_of", "statement_of_each"]


class Shape(NamedTuple):
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
def statement_of(shape: Shape) -> str:
    """Return the text of a statement: made of constants and numbered places."""
    texts, number = _numbered(shape)
    counts = _counts(shape, texts) if shape.counts else ""
    if not shape.reads:
        return counts
    page = _page(shape, texts, f"${number}")
    return _beside(shape, page, counts) if counts else page


@lru_cache(maxsize=1024)
def statement_of_each(shape: Shape, by: str, kind: str) -> str:
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


def _numbered(shape: Shape) -> tuple[list[str], int]:
    """Return the texts of the conditions with the numbers of their places, and the next number."""
    texts, number = [], 1
    for text, values in shape.conditions:
        head, *rest = text.split("?")
        if len(rest) != values:
            raise ValueError(f"{text} has another number of values")
        texts.append(head + "".join(f"${number + at}{part}" for at, part in enumerate(rest)))
        number += values
    return texts, number


def _page(shape: Shape, texts: Sequence[str], limit: str) -> str:
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


def _beside(shape: Shape, page: str, counts: str) -> str:
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


def _counts(shape: Shape, texts: Sequence[str]) -> str:
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
