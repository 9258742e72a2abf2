"""Quick functions of plugins, several in one turn of a thread, waited for in place.

A turn of a thread costs as much as ten short functions, and a page asks many. So functions that
were quick lately are run one after another by one thread, whichever plugins they are of, and the
event loop waits for all of them where it is. What is not over in a moment is left to its plugin:
the thread that runs the slow function becomes the plugin's own, the others go to their bulkheads.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from zhupei.hooks.threads import Bulkhead, Job

__all__ = ["Carrier", "Pace"]

Call = tuple[Bulkhead, Job]

# What a thread that computes may hold the event loop for anyhow (`sys.getswitchinterval`). A
# shorter wait costs more: the machine has to set a clock for it.
_MOMENT = 0.005
_QUICK = 0.000_2
_MOST, _SLOW, _MISSED, _LEAST = 16, 8, 64, -1_024
_IDLE_SECONDS = 5.0


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
    """Calls that are run in one turn; ``over`` is held until all of them were."""

    __slots__ = ("left", "over")

    def __init__(self, calls: Sequence[Call]) -> None:
        self.left = deque(calls)
        self.over = threading.Lock()
        self.over.acquire()

    def take_back(self) -> list[Call]:
        """Return the calls that are not begun; nobody begins them any more."""
        taken = []
        while self.left:
            try:
                taken.append(self.left.popleft())
            except IndexError:  # it was begun this very moment
                break
        return taken


_Trips = queue.SimpleQueue[_Trip]


class Carrier:
    """The thread that carries; a new one where it was given away, none where nobody asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_use = threading.Lock()
        self._trips: _Trips | None = None

    def carry(self, calls: Sequence[Call]) -> None:
        """Run calls and wait a moment; what is not over then is left to its bulkhead."""
        if not self._in_use.acquire(blocking=False):  # by the event loop of another thread
            _queue(calls)
            return
        try:
            trip = _Trip(calls)
            self._send(trip)
            if trip.over.acquire(timeout=_MOMENT):
                return
            left = trip.take_back()
            for bulkhead, job in calls:
                # All but one of those that are begun are over.
                if (bulkhead, job) not in left and bulkhead.adopt(job):
                    with self._lock:
                        self._trips = None
            _queue(left)
        finally:
            self._in_use.release()

    def _send(self, trip: _Trip) -> None:
        with self._lock:
            trips = self._trips
            if trips is None:
                trips = self._trips = queue.SimpleQueue()
                threading.Thread(
                    target=self._work, args=(trips,), name="zhupei-plugins", daemon=True
                ).start()
            trips.put(trip)

    def _work(self, trips: _Trips) -> None:
        while True:
            try:
                trip = trips.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    if not trips.empty():
                        continue
                    if self._trips is trips:
                        self._trips = None
                    return
            if _is_given_away(trip):
                return
            trip.over.release()


def _is_given_away(trip: _Trip) -> bool:
    """Run the calls of a trip; return whether the thread was given to a plugin meanwhile."""
    while trip.left:
        try:
            bulkhead, job = trip.left.popleft()
        except IndexError:  # it was taken back this very moment
            break
        if bulkhead.finish(job, job.run()):
            return True
    return False


def _queue(calls: Sequence[Call]) -> None:
    for bulkhead, job in calls:
        bulkhead.queue(job)
