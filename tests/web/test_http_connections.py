"""Tests of zhupei.web.http_connections: what a slow or endless head of a request comes to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from zhupei.web.http_connections import BoundedConnection
from zhupei.web.socket_connections import BoundedWebSocket


class _Impatient(BoundedConnection):
    head_seconds = 0.3
    left_over_seconds = 0.3
    head_bytes = 8 << 10


async def _app(scope: Any, receive: Any, send: object) -> None:
    """Answer without reading; at ``/echo`` tell body and names of headers, at ``/slow`` later."""
    body = b"ok"
    if scope["path"] in {"/echo", "/slow"}:
        body, message = b"", {"more_body": True}
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        body += b"|" + b" ".join(name for name, _ in scope["headers"])
    if scope["path"] == "/slow":
        await asyncio.sleep(0.2)
    if scope["path"] == "/parts":
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]  # ASGI's own
        for part in (b"one ", b"", b"two ", b"three"):
            await send(  # type: ignore[operator]  # as above
                {"type": "http.response.body", "body": part, "more_body": part != b"three"}
            )
        return
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
            ws=BoundedWebSocket,
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
        except (ConnectionResetError, BrokenPipeError):
            return b""


@pytest.mark.parametrize("sent", [b"", b"GE", b"GET / HTTP/1.1\r\nhost: a\r\nx-a: 1"])
async def test_a_head_that_does_not_come_ends_the_connection(port: int, sent: bytes) -> None:
    async with connected(port) as (reader, writer):
        writer.write(sent)
        status, _, told = await whole(reader)
    assert (status, told) == (
        408,
        refused("REQUEST_TIMED_OUT", "请求未在规定时间内送达。 The request did not come in time."),
    )


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


async def whole(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], Any]:
    """Read an answer that ends its connection; return status, headers and what its JSON says."""
    head, _, body = (await everything(reader)).partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    headers = dict(each.split(": ", 1) for each in lines)
    assert int(headers["content-length"]) == len(body)
    return int(line.split()[1]), headers, json.loads(body)


def refused(code: str, message: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


_INVALID = refused("BAD_USER_INPUT", "不是有效的 HTTP 请求。 This is no valid HTTP request.")


@pytest.mark.parametrize(
    "sent",
    [
        b"GARBAGE\r\n\r\n",
        b"FOO /graphql HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET / HTTP/3.0\r\nhost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\xff HTTP/1.1\r\nhost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2, 2\r\n\r\n",
        b"POST /slow HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
    ],
)
async def test_what_is_no_request_is_told_so_in_json(port: int, sent: bytes) -> None:
    """R: JSON error bodies always, with a code, and with the headers that every answer has."""
    async with connected(port) as (reader, writer):
        writer.write(sent)
        status, headers, told = await whole(reader)
    assert (status, told) == (400, _INVALID)
    assert headers["content-type"] == "application/json"
    assert headers["connection"] == "close"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_what_cannot_be_read_stands_in_no_other_answer(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\nGARBAGE\r\n\r\n")
        assert await everything(reader) == b""


@pytest.mark.parametrize("parts", [1, 2, 9])
async def test_a_head_is_as_large_however_it_comes(port: int, parts: int) -> None:
    """R: the limit holds also where all of it comes at once."""
    for size, status in ((8_000, 200), (8_200, 431), (30_000, 431)):
        head = b"GET / HTTP/1.1\r\nhost: a\r\nx-a: %b\r\n\r\n" % (b"y" * size)
        async with connected(port) as (reader, writer):
            step = len(head) // parts + 1
            with contextlib.suppress(OSError):
                for begin in range(0, len(head), step):
                    writer.write(head[begin : begin + step])
                    await writer.drain()
                    await asyncio.sleep(0.005)
            line = (await reader.readline()) if status == 200 else await everything(reader)
            # Where bytes cross the answer the connection is reset, and the answer may be lost.
            expected = {b"HTTP/1.1 %d" % status, *([b""] if parts > 1 and status == 431 else [])}
            assert line[:12] in expected
            if line and status == 431:
                assert json.loads(line.partition(b"\r\n\r\n")[2]) == refused(
                    "LIMIT_EXCEEDED", "请求头过大。 The headers of the request are too large."
                )


async def test_http_1_0_knows_no_chunks(port: int) -> None:
    """R: an answer without a length ends with its connection (RFC 9112, 6.1)."""
    async with connected(port) as (reader, writer):
        writer.write(b"GET /parts HTTP/1.0\r\nhost: a\r\n\r\n")
        head, _, body = (await everything(reader)).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert b"connection: close" in head
    assert body == b"one two three"
    async with connected(port) as (reader, writer):
        writer.write(b"GET /echo HTTP/1.0\r\nhost: a\r\n\r\n")
        assert (await everything(reader)).endswith(
            b"content-length: 5\r\nconnection: close\r\n\r\n|host"
        )
    async with connected(port) as (reader, writer):
        writer.write(b"GET /parts HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        assert (await everything(reader)).endswith(
            b"4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n"
        )


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


async def answer(reader: asyncio.StreamReader) -> bytes:
    """Read one answer and return its status and body."""
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        return head[9:12] + b" " + await reader.readexactly(length)


_PLAIN = b"GET /echo HTTP/1.1\r\nhost: a\r\n\r\n"
_OFFER = b"host: a\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\n"
_HIDDEN = b"GET /hidden HTTP/1.1\r\nhost: a\r\n\r\n"
_NAMES = b"host connection upgrade"


@pytest.mark.parametrize(
    ("packet", "told"),
    [
        (b"GET /echo HTTP/1.1\r\n" + _OFFER + b"\r\n", b"|" + _NAMES),
        (
            b"POST /echo HTTP/1.1\r\n%bcontent-length: %d\r\n\r\n%b"
            % (_OFFER, len(_HIDDEN), _HIDDEN),
            _HIDDEN + b"|" + _NAMES + b" content-length",
        ),
        (
            b"POST /echo HTTP/1.1\r\n%btransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
            % (_OFFER, len(_HIDDEN), _HIDDEN),
            _HIDDEN + b"|" + _NAMES + b" transfer-encoding",
        ),
        (
            b"POST /echo HTTP/1.1\r\n" + _OFFER + b"content-length: 0\r\n\r\n",
            b"|" + _NAMES + b" content-length",
        ),
    ],
    ids=["no body", "a body", "chunks", "an empty body"],
)
async def test_an_offer_of_http2_leaves_a_request_and_those_after_it_whole(
    port: int, packet: bytes, told: bytes
) -> None:
    """R: the body of a request is never another request, in whatever parts it comes."""
    end = packet.index(b"\r\n\r\n") + 4
    for parts in ([packet + packet + _PLAIN], [packet, packet, _PLAIN]):
        async with connected(port) as (reader, writer):
            for part in parts:
                writer.write(part)
                await asyncio.sleep(0.02)
            assert await answer(reader) == b"200 " + told
            assert await answer(reader) == b"200 " + told
            assert await answer(reader) == b"200 |host"
    for cut in (end, end + 9, end - 1):
        async with connected(port) as (reader, writer):
            for part in (packet[:cut], packet[cut:], _PLAIN):
                writer.write(part)
                await asyncio.sleep(0.02)
            assert await answer(reader) == b"200 " + told
            assert await answer(reader) == b"200 |host"


async def test_very_many_offers_at_once_are_declined(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write((b"GET / HTTP/1.1\r\n" + _OFFER + b"\r\n") * 1500)
        for _ in range(1500):
            assert await answer(reader) == b"200 ok"


async def test_what_comes_after_a_body_is_no_header(port: int) -> None:
    """R: a proxy that checks headers does not check these."""
    async with connected(port) as (reader, writer):
        writer.write(
            b"POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
            b"1\r\nx\r\n0\r\nx-forwarded-for: 198.51.100.1\r\nauthorization: Bearer x\r\n\r\n"
        )
        assert await answer(reader) == b"200 x|host transfer-encoding"
        writer.write(_PLAIN)
        assert await answer(reader) == b"200 |host"


async def test_empty_lines_do_not_keep_a_connection(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(_PLAIN)
        assert await answer(reader) == b"200 |host"
        writer.write(b"\r\n")
        assert (await everything(reader)).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


@pytest.mark.parametrize("more", [b"x", b"x" * 10])
async def test_the_rest_of_a_body_that_was_not_read_does_not_keep_a_connection(
    port: int, more: bytes
) -> None:
    async with connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n")
        assert await answer(reader) == b"200 ok"
        writer.write(more)
        ended = await everything(reader)
        # In the middle of a body nobody expects another answer.
        assert ended[:13] == (b"HTTP/1.1 408 " if len(more) == 10 else b"")


async def test_a_large_body_before_a_part_of_a_head_is_no_part_of_it(port: int) -> None:
    async with connected(port) as (reader, writer):
        large = b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 90000\r\n\r\n" + b"x" * 90_000
        for _ in range(3):
            writer.write(large + _PLAIN[:20])
            await writer.drain()
            assert (await answer(reader))[-30:].endswith(b"xx|host content-length")
            writer.write(_PLAIN[20:])
            assert await answer(reader) == b"200 |host"


async def test_a_websocket_is_not_opened_amid_answers(port: int) -> None:
    opening = (
        b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    )
    async with connected(port) as (reader, writer):
        writer.write(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n" + opening)
        assert await everything(reader) == b""
