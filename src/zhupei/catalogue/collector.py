"""The garbage collector while a catalogue is loaded."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collector_paused"]


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector from looking through a province again and again.

    A build makes hundreds of thousands of objects that stay, and hardly one that goes.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            # As if it had looked through all of this already: else it would do so at once.
            gc.freeze()
            gc.unfreeze()
            gc.enable()
