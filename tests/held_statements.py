"""A relay before PostgreSQL that holds the n-th statement of a server until it is let go.

What only tidies a connection up, when it goes back to its pool, is no statement of anybody's: to be
held there is to be held at the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from database_relay import Hears, database_relay, pass_on

__all__ = ["HeldStatements", "held_statements"]

_TIDYING = "SELECT pg_advisory_unlock_all()"


@dataclass
class HeldStatements:
    """The relay: ``url`` is the database through it. It hands on all until told to hold.

    ``seen`` are the statements since then; ``held`` is set when one of them waits.
    """

    url: str = ""
    seen: list[str] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    _number: int = 0
    _beginning: str | None = None
    _going: asyncio.Event = field(default_factory=asyncio.Event)

    def hold(self, number: int) -> None:
        """Hold the ``number``-th statement from now on, counted from one."""
        self._number, self._beginning, self.seen = number, None, []
        self.held, self._going = asyncio.Event(), asyncio.Event()

    def hold_before(self, beginning: str) -> None:
        """Hold the next statement that begins like this."""
        self.hold(0)
        self._beginning = beginning

    def go(self) -> None:
        """Let go what is held, and hold nothing more."""
        self._number, self._beginning = 0, None
        self._going.set()

    def connection(self) -> Hears:
        """Return what hears the statements of one connection."""
        prepared: dict[bytes, str] = {}

        async def heard(kind: bytes, content: bytes) -> bool:
            if kind == b"P":
                name, text, _ = content.split(b"\0", 2)
                prepared[name] = text.decode()
            elif kind == b"Q":
                await self._sent(content.rstrip(b"\0").decode())
            elif kind == b"B":
                _, name, _ = content.split(b"\0", 2)
                await self._sent(prepared[name])
            return True

        return heard

    async def _sent(self, statement: str) -> None:
        if statement.startswith(_TIDYING):
            return
        self.seen.append(statement)
        begins = self._beginning is not None and statement.startswith(self._beginning)
        if begins or len(self.seen) == self._number:
            self._beginning = None
            self.held.set()
            await self._going.wait()


@contextlib.asynccontextmanager
async def held_statements(database_url: str) -> AsyncIterator[HeldStatements]:
    """Stand before the database of a test."""
    relay = HeldStatements()
    async with database_relay(
        database_url, asked=relay.connection, answered=lambda: pass_on
    ) as relay.url:
        try:
            yield relay
        finally:
            relay.go()
