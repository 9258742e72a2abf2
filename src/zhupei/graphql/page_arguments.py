"""Arguments of a page over the catalogue: what order, how many rows, from where to where."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument

from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.cursors import Cursor, CursorNotReadable
from zhupei.graphql.errors import bad_input

__all__ = [
    "DEFAULT_PAGE",
    "FILTER",
    "LARGEST_PAGE",
    "OrderDirection",
    "PageArguments",
    "checked_first",
    "foreign_cursor",
    "order_arguments",
    "relay_arguments",
    "shown_arguments",
]

DEFAULT_PAGE = 20
LARGEST_PAGE = 100
FILTER = "Which rows to list; all parts must hold (筛选条件)."
"""What an argument of a filter is described as."""


@strawberry.enum(description="In which direction a list is ordered (排序方向); unknown comes last.")
class OrderDirection(Enum):
    """The direction of an order."""

    ASC = strawberry.enum_value("ASC", description="From the smallest up (升序).")
    DESC = strawberry.enum_value("DESC", description="From the largest down (降序).")


def shown_arguments(shown: Iterable[tuple[str, Any, str]]) -> list[StrawberryArgument]:
    """Return arguments that may be left out, of their names, types and descriptions."""
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


def relay_arguments(by_default: str) -> list[tuple[str, Any, str]]:
    """Return the arguments of Relay; ``by_default`` says how many rows from the front they are."""
    return [
        ("first", int, f"Rows from the front, 1 to {LARGEST_PAGE} (前若干行); {by_default}."),
        ("after", str, "Begin after the row with this cursor (游标之后)."),
        ("last", int, f"Rows from the end, 1 to {LARGEST_PAGE} (末若干行)."),
        ("before", str, "End before the row with this cursor (游标之前)."),
    ]


def order_arguments(orders: type[Enum], default: str) -> list[tuple[str, Any, str]]:
    """Return the arguments of an order, which is ``default`` where none is asked for."""
    return [
        ("order_by", orders, f"What to order by (排序依据); the default is `{default}`."),
        ("direction", OrderDirection, "Direction of the order (排序方向), `ASC` by default."),
    ]


@dataclass(frozen=True, slots=True)
class PageArguments:
    """The arguments of a page, checked."""

    order: str
    descending: bool
    first: int | None
    last: int | None
    after: Cursor | None
    before: Cursor | None

    @property
    def is_given_order(self) -> bool:
        """Whether rows are asked for in the order in which the catalogue holds them."""
        return self.order == "CODE" and not self.descending

    @property
    def is_begin(self) -> bool:
        """Whether rows are asked for from the front of that order."""
        return self.is_given_order and self.after is None and self.before is None

    @classmethod
    def check(cls, given: Mapping[str, Any], context: GraphContext) -> "PageArguments":
        """Return the arguments as they are given, each looked at.

        Raises:
            GraphRefusal: a number is outside its range, or a cursor is not one of this list.

        """
        order_by = given.get("order_by")
        order = "CODE" if order_by is None else order_by.name
        descending = given.get("direction") is OrderDirection.DESC
        last = _size("last", given.get("last"), context)
        first = _size("first", given.get("first"), context)
        if first is None and last is None:
            first = DEFAULT_PAGE
        cursors: dict[str, Cursor | None] = {}
        for name in ("after", "before"):
            text = given.get(name)
            cursors[name] = None
            if text is None:
                continue
            try:
                cursor = Cursor.decode(text)
            except CursorNotReadable:
                raise bad_input(
                    name,
                    Text(
                        "不是本接口给出的游标",
                        "is not a cursor of this graph; take it from pageInfo or edges",
                    ),
                    context.language,
                ) from None
            if (cursor.order, cursor.descending) != (order, descending):
                raise foreign_cursor(name, context)
            cursors[name] = cursor
        return cls(order, descending, first, last, cursors["after"], cursors["before"])


def checked_first(value: int | None, context: GraphContext) -> int:
    """Return how many rows of a plain list to give.

    Raises:
        GraphRefusal: ``value`` is not from 1 to 100.

    """
    found = _size("first", value, context)
    return DEFAULT_PAGE if found is None else found


def _size(name: str, value: int | None, context: GraphContext) -> int | None:
    if value is None or 1 <= value <= LARGEST_PAGE:
        return value
    raise bad_input(
        name,
        Text(
            f"应为 1 至 {LARGEST_PAGE}，而不是 {value}",
            f"must be from 1 to {LARGEST_PAGE}, not {value}",
        ),
        context.language,
    )


def foreign_cursor(argument: str, context: GraphContext) -> Exception:
    """Return the refusal of a cursor that a list in another order gave."""
    return bad_input(
        argument,
        Text(
            "该游标属于另一种排序，翻页时 orderBy 与 direction 须保持不变",
            "belongs to another order; keep orderBy and direction while paging",
        ),
        context.language,
    )
