"""PostgreSQL stopped, killed and started again under load: no restart of ours, nothing missed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from admissions_office import Office, sample_catalogue
from crowd import SUBMITTING, Crowd
from live_socket import LiveSocket, live_socket
from server_process import ServerProcess
from stoppable_postgres import postmaster_of, stoppable_postgres
from zhupei.db.connection import Database
from zhupei.domain.actors import Grant

pytestmark = pytest.mark.slow

_CATALOGUE = "{ bases(first: 2) { edges { node { code openings { totalCount } } } } }"
_ROWS = """{ applications(filter: {baseIn: ["sample-hospital"]}, first: 20) {
  totalCount edges { node { id state } } } }"""
_SUBMIT = """mutation($input: SubmitApplicationInput!) { submitApplication(input: $input) {
  __typename ... on Refusal { code message } ... on Application { id state } } }"""
_WATCH = """subscription { applicationChanged(base: "sample-hospital") {
  readAgain application { id state } } }"""
# From the moment that PostgreSQL answers again; others work on the machine.
_RECOVERY_SECONDS = 30
_DOWN_SECONDS = 2.5
# `make faults` asks for more.
_ROUNDS = int(os.environ.get("ZHUPEI_FAULTS", "1"))


@dataclass
class Tally:
    """What everybody was answered while PostgreSQL came and went."""

    codes: Counter[str] = field(default_factory=Counter)
    longest: dict[str, float] = field(default_factory=dict)
    stops: bool = False

    async def ask(
        self, client: httpx2.AsyncClient, kind: str, query: str, token: str | None = None
    ) -> None:
        """Ask once, and count the answer: ``ok`` or its codes."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        began = time.monotonic()
        response = await client.post("/graphql", json={"query": query}, headers=headers)
        self.longest[kind] = max(self.longest.get(kind, 0.0), time.monotonic() - began)
        body = response.json()
        codes = sorted({error["extensions"]["code"] for error in body.get("errors", ())})
        self.codes[f"{kind} {' '.join(codes) or response.status_code}"] += 1

    async def health(self, client: httpx2.AsyncClient) -> None:
        """Look at both pages of health."""
        for path in ("live", "ready"):
            began = time.monotonic()
            response = await client.get(f"/health/{path}")
            self.longest[path] = max(self.longest.get(path, 0.0), time.monotonic() - began)
            self.codes[f"{path} {response.status_code} {response.json()['status']}"] += 1

    async def until_stopped(self, work: Callable[[], Awaitable[None]], pause: float) -> None:
        """Repeat something until the end."""
        while not self.stops:
            await work()
            await asyncio.sleep(pause)


@dataclass
class Ear:
    """What a watch was told, and when."""

    events: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    answered: dict[str, float] = field(default_factory=dict)
    """When what changed an application was asked for the last time."""

    async def listen(self, socket: LiveSocket) -> None:
        """Take events until cancelled."""
        async for text in socket.connection:
            message = json.loads(text)
            assert message["type"] == "next", message
            self.events.append((time.monotonic(), message["payload"]["data"]["applicationChanged"]))

    def missed(self) -> set[str]:
        """Return the changes of which the watch was neither told nor told to read again since."""
        told = {each["application"]["id"] for _, each in self.events if each["application"]}
        again = max((at for at, each in self.events if each["readAgain"]), default=0.0)
        return {id_ for id_, at in self.answered.items() if id_ not in told and at > again}

    async def until_nothing_missed(self) -> None:
        """Wait until the watch knows of everything."""
        async with asyncio.timeout(_RECOVERY_SECONDS):
            while self.missed():  # noqa: ASYNC110 - another process tells
                await asyncio.sleep(0.05)


async def submitted(
    client: httpx2.AsyncClient, application: Any, token: str, ear: Ear
) -> dict[str, Any]:
    """Submit with one key again and again until there is an answer."""
    given = {"application": str(application), "idempotencyKey": uuid4().hex}
    headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
    while True:
        sent = time.monotonic()
        response = await client.post(
            "/graphql", json={"query": _SUBMIT, "variables": {"input": given}}, headers=headers
        )
        body = response.json()
        if response.status_code == 200 and "errors" not in body:
            found: dict[str, Any] = body["data"]["submitApplication"]
            if found.get("code") != "CONFLICT":
                ear.answered[str(application)] = sent
                return found
        else:
            codes = {error["extensions"]["code"] for error in body["errors"]}
            assert codes <= {"DATABASE_UNAVAILABLE", "OPERATION_TIMED_OUT"}, body
        await asyncio.sleep(0.1)


async def until_ready(client: httpx2.AsyncClient, status: str) -> None:
    """Wait until the page of health says so."""
    while (await client.get("/health/ready")).json()["status"] != status:  # noqa: ASYNC110 - another process's
        await asyncio.sleep(0.02)


@pytest.mark.slow(seconds=20)
async def test_postgresql_is_stopped_and_killed_under_load(
    open_folder: Path, tmp_path: Path
) -> None:
    """The catalogue answers on; rows say DATABASE_UNAVAILABLE; all goes on without a restart."""
    async with stoppable_postgres(open_folder) as postgres:
        database = Database(data_dir=tmp_path, url=postgres.url, pool_size=4)
        await database.start()
        crowd = Crowd(Office(database, await sample_catalogue()), database, tmp_path, postgres.url)
        cases = await crowd.drafts(20 * _ROUNDS + 1)
        tokens = {id_: crowd.token(account) for id_, account in cases.items()}
        office = crowd.token(
            await crowd.account("office", Grant("base_office", base="sample-hospital"))
        )
        # Not held open while the server below it goes.
        await database.stop()
        server = crowd.server(SUBMITTING)
        await server.start()
        process = server.process
        tally = Tally()
        try:
            async with (
                httpx2.AsyncClient(base_url=server.address, timeout=40) as client,
                live_socket(server.address, office) as socket,
            ):
                await socket.watch(_WATCH)
                first = await socket.told("applicationChanged")
                assert first == {"readAgain": True, "application": None}
                ear = Ear()
                listening = asyncio.create_task(ear.listen(socket))
                load = [
                    asyncio.create_task(tally.until_stopped(work, pause))
                    for work, pause in (
                        (lambda: tally.ask(client, "catalogue", _CATALOGUE), 0.02),
                        (lambda: tally.ask(client, "rows", _ROWS, office), 0.05),
                        (lambda: tally.health(client), 0.1),
                    )
                ]
                waiting = list(cases)
                for end in (postgres.stop, postgres.kill) * _ROUNDS:
                    some = [waiting.pop() for _ in range(10)]
                    work = [
                        asyncio.create_task(submitted(client, id_, tokens[id_], ear))
                        for id_ in some
                    ]
                    await asyncio.sleep(0.05)
                    await end()
                    await asyncio.sleep(_DOWN_SECONDS)
                    await postgres.start()
                    async with asyncio.timeout(_RECOVERY_SECONDS):
                        answers = await asyncio.gather(*work)
                    assert Counter(each["state"] for each in answers) == {"SUBMITTED": 10}
                    # Of every change it is told, or to read again after it.
                    await ear.until_nothing_missed()
                # The same watch tells of a change after all of it, too.
                last = waiting.pop()
                answer = await submitted(client, last, tokens[last], ear)
                assert answer["state"] == "SUBMITTED"
                await ear.until_nothing_missed()
                assert len(ear.answered) == len(cases)
                assert not listening.done()
                listening.cancel()
                tally.stops = True
                await asyncio.gather(*load)
                ready = (await client.get("/health/ready")).json()
                assert ready["status"] == "ok"
            assert process is not None
            assert process.poll() is None
        finally:
            tally.stops = True
            await server.kill()
        assert {key for key in tally.codes if key.startswith("catalogue")} == {"catalogue 200"}
        assert {key for key in tally.codes if key.startswith("rows")} == {
            "rows 200",
            "rows DATABASE_UNAVAILABLE",
        }
        assert {key for key in tally.codes if key.startswith("live")} == {"live 200 ok"}
        assert tally.codes["ready 200 degraded"] >= 2, tally.codes
        assert tally.longest["live"] < 3, tally.longest
        assert tally.longest["catalogue"] < 3, tally.longest
        await database.start()
        try:
            await crowd.check(notified=0, records=2 * (20 * _ROUNDS + 1))
        finally:
            await database.stop()


@pytest.mark.slow(seconds=20)
async def test_the_embedded_postgresql_is_killed_and_comes_back(
    open_folder: Path,
) -> None:
    """kill -9 of the server's own PostgreSQL: it is started again, and rows are there again."""
    server = ServerProcess("", open_folder, SUBMITTING)
    await server.start()
    process = server.process
    try:
        async with httpx2.AsyncClient(base_url=server.address, timeout=40) as client:
            given = {"login": "somebody", "password": "correct horse battery"}
            signed = await client.post("/sign-up", json=given)
            assert signed.status_code == 201, signed.text
            for _ in range(2):
                pid = postmaster_of(open_folder / "postgres")
                os.kill(pid, signal.SIGKILL)
                async with asyncio.timeout(_RECOVERY_SECONDS):
                    await until_ready(client, "degraded")
                    answer = await client.post("/graphql", json={"query": _CATALOGUE})
                    assert "errors" not in answer.json()
                    await until_ready(client, "ok")
                assert postmaster_of(open_folder / "postgres") != pid
                signed = await client.post("/sign-in", json=given)
                assert signed.status_code == 200, signed.text
        assert process is not None
        assert process.poll() is None
        assert await server.stop() < 10
    finally:
        await server.kill()
