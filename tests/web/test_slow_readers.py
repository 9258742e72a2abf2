"""Tests of zhupei.web.slow_readers: a real connection whose client does not read."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn

from zhupei.web.http_connections import BoundedConnection

pytestmark = pytest.mark.slow

_SIZE = 30 << 20


class _Impatient(BoundedConnection):
    reading_seconds = 0.8


class _Answers:
    """Answers with 30 MB, and knows which answers ended, and how."""

    def __init__(self, *, parts: int) -> None:
        self.parts = parts
        self.ended: list[str] = []

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        headers = [(b"content-length", b"%d" % _SIZE)]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[operator]  # ASGI's own
            for number in range(self.parts):
                more = number + 1 < self.parts
                part = b"x" * (_SIZE // self.parts)
                await send({"type": "http.response.body", "body": part, "more_body": more})  # type: ignore[operator]  # as above
        finally:
            self.ended.append("ended")


@contextlib.asynccontextmanager
async def served(app: _Answers) -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, http=_Impatient, lifespan="off", log_config=None, ws="none")
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        await running


async def _read(reader: asyncio.StreamReader, *, bytes_a_time: int, seconds: float) -> int:
    """Read so much at a time until the connection ends; return how much came."""
    found = 0
    with contextlib.suppress(ConnectionResetError):
        while part := await reader.read(bytes_a_time):
            found += len(part)
            if seconds:
                await asyncio.sleep(seconds)
    return found


@pytest.mark.parametrize("parts", [1, 30])
async def test_who_reads_nothing_is_left(parts: int) -> None:
    app = _Answers(parts=parts)
    async with served(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        async with asyncio.timeout(10):
            while not app.ended:  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.05)
            # What the system had taken comes, and then the end: nothing waits in the server.
            await asyncio.sleep(1.2)
            assert await _read(reader, bytes_a_time=1 << 20, seconds=0) < _SIZE
        writer.close()


async def test_who_reads_slowly_gets_everything() -> None:
    app = _Answers(parts=3)
    async with served(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        writer.write(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        async with asyncio.timeout(20):
            # For longer than anybody may read nothing.
            found = await _read(reader, bytes_a_time=1 << 18, seconds=0.02)
        assert found > _SIZE
        writer.close()
