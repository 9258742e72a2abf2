"""Tests of zhupei.web.http_connections: what a slow or endless head of a request comes to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn

from zhupei.web.http_connections import BoundedConnection


class _Impatient(BoundedConnection):
    head_seconds = 0.3


async def _app(scope: object, receive: object, send: object) -> None:
    body = b"ok"
    await send(  # type: ignore[operator]  # ASGI's own
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body})  # type: ignore[operator]  # as above


@pytest.fixture
async def port() -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            _app,
            http=_Impatient,
            lifespan="off",
            log_config=None,
            timeout_keep_alive=5,
            ws="none",
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        await running


@contextlib.asynccontextmanager
async def connected(
    port: int,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def everything(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize("sent", [b"", b"GE", b"GET / HTTP/1.1\r\nhost: a\r\nx-a: 1"])
async def test_a_head_that_does_not_come_ends_the_connection(port: int, sent: bytes) -> None:
    async with connected(port) as (reader, writer):
        writer.write(sent)
        assert (await everything(reader)).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


async def test_a_byte_now_and_then_does_not_help(port: int) -> None:
    async with connected(port) as (reader, writer):
        reading = asyncio.create_task(everything(reader))
        with contextlib.suppress(OSError):
            for byte in b"GET / HTTP/1.1\r\nhost: a\r\nx-a: " + b"1" * 100:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.02)
                if reading.done():
                    break
            else:
                pytest.fail("the connection stayed open")
        # A byte that crosses the answer resets the connection, and the answer is lost.
        assert (await reading)[:13] in {b"HTTP/1.1 408 ", b""}


async def test_headers_without_end_are_cut_off(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n")
        with contextlib.suppress(OSError):
            for number in range(200):
                writer.write(b"x-%d: " % number + b"y" * 1000 + b"\r\n")
                await writer.drain()
        assert b"200 OK" not in await everything(reader)


async def test_requests_one_after_the_other_are_answered(port: int) -> None:
    async with connected(port) as (reader, writer):
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK")
            assert await reader.readexactly(2) == b"ok"
            # Longer than a head may take: an idle connection is not a slow one.
            await asyncio.sleep(0.35)


async def test_a_large_body_is_no_head(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(
            b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 200000\r\n\r\n" + b"x" * 200_000
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK")
