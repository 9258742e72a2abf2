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

__all__ = ["Carrier", "Pace", "Step"]

# What a thread that computes may hold the event loop for anyhow (`sys.getswitchinterval`). A
# shorter wait costs more: the machine has to set a clock for it.
_MOMENT = 0.005
_QUICK = 0.000_2
_MOST, _SLOW, _MISSED, _LEAST = 16, 8, 64, -1_024


class Step:
    """A call that may be carried; ``job`` is the call once it is begun or queued."""

    __slots__ = ("arguments", "bulkhead", "function", "job", "pace")

    def __init__(
        self, bulkhead: Bulkhead, function: Callable[..., Any], arguments: Sequence[Any], pace: Pace
    ) -> None:
        self.bulkhead, self.function, self.arguments = bulkhead, function, arguments
        self.pace = pace
        self.job: Job | None = None

    @property
    def may_be_carried(self) -> bool:
        """Whether it is quick, and nothing of its plugin hangs."""
        return self.pace.is_quick and self.bulkhead.is_free

    def queue(self) -> None:
        """Have it run by a thread of its plugin; raise `StuckError` where too many hang."""
        self.job = self.bulkhead.job(self.function, self.arguments)
        self.bulkhead.queue(self.job)


class Pace:
    """Whether a function is quick, by what it took lately.

    A slow call counts as much as eight quick ones, and one that was not over when it was waited
    for as much as 64: on a busy machine every function is late now and then, and one that is slow
    each ninth time is soon not waited for any more.
    """

    __slots__ = ("_score", "function")

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._score = 0

    @property
    def is_quick(self) -> bool:
        """Whether the next call may be waited for in place."""
        return self._score > 0

    def note(self, seconds: float) -> None:
        """Note how long a call took."""
        if seconds <= _QUICK:
            self._score = min(self._score + 1, _MOST)
        else:
            slow = _SLOW if seconds < _MOMENT else _MISSED
            self._score = max(self._score - slow, _LEAST)


class _Trip:
    """Calls that are run in one turn; ``over`` is held until all of them were.

    Of each chain the next is called where the one before answered None.
    """

    __slots__ = ("_begun", "_chains", "_context", "_is_left", "_lock", "over")

    def __init__(self, chains: Sequence[Sequence[Step]]) -> None:
        self._chains = chains
        self._context = copy_context()
        self._lock = threading.Lock()
        self._begun: Step | None = None
        self._is_left = False
        self.over = threading.Lock()
        self.over.acquire()

    def run(self) -> bool:
        """Run the calls; return whether the thread was given to a plugin meanwhile."""
        for chain in self._chains:
            for step in chain:
                job = Job(step.function, step.arguments, self._context.copy())
                with self._lock:
                    if self._is_left:
                        return False
                    self._begun, step.job = step, job
                outcome = job.run()
                if step.bulkhead.finish(job, outcome):
                    return True
                if outcome.value is not None or outcome.error is not None:
                    break
        return False

    def leave(self) -> Step | None:
        """Have no more calls begun; return the one that was begun last."""
        with self._lock:
            self._is_left = True
            return self._begun


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

    def carry(self, chains: Sequence[Sequence[Step]]) -> None:
        """Run the calls of chains and wait a moment; what is not over then is its plugin's own.

        Calls that were not begun then have no job.
        """
        if not self._in_use.acquire(blocking=False):  # by the event loop of another thread
            return
        try:
            trip = _Trip(chains)
            self._send(trip)
            if trip.over.acquire(timeout=_MOMENT):
                return
            begun = trip.leave()
            if begun is not None and begun.job is not None and begun.bulkhead.adopt(begun.job):
                self._trips = None
                if self._end is not None:
                    self._end()
        finally:
            self._in_use.release()

    def _send(self, trip: _Trip) -> None:
        trips = self._trips
        if trips is None:
            trips = self._trips = _Trips()
            self._end = weakref.finalize(self, trips.close)
            threading.Thread(target=trips.work, name="zhupei-plugins", daemon=True).start()
        trips.put(trip)
