"""Time limits of the same length for many tasks, which one timer keeps.

`asyncio.timeout` sets a timer for each, and takes it back: two calls of the event loop for what
nearly never comes. Here those who began first are the first whose time is over, so that it is
enough to look at them when that may be.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

__all__ = ["TimeLimit", "TimeLimits"]


class TimeLimits:
    """Limits of ``seconds`` each, in one event loop at a time.

    Args:
        seconds: how long each may take.

    """

    __slots__ = ("_loop", "_running", "_timer", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: dict[TimeLimit, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def limit(self) -> TimeLimit:
        """Return a limit for what the current task does inside ``with``."""
        return TimeLimit(self)

    def add(self, limit: TimeLimit, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to watch a limit that ends after all that are watched."""
        if self._loop is not loop:
            self._loop, self._timer = loop, None
            self._running.clear()
        self._running[limit] = None
        if self._timer is None:
            self._timer = loop.call_later(self.seconds, self._look, loop)

    def remove(self, limit: TimeLimit) -> None:
        """Watch it no more."""
        self._running.pop(limit, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self._loop:
            return
        self._timer = None
        now = loop.time()
        for limit in [*self._running]:
            if limit.due > now:
                self._timer = loop.call_later(limit.due - now, self._look, loop)
                return
            del self._running[limit]
            limit.expire()


class TimeLimit:
    """Cancels the current task when its time is over, which is a `TimeoutError` outside."""

    __slots__ = ("_cancelling", "_limits", "_task", "due", "expired")

    def __init__(self, limits: TimeLimits) -> None:
        self._limits = limits
        self.expired = False

    def __enter__(self) -> TimeLimit:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("time is limited inside of tasks only")
        loop = task.get_loop()
        self._task, self._cancelling = task, task.cancelling()
        self.due = loop.time() + self._limits.seconds
        self._limits.add(self, loop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _where: TracebackType | None,
    ) -> None:
        if not self.expired:
            self._limits.remove(self)
        # What was cancelled from outside as well stays cancelled.
        elif self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """End the time of the task."""
        self.expired = True
        self._task.cancel()
