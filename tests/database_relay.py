"""A relay before PostgreSQL that reads what is asked and answered, message by message."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

__all__ = ["Hears", "address_of", "database_relay", "pass_on"]

_PORT = 5432
_SOCKET = f".s.PGSQL.{_PORT}"
_HEAD_BYTES = 5
_LENGTH_BYTES = 4
# After these the same connection begins anew: whether it may be encrypted.
_ENCRYPTED = 80877103, 80877104

Hears = Callable[[bytes, bytes], Awaitable[bool]]
"""Given a message's kind and content it returns whether it is handed on; if not, the connection
ends. It may wait."""


async def pass_on(kind: bytes, content: bytes) -> bool:
    """Hand every message on."""
    return True


def address_of(database_url: str, folder: str) -> str:
    """Return the address of a database through a relay in a folder."""
    parts = urlsplit(database_url)
    user = parts.netloc.rpartition("@")[0]
    return parts._replace(netloc=f"{user}@", query=f"host={folder}").geturl()


@contextlib.asynccontextmanager
async def database_relay(
    database_url: str, *, asked: Callable[[], Hears], answered: Callable[[], Hears]
) -> AsyncIterator[str]:
    """Stand before a test's database, whose address names its host or the folder of its socket.

    ``asked`` and ``answered`` make for each connection what hears its messages. The address of the
    database through the relay is told.
    """
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        from_database, to_database = await _to(database_url)
        try:
            await _first_of(
                _begun(reader, to_database, asked()), _passed(from_database, writer, answered())
            )
        finally:
            for each in (writer, to_database):
                each.transport.abort()

    # Addresses of sockets are short; a test's own folder may be too long for one.
    with tempfile.TemporaryDirectory(prefix="zhupei-relay-", dir="/tmp") as folder:
        server = await asyncio.start_unix_server(connected, str(Path(folder) / _SOCKET))
        try:
            yield address_of(database_url, folder)
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _to(database_url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(database_url)
    if parts.hostname is not None:
        return await asyncio.open_connection(parts.hostname, parts.port or _PORT)
    (folder,) = parse_qs(parts.query)["host"]
    return await asyncio.open_unix_connection(str(Path(folder) / _SOCKET))


async def _first_of(*each: Awaitable[None]) -> None:
    """Wait until one of them ends, and end the others."""
    tasks = [asyncio.ensure_future(one) for one in each]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _begun(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hears: Hears) -> None:
    """Hand on how a connection begins, which has no kind, and then what is asked."""
    while True:
        length = await reader.readexactly(_LENGTH_BYTES)
        content = await reader.readexactly(int.from_bytes(length) - _LENGTH_BYTES)
        writer.write(length + content)
        if int.from_bytes(content[:_LENGTH_BYTES]) not in _ENCRYPTED:
            return await _passed(reader, writer, hears)


async def _passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hears: Hears) -> None:
    """Hand messages on, up to one that is not to be."""
    while True:
        head = await reader.readexactly(_HEAD_BYTES)
        content = await reader.readexactly(int.from_bytes(head[1:]) - _LENGTH_BYTES)
        if not await hears(head[:1], content):
            return
        writer.write(head + content)
        await writer.drain()
