"""Coroutines of plugins, begun where they are called: one that need not wait costs no turn.

A coroutine is stepped at once, as the task that it would be: what it asks asyncio for (its own
task, a time-out, a group of tasks) belongs to that task, and what it sets in the context is seen
by nobody else. Where it has to wait, the task goes on with it. Most answers are there before that,
and the task then stands in for the next coroutine of the same plugin: making it costs the most.
"""

from __future__ import annotations

import asyncio
from asyncio.tasks import (  # documented for tasks of one's own
    _enter_task,
    _leave_task,
    _register_task,
    _unregister_task,
)
from collections.abc import Coroutine
from contextvars import Context, copy_context
from typing import Any, NoReturn

from zhupei.errors import said_by

__all__ = ["Coroutines", "abandon"]


class Coroutines:
    """Begins the coroutines of one plugin."""

    __slots__ = ("_ready",)

    def __init__(self) -> None:
        self._ready: _Rest | None = None

    def begin(
        self, coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop | None = None
    ) -> tuple[asyncio.Task[Any] | None, Any]:
        """Step a coroutine; return the task that goes on with it, or None and what it returned.

        ``loop`` is the one that runs, from who knows it: asking costs as much as the step.

        Raises:
            BaseException: what the coroutine raised; a `RuntimeError` for what is no exception.

        """
        if loop is None:
            loop = asyncio.get_running_loop()
        # Not kept while it stands in: the coroutine may begin another one.
        rest, self._ready = self._ready, None
        if rest is None or rest.loop is not loop:
            rest = _Rest(loop)
        task, context = rest.task, copy_context()
        here = asyncio.current_task(loop)
        if here is not None:
            _leave_task(loop, here)
        _enter_task(loop, task)
        try:
            waits_for = context.run(coroutine.send, None)
        except StopIteration as returned:
            value = returned.value
        except _LET_THROUGH:
            raise
        except BaseException as error:  # noqa: BLE001 - because it is raised as another
            _contain(error)
        else:
            rest.go_on(coroutine, context, waits_for)
            return task, None
        finally:
            _leave_task(loop, task)
            if here is not None:
                _enter_task(loop, here)
        if rest.is_untouched:
            self._ready = rest
        return None, value


def abandon(task: asyncio.Task[Any]) -> None:
    """Cancel a task, and wait for it no more, not even when the event loop ends.

    One that refuses to be cancelled would keep the process from stopping.
    """
    task.cancel()
    _unregister_task(task)


class _Rest(Coroutine[Any, Any, Any]):
    """What a task steps: nothing at first, then a coroutine after the first step of it.

    What that waits for comes first. A task that nothing has come of is no task that somebody
    should wait for, or hear of when the event loop ends.
    """

    __slots__ = ("_begun", "_context", "_coroutine", "_idle", "_waits_for", "loop", "task")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._coroutine: Coroutine[Any, Any, Any] | None = None
        self._context: Context | None = None
        self._waits_for: Any = None
        self._idle: asyncio.Future[None] | None = None
        self._begun = False
        self.loop = loop
        # What the coroutine sees is its caller's context, at each of its steps.
        self.task: asyncio.Task[Any] = loop.create_task(self, context=Context())
        _unregister_task(self.task)
        self._warn(False)

    @property
    def is_untouched(self) -> bool:
        """Whether the task may stand in for another coroutine: nobody has cancelled it."""
        idle = self._idle
        return not (self.task.cancelling() or self.task.done() or (idle and idle.cancelled()))

    def go_on(self, coroutine: Coroutine[Any, Any, Any], context: Context, waits_for: Any) -> None:
        """Have the task go on with a coroutine that waits for something."""
        self._coroutine, self._context, self._waits_for = coroutine, context, waits_for
        _register_task(self.task)
        self._warn(True)
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def send(self, value: Any) -> Any:
        if self._coroutine is None:
            self._idle = self.loop.create_future()
            return next(self._idle.__await__())  # as the task waits for a future
        if not self._begun:
            self._begun = True
            return self._waits_for
        return self._stepped(self._coroutine.send, value)

    def throw(self, *error: Any) -> Any:
        if self._coroutine is None:
            raise StopIteration
        self._begun = True
        return self._stepped(self._coroutine.throw, *error)

    def close(self) -> None:
        if self._coroutine is not None:
            self._coroutine.close()

    def __await__(self) -> NoReturn:
        raise TypeError("a task steps it")

    def _stepped(self, step: Any, *given: Any) -> Any:
        assert self._context is not None  # noqa: S101 - it comes with the coroutine
        try:
            return self._context.run(step, *given)
        except _LET_THROUGH:
            raise
        except BaseException as error:  # noqa: BLE001 - because it is raised as another
            _contain(error)

    def _warn(self, pending: bool) -> None:
        self.task._log_destroy_pending = pending  # type: ignore[attr-defined]  # typeshed does not know it  # noqa: SLF001 - as asyncio does for its own


# An interrupt is the operator's.
_LET_THROUGH = (Exception, asyncio.CancelledError, KeyboardInterrupt)


def _contain(error: BaseException) -> NoReturn:
    # It would end the event loop or the request, not only the task.
    match error:
        case SystemExit(code=code):
            what = f"called sys.exit({code!r})"
        case _:
            what = f"raised {said_by(error)}"
    raise RuntimeError(f"it {what}") from error
