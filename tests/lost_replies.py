"""A relay before PostgreSQL that loses the reply of a COMMIT: it is done, and nobody is told.

That is the moment in which a server cannot know whether its work was kept: PostgreSQL has
committed, and the connection, or the server, is gone before it says so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tortoise.models import Model

from admissions_office import Office
from database_relay import database_relay, pass_on
from zhupei.db.connection import Database, DatabaseUnavailableError

__all__ = ["LostReplies", "lost_replies", "owing_the_answer"]

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


@contextlib.asynccontextmanager
async def owing_the_answer(
    office: Office, database_url: str, folder: Path, model: type[Model]
) -> AsyncIterator[None]:
    """Lose the reply of the COMMIT that writes a first row of ``model``, of what is done here.

    Who did it is told that nobody knows whether it was written.
    """
    direct = office.database

    async def kept() -> bool:
        return await asyncio.create_task(_has_rows(direct, model))

    assert not await kept()
    async with lost_replies(database_url) as relay:
        office.database = Database(data_dir=folder, url=relay.url, pool_size=4)
        await office.database.start()
        relay.lose(kept)
        try:
            with pytest.raises(DatabaseUnavailableError, match="whether it was written is unknown"):
                yield
        finally:
            await office.database.stop()
            office.database = direct
    assert relay.lost == 1


async def _has_rows(database: Database, model: type[Model]) -> bool:
    with database.use():
        return await model.exists()
