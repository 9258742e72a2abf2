"""UUIDv7 keys, made by us: known before the row is written, and in the order of their making."""

from __future__ import annotations

import os
import threading
import time
import uuid

__all__ = ["uuid7"]

_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """Return a UUID of version 7 (RFC 9562); those of one process are strictly increasing.

    48 bits of milliseconds, then 12 bits that continue the time to a quarter of a microsecond
    (RFC 9562, 6.2, method 3), then 62 random bits.
    """
    global _last  # noqa: PLW0603 - the last moment given out is the process's own
    now = time.time_ns()
    milliseconds, rest = divmod(now, 1_000_000)
    moment = (milliseconds << 12) | (rest * 4096 // 1_000_000)
    with _lock:
        moment = _last = max(moment, _last + 1)
    random = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    value = (moment >> 12) << 80 | 0x7 << 76 | (moment & 0xFFF) << 64 | 0b10 << 62 | random
    return uuid.UUID(int=value)
