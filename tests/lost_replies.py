"""A relay before PostgreSQL that loses the reply of a COMMIT: it is done, and nobody is told.

That is the moment in which a server cannot know whether its work was kept: PostgreSQL has
committed, and the connection, or the server, is gone before it says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

__all__ = ["LostReplies", "lost_replies"]

_SOCKET = ".s.PGSQL.5432"
_COMMITTED = b"C", b"COMMIT\0"
_HEAD_BYTES = 5

_Losing = Callable[[], Coroutine[None, None, None]]


@dataclass
class LostReplies:
    """The relay: ``url`` is the database through it. It hands on all until told to lose a reply.

    ``lost`` counts the replies that it lost.
    """

    url: str
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
    """Stand before the database of a test, whose address names the folder of its socket."""
    parts = urlsplit(database_url)
    (behind,) = parse_qs(parts.query)["host"]
    tasks: set[asyncio.Task[None]] = set()
    # Addresses of sockets are short; a test's own folder may be too long for one.
    with tempfile.TemporaryDirectory(prefix="zhupei-relay-", dir="/tmp") as folder:
        relay = LostReplies(parts._replace(query=f"host={folder}").geturl())

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            path = str(Path(behind) / _SOCKET)
            from_database, to_database = await asyncio.open_unix_connection(path)
            try:
                await _first_of(
                    _asked(reader, to_database), _answered(relay, from_database, writer)
                )
            finally:
                for each in (writer, to_database):
                    each.transport.abort()

        server = await asyncio.start_unix_server(connected, str(Path(folder) / _SOCKET))
        try:
            yield relay
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _first_of(*each: Awaitable[None]) -> None:
    """Wait until one of them ends, and end the others."""
    tasks = [asyncio.ensure_future(one) for one in each]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what a server asks."""
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


async def _answered(
    relay: LostReplies, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Hand on what PostgreSQL answers, message by message, up to a reply that is lost."""
    while True:
        head = await reader.readexactly(_HEAD_BYTES)
        content = await reader.readexactly(int.from_bytes(head[1:]) - 4)
        if not await relay.reply(head[:1], content):
            return
        writer.write(head + content)
        await writer.drain()
