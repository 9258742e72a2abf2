"""Tests of zhupei.web.sending, and of connections that write an answer at once."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from wired_app import Wire
from zhupei.db.connection import Database
from zhupei.web.request_scope import RequestScope
from zhupei.web.sending import WHOLE

_BODY = b"hello"


class App:
    """Answers as each test wants it, and counts what uvicorn was given to send."""

    def __init__(self, folder: Path, *messages: Message, whole: bool = True) -> None:
        database = Database(data_dir=folder, url="postgresql://nobody@127.0.0.1:1/none")
        self._inside = RequestScope(self._answer, database=database, access_log=False)
        self._messages = messages
        self._whole = whole
        self.sent = 0
        self.failing: Exception | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counting(message: Message) -> None:
            self.sent += 1
            await send(message)

        if not self._whole:
            del scope[WHOLE]
        await self._inside(scope, receive, counting)

    async def _answer(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        for message in self._messages:
            await send({**message})
        if self.failing is not None:
            raise self.failing


def begin(*headers: tuple[bytes, bytes], status: int = 200) -> Message:
    return {"type": "http.response.start", "status": status, "headers": [*headers]}


def part(body: bytes = _BODY, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


_HEAD = b"host: a\r\nx-request-id: abcdefgh"
_LENGTH = (b"content-length", b"5")
_GET = b"GET /a HTTP/1.1\r\nhost: a\r\n\r\n"


@pytest.mark.parametrize(
    ("messages", "request_", "given"),
    [
        ((begin(_LENGTH), part()), _GET, 0),
        ((begin(_LENGTH, status=500), part()), _GET, 0),
        ((begin((b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), _LENGTH), part()), _GET, 0),
        ((begin((b"content-length", b"0")), part(b"")), _GET, 0),
        ((begin((b"x-frame-options", b"SAMEORIGIN"), _LENGTH), part()), _GET, 0),
        # What is uvicorn's: parts, no length, ends of connections, heads alone.
        ((begin(_LENGTH), part(b"he", more=True), part(b"llo")), _GET, 3),
        ((begin(), part()), _GET, 2),
        ((begin(status=304), part(b"")), _GET, 2),
        ((begin((b"connection", b"close"), _LENGTH), part()), _GET, 2),
        ((begin(_LENGTH), part()), _GET.replace(b"1.1", b"1.0"), 2),
        ((begin(_LENGTH), part()), _GET.replace(b"GET", b"HEAD"), 2),
    ],
)
async def test_an_answer_written_at_once_is_that_of_uvicorn(
    tmp_path: Path, messages: tuple[Message, ...], request_: bytes, given: int
) -> None:
    written = []
    for whole in (True, False):
        app = App(tmp_path, *messages, whole=whole)
        wire = Wire(app)
        for _ in range(2):
            if not wire.transport.closed:
                wire.transport.written = b""
                app.sent = 0
                wire.protocol.data_received(
                    request_.replace(b"\r\n\r\n", b"\r\nx-request-id: abcdefgh\r\n\r\n")
                )
                await wire.rest()
        assert app.sent == (given if whole else len(messages))
        written.append((wire.transport.written, wire.transport.closed, wire.state.total_requests))
    assert written[0] == written[1]
    assert written[0][0].startswith(b"HTTP/1.1 ")
    assert b"x-request-id: abcdefgh\r\n" in written[0][0]
    assert b"date: " in written[0][0]


@pytest.mark.parametrize(
    "header",
    [
        (b"x-note", b"a\r\nset-cookie: b"),
        (b"x-note", b"a\nb"),
        (b"x-note", b"a\rb"),
        (b"x-note", b"a\0b"),
        (b"x-note\r\nx-other", b"a"),
    ],
)
async def test_a_header_that_would_be_two_is_not_written(
    tmp_path: Path, header: tuple[bytes, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    wire = Wire(App(tmp_path, begin(header, _LENGTH), part()))
    with caplog.at_level(logging.CRITICAL):
        wire.protocol.data_received(_GET)
        await wire.rest()
    assert wire.transport.closed
    assert wire.transport.written == b""


async def test_a_length_that_is_not_that_of_the_body_is_refused_by_uvicorn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wire = Wire(App(tmp_path, begin((b"content-length", b"4")), part()))
    with caplog.at_level(logging.CRITICAL):
        wire.protocol.data_received(_GET)
        await wire.rest()
    assert wire.transport.closed
    assert _BODY not in wire.transport.written


@pytest.mark.parametrize(
    ("messages", "status"), [((), 500), ((begin(_LENGTH),), 500), ((begin(_LENGTH), part()), 200)]
)
async def test_what_breaks_before_anything_was_sent_is_answered_as_json(
    tmp_path: Path, messages: tuple[Message, ...], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = App(tmp_path, *messages)
    app.failing = RuntimeError("password=hunter2")
    wire = Wire(app)
    with caplog.at_level(logging.CRITICAL):
        answer = await wire.ask(_GET)
    assert answer.status == status
    assert b"hunter2" not in wire.transport.written
    if status == 500:
        assert b'"code":"INTERNAL_SERVER_ERROR"' in answer.body
        assert answer.headers["x-request-id"].encode() in answer.body
        assert wire.transport.written.count(b"HTTP/1.1") == 1


async def test_a_client_that_does_not_read_is_waited_for(tmp_path: Path) -> None:
    app: Any = App(tmp_path, begin(_LENGTH), part())
    wire = Wire(app)
    wire.protocol.pause_writing()
    wire.protocol.data_received(_GET)
    for _ in range(20):
        await asyncio.sleep(0)
    assert (wire.transport.written, app.sent) == (b"", 1)
    wire.protocol.resume_writing()
    await wire.rest()
    assert wire.transport.written.endswith(_BODY)
