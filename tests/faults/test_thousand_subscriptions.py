"""A thousand live subscriptions on one server, half by WebSocket, half by server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from admissions_office import Office, sample_catalogue
from crowd import SUBMITTING, Crowd
from live_socket import LiveSocket, live_socket
from zhupei.db.connection import Database
from zhupei.domain.actors import Grant

_log = logging.getLogger(__name__)

pytestmark = pytest.mark.slow

_WATCHES = 1000
_AT_ONCE = 50
_CATALOGUE = "{ bases(first: 2) { edges { node { code } } } }"
_WATCH = """subscription { applicationChanged(base: "sample-hospital") {
  readAgain application { id state } } }"""
_SUBMIT = """mutation($input: SubmitApplicationInput!) { submitApplication(input: $input) {
  __typename ... on Refusal { code message } ... on Application { id state } } }"""


class Stream:
    """One subscription by server-sent events, on a connection of its own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def told(self) -> dict[str, object]:
        """Return what the next event holds."""
        while not (line := await self._reader.readline()).startswith(b"data: "):
            assert line, "the stream ended"
        found: dict[str, object] = json.loads(line[6:])["data"]["applicationChanged"]
        return found

    async def ended(self) -> bool:
        """Wait for the end; tell whether it is one of HTTP, and none of the subscription."""
        rest = await self._reader.read()
        return rest.endswith(b"0\r\n\r\n") and b"event: complete" not in rest


@contextlib.asynccontextmanager
async def stream(port: int, token: str) -> AsyncIterator[Stream]:
    body = json.dumps({"query": _WATCH}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Accept: text/event-stream\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n"
        % (token.encode(), len(body))
        + body
    )
    try:
        yield Stream(reader, writer)
    finally:
        writer.close()


@pytest.mark.slow(seconds=12)
async def test_a_thousand_subscriptions(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """All are told of a change; the server stays quick; at its end each is told that it ends."""
    crowd = Crowd(Office(database, await sample_catalogue()), database, tmp_path, database_url)
    cases = await crowd.drafts(1)
    ((application, account),) = cases.items()
    applicant = crowd.token(account)
    office = crowd.token(
        await crowd.account("office", Grant("base_office", base="sample-hospital"))
    )
    server = crowd.server(SUBMITTING)
    await server.start()
    assert server.process is not None
    process = server.process.pid
    figures: dict[str, float] = {}
    try:
        async with (
            httpx2.AsyncClient(base_url=server.address, timeout=60) as client,
            contextlib.AsyncExitStack() as stack,
        ):
            await client.post("/graphql", json={"query": _CATALOGUE})
            before, cpu, began = resident(process), used(process), time.monotonic()
            turns = asyncio.Semaphore(_AT_ONCE)

            async def by_socket() -> LiveSocket:
                async with turns:
                    socket = await stack.enter_async_context(live_socket(server.address, office))
                    await socket.watch(_WATCH)
                    assert (await socket.told("applicationChanged"))["readAgain"]
                    return socket

            async def by_events() -> Stream:
                async with turns:
                    found = await stack.enter_async_context(stream(server.port, office))
                    assert (await found.told())["readAgain"]
                    return found

            sockets = await asyncio.gather(*(by_socket() for _ in range(_WATCHES // 2)))
            streams = await asyncio.gather(*(by_events() for _ in range(_WATCHES // 2)))
            figures["seconds to open"] = time.monotonic() - began
            figures["CPU to open"] = used(process) - cpu
            figures["kB each"] = (resident(process) - before) / _WATCHES / 1e3
            assert await watching(client) == _WATCHES

            given = {"application": str(application), "idempotencyKey": "once"}
            began, cpu = time.monotonic(), used(process)
            told = asyncio.gather(
                *(next_of(socket) for socket in sockets),
                *(each.told() for each in streams),
            )
            answer = await client.post(
                "/graphql",
                json={"query": _SUBMIT, "variables": {"input": given}},
                headers={"authorization": f"Bearer {applicant}"},
            )
            assert answer.json()["data"]["submitApplication"]["state"] == "SUBMITTED"
            slowest = await pinged(client, told)
            expected = {
                "readAgain": False,
                "application": {"id": str(application), "state": "SUBMITTED"},
            }
            assert all(event == expected for event in told.result())
            figures["seconds to tell all"] = time.monotonic() - began
            figures["CPU to tell all"] = used(process) - cpu
            figures["longest other answer"] = slowest

            # Half leave without a word: nothing of theirs is kept.
            for each in streams[: _WATCHES // 4]:
                each.writer.transport.abort()
            async with asyncio.timeout(30):
                while await watching(client) != _WATCHES - _WATCHES // 4:  # noqa: ASYNC110 - another process's
                    await asyncio.sleep(0.1)
            stopping = asyncio.create_task(server.stop())
            ends = await asyncio.gather(*(each.ended() for each in streams[_WATCHES // 4 :]))
            closed = await asyncio.gather(*(socket.closed() for socket in sockets))
            figures["seconds to stop"] = await stopping
        assert all(ends)
        assert {code for code, _ in closed} == {1012}
        assert figures["kB each"] < 150, figures
        assert figures["seconds to tell all"] < 30, figures
        assert figures["seconds to stop"] < 10, figures
        assert figures["longest other answer"] < 5, figures
        shown = ", ".join(f"{name}: {value:.2f}" for name, value in figures.items())
        _log.info("1,000 subscriptions: %s", shown)
    finally:
        await server.kill()


async def next_of(socket: LiveSocket) -> Any:
    """Return the next event, however long that takes: others work on the machine."""
    message = json.loads(await socket.connection.recv())
    assert message["type"] == "next", message
    return message["payload"]["data"]["applicationChanged"]


async def pinged(client: httpx2.AsyncClient, told: asyncio.Future[list[Any]]) -> float:
    """Read the catalogue until everybody was told; return what the slowest answer took."""
    slowest = 0.0
    while not told.done():
        began = time.monotonic()
        assert (await client.post("/graphql", json={"query": _CATALOGUE})).status_code == 200
        slowest = max(slowest, time.monotonic() - began)
        await asyncio.sleep(0.05)
    return slowest


async def watching(client: httpx2.AsyncClient) -> int:
    """Return how many subscriptions the server says that it has."""
    text = (await client.get("/metrics")).text
    line = next(each for each in text.splitlines() if each.startswith("zhupei_subscriptions "))
    return int(float(line.split()[1]))


def resident(process: int) -> int:
    """Return the bytes of a process in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def used(process: int) -> float:
    """Return the seconds of processor time that a process has used."""
    rest = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(rest[11]) + int(rest[12])) / os.sysconf("SC_CLK_TCK")
