"""Counts of what was asked in the last minute, in the memory of this process.

A sliding window of two counters, as the library ``limits`` counts in storages that processes share:
of the minute before, as much counts as still lies within the last sixty seconds. Here it is
counted for every request, so it is a dictionary of the present minute and one of the minute before:
nothing has to be cleaned up, and no thread waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Windows"]

_SECONDS = 60.0


class Windows:
    """Counts by key.

    Args:
        clock: returns seconds since the epoch; windows begin with the minutes of the clock.

    """

    __slots__ = ("_before", "_clock", "_minute", "_now")

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._minute = -1
        self._now: dict[str, int] = {}
        self._before: dict[str, int] = {}

    def fits(self, key: str, amount: int, most: int) -> bool:
        """Return whether ``amount`` more would not be too much; nothing is counted."""
        passed = self._turn()
        count = self._now.get(key, 0) + amount
        if self._before and (before := self._before.get(key)):
            count += int(before * (1 - passed))
        return count <= most

    def count(self, key: str, amount: int) -> None:
        """Count what was found to fit."""
        self._now[key] = self._now.get(key, 0) + amount

    def hit(self, key: str, amount: int, most: int) -> bool:
        """Count ``amount``, unless that would be too much; return whether it was counted."""
        if not self.fits(key, amount, most):
            return False
        self.count(key, amount)
        return True

    def seconds_until(self, key: str, amount: int, most: int) -> float:
        """Return after how many seconds ``amount`` more would fit, if nothing else is counted."""
        passed = self._turn()
        count, before = self._now.get(key, 0), self._before.get(key, 0)
        if count + int(before * (1 - passed)) + amount <= most:
            return 0.0
        if count + amount <= most:
            return _SECONDS * (1 - passed - (most - count - amount + 1) / before)
        rest = min(1.0, (most - amount + 1) / count) if amount <= most else 0.0
        return _SECONDS * (1 - passed + 1 - rest)

    def _turn(self) -> float:
        """Go on to the present minute; return how much of it has passed, from 0 to 1."""
        minute, passed = divmod(self._clock(), _SECONDS)
        if minute != self._minute:
            self._before = self._now if minute == self._minute + 1 else {}
            self._now = {}
            self._minute = int(minute)
        return passed / _SECONDS
