"""Pages over rows: cursors that stand for a place in the database's own order.

A page reads its rows once, and counts all of them only where the total is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument

from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.cursors import Cursor, CursorNotReadable
from zhupei.graphql.errors import bad_input
from zhupei.graphql.pages import DEFAULT_PAGE, LARGEST_PAGE, OrderDirection

__all__ = ["RowEdge", "RowPage", "RowPageInfo", "RowPlace", "RowRequest", "row_arguments"]


@dataclass(frozen=True, slots=True)
class RowPlace:
    """A place in an order of rows: the value that is ordered by, and the row's id."""

    value: str | datetime | None
    id: UUID


@dataclass(frozen=True, slots=True)
class RowEdge:
    """One row of a page."""

    cursor: str
    node: Any


@dataclass(frozen=True, slots=True)
class RowPageInfo:
    """Where a page lies."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRequest:
    """Which rows of an order are asked for: ``size`` from the front or, ``backwards``, the end."""

    order: str
    descending: bool
    size: int
    backwards: bool
    place: RowPlace | None

    @classmethod
    def of(cls, arguments: Mapping[str, Any], context: GraphContext, default: str) -> RowRequest:
        """Read the arguments of a connection.

        Raises:
            GraphRefusal: a number is out of range, a cursor is none of this list, or both ends are
                asked for at once.

        """
        order_by = arguments.get("order_by")
        order = default if order_by is None else str(order_by.value)
        descending = arguments.get("direction") is OrderDirection.DESC
        first, last = arguments.get("first"), arguments.get("last")
        after, before = arguments.get("after"), arguments.get("before")
        backwards = last is not None or before is not None
        if backwards and (first is not None or after is not None):
            problem = Text(
                "向后翻页用 first、after，向前翻页用 last、before，不可混用",
                "page forwards by first and after, or backwards by last and before, not both",
            )
            raise bad_input("last", problem, context.language)
        name, size = ("last", last) if backwards else ("first", first)
        if size is not None and not 1 <= size <= LARGEST_PAGE:
            problem = Text(
                f"应为 1 至 {LARGEST_PAGE}，而不是 {size}",
                f"must be from 1 to {LARGEST_PAGE}, not {size}",
            )
            raise bad_input(name, problem, context.language)
        cursor, name = (before, "before") if backwards else (after, "after")
        place = None if cursor is None else _place(cursor, name, order, descending, context)
        return cls(
            order=order,
            descending=descending,
            size=size or DEFAULT_PAGE,
            backwards=backwards,
            place=place,
        )


def _place(text: str, name: str, order: str, descending: bool, context: GraphContext) -> RowPlace:
    try:
        cursor = Cursor.decode(text)
        id_ = UUID(cursor.code)
    except (CursorNotReadable, ValueError):
        problem = Text(
            "不是本接口给出的游标",
            "is not a cursor of this graph; take it from pageInfo or edges",
        )
        raise bad_input(name, problem, context.language) from None
    if (cursor.order, cursor.descending) != (order, descending) or isinstance(cursor.value, int):
        problem = Text(
            "该游标属于另一种排序，翻页时 orderBy 与 direction 须保持不变",
            "belongs to another order; keep orderBy and direction while paging",
        )
        raise bad_input(name, problem, context.language)
    return RowPlace(cursor.value, id_)


class RowPage:
    """One page of rows; nothing is read before a field asks for it.

    Args:
        request: which rows.
        read: returns at most so many rows in the order asked for, from the page's place on.
        count: returns how many rows there are on all pages.
        place: returns the place of a row.
        node: returns the object that a row shows; the row itself by default.

    """

    def __init__(
        self,
        request: RowRequest,
        *,
        read: Callable[[RowRequest, int], Awaitable[Sequence[Any]]],
        count: Callable[[], Awaitable[int]],
        place: Callable[[Any], RowPlace],
        node: Callable[[Any], Any] = lambda row: row,
    ) -> None:
        self._request, self._read, self._count = request, read, count
        self._place, self._node = place, node
        self._reading: asyncio.Future[tuple[list[RowEdge], RowPageInfo]] | None = None

    async def total_count(self) -> int:
        """Return the number of rows on all pages together."""
        return await self._count()

    async def edges(self) -> list[RowEdge]:
        """Return the rows of the page."""
        return (await self._rows())[0]

    async def page_info(self) -> RowPageInfo:
        """Return where the page lies."""
        return (await self._rows())[1]

    async def _rows(self) -> tuple[list[RowEdge], RowPageInfo]:
        # Two fields of one page ask at the same time.
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._read_once())
        return await asyncio.shield(self._reading)

    async def _read_once(self) -> tuple[list[RowEdge], RowPageInfo]:
        asked = self._request
        rows = list(await self._read(asked, asked.size + 1))
        more = len(rows) > asked.size
        if more:
            rows = rows[1:] if asked.backwards else rows[:-1]
        edges = [RowEdge(self._cursor(row), self._node(row)) for row in rows]
        behind = asked.place is not None
        info = RowPageInfo(
            has_next_page=behind if asked.backwards else more,
            has_previous_page=more if asked.backwards else behind,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return edges, info

    def _cursor(self, row: Any) -> str:
        place, asked = self._place(row), self._request
        return Cursor(asked.order, asked.descending, place.value, str(place.id)).encode()


def row_arguments(
    filter_: type[Any] | None, orders: type[StrEnum] | None, default: str
) -> list[StrawberryArgument]:
    """Return the arguments of a connection over rows."""
    shown: list[tuple[str, Any, str]] = []
    if filter_ is not None:
        shown.append(("filter", filter_, "Which rows to list; all parts must hold (筛选条件)."))
    if orders is not None:
        shown += [
            ("order_by", orders, f"What to order by (排序依据); the default is `{default}`."),
            ("direction", OrderDirection, "Direction of the order (排序方向), `ASC` by default."),
        ]
    shown += [
        (
            "first",
            int,
            f"Rows from the front, 1 to {LARGEST_PAGE} (前若干行); {DEFAULT_PAGE} by default.",
        ),
        ("after", str, "Begin after the row with this cursor (游标之后)."),
        ("last", int, f"Rows from the end, 1 to {LARGEST_PAGE} (末若干行)."),
        ("before", str, "End before the row with this cursor (游标之前)."),
    ]
    return [
        StrawberryArgument(
            python_name=name,
            graphql_name=None,
            type_annotation=StrawberryAnnotation(type_ | None),
            description=description,
            default=strawberry.UNSET,
        )
        for name, type_, description in shown
    ]
