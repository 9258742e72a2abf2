"""Threads for what may never come back: a plugin's plain functions, away from the event loop.

The standard executor will not do: it joins its threads at exit, so one function that hangs would
keep the process from ending, and enough of them would leave no thread for anybody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from typing import Any

from zhupei.errors import said_by

__all__ = ["Bulkhead", "Job", "OverdueError", "StuckError", "run_bounded"]

_IDLE_SECONDS = 5.0


class OverdueError(Exception):
    """A function did not come back in time; not TimeoutError, which the function may raise."""


class StuckError(Exception):
    """Too many calls have not come back; ``calls`` says how many."""

    def __init__(self, calls: int) -> None:
        self.calls = calls
        super().__init__(f"{calls} calls have not come back")


class Job:
    """One call of a function; ``seconds`` is how long it took.

    What the function returned is ``value``, what it raised ``error`` (a future cannot carry every
    exception: StopIteration). Both are there once it ``is_over``.
    """

    # Of most calls no more than the first three are ever set.
    value: Any = None
    is_over: bool = False
    seconds: float = 0.0
    error: BaseException | None = None
    begun: bool = False
    given_up: bool = False
    overdue: bool = False
    adopted: bool = False
    waiting: _Waiting | None = None

    def __init__(
        self, function: Callable[..., Any], arguments: Sequence[Any], context: Context
    ) -> None:
        self._function, self._arguments, self._context = function, arguments, context

    def result(self) -> Any:
        """Return the value, or raise the error; what is no exception, as a `RuntimeError`."""
        match self.error:
            case None:
                return self.value
            case asyncio.CancelledError() as error:
                raise RuntimeError("it cancelled itself") from error
            case StopIteration() as error:  # as Python has it where a coroutine raises it
                raise RuntimeError("it raised StopIteration") from error
            case Exception() | SystemExit() | KeyboardInterrupt() as error:
                raise error
            case error:
                raise RuntimeError(f"it raised {said_by(error)}") from error

    def run(self) -> None:
        """Call the function; it is over once `Bulkhead.finish` was told."""
        began = time.perf_counter()
        try:
            self.value = self._context.run(self._function, *self._arguments)
        except BaseException as error:  # noqa: BLE001 - because the caller gets it, whatever it is
            self.error = error
        self.seconds = time.perf_counter() - began


class _Waiting:
    """Who waits in the event loop for a job that is not over."""

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
    """

    def __init__(self, *, workers: int = 4, limit: int = 8) -> None:
        self._workers, self._limit = workers, limit
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        # `give_up` may be called by the garbage collector, while this very thread holds it.
        self._lock = threading.RLock()
        # Threads, those of them that run nothing, and jobs that none of these has taken.
        self._threads = self._idle = self._queued = 0
        self._overdue = 0

    @property
    def is_free(self) -> bool:
        """Whether a call could begin at once, and none of the plugin's hangs."""
        return not (self._overdue or self._queued) and self._threads - self._idle < self._workers

    def job(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Job:
        """Return a call that is not begun, for `queue`, or for a thread that is not ours.

        Raises:
            StuckError: too many others have not come back.

        """
        if self._overdue >= self._limit:
            raise StuckError(self._overdue)
        return Job(function, arguments, copy_context())

    def queue(self, job: Job) -> None:
        """Have a call run in one of the plugin's threads, once one is free."""
        with self._lock:
            self._queued += 1
            spawns = self._queued > self._idle and self._threads < self._workers + self._overdue
            self._threads += spawns
            self._idle += spawns
        self._jobs.put(job)
        if spawns:
            self._spawn()

    def adopt(self, job: Job) -> bool:
        """Count the thread that runs a call as the plugin's own, unless the call is over."""
        with self._lock:
            if job.is_over:
                return False
            job.begun = job.adopted = True
            self._threads += 1
            return True

    def finish(self, job: Job) -> bool:
        """Take it that a call is over; return whether its thread has to end, as it was adopted."""
        with self._lock:
            job.is_over, waiting = True, job.waiting
            if job.overdue:
                self._overdue -= 1
                job.overdue = False
            if job.adopted:
                self._threads -= 1
        if waiting is not None:
            waiting.tell(waiting.outcome)
        return job.adopted

    async def run(
        self, function: Callable[..., Any], arguments: Sequence[Any], *, seconds: float
    ) -> Any:
        """Run ``function`` in a thread and return its answer; the time counts from its start.

        Raises:
            OverdueError: it did not come back in time; it goes on running, unheeded.
            StuckError: it was not started, as too many others have not come back.

        """
        job = self.job(function, arguments)
        self.queue(job)
        return await self.answer(job, seconds=seconds)

    async def answer(self, job: Job, *, seconds: float) -> Any:
        """Wait for a call that is queued or adopted; raises what `run` does."""
        waiting = _Waiting()
        with self._lock:
            if job.given_up:  # it was refused meanwhile
                raise StuckError(self._overdue)
            job.waiting = waiting
            begun, is_over = job.begun, job.is_over
        try:
            if not begun:
                await waiting.started
            if not is_over:
                await asyncio.wait({waiting.outcome}, timeout=seconds)
        finally:
            if not job.is_over:
                self.give_up(job)
        if not job.is_over:
            raise OverdueError
        return job.result()

    def run_now(
        self, function: Callable[..., Any], arguments: Sequence[Any], *, seconds: float
    ) -> Any:
        """Run a function in one thread more and wait for it, without an event loop.

        Raises:
            OverdueError: it did not come back in time; it counts as one that hangs until it does.
            StuckError: it was not started, as too many others have not come back.

        """
        job, over = self.job(function, arguments), threading.Event()

        def work() -> None:
            job.run()
            self.finish(job)
            over.set()

        self.adopt(job)
        threading.Thread(target=work, name="zhupei-plugin", daemon=True).start()
        if not over.wait(seconds):
            self.give_up(job)
        if not job.is_over:
            raise OverdueError
        return job.result()

    def _spawn(self) -> None:
        threading.Thread(target=self._work, name="zhupei-plugin", daemon=True).start()

    def give_up(self, job: Job) -> None:
        """Wait for a call no more: one that runs counts as one that hangs until it is over."""
        with self._lock:
            if job.given_up or job.is_over:
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
            job.run()
            with self._lock:
                surplus = self._threads > self._workers + self._overdue - job.overdue
                self._threads -= surplus
                self._idle += not surplus
            self.finish(job)
            if surplus:
                return


def run_bounded(function: Callable[..., Any], *arguments: Any, seconds: float) -> Any:
    """Run ``function`` in a thread of its own and wait for it, without an event loop.

    Raises:
        OverdueError: it did not come back in time; it goes on running, unheeded.

    """
    job, over = Job(function, arguments, copy_context()), threading.Event()

    def work() -> None:
        job.run()
        over.set()

    threading.Thread(target=work, name="zhupei-plugin", daemon=True).start()
    if not over.wait(seconds):
        raise OverdueError
    return job.result()


def _settle(future: asyncio.Future[None], error: StuckError | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(None)
