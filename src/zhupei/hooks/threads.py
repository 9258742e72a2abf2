"""Threads for what may never come back: a plugin's plain functions, away from the event loop.

The standard executor will not do: it joins its threads at exit, so one function that hangs would
keep the process from ending, and enough of them would leave no thread for anybody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any

__all__ = ["Bulkhead", "OverdueError", "StuckError", "run_bounded"]

_IDLE_SECONDS = 5.0
# How long the event loop waits in place for a thread, and how often at most it does not after
# one that took longer.
_MOMENT = 0.000_2
_MOST_HURRIED = 1_024


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
    over: threading.Lock
    """Held until the function is over; who waits in place takes it."""
    outcome: _Outcome | None = None
    begun: bool = False
    given_up: bool = False
    overdue: bool = False
    waiting: _Waiting | None = None


class _Waiting:
    """Who waits in the event loop for a job that did not come back at once."""

    __slots__ = ("_loop", "outcome", "started")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.started: asyncio.Future[None] = self._loop.create_future()
        self.outcome: asyncio.Future[None] = self._loop.create_future()

    def tell(self, future: asyncio.Future[None], error: StuckError | None = None) -> None:
        # The loop may have been closed while the function ran: then nobody waits any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(_settle, future, error)


class Bulkhead:
    """The threads of one plugin: ``workers`` at a time, and one more for each call that hangs.

    Once ``limit`` calls have not come back, further ones are refused at once; the bulkhead opens
    again by itself when some of them return. Threads are daemons and end when idle.

    A function is waited for where it is called, a fifth of a millisecond at most, as the turn of
    a thread costs less than two of the event loop. Whoever is slower is not waited for in place
    for the next calls: one at first, twice as many each time.
    """

    def __init__(self, *, workers: int = 4, limit: int = 8) -> None:
        self._workers, self._limit = workers, limit
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        # Threads, those of them that run nothing, and jobs that none of these has taken.
        self._threads = self._idle = self._queued = 0
        self._overdue = 0
        self._hurried, self._hurry = 0, 1

    def begin(
        self, function: Callable[..., Any], arguments: Sequence[Any], *, seconds: float
    ) -> tuple[Coroutine[Any, Any, Any] | None, Any]:
        """Run ``function`` in a thread; return what to await for its answer, or None and that.

        The time counts from its start.

        Raises:
            StuckError: it was not started, as too many others have not come back.
            BaseException: what the function raised.

        """
        if self._overdue >= self._limit:
            raise StuckError(self._overdue)
        job = _Job(function, arguments, copy_context(), threading.Lock())
        job.over.acquire()
        with self._lock:
            self._queued += 1
            has_thread = self._queued <= self._idle
            spawns = not has_thread and self._threads < self._workers + self._overdue
            self._threads += spawns
            self._idle += spawns
        self._jobs.put(job)
        if spawns:
            self._spawn()
        elif has_thread and self._comes_back(job):
            assert job.outcome is not None  # noqa: S101 - it is over
            return None, job.outcome.result()
        return self._awaited(job, seconds), None

    async def run(
        self, function: Callable[..., Any], arguments: Sequence[Any], *, seconds: float
    ) -> Any:
        """Run ``function`` in a thread and return its answer; the time counts from its start.

        Raises:
            OverdueError: it did not come back in time; it goes on running, unheeded.
            StuckError: it was not started, as too many others have not come back.

        """
        waiting, answer = self.begin(function, arguments, seconds=seconds)
        return answer if waiting is None else await waiting

    def _comes_back(self, job: _Job) -> bool:
        """Return whether a job is over in a moment, unless the last ones were not."""
        if self._hurried:
            self._hurried -= 1
            return False
        if job.over.acquire(timeout=_MOMENT):
            self._hurry = 1
            return True
        self._hurried, self._hurry = self._hurry, min(self._hurry * 2, _MOST_HURRIED)
        return False

    async def _awaited(self, job: _Job, seconds: float) -> Any:
        waiting = _Waiting()
        with self._lock:
            if job.given_up:  # it was refused meanwhile
                raise StuckError(self._overdue)
            job.waiting = waiting
            begun, is_over = job.begun, job.outcome is not None
        try:
            if not begun:
                await waiting.started
            if not is_over:
                await asyncio.wait({waiting.outcome}, timeout=seconds)
        finally:
            if job.outcome is None:
                self._give_up(job)
        if job.outcome is None:
            raise OverdueError
        return job.outcome.result()

    def _spawn(self) -> None:
        threading.Thread(target=self._work, name="zhupei-plugin", daemon=True).start()

    def _give_up(self, job: _Job) -> None:
        with self._lock:
            if job.given_up or job.outcome is not None:
                return
            job.given_up = True
            if not job.begun:
                return
            job.overdue = True
            self._overdue += 1
            stuck = self._overdue
            spawns = self._idle < self._queued and stuck < self._limit
            self._threads += spawns
            self._idle += spawns
        if spawns:
            self._spawn()
        if stuck >= self._limit:
            self._refuse_those_who_wait(stuck)

    def _refuse_those_who_wait(self, stuck: int) -> None:
        while True:
            try:
                refused = self._jobs.get_nowait()
            except queue.Empty:
                return
            with self._lock:
                self._queued -= 1
                refused.given_up = True
                waiting = refused.waiting
            if waiting is not None:
                waiting.tell(waiting.started, StuckError(stuck))

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    if self._queued:
                        continue
                    self._threads -= 1
                    self._idle -= 1
                    return
            with self._lock:
                self._queued -= 1
                if job.given_up:
                    continue
                self._idle -= 1
                job.begun = True
                waiting = job.waiting
            if waiting is not None:
                waiting.tell(waiting.started)
            outcome = _Outcome.of(job.context.run, (job.function, *job.arguments))
            with self._lock:
                self._overdue -= job.overdue
                job.overdue = False
                job.outcome = outcome
                waiting = job.waiting
                surplus = self._threads > self._workers + self._overdue
                self._threads -= surplus
                self._idle += not surplus
            job.over.release()
            if waiting is not None:
                waiting.tell(waiting.outcome)
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


def _settle(future: asyncio.Future[None], error: StuckError | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(None)
