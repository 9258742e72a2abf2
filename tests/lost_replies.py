"""A relay before PostgreSQL that loses the reply of a COMMIT: it is done, and nobody is told.

That is the moment in which a server cannot know whether its work was kept: PostgreSQL has
committed, and the connection, or the server, is gone before it says so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field

from database_relay import database_relay, pass_on

__all__ = ["LostReplies", "lost_replies"]

_COMMITTED = b"C", b"COMMIT\0"

_Losing = Callable[[], Coroutine[None, None, None]]


@dataclass
class LostReplies:
    """The relay: ``url`` is the database through it. It hands on all until told to lose a reply.

    ``lost`` counts the replies that it lost.
    """

    url: str = ""
    lost: int = 0
    _kept: Callable[[], Awaitable[bool]] | None = None
    _losing: _Losing | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def lose(self, kept: Callable[[], Awaitable[bool]], losing: _Losing | None = None) -> None:
        """Lose the reply of the next COMMIT after which ``kept`` holds, once, with its connection.

        ``losing`` is done before: it ends the server that waits for the reply.
        """
        self._kept, self._losing = kept, losing

    async def reply(self, kind: bytes, content: bytes) -> bool:
        """Return whether a message of PostgreSQL is to be handed on."""
        if self._kept is None or (kind, content) != _COMMITTED:
            return True
        async with self._turn:
            if self._kept is None or not await self._kept():
                return True
            self._kept = None
            self.lost += 1
            if self._losing is not None:
                # With the server goes its connection, and with that whoever waits here.
                await asyncio.shield(self._losing())
        return False


@contextlib.asynccontextmanager
async def lost_replies(database_url: str) -> AsyncIterator[LostReplies]:
    """Stand before the database of a test."""
    relay = LostReplies()
    async with database_relay(
        database_url, asked=lambda: pass_on, answered=lambda: relay.reply
    ) as relay.url:
        yield relay
