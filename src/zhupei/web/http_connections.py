"""HTTP connections that wait for ever for nobody: how long, and how large, the head of a request.

uvicorn takes any number of header lines, of any length, at any speed.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["BoundedConnection"]

_HEAD_SECONDS = 10.0
_HEAD_BYTES = 64 << 10


class BoundedConnection(HttpToolsProtocol):
    """A connection whose requests begin within ten seconds and with at most 64 kB of headers."""

    head_seconds = _HEAD_SECONDS
    head_bytes = _HEAD_BYTES

    _head_due: asyncio.TimerHandle | None = None
    _head_size = 0
    _in_head = False

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read, unless what should be a head of a request is too long for one."""
        super().data_received(data)
        if not self._in_head:
            return
        # What belongs to requests before it, too: those are small, or it is not in the same part.
        self._head_size += len(data)
        if self._head_size > self.head_bytes:
            self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of the head."""
        super().on_message_begin()
        self._in_head, self._head_size = True, 0
        if self._head_due is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """Wait no more: the application has its own time for bodies."""
        self._in_head, self._head_size = False, 0
        self._stop_waiting()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._head_due = self.loop.call_later(
            self.head_seconds, self._refuse, b"408 Request Timeout"
        )

    def _stop_waiting(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _refuse(self, status: bytes) -> None:
        self._stop_waiting()
        if not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(
                    b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
                )
            self.transport.close()
