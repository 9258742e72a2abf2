"""Which page of rows is asked for: cursors stand for a place in the database's own order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from strawberry.types.arguments import StrawberryArgument

from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.cursors import Cursor, CursorNotReadable, SortValue
from zhupei.graphql.errors import bad_input
from zhupei.graphql.page_arguments import (
    DEFAULT_PAGE,
    FILTER,
    LARGEST_PAGE,
    OrderDirection,
    order_arguments,
    relay_arguments,
    shown_arguments,
)

__all__ = ["RowPlace", "RowRequest", "row_arguments"]


_NO_CURSOR = Text(
    "不是本接口给出的游标", "is not a cursor of this graph; take it from pageInfo or edges"
)


@dataclass(frozen=True, slots=True)
class RowPlace:
    """A place in an order of rows: the value that is ordered by, and the row's id."""

    value: str | datetime | None
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRequest:
    """Which rows of an order are asked for: ``size`` from the front or, ``backwards``, the end."""

    order: str
    descending: bool
    size: int
    backwards: bool
    place: RowPlace | None

    @classmethod
    def of(
        cls,
        arguments: Mapping[str, Any],
        context: GraphContext,
        default: str,
        instants: Collection[str] = (),
    ) -> RowRequest:
        """Read the arguments of a connection; ``instants`` are orders by such, others by texts.

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
        place = None
        if cursor is not None:
            place = _place(cursor, name, order, descending, context)
            if place.value is not None and isinstance(place.value, datetime) is not (
                order in instants
            ):
                raise bad_input(name, _NO_CURSOR, context.language)
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
        _check_storable(cursor.value)
    except (CursorNotReadable, ValueError, OverflowError):
        raise bad_input(name, _NO_CURSOR, context.language) from None
    if (cursor.order, cursor.descending) != (order, descending) or isinstance(cursor.value, int):
        problem = Text(
            "该游标属于另一种排序，翻页时 orderBy 与 direction 须保持不变",
            "belongs to another order; keep orderBy and direction while paging",
        )
        raise bad_input(name, problem, context.language)
    return RowPlace(cursor.value, id_)


def _check_storable(value: SortValue) -> None:
    """Refuse by ValueError or OverflowError what no row can hold: PostgreSQL would not take it."""
    if isinstance(value, str) and b"\0" in value.encode():
        raise ValueError("a text with U+0000")
    if isinstance(value, datetime):
        value.astimezone(UTC)


def row_arguments(
    filter_: type[Any] | None, orders: type[StrEnum] | None, default: str
) -> list[StrawberryArgument]:
    """Return the arguments of a connection over rows."""
    shown: list[tuple[str, Any, str]] = []
    if filter_ is not None:
        shown.append(("filter", filter_, FILTER))
    if orders is not None:
        shown += order_arguments(orders, default)
    return shown_arguments([*shown, *relay_arguments(f"{DEFAULT_PAGE} by default")])
