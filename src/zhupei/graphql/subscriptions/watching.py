"""Watching: the loop under every subscription, which asks anew who watches before each event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeVar

from zhupei.db.outages import is_outage
from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import SessionEnded
from zhupei.graphql.limits import event_begins, event_ends
from zhupei.services.changes import Change, FeedClosedError, Missed, Watch

__all__ = ["watched"]

# A token that ends, or an account that is locked, ends a quiet watch after so many seconds.
_RECHECK_SECONDS = 10.0
_PAUSE_SECONDS = 0.5

_Event = TypeVar("_Event")


async def watched(
    context: GraphContext,
    wanted: Callable[[Change], bool],
    read: Callable[[Change | Missed], Awaitable[_Event | None]],
) -> AsyncGenerator[_Event, None]:
    """Yield what ``read`` makes of each change, None being nothing to tell.

    Before each, ``context`` becomes what it is now: its actor, its catalogue, nothing kept. Ends
    when the process stops. While there is no database nothing is told, and afterwards that
    something may be missed.

    Raises:
        SessionEnded: the actor's token is no longer accepted.
        DatabaseUnavailableError: there is no database when the watch begins.

    """
    feed = context.changes
    if feed is None:
        raise RuntimeError("a subscription needs the feed of changes")
    try:
        async with feed.watch(wanted) as watch:
            while True:
                event_ends()
                change = await watch.take(_RECHECK_SECONDS)
                event_begins()
                try:
                    await context.renew()
                    event = None if change is None else await read(change)
                except Exception as error:
                    if not _passes(error):
                        raise
                    await _pause(watch)
                    continue
                if event is not None:
                    yield event
    except FeedClosedError:
        return


def _passes(error: Exception) -> bool:
    return error.may_return if isinstance(error, SessionEnded) else is_outage(error)


async def _pause(watch: Watch) -> None:
    watch.miss()
    event_ends()
    await asyncio.sleep(_PAUSE_SECONDS)
