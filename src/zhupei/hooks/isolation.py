"""Functions of plugins, each in bounded time and where it can stop nobody else."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from zhupei.hooks.carrier import Carrier, Pace
from zhupei.hooks.coroutines import Coroutines, abandon
from zhupei.hooks.threads import Bulkhead, Job, OverdueError, StuckError

__all__ = ["Begun", "Call", "Isolation"]


class Call(NamedTuple):
    """A plain function of a plugin and what it is called with."""

    slug: str
    function: Callable[..., Any]
    values: Sequence[Any]


class Begun(NamedTuple):
    """What is to be awaited for an answer; None where it is there already, or an error is.

    ``seconds`` is how long a function took that is over.
    """

    waiting: Awaitable[Any] | None
    value: Any = None
    error: BaseException | None = None
    seconds: float = 0.0


class Isolation:
    """Runs plain functions in threads of their plugin's own, coroutines in tasks.

    ``seconds`` are given to each. What answers at once is answered without a turn of the event
    loop: a page asks the same few functions again and again.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._bulkheads: dict[str, Bulkhead] = {}
        self._coroutines: dict[str, Coroutines] = {}
        self._carrier = Carrier()
        self._paces: dict[int, Pace] = {}

    def begin(
        self, slug: str, function: Callable[..., Any], values: Sequence[Any]
    ) -> tuple[Awaitable[Any] | None, Any]:
        """Begin a coroutine function; return what to await for its answer, or None and that.

        Raises:
            BaseException: what the function raised. What is awaited raises `OverdueError` too.

        """
        return self._stepped(slug, function(*values))

    def begin_plain(self, calls: Sequence[Call]) -> list[Begun]:
        """Begin plain functions, all at once."""
        jobs: list[tuple[Bulkhead, Job, Pace] | StuckError] = []
        carried: list[tuple[Bulkhead, Job]] = []
        for slug, function, values in calls:
            bulkhead = self._bulkheads.get(slug)
            if bulkhead is None:
                bulkhead = self._bulkheads[slug] = Bulkhead()
            # By its identity, as an object of a plugin need not be hashable.
            pace = self._paces.get(id(function))
            if pace is None:
                pace = self._paces[id(function)] = Pace(function)
            try:
                job = bulkhead.job(function, values)
            except StuckError as error:
                jobs.append(error)
                continue
            jobs.append((bulkhead, job, pace))
            if pace.is_quick and bulkhead.is_free:
                carried.append((bulkhead, job))
            else:
                bulkhead.queue(job)
        if carried:
            self._carrier.carry(carried)
        return [
            Begun(None, error=each) if isinstance(each, StuckError) else self._begun(slug, *each)
            for (slug, _, _), each in zip(calls, jobs, strict=True)
        ]

    def _begun(self, slug: str, bulkhead: Bulkhead, job: Job, pace: Pace) -> Begun:
        if not job.is_over:
            if job.adopted:
                pace.note(self.seconds)
            return Begun(self._rest(slug, bulkhead, job, pace))
        pace.note(job.seconds)
        try:
            value = job.result()
            if inspect.isawaitable(value):
                return Begun(*self._stepped(slug, _awaited(value)))
        except asyncio.CancelledError as error:
            return Begun(None, None, error, job.seconds)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - because the caller gets it
            return Begun(None, None, error, job.seconds)
        return Begun(None, value, None, job.seconds)

    def _stepped(
        self, slug: str, coroutine: Coroutine[Any, Any, Any]
    ) -> tuple[Awaitable[Any] | None, Any]:
        coroutines = self._coroutines.get(slug)
        if coroutines is None:
            coroutines = self._coroutines[slug] = Coroutines()
        task, value = coroutines.begin(coroutine)
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

    async def _rest(self, slug: str, bulkhead: Bulkhead, job: Job, pace: Pace) -> Any:
        try:
            value = await bulkhead.answer(job, seconds=self.seconds)
        finally:
            if job.is_over and not job.adopted:
                pace.note(job.seconds)
        if not inspect.isawaitable(value):
            return value
        waiting, value = self._stepped(slug, _awaited(value))
        return value if waiting is None else await waiting


async def _awaited(answer: Awaitable[Any]) -> Any:
    return await answer
