"""Clients that do not read what they asked for: how long the server keeps it for them.

What is written waits for its reader in the server's memory. uvicorn waits for ever, and after an
answer's end it closes a connection only once everything is written.
"""

from __future__ import annotations

import asyncio

__all__ = ["ReadsOrLeaves"]

_SECONDS = 20.0
_LEAST_BYTES = 4096


class ReadsOrLeaves(asyncio.Protocol):
    """A connection whose client reads 4 kB in twenty seconds while something waits for it.

    It goes before a protocol of uvicorn's, whose methods it completes.
    """

    reading_seconds = _SECONDS

    _watched: asyncio.Transport | None = None
    _waits = 0
    _looking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Know what is written to."""
        self._watched = transport
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        self._look_no_more()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Begin to look whether the client reads."""
        super().pause_writing()
        self._look_again()

    def resume_writing(self) -> None:
        """Look no more: it has read nearly everything."""
        self._look_no_more()
        super().resume_writing()

    def _look_again(self) -> None:
        if self._watched is not None:
            self._waits = self._watched.get_write_buffer_size()
            loop = asyncio.get_running_loop()
            self._looking = loop.call_later(self.reading_seconds, self._look)

    def _look(self) -> None:
        self._looking = None
        if self._watched is None:
            return
        # The rest may be less than what has to be read in the time.
        waits = self._watched.get_write_buffer_size()
        if waits and waits > self._waits - _LEAST_BYTES:
            self._watched.abort()
        else:
            self._look_again()

    def _look_no_more(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
