"""How long a subscription may take to make an event, while it may wait for one for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextvars import ContextVar
from typing import TypeVar

from zhupei.db.deadlines import deadline

__all__ = ["event_begins", "event_ends", "timed_events"]

_Result = TypeVar("_Result")


class _EventTime:
    """The time of one subscription's event: it runs from when there is something to tell."""

    __slots__ = ("_grace", "_limit", "_seconds")

    def __init__(self, seconds: float, grace: float) -> None:
        self._seconds, self._grace = seconds, grace
        self._limit: asyncio.Timeout | None = None

    def begin(self) -> None:
        """Let the time run, unless it runs already."""
        if self._limit is not None and self._limit.when() is None:
            now = asyncio.get_running_loop().time()
            self._limit.reschedule(now + self._seconds)
            deadline.set(now + self._seconds + self._grace)

    def end(self) -> None:
        """Stop it: from now on the subscription waits."""
        deadline.set(None)
        # Once it is over, it stays over.
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(None)

    async def next_of(self, results: AsyncGenerator[_Result, None]) -> _Result | None:
        """Return the next result, None after the last; raise TimeoutError when it takes too long.

        What comes before the first wait, such as looking up who asks, is part of an event, too.
        """
        self._limit = asyncio.timeout(None)
        try:
            async with self._limit:
                self.begin()
                return await anext(results, None)
        finally:
            self._limit = None
            deadline.set(None)


_time: ContextVar[_EventTime | None] = ContextVar("event_time", default=None)


async def timed_events(
    results: AsyncGenerator[_Result, None], *, seconds: float, grace: float
) -> AsyncGenerator[_Result, None]:
    """Yield results, each of which is made within ``seconds`` after there was something to tell.

    What tasks of their own run in the database ends ``grace`` seconds later. Whoever waits for
    something to tell says so by `event_ends`, and by `event_begins` that it has come.

    ``results`` is closed however it ends.

    Raises:
        TimeoutError: it took longer.

    """
    time = _EventTime(seconds, grace)
    try:
        while True:
            # Set for each: whoever reads may do so in one task after the other.
            token = _time.set(time)
            try:
                result = await time.next_of(results)
            finally:
                _time.reset(token)
            if result is None:
                return
            yield result
    finally:
        await results.aclose()


def event_begins() -> None:
    """Say that there is something to tell: the time of the event runs."""
    time = _time.get()
    if time is not None:
        time.begin()


def event_ends() -> None:
    """Say that nothing is to be told now: waiting takes as long as it takes."""
    time = _time.get()
    if time is not None:
        time.end()
