"""Reading rows for fields: those that are asked for at the same time, and for all of a level."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from zhupei.db.reading import PageQuery, PageRows, read_pages, read_pages_of
from zhupei.db.tables import View
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of
from zhupei.graphql.inline import Repeated
from zhupei.services.permissions import roles_alone

if TYPE_CHECKING:
    from zhupei.db.connection import Database

__all__ = ["AskedRows", "Asking", "ReadForEach", "ReadTogether", "database_of"]


class AskedRows(NamedTuple):
    """What is asked of the database, and what a field holds of the rows that are found."""

    query: PageQuery
    made: Callable[[PageRows], Any]
    allowed: Callable[[Any], Awaitable[Any]] | None = None
    """Returns what becomes of what was made, where it has to be there to be asked about."""

    async def answer(self, found: PageRows) -> Any:
        """Return what the field holds."""
        made = self.made(found)
        return made if self.allowed is None else await self.allowed(made)


Asking = Callable[[GraphContext, Mapping[str, Any]], Awaitable[AskedRows | None]]
"""Says what is asked with a field's arguments; None where the field is null."""


class ReadTogether:
    """Reads rows for a field; with those of others that are asked at the same time."""

    def __init__(self, asked: Asking, view: View | None, *, decided: bool = False) -> None:
        self._asked, self.view, self.decided = asked, view, decided

    async def __call__(
        self, values: Sequence[Any], context: GraphContext, given: Mapping[str, Any]
    ) -> Sequence[Any]:
        """Read once, the same for all objects."""
        (found,) = await self.together([(self, given)], context)
        if isinstance(found, Exception):
            raise found
        return [found] * len(values)

    @staticmethod
    async def together(
        asked: Sequence[tuple[ReadTogether, Mapping[str, Any]]], context: GraphContext
    ) -> Sequence[Any]:
        """Read for each; an exception in its place is its error."""
        if isinstance(asked, Repeated):
            wanted, answers = await _decided(asked, context)
        else:
            wanted, answers = await _wanted(asked, context)
        if not wanted:
            return answers
        found = await _found(context, [one.query for _, one in wanted])
        for (at, one), rows in zip(wanted, found, strict=True):
            if isinstance(rows, Exception):
                answers[at] = rows
            else:
                answers[at] = await _outcome(one.answer(rows))
        return answers

    async def asked(self, context: GraphContext, given: Mapping[str, Any]) -> AskedRows | None:
        """Return what is asked with these arguments."""
        return await self._asked(context, given)


async def _found(
    context: GraphContext, queries: Sequence[PageQuery]
) -> Sequence[PageRows | Exception]:
    """Answer queries at once; without a database each fails, and no field that reads nothing."""
    try:
        with database_of(context).use():
            return await _read(queries)
    except Exception as error:  # noqa: BLE001 - because it belongs to those who read
        return [error] * len(queries)


async def _read(queries: Sequence[PageQuery]) -> Sequence[PageRows | Exception]:
    """Answer queries at once; one that cannot be read is an exception in its own place."""
    try:
        return await read_pages(queries)
    except Exception as error:  # noqa: BLE001 - because it belongs to a field
        if len(queries) == 1:
            return [error]
    # Whose it is, shows when each is read alone.
    return [rows for each in queries for rows in await _read([each])]


_Found = TypeVar("_Found")
_Asked = Sequence[tuple[ReadTogether, Mapping[str, Any]]]
_Wanted = tuple[Sequence[tuple[int, AskedRows]], list[Any]]
_MOST_DECIDED = 8


async def _wanted(asked: _Asked, context: GraphContext) -> _Wanted:
    """Return what to read, with the places that it is for, and what is known without."""
    answers: list[Any] = [None] * len(asked)
    wanted: list[tuple[int, AskedRows]] = []
    for at, (batch, given) in enumerate(asked):
        one = await _outcome(batch.asked(context, given))
        if isinstance(one, AskedRows):
            wanted.append((at, one))
        else:
            answers[at] = one
    return wanted, answers


async def _outcome(work: Awaitable[_Found]) -> _Found | Exception:
    """Return what comes of some work; its error is that of one field, and held by no caller."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - see above
        return error


async def _decided(asked: Repeated, context: GraphContext) -> _Wanted:
    """Return what the same question led to before, for whoever may see the same."""
    actor, dispatcher = context.actor, context.dispatcher
    if actor is None or dispatcher is None or not all(batch.decided for batch, _ in asked):
        return await _wanted(asked, context)
    roles = roles_alone(context.catalogue, dispatcher)
    if roles is None:
        return await _wanted(asked, context)
    desk = await desk_of(context)
    key = (roles, actor.id, actor.grants, actor.scopes, desk.applicant, desk.sends)
    known: Sequence[tuple[int, AskedRows]] | None = asked.decided.get(key)
    if known is not None:
        return known, [None] * len(asked)
    wanted, answers = await _wanted(asked, context)
    if not any(isinstance(each, Exception) for each in answers):
        if len(asked.decided) >= _MOST_DECIDED:
            asked.decided.clear()
        asked.decided[key] = wanted
    return wanted, answers


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
        return [await asked.answer(rows) for rows in found]


def database_of(context: GraphContext) -> Database:
    """Return the database of whoever asks. Raises RuntimeError where there is none."""
    if context.database is None:
        raise RuntimeError("rows need the database")
    return context.database
