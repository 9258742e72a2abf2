"""Rows that a search finds, as declared sources: a list of them, or one.

A search is a function of the context, of the attributes that are looked at (None for all), and of
the field's arguments; it answers which rows, and asks itself what may be seen. `ListedRows` is the
same for connections.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property, partial
from operator import attrgetter
from typing import Annotated, Any, ClassVar

import strawberry
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.fields.resolver import StrawberryResolver

from zhupei.db.reading import PageQuery, PageRows
from zhupei.db.tables import RowSource
from zhupei.graphql.asked import Asked, needed
from zhupei.graphql.context import GraphContext
from zhupei.graphql.identifiers import read_id
from zhupei.graphql.inline import Batch
from zhupei.graphql.loading import key_of
from zhupei.graphql.page_arguments import checked_first
from zhupei.graphql.row_reading import AskedRows, ReadForEach, ReadTogether
from zhupei.graphql.sources import FieldSource, Reader

__all__ = ["Before", "Found", "Names", "newest_first"]

Names = frozenset[str] | None
"""Attributes of rows; None for all of them."""

Before = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description=(
            "Only what is older than the one with this `id`, the last that came: the next page "
            "(标识，用于翻页)."
        )
    ),
]
"""The argument by which a plain list, the newest first, goes on behind its first rows."""


def newest_first(
    query: PageQuery, first: int | None, before: str | None, context: GraphContext
) -> PageQuery:
    """Return a query of rows ordered by id, the newest first, for ``first`` of them.

    Raises:
        GraphRefusal: ``first`` is not from 1 to 100, or ``before`` is no id.

    """
    query.first = checked_first(first, context)
    if before is not None:
        last = read_id(before, "before", context)
        query.beyond = query.order.beyond(None, last, backwards=False)
    return query


@dataclasses.dataclass(frozen=True)
class Found(FieldSource):
    """What ``search`` finds.

    Args:
        rows: what the rows are.
        search: returns the query; None where the field is null. Its parameters after the context
            and the names are the arguments of the field.
        single: whether the field is one row, null where none was found.
        by: the attribute of the rows that holds the key of the object that has the field.
        key: the key of that object.
        allowed: of the arguments and a single row that was found (None for none), returns what the
            field holds, or raises; it says which attributes it reads (`asked.reads`).

    """

    is_noted: ClassVar[bool] = True

    rows: RowSource
    search: Callable[..., Awaitable[PageQuery | None]]
    single: bool = False
    by: str | None = None
    key: Callable[[Any], Any] = attrgetter("id")
    allowed: Callable[[GraphContext, Mapping[str, Any], Any], Awaitable[Any]] | None = None

    def arguments(self) -> list[StrawberryArgument]:
        """Return the parameters of the search."""
        return list(self._arguments)

    @cached_property
    def _arguments(self) -> tuple[StrawberryArgument, ...]:
        return tuple(StrawberryResolver(self.search).arguments[2:])

    def reader(self, name: str) -> Reader:
        """Read all that could be asked."""
        batch = self._batch(None)

        async def read(value: Any, context: GraphContext, given: Mapping[str, Any]) -> Any:
            (found,) = await batch([value], context, given)
            return found

        return read

    def needs(self, name: str) -> frozenset[str] | None:
        """Return what the key is."""
        return frozenset() if self.by is None else key_of(self.key)

    def planned(self, asked: Asked) -> Batch:
        """Read what is asked."""
        names = needed(asked)
        if names is not None:
            names |= getattr(self.allowed, "reads", frozenset())
        return self._batch(names if names is None or self.rows.knows(names) else None)

    def _batch(self, names: Names) -> ReadTogether | ReadForEach:
        asked = partial(self._asked, names=names)
        view = None if names is None or self.single else self.rows.view(names)
        if self.by is None:
            return ReadTogether(asked, view)
        return ReadForEach(asked, self.rows.sql_of(self.by), self.key, view)

    async def _asked(
        self, context: GraphContext, given: Mapping[str, Any], names: Names
    ) -> AskedRows | None:
        query = await self.search(context, names, **given)
        if query is None:
            return None
        if self.single:
            query.first = 1
        allowed = None if self.allowed is None else partial(self.allowed, context, given)
        return AskedRows(query, partial(self._made, whole=names is None), allowed)

    def _made(self, found: PageRows, *, whole: bool) -> Any:
        rows = list(map(self.rows.whole, found.rows)) if whole else found.rows
        if self.single:
            return rows[0] if rows else None
        return rows
