"""Functions of plugins, each in bounded time and where it can stop nobody else."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from zhupei.hooks.coroutines import abandon, begin
from zhupei.hooks.threads import Bulkhead, OverdueError

__all__ = ["Isolation"]

Begun = tuple[Coroutine[Any, Any, Any] | None, Any]
"""What is to be awaited for an answer; or None, and the answer, which is there already."""


class Isolation:
    """Runs plain functions in threads of their plugin's own, coroutines in tasks.

    ``seconds`` are given to each. What answers at once is answered without a turn of the event
    loop: a page asks the same few functions again and again.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._bulkheads: dict[str, Bulkhead] = {}

    def begin(
        self, slug: str, function: Callable[..., Any], values: Sequence[Any], *, is_async: bool
    ) -> Begun:
        """Begin a function of a plugin; return what to await for its answer, or None and that.

        Raises:
            StuckError: too many calls of the plugin's have not come back.
            BaseException: what the function raised. What is awaited raises `OverdueError` too.

        """
        if is_async:
            return self._stepped(function(*values))
        bulkhead = self._bulkheads.get(slug)
        if bulkhead is None:
            bulkhead = self._bulkheads[slug] = Bulkhead()
        waiting, value = bulkhead.begin(function, values, seconds=self.seconds)
        if waiting is not None:
            return self._rest(waiting), None
        return self._stepped(_awaited(value)) if inspect.isawaitable(value) else (None, value)

    def _stepped(self, coroutine: Coroutine[Any, Any, Any]) -> Begun:
        task, value = begin(coroutine)
        return (None, value) if task is None else (self._bounded(task), None)

    async def _bounded(self, task: asyncio.Task[Any]) -> Any:
        # Not asyncio.timeout(): it waits for a coroutine that refuses to be cancelled.
        try:
            await asyncio.wait({task}, timeout=self.seconds)
        finally:
            if not task.done():
                abandon(task)
        if not task.done():
            raise OverdueError
        return task.result()

    async def _rest(self, waiting: Coroutine[Any, Any, Any]) -> Any:
        value = await waiting
        if not inspect.isawaitable(value):
            return value
        more, value = self._stepped(_awaited(value))
        return value if more is None else await more


async def _awaited(answer: Awaitable[Any]) -> Any:
    return await answer
