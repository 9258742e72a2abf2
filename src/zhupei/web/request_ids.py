"""The ids of requests: sent back with each answer, and written into each line of the log."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

__all__ = ["RequestIds"]

# An id that a proxy or client sends is taken over when it cannot disturb a log.
_ACCEPTABLE = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_DIGITS = 32
_DRAWN = 256


class RequestIds:
    """Gives new ids; random bytes are asked of the system for many of them at once."""

    __slots__ = ("_at", "_drawn", "_process")

    def __init__(self) -> None:
        self._drawn = b""
        self._at = 0
        self._process = 0

    def new(self) -> bytes:
        """Return an id that nobody has, of 32 hexadecimal digits."""
        at = self._at
        if at >= len(self._drawn) or self._process != os.getpid():
            self._drawn = os.urandom(_DRAWN * _DIGITS // 2).hex().encode()
            self._process = os.getpid()
            at = 0
        self._at = at + _DIGITS
        return self._drawn[at : at + _DIGITS]

    def of(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Return the id that a request brings along, or a new one."""
        for name, value in headers:
            if name == b"x-request-id" and _ACCEPTABLE.fullmatch(value):
                return value
        return self.new()
