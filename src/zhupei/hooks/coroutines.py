"""Coroutines of plugins, begun where they are called: one that need not wait costs no turn.

A coroutine is stepped at once, as the task that it would be: what it asks asyncio for (its own
task, a time-out, a group of tasks) belongs to that task, and what it sets in the context is seen
by nobody else. Where it has to wait, the task goes on with it; most answers are there before that.
"""

from __future__ import annotations

import asyncio
from asyncio.tasks import (  # documented for tasks of one's own
    _enter_task,
    _leave_task,
    _unregister_task,
)
from collections.abc import Coroutine
from contextvars import copy_context
from typing import Any, NoReturn

__all__ = ["abandon", "begin"]


def begin(coroutine: Coroutine[Any, Any, Any]) -> tuple[asyncio.Task[Any] | None, Any]:
    """Step a coroutine; return the task that goes on with it, or None and what it returned.

    Raises:
        BaseException: what the coroutine raised; a `RuntimeError` for `SystemExit`.

    """
    loop = asyncio.get_running_loop()
    context = copy_context()
    rest = _Rest(coroutine)
    task: asyncio.Task[Any] = loop.create_task(rest, context=context)
    here = asyncio.current_task(loop)
    if here is not None:
        _leave_task(loop, here)
    _enter_task(loop, task)
    try:
        rest.waits_for = context.run(coroutine.send, None)
    except StopIteration as returned:
        rest.is_over = True
        return None, returned.value
    except SystemExit as exit_:
        rest.is_over = True
        _contain(exit_)
    except BaseException:
        rest.is_over = True
        raise
    finally:
        _leave_task(loop, task)
        if here is not None:
            _enter_task(loop, here)
    return task, None


def abandon(task: asyncio.Task[Any]) -> None:
    """Cancel a task, and wait for it no more, not even when the event loop ends.

    One that refuses to be cancelled would keep the process from stopping.
    """
    task.cancel()
    _unregister_task(task)


class _Rest(Coroutine[Any, Any, Any]):
    """A coroutine after its first step, as its task steps it: what it waits for comes first."""

    __slots__ = ("_begun", "_coroutine", "is_over", "waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine
        self._begun = False
        self.waits_for: Any = None
        self.is_over = False

    def send(self, value: Any) -> Any:
        if self.is_over:
            raise StopIteration
        if not self._begun:
            self._begun = True
            return self.waits_for
        try:
            return self._coroutine.send(value)
        except SystemExit as exit_:
            _contain(exit_)

    def throw(self, *error: Any) -> Any:
        if self.is_over:
            raise StopIteration
        self._begun = True
        try:
            return self._coroutine.throw(*error)
        except SystemExit as exit_:
            _contain(exit_)

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> NoReturn:
        raise TypeError("a task steps it")


def _contain(exit_: SystemExit) -> NoReturn:
    # It would end the event loop, not only the task.
    raise RuntimeError(f"it called sys.exit({exit_.code!r})") from exit_
