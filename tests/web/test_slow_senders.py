"""Bodies that do not come, over real HTTP and beside it: `zhupei.web.slow_senders`."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from running_graph import RunningGraph, running_graph
from zhupei.db.models import ApplicantFile
from zhupei.domain.actors import Grant
from zhupei.domain.identity import DocumentKind
from zhupei.services.access import open_keyring
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant
from zhupei.web.slow_senders import SendsInTime


@pytest.fixture
async def graph(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningGraph]:
    # A file has 0.3 instead of 600 seconds.
    monkeypatch.setattr("zhupei.web.slow_senders.LONGER_WITH_FILES", 0.01)
    async with running_graph(tmp_path, database_url) as running:
        yield running


async def begun(
    graph: RunningGraph,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Begin to hand in a file of 3000 bytes, of which 9 come."""
    account = await graph.account("li", Grant("applicant"))
    token = graph.token(account)
    with graph.database.use():
        made = await register_applicant(
            open_keyring(graph.settings),
            Details(name="王小明"),
            kind=DocumentKind.PASSPORT,
            number="E1234567",
            issuing_state="USA",
            account=account.id,
            today=date(2026, 6, 18),
            at=datetime(2026, 6, 18, tzinfo=UTC),
        )
    assert isinstance(made, ApplicantRecord)
    url = graph.client.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(
        b"PUT /files/degree HTTP/1.1\r\nhost: %b\r\nauthorization: Bearer %b\r\n"
        b"accept-language: en\r\ncontent-type: application/pdf\r\ncontent-length: 3000\r\n\r\n"
        b"%%PDF-1.7\n" % (url.host.encode(), token.encode())
    )
    await writer.drain()
    return reader, writer


async def kept(graph: RunningGraph) -> list[Path]:
    with graph.database.use():
        assert await ApplicantFile.all().count() == 0
    return [each for each in (graph.settings.data_dir / "files").rglob("*") if each.is_file()]


async def test_a_file_that_does_not_come_is_not_waited_for(graph: RunningGraph) -> None:
    reader, writer = await begun(graph)
    async with asyncio.timeout(20):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in head.lower()
    assert json.loads(body) == {
        "errors": [
            {
                "message": "The body of the request did not come in time.",
                "extensions": {"code": "REQUEST_TIMED_OUT"},
            }
        ]
    }
    assert await kept(graph) == []


async def test_who_leaves_in_a_file_is_no_error_of_the_server(
    graph: RunningGraph, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await begun(graph)
    await asyncio.sleep(0.1)
    writer.close()
    await writer.wait_closed()
    assert (await graph.client.get("/health/live")).status_code == 200
    await asyncio.sleep(0.1)
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []
    assert await kept(graph) == []


async def test_json_has_less_time_than_a_file_and_what_came_is_waited_for_no_more() -> None:
    got: list[Any] = []

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        got.append(await receive())
        got.append(await receive())

    async def asked(kind: bytes, *messages: Message) -> None:
        coming = [*messages]

        async def receive() -> Message:
            if not coming:
                await asyncio.sleep(0.2)
                return {"type": "http.disconnect"}
            return coming.pop(0)

        async def send(_message: Message) -> None:
            raise AssertionError

        scope = {"type": "http", "headers": [(b"content-type", kind)]}
        await SendsInTime(app, seconds=0.02)(scope, receive, send)

    part = {"type": "http.request", "body": b"{", "more_body": True}
    whole = {"type": "http.request", "body": b"{}", "more_body": False}
    left = {"type": "http.disconnect"}
    for kind in (b"application/json", b"Application/JSON; charset=utf-8"):
        with pytest.raises(HTTPException) as refused:
            await asked(kind, part)
        assert refused.value.status_code == 408
        assert got == [part]
        got.clear()
    await asked(b"text/csv", part)
    assert got == [part, left]
    got.clear()
    await asked(b"application/json", whole)
    assert got == [whole, left]
