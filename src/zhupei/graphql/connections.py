"""Connections by Relay's specification, over the listings of `pages`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import strawberry
from strawberry.types.arguments import StrawberryArgument

from zhupei.graphql.context import GraphContext
from zhupei.graphql.inline import Code
from zhupei.graphql.pages import Listing, Page
from zhupei.graphql.sources import FieldSource, Reader, field

if TYPE_CHECKING:
    from zhupei.catalogue import Catalogue

__all__ = ["Connected", "Connection", "Edge", "PageInfo"]

NodeType = TypeVar("NodeType")


@strawberry.type(description="Where a page lies within its list (分页信息).")
class PageInfo:
    """Relay's page info."""

    has_next_page: bool = field(description="Whether rows follow this page (是否有下一页).")
    has_previous_page: bool = field(description="Whether rows precede this page (是否有上一页).")
    start_cursor: str | None = field(
        description="Cursor of the first row of this page, null where it is empty (首行游标)."
    )
    end_cursor: str | None = field(
        description="Cursor of the last row of this page, null where it is empty (末行游标)."
    )


@strawberry.type(description="One row of a page (分页中的一行).")
class Edge(Generic[NodeType]):
    """Relay's edge."""

    cursor: str = field(
        description=(
            "Opaque place of this row, for `after` and `before` (游标). It stays valid when rows "
            "are added or removed."
        )
    )
    node: NodeType = field(description="The row itself (对象).")


@strawberry.type(description="One page of a list (分页列表).")
class Connection(Generic[NodeType]):
    """Relay's connection, with the number of all rows."""

    total_count: int = field(
        description="Number of rows that pass the filter, on all pages together (总数)."
    )
    edges: list[Edge[NodeType]] = field(description="The rows of this page (本页各行).")
    page_info: PageInfo = field(description="Where the page lies within the list (分页信息).")


@dataclass(frozen=True)
class Connected(FieldSource):
    """A connection over a listing: of the whole catalogue, or of the objects that belong here.

    ``index`` names a mapping of the catalogue from this object's code to its objects. ``within``
    is a relation of the catalogue whose objects are listed, for what no index answers.
    """

    listing: Listing
    index: str | None = None
    within: "Callable[[Any, Catalogue], Iterable[Any]] | None" = None

    owned: ClassVar[bool] = True

    def arguments(self) -> list[StrawberryArgument]:
        """Return the arguments of Relay, with filter, order and clock."""
        return self.listing.arguments()

    @property
    def settled(self) -> bool:
        """True: which objects are listed follows from the catalogue."""
        return True

    def timed(self, given: Mapping[str, Any]) -> bool:
        """Return whether the filter or the order looks at the clock."""
        return self.listing.timed(given)

    def reader(self, name: str) -> Reader:
        """Open a page."""
        listing, within = self.listing, self.within
        if self.index is not None:
            index = attrgetter(self.index)
            within = lambda value, catalogue: index(catalogue).get(value.code, ())  # noqa: E731 - because one expression reads better here

        def read(value: Any, context: GraphContext, arguments: Mapping[str, Any]) -> Any:
            candidates = None if within is None else within(value, context.catalogue)
            return Page.open(listing, context, arguments, candidates)

        return read

    def inline(self, name: str, value: str, code: Code) -> str:
        """Have the arguments checked once for the pages of all objects."""
        listing, within = self.listing, self.within

        def opening(context: GraphContext, arguments: Mapping[str, Any]) -> Callable[..., Page]:
            opened = Page.opening(listing, context, arguments)
            if self.index is not None:
                find = attrgetter(self.index)(context.catalogue).get
                return lambda of: opened(find(of.code, ()))
            if within is None:
                return lambda _of: opened(None)
            return lambda of: opened(within(of, context.catalogue))

        return f"{code.reader(opening)}({value})"
