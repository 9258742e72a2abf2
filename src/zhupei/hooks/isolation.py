"""Functions of plugins, each in bounded time and where it can stop nobody else."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from types import NoneType
from typing import Any, NamedTuple

from zhupei.hooks.carrier import Call, Carrier, Pace
from zhupei.hooks.coroutines import Coroutines, abandon
from zhupei.hooks.threads import Bulkhead, Job, OverdueError, StuckError

__all__ = ["Begun", "Isolation"]


# What most functions answer; to ask whether it could be awaited takes longer than the function.
_NOT_AWAITABLE = frozenset({NoneType, bool, dict, int, list, str, tuple})


class Begun(NamedTuple):
    """What is to be awaited for an answer; None where it is there already, or an error is.

    ``seconds`` is how long a function took that is over, and ``passed`` how long those before it in
    its chain took, which answered None.
    """

    waiting: Awaitable[Any] | None
    value: Any = None
    error: BaseException | None = None
    seconds: float = 0.0
    passed: tuple[float, ...] = ()


class Isolation:
    """Runs plain functions in threads of their plugin's own, coroutines in tasks.

    ``seconds`` are given to each. What answers at once is answered without a turn of the event
    loop: a page asks the same few functions again and again. ``bulkheads`` has the threads of the
    plugins that were asked, also by whoever else got it.
    """

    def __init__(self, seconds: float, bulkheads: dict[str, Bulkhead] | None = None) -> None:
        self.seconds = seconds
        self._bulkheads: dict[str, Bulkhead] = {} if bulkheads is None else bulkheads
        self._coroutines: dict[str, Coroutines] = {}
        self._carrier = Carrier()
        self._paces: dict[int, Pace] = {}

    def begin(
        self,
        slug: str,
        function: Callable[..., Any],
        values: Sequence[Any],
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> tuple[Awaitable[Any] | None, Any]:
        """Begin a coroutine function; return what to await for its answer, or None and that.

        ``loop`` is the one that runs, if that is known.

        Raises:
            BaseException: what the function raised. What is awaited raises `OverdueError` too.

        """
        return self._stepped(slug, function(*values), loop)

    def call(self, slug: str, function: Callable[..., Any], values: Sequence[Any]) -> Call:
        """Return a call of a plain function, for `begin_plain`."""
        bulkhead = self._bulkhead(slug)
        # By its identity, as an object of a plugin need not be hashable.
        pace = self._paces.get(id(function))
        if pace is None:
            pace = self._paces[id(function)] = Pace(function)
        return Call(slug, function, values, bulkhead, pace)

    def run_now(self, slug: str, function: Callable[..., Any], values: Sequence[Any]) -> Any:
        """Run a plain function and wait for it, without an event loop.

        Raises:
            BaseException: what the function raised, `OverdueError` or `StuckError`.

        """
        return self._bulkhead(slug).run_now(function, values, seconds=self.seconds)

    def _bulkhead(self, slug: str) -> Bulkhead:
        bulkhead = self._bulkheads.get(slug)
        if bulkhead is None:  # and not of another thread, where a catalogue is built, either
            bulkhead = self._bulkheads.setdefault(slug, Bulkhead())
        return bulkhead

    def begin_plain(self, chains: Sequence[Sequence[Call]]) -> list[Begun]:
        """Begin the first function of each chain, all at once.

        What answers None at once is followed by the next of its chain, as far as these are quick.
        """
        carried = [_carried(chain) for chain in chains]
        jobs = self._carrier.carry(carried) if any(carried) else [()] * len(chains)
        return [self._begun(chain, begun) for chain, begun in zip(chains, jobs, strict=True)]

    def _begun(self, chain: Sequence[Call], jobs: Sequence[Job]) -> Begun:
        """Return what came of the calls of a chain that were begun; begin the first at least."""
        passed = () if len(jobs) < 2 else tuple(map(_seconds, chain, jobs[:-1]))
        call = chain[len(passed)]
        if jobs:
            job = jobs[-1]
        else:
            try:
                job = call.queue()
            except StuckError as error:
                return Begun(None, error=error)
        if not job.is_over:
            if job.adopted:
                call.pace.note(self.seconds)
            return Begun(_Rest(self._rest, call, job), passed=passed)
        seconds = job.seconds
        call.pace.note(seconds)
        value = job.value
        if job.error is not None or type(value) not in _NOT_AWAITABLE:
            try:
                value = job.result()
                if _is_awaitable(value):
                    return Begun(*self._stepped(call.slug, _awaited(value)), passed=passed)
            except asyncio.CancelledError as error:
                return Begun(None, None, error, seconds, passed)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - because the caller gets it
                return Begun(None, None, error, seconds, passed)
        return Begun(None, value, None, seconds, passed)

    def _stepped(
        self,
        slug: str,
        coroutine: Coroutine[Any, Any, Any],
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> tuple[Awaitable[Any] | None, Any]:
        coroutines = self._coroutines.get(slug)
        if coroutines is None:
            coroutines = self._coroutines[slug] = Coroutines()
        task, value = coroutines.begin(coroutine, loop)
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

    async def _rest(self, call: Call, job: Job) -> Any:
        try:
            value = await call.bulkhead.answer(job, seconds=self.seconds)
        finally:
            if job.is_over and not job.adopted:
                call.pace.note(job.seconds)
        if not _is_awaitable(value):
            return value
        waiting, value = self._stepped(call.slug, _awaited(value))
        return value if waiting is None else await waiting


class _Rest(Awaitable[Any]):
    """The rest of a call. Whom nobody waits for, as who asked went away at once, is given up."""

    __slots__ = ("_call", "_is_awaited", "_job", "_rest")

    def __init__(
        self, rest: Callable[[Call, Job], Coroutine[Any, Any, Any]], call: Call, job: Job
    ) -> None:
        self._rest, self._call, self._job = rest, call, job
        self._is_awaited = False

    def __await__(self) -> Generator[Any, Any, Any]:
        self._is_awaited = True
        return self._rest(self._call, self._job).__await__()

    def __del__(self) -> None:
        if not self._is_awaited:
            self._call.bulkhead.give_up(self._job)


def _carried(chain: Sequence[Call]) -> Sequence[Call]:
    """Return the calls at the beginning of a chain that are quick, and nothing of whose hangs."""
    for at, call in enumerate(chain):
        if not (call.pace.is_quick and call.bulkhead.is_free):
            return chain[:at]
    return chain


def _is_awaitable(value: Any) -> bool:
    return type(value) not in _NOT_AWAITABLE and inspect.isawaitable(value)


def _seconds(call: Call, job: Job) -> float:
    """Return how long a call took that answered None."""
    call.pace.note(job.seconds)
    return job.seconds


async def _awaited(answer: Awaitable[Any]) -> Any:
    return await answer
