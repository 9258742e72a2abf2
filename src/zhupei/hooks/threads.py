"""Threads for what may never come back: a plugin's plain functions, away from the event loop.

The standard executor will not do: it joins its threads at exit, so one function that hangs would
keep the process from ending, and enough of them would leave no thread for anybody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Bulkhead", "OverdueError", "StuckError", "run_bounded"]

_IDLE_SECONDS = 5.0


class OverdueError(Exception):
    """A function did not come back in time; not TimeoutError, which the function may raise."""


class StuckError(Exception):
    """Too many calls have not come back; ``calls`` says how many."""

    def __init__(self, calls: int) -> None:
        self.calls = calls
        super().__init__(f"{calls} calls have not come back")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a function returned or raised; a future cannot carry every exception (StopIteration)."""

    value: Any = None
    error: BaseException | None = None

    @classmethod
    def of(cls, function: Callable[..., Any], arguments: Sequence[Any]) -> _Outcome:
        try:
            return cls(value=function(*arguments))
        except BaseException as error:  # noqa: BLE001 - because the caller gets it, whatever it is
            return cls(error=error)

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


@dataclass(eq=False, slots=True)
class _Job:
    function: Callable[..., Any]
    arguments: Sequence[Any]
    context: Context
    started: asyncio.Future[None]
    outcome: asyncio.Future[_Outcome]
    given_up: bool = False
    overdue: bool = False
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    def tell(self, future: asyncio.Future[Any], value: Any) -> None:
        # The loop may have been closed while the function ran: then nobody waits any more.
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(_settle, future, value)


class Bulkhead:
    """The threads of one plugin: ``workers`` at a time, and one more for each call that hangs.

    Once ``limit`` calls have not come back, further ones are refused at once; the bulkhead opens
    again by itself when some of them return. Threads are daemons and end when idle.
    """

    def __init__(self, *, workers: int = 4, limit: int = 8) -> None:
        self._workers, self._limit = workers, limit
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._overdue = 0

    async def run(
        self, function: Callable[..., Any], arguments: Sequence[Any], *, seconds: float
    ) -> Any:
        """Run ``function`` in a thread and return its answer; the time counts from its start.

        Raises:
            OverdueError: it did not come back in time; it goes on running, unheeded.
            StuckError: it was not started, as too many others have not come back.

        """
        if self._overdue >= self._limit:
            raise StuckError(self._overdue)
        loop = asyncio.get_running_loop()
        job = _Job(function, arguments, copy_context(), loop.create_future(), loop.create_future())
        self._jobs.put(job)
        self._spawn_where_allowed()
        try:
            await job.started
            await asyncio.wait({job.outcome}, timeout=seconds)
        finally:
            if not job.outcome.done():
                self._give_up(job)
        if not job.outcome.done():
            raise OverdueError
        return job.outcome.result().result()

    def _spawn_where_allowed(self) -> None:
        with self._lock:
            if self._threads >= self._workers + self._overdue:
                return
            self._threads += 1
        threading.Thread(target=self._work, name="zhupei-plugin", daemon=True).start()

    def _give_up(self, job: _Job) -> None:
        with self._lock:
            job.given_up = True
            if not job.started.done() or job.started.exception() is not None:
                return
            job.overdue = True
            self._overdue += 1
            stuck = self._overdue
        if stuck < self._limit:
            self._spawn_where_allowed()
            return
        with contextlib.suppress(queue.Empty):
            while True:
                waiting = self._jobs.get_nowait()
                waiting.given_up = True
                waiting.tell(waiting.started, StuckError(stuck))

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    if self._jobs.empty():
                        self._threads -= 1
                        return
                continue
            if job.given_up:
                continue
            job.tell(job.started, None)
            outcome = _Outcome.of(job.context.run, (job.function, *job.arguments))
            with self._lock:
                self._overdue -= job.overdue
                job.overdue = False
                surplus = self._threads > self._workers + self._overdue
                self._threads -= surplus
            job.tell(job.outcome, outcome)
            if surplus:
                return


def run_bounded(function: Callable[..., Any], *arguments: Any, seconds: float) -> Any:
    """Run ``function`` in a thread of its own and wait for it, without an event loop.

    Raises:
        OverdueError: it did not come back in time; it goes on running, unheeded.

    """
    outcomes: queue.SimpleQueue[_Outcome] = queue.SimpleQueue()
    context = copy_context()

    def work() -> None:
        outcomes.put(_Outcome.of(context.run, (function, *arguments)))

    threading.Thread(target=work, name="zhupei-plugin", daemon=True).start()
    try:
        outcome = outcomes.get(timeout=seconds)
    except queue.Empty:
        raise OverdueError from None
    return outcome.result()


def _settle(future: asyncio.Future[Any], value: Any) -> None:
    if future.done():
        return
    if isinstance(value, StuckError):
        future.set_exception(value)
    else:
        future.set_result(value)
