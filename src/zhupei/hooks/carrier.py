"""Quick functions of plugins, several in one turn of a thread, waited for in place.

A turn of a thread costs as much as ten short functions, and a page asks many. So functions that
were quick lately are run one after another by one thread, whichever plugins they are of, and the
event loop waits for all of them where it is. What is not over in a moment is left to its plugin:
the thread that runs the slow function becomes the plugin's own, the others go to their bulkheads.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any

from zhupei.hooks.threads import Bulkhead, Job

__all__ = ["Call", "Carrier", "Pace"]

# What a thread that computes may hold the event loop for anyhow (`sys.getswitchinterval`). A
# shorter wait costs more: the machine has to set a clock for it.
_MOMENT = 0.005
_QUICK = 0.000_2
_MOST, _SLOW, _MISSED, _LEAST = 16, 8, 64, -1_024


class Pace:
    """Whether a function is quick, by what it took lately.

    A slow call counts as much as eight quick ones, and one that was not over when it was waited
    for as much as 64: on a busy machine every function is late now and then, and one that is slow
    each ninth time is soon not waited for any more.
    """

    __slots__ = ("_score", "function", "is_quick")

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._score = 0
        self.is_quick = False
        """Whether the next call may be waited for in place."""

    def note(self, seconds: float) -> None:
        """Note how long a call took."""
        if seconds <= _QUICK:
            if self._score == _MOST:
                return
            self._score += 1
        else:
            slow = _SLOW if seconds < _MOMENT else _MISSED
            self._score = max(self._score - slow, _LEAST)
        self.is_quick = self._score > 0


class Call:
    """A plain function of a plugin and what it is called with, as often as one likes.

    ``bulkhead`` has the threads of its plugin, and ``pace`` tells whether it was quick lately.
    """

    __slots__ = ("arguments", "bulkhead", "function", "pace", "slug")

    def __init__(
        self,
        slug: str,
        function: Callable[..., Any],
        arguments: Sequence[Any],
        bulkhead: Bulkhead,
        pace: Pace,
    ) -> None:
        self.slug, self.function, self.arguments = slug, function, arguments
        self.bulkhead, self.pace = bulkhead, pace

    def queue(self) -> Job:
        """Have it run by a thread of its plugin.

        Raises:
            StuckError: too many calls of its plugin hang.

        """
        job = self.bulkhead.job(self.function, self.arguments)
        self.bulkhead.queue(job)
        return job


class _Trip:
    """Calls that are run in one turn; ``over`` is held until all of them were.

    Of each chain the next is called where the one before answered None; ``jobs`` are those that
    were begun, of each.
    """

    __slots__ = ("_chains", "_context", "_is_left", "_lock", "_running", "jobs", "over")

    def __init__(self, chains: Sequence[Sequence[Call]]) -> None:
        self._chains = chains
        self._context = copy_context()
        self._lock = threading.Lock()
        self._running: tuple[Bulkhead, Job] | None = None
        self._is_left = False
        self.jobs: list[list[Job]] = [[] for _ in chains]
        self.over = threading.Lock()
        self.over.acquire()

    def run(self) -> bool:
        """Run the calls; return whether the thread was given to a plugin meanwhile."""
        for chain, jobs in zip(self._chains, self.jobs, strict=True):
            for call in chain:
                job = Job(call.function, call.arguments, self._context.copy())
                bulkhead = call.bulkhead
                with self._lock:
                    if self._is_left:
                        return False
                    self._running = bulkhead, job
                    jobs.append(job)
                job.run()
                if bulkhead.finish(job):
                    return True
                if job.value is not None or job.error is not None:
                    break
        return False

    def leave(self) -> bool:
        """Have no more calls begun; return whether the plugin of the last one got the thread."""
        with self._lock:
            self._is_left = True
            running = self._running
        if running is None:
            return False
        bulkhead, job = running
        return bulkhead.adopt(job)


class _Trips:
    """Trips on their way to the thread that carries them.

    It is woken by a pipe: the machine takes a write to it for a hand-over, and has who reads it
    run next on the same processor, where a lock would wake it on another one. That is half of what
    a turn costs.
    """

    __slots__ = ("_ends", "_reads", "_trips", "_writes")

    def __init__(self) -> None:
        self._trips: deque[_Trip] = deque()
        self._reads, self._writes = os.pipe()
        self._ends = False

    def put(self, trip: _Trip) -> None:
        self._trips.append(trip)
        os.write(self._writes, b"\0")

    def close(self) -> None:
        """Have no more trips; the thread ends, if it has not."""
        if not self._ends:
            self._ends = True
            os.close(self._writes)

    def work(self) -> None:
        """Be the thread that carries, until it is given away or there are no more trips."""
        try:
            while os.read(self._reads, 1):
                trip = self._trips.popleft()
                if trip.run():
                    return
                trip.over.release()
                del trip  # what was asked is not kept until somebody asks again
        finally:
            os.close(self._reads)


class Carrier:
    """The thread that carries: begun when first asked, anew where it was given away.

    It ends with this.
    """

    def __init__(self) -> None:
        self._in_use = threading.Lock()
        self._trips: _Trips | None = None
        self._end: weakref.finalize[[], Carrier] | None = None

    def carry(self, chains: Sequence[Sequence[Call]]) -> Sequence[Sequence[Job]]:
        """Run the calls of chains and wait a moment; return those that were begun, of each.

        What is not over then is its plugin's own.
        """
        if not self._in_use.acquire(blocking=False):  # by the event loop of another thread
            return [()] * len(chains)
        try:
            trip = _Trip(chains)
            self._send(trip)
            if not trip.over.acquire(timeout=_MOMENT) and trip.leave():
                self._trips = None
                if self._end is not None:
                    self._end()
            return trip.jobs
        finally:
            self._in_use.release()

    def _send(self, trip: _Trip) -> None:
        trips = self._trips
        if trips is None:
            trips = self._trips = _Trips()
            self._end = weakref.finalize(self, trips.close)
            threading.Thread(target=trips.work, name="zhupei-plugins", daemon=True).start()
        trips.put(trip)
