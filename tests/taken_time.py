"""How long work takes at best: what else the machine or the collector does then is not counted."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["least_seconds"]

_TRIES = 5


def least_seconds(work: Callable[[], object], *, below: float) -> float:
    """Return the processor time of the quickest of a few tries; the first below a bound does.

    What grows beyond bounds with its input takes long each time.
    """
    least = float("inf")
    for _ in range(_TRIES):
        begun = time.process_time()
        work()
        least = min(least, time.process_time() - begun)
        if least < below:
            break
    return least
