"""Reading rows for fields: those that are asked for at the same time, and for all of a level."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from zhupei.db.connection import Database
from zhupei.db.reading import PageQuery, PageRows, read_pages, read_pages_of
from zhupei.db.tables import View
from zhupei.graphql.context import GraphContext

__all__ = ["AskedRows", "Asking", "ReadForEach", "ReadTogether", "database_of"]


class AskedRows(NamedTuple):
    """What is asked of the database, and what a field holds of the rows that are found."""

    query: PageQuery
    made: Callable[[PageRows], Any]


Asking = Callable[[GraphContext, Mapping[str, Any]], Awaitable[AskedRows | None]]
"""Says what is asked with a field's arguments; None where the field is null."""


class ReadTogether:
    """Reads rows for a field; with those of others that are asked at the same time."""

    def __init__(self, asked: Asking, view: View | None) -> None:
        self._asked, self.view = asked, view

    async def __call__(
        self, values: Sequence[Any], context: GraphContext, given: Mapping[str, Any]
    ) -> Sequence[Any]:
        """Read once, the same for all objects."""
        (found,) = await _read([await self._asked(context, given)], context)
        return [found] * len(values)

    @staticmethod
    async def together(
        asked: Sequence[tuple[ReadTogether, Mapping[str, Any]]], context: GraphContext
    ) -> Sequence[Any]:
        """Read for each; an exception in its place is its error."""
        wanted: list[AskedRows | Exception | None] = []
        for batch, given in asked:
            try:
                wanted.append(await batch._asked(context, given))  # noqa: SLF001 - of its own class
            except Exception as error:  # noqa: BLE001 - because it belongs to this one
                wanted.append(error)
        pages = await _read(
            [each if isinstance(each, AskedRows) else None for each in wanted], context
        )
        return [
            each if isinstance(each, Exception) else page
            for each, page in zip(wanted, pages, strict=True)
        ]


async def _read(asked: Sequence[AskedRows | None], context: GraphContext) -> list[Any]:
    """Return what fields hold that rows are read for; None for what is null."""
    queries = [each.query for each in asked if each is not None]
    with database_of(context).use():
        found = iter(await read_pages(queries))
    return [None if each is None else each.made(next(found)) for each in asked]


class ReadForEach:
    """Reads rows that belong to objects of a level, or pages of them, in one statement.

    ``by`` is the expression that holds the key of a row.
    """

    def __init__(
        self, asked: Asking, by: str, key: Callable[[Any], Any], view: View | None
    ) -> None:
        self._asked, self._by, self._key, self.view = asked, by, key, view

    async def __call__(
        self, values: Sequence[Any], context: GraphContext, given: Mapping[str, Any]
    ) -> Sequence[Any]:
        """Read for each of the objects."""
        asked = await self._asked(context, given)
        if asked is None:
            return [None] * len(values)
        with database_of(context).use():
            found = await read_pages_of(asked.query, self._by, list(map(self._key, values)))
        return list(map(asked.made, found))


def database_of(context: GraphContext) -> Database:
    """Return the database of whoever asks. Raises RuntimeError where there is none."""
    if context.database is None:
        raise RuntimeError("rows need the database")
    return context.database
