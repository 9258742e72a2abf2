"""Pages over the catalogue: what can be listed, in which order, from where to where.

A page costs one pass over the candidates at most; in the order of codes the pass ends as soon
as the page is full. The total is counted only where it is asked for.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from strawberry.types.arguments import StrawberryArgument

from zhupei.graphql.context import GraphContext
from zhupei.graphql.cursors import Cursor, CursorNotReadable, SortValue
from zhupei.graphql.page_arguments import (
    DEFAULT_PAGE,
    FILTER,
    LARGEST_PAGE,
    OrderDirection,
    PageArguments,
    checked_first,
    foreign_cursor,
    order_arguments,
    relay_arguments,
    shown_arguments,
)

if TYPE_CHECKING:
    from zhupei.catalogue import Catalogue

__all__ = [
    "DEFAULT_PAGE",
    "LARGEST_PAGE",
    "Listing",
    "OrderDirection",
    "Page",
    "Selected",
    "Value",
    "checked_first",
]

_BY_DEFAULT = f"{DEFAULT_PAGE} where neither `first` nor `last` is given"
_AT = "What `openNow` and `CLOSING` mean by now (时刻); the present by default."


@dataclass(frozen=True, slots=True)
class Selected:
    """What a filter was asked in: the catalogue, the instant that "now" means, the context."""

    catalogue: "Catalogue"
    at: datetime
    context: GraphContext


Value = Callable[[Any, Selected], SortValue]
"""What an order compares of one object, None where it is not known."""


def _code(value: Any) -> str:
    code: str = value.code
    return code


def _nothing_known(_wanted: Any, _catalogue: "Catalogue") -> None:
    return None


@dataclass(frozen=True)
class Listing:
    """What can be listed: objects of the catalogue with a filter and orders.

    ``all`` answers every object in the order of keys; ``select`` those of the given ones that
    pass a filter, in the same order, and refuses a filter that makes no sense. ``orders`` is an
    enumeration whose members' names are keys of ``by``; ``CODE`` means the key itself.
    ``narrow`` answers fewer objects than ``all`` that hold all that pass a filter, in their
    order, where an index knows them; else None.
    """

    all: Callable[["Catalogue"], Iterable[Any]]
    filter: type[Any]
    orders: type[Enum]
    by: Mapping[str, Value]
    select: Callable[[Any, Selected, Iterable[Any]], Iterable[Any]]
    key: Callable[[Any], str] = _code
    narrow: Callable[[Any, "Catalogue"], Iterable[Any] | None] = _nothing_known

    def arguments(self) -> list[StrawberryArgument]:
        """Return the arguments of a connection over this listing."""
        shown = [
            ("filter", self.filter, FILTER),
            *order_arguments(self.orders, "CODE"),
        ]
        if "CLOSING" in self.by:
            shown.append(("at", datetime, _AT))
        return shown_arguments([*shown, *relay_arguments(_BY_DEFAULT)])

    def timed(self, given: Mapping[str, Any]) -> bool:
        """Return whether a list with these arguments changes as time goes by."""
        if given.get("at"):
            return False
        order, wanted = given.get("order_by"), given.get("filter")
        return getattr(order, "name", "") == "CLOSING" or isinstance(
            getattr(wanted, "open_now", None), bool
        )


@dataclass(frozen=True, slots=True)
class _Cursors:
    """What the cursors of a page are written of.

    Rows hold this and not their page: that would hold them, and all that was decided for it would
    stay until the collector comes by, a list of all openings for each page.
    """

    listing: Listing
    selected: Selected
    order: str
    descending: bool

    def of(self, node: Any) -> str:
        """Return the cursor of a row."""
        key = self.listing.key(node)
        in_order = self.listing.by.get(self.order)
        value = key if in_order is None else in_order(node, self.selected)
        return Cursor(self.order, self.descending, value, key).encode()


class _Row(msgspec.Struct, gc=False):
    """One row; its cursor is written where it is asked for.

    A struct, as a page of a hundred rows makes a hundred of them; nothing that it holds knows it.
    """

    node: Any
    cursors: _Cursors

    @property
    def cursor(self) -> str:
        return self.cursors.of(self.node)


@dataclass(slots=True)
class _Info:
    has_next_page: bool
    has_previous_page: bool
    edges: list[_Row]

    @property
    def start_cursor(self) -> str | None:
        return self.edges[0].cursor if self.edges else None

    @property
    def end_cursor(self) -> str | None:
        return self.edges[-1].cursor if self.edges else None


class Page:
    """One page; nothing is computed before a field asks for it."""

    def __init__(
        self,
        listing: Listing,
        selected: Selected,
        arguments: "PageArguments",
        found: Callable[[], Iterable[Any]],
    ) -> None:
        self._listing = listing
        self._selected = selected
        self._arguments = arguments
        self._found = found

    @classmethod
    def open(
        cls,
        listing: Listing,
        context: GraphContext,
        arguments: Mapping[str, Any],
        within: Iterable[Any] | None = None,
    ) -> "Page":
        """Check the arguments and return the page that they ask for.

        Raises:
            GraphRefusal: a number is outside its range, a filter makes no sense, or a cursor is
                not one of this list.

        """
        return cls.opening(listing, context, arguments)(within)

    @classmethod
    def opening(
        cls, listing: Listing, context: GraphContext, arguments: Mapping[str, Any]
    ) -> Callable[[Iterable[Any] | None], "Page"]:
        """Check the arguments once, and return what opens pages of the rows that it is given.

        Raises:
            GraphRefusal: as `open` does; the filter is looked at with the rows.

        """
        checked = PageArguments.check(arguments, context)
        at = arguments.get("at") or context.clock()
        selected = Selected(context.catalogue, at, context)
        wanted = arguments.get("filter")

        def opened(within: Iterable[Any] | None) -> "Page":
            if wanted is None:
                candidates = listing.all(context.catalogue) if within is None else within
                return cls(listing, selected, checked, lambda: candidates)
            if within is None:
                within = listing.narrow(wanted, context.catalogue)
            candidates = listing.all(context.catalogue) if within is None else within
            listing.select(wanted, selected, candidates)
            return cls(
                listing, selected, checked, lambda: listing.select(wanted, selected, candidates)
            )

        return opened

    @cached_property
    def total_count(self) -> int:
        """The number of rows that pass the filter."""
        found = self._found()
        if not isinstance(found, Sized):
            # Kept for the rows, which would have to be looked for once more.
            found = list(found)
            self._found = lambda: found
        return len(found)

    @property
    def edges(self) -> list[_Row]:
        """The rows of the page."""
        return self._read[0]

    @property
    def page_info(self) -> _Info:
        """Where the page lies."""
        return self._read[1]

    @cached_property
    def _read(self) -> tuple[list[_Row], _Info]:
        asked = self._arguments
        nodes, precede, follow = self._begin() if asked.is_begin else self._window()
        if asked.first is not None and len(nodes) > asked.first:
            nodes, follow = nodes[: asked.first], True
        if asked.last is not None and len(nodes) > asked.last:
            nodes, precede = nodes[-asked.last :], True
        cursors = _Cursors(self._listing, self._selected, asked.order, asked.descending)
        edges = [_Row(node, cursors) for node in nodes]
        return edges, _Info(has_next_page=follow, has_previous_page=precede, edges=edges)

    def _begin(self) -> tuple[list[Any], bool, bool]:
        """Return the first rows in the order of codes, and one more where there is one."""
        first = self._arguments.first
        return list(islice(self._found(), None if first is None else first + 1)), False, False

    def _window(self) -> tuple[list[Any], bool, bool]:
        """Return the rows between the cursors in their order, and whether any precede or follow.

        In the order of codes, reading stops one row after the page.
        """
        asked = self._arguments
        precede = follow = False
        between: list[_Placed] = []
        enough = asked.first + 1 if asked.first is not None and asked.is_given_order else None
        for row in self._rows():
            if asked.after is not None and not self._precedes("after", asked.after, row):
                precede = True
            elif asked.before is not None and (
                row[1] == asked.before.code or self._precedes("before", asked.before, row)
            ):
                follow = True
            else:
                between.append(row)
                if len(between) == enough:
                    break
        return [row[2] for row in self._sorted(between)], precede, follow

    def _rows(self) -> "Iterator[_Placed]":
        order, key = self._arguments.order, self._listing.key
        if order == "CODE":
            for node in self._found():
                code = key(node)
                yield code, code, node
            return
        value = self._listing.by[order]
        for node in self._found():
            yield value(node, self._selected), key(node), node

    def _precedes(self, argument: str, cursor: Cursor, row: "_Placed") -> bool:
        try:
            return cursor.precedes(row[0], row[1])
        except CursorNotReadable:
            raise foreign_cursor(argument, self._selected.context) from None

    def _sorted(self, rows: "list[_Placed]") -> "list[_Placed]":
        # Rows arrive by key and both ways of sorting are stable: of equal values the smaller
        # key stays first in either direction. No more rows than the page needs are sorted.
        asked = self._arguments
        if asked.is_given_order:
            return rows
        known = [row for row in rows if row[0] is not None]
        unknown = [row for row in rows if row[0] is None]
        if asked.first is not None and asked.last is None and asked.first < len(known):
            pick = heapq.nlargest if asked.descending else heapq.nsmallest
            return pick(asked.first + 1, known, key=_value)
        known.sort(key=_value, reverse=asked.descending)
        return known + unknown


_Placed: TypeAlias = tuple[SortValue, str, Any]


def _value(row: _Placed) -> Any:
    return row[0]
