"""The clock steps, forth and back: nothing opens or closes twice, tokens and records stay right."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from admissions_office import Office, moment, sample_catalogue
from crowd import Crowd
from live_socket import live_socket
from zhupei.db.connection import Database
from zhupei.db.models import OutboxRow, TransitionRow
from zhupei.domain.actors import Grant
from zhupei.services.audit import verify_audit_chain

pytestmark = pytest.mark.slow

_ROWS = """{ applications(filter: {baseIn: ["sample-hospital"]}, first: 20) { totalCount } }"""
_SUBMIT = """mutation($input: SubmitApplicationInput!) { submitApplication(input: $input) {
  __typename ... on Refusal { code message } ... on Application { id state } } }"""
_WATCH = """subscription { applicationChanged(base: "sample-hospital") {
  readAgain application { id state } } }"""
# The round of the fellowship: open from the 10th to the end of the 17th of April.
_BEFORE, _OPEN, _AFTER = "2026-04-09T23:30", "2026-04-10T00:30", "2026-04-18T00:30"


@pytest.mark.slow(seconds=30)
async def test_the_clock_steps_back_and_forth(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Days forth, an hour and days back, and forth again, while a worker looks every second."""
    clock = tmp_path / "clock"
    crowd = Crowd(Office(database, await sample_catalogue()), database, tmp_path, database_url)

    def go(at: str) -> None:
        # Whole or not at all: the server reads it all the time.
        unfinished = clock.with_suffix(".new")
        unfinished.write_text(at, encoding="utf-8")
        unfinished.replace(clock)
        crowd.office.go(at)

    go(_BEFORE)
    cases = await crowd.drafts(3, at=_BEFORE)
    office = Grant("base_office", base="sample-hospital")
    staff = await crowd.account("office", office)
    tokens = {id_: crowd.token(account) for id_, account in cases.items()}
    server = crowd.server(str(clock), worker=True, tick_seconds=1)
    await server.start()
    process = server.process
    try:
        async with httpx2.AsyncClient(base_url=server.address, timeout=40) as client:

            async def windows() -> list[str]:
                with database.use():
                    rows = await OutboxRow.filter(name__startswith="round.").order_by("id")
                    return [f"{row.name} {row.data.get('window', '')}" for row in rows]

            async def ask(token: str) -> str:
                headers = {"authorization": f"Bearer {token}"}
                response = await client.post("/graphql", json={"query": _ROWS}, headers=headers)
                errors = response.json().get("errors")
                return errors[0]["extensions"]["code"] if errors else "ok"

            async def submit(id_: UUID, key: str) -> str:
                given = {"application": str(id_), "idempotencyKey": key}
                response = await client.post(
                    "/graphql",
                    json={"query": _SUBMIT, "variables": {"input": given}},
                    headers={"authorization": f"Bearer {tokens[id_]}", "accept-language": "en"},
                )
                body = response.json()
                if "errors" in body:
                    return str(body["errors"][0]["extensions"]["code"])
                found = body["data"]["submitApplication"]
                return str(found.get("code", found.get("state")))

            one, two, three = cases
            # A worker that never looked begins at its first look: let it.
            await asyncio.sleep(3)
            assert await submit(one, "early") == "WINDOW_CLOSED"
            go(_OPEN)
            await until(windows, 1)
            assert await submit(one, "in-time") == "SUBMITTED"
            # An hour back: it is not open yet, and what was told is not taken back or told again.
            go(_BEFORE)
            assert await submit(two, "too-early") == "WINDOW_CLOSED"
            # What was answered is answered alike.
            assert await submit(one, "in-time") == "SUBMITTED"
            await asyncio.sleep(3)
            assert len(await windows()) == 1
            go(_OPEN)
            assert await submit(two, "now") == "SUBMITTED"
            await asyncio.sleep(3)
            assert len(await windows()) == 1

            # A token of two hours: good before its hour by a step back, gone after it, good again.
            token = crowd.token(staff)
            assert await ask(token) == "ok"
            async with live_socket(server.address, token) as socket:
                await socket.watch(_WATCH)
                assert (await socket.told("applicationChanged"))["readAgain"]
                go(_AFTER)
                await until(windows, 2)
                assert await submit(three, "late") == "TOKEN_EXPIRED"
                assert await ask(token) == "TOKEN_EXPIRED"
                # Within ten seconds, by the monotonic clock: the steps do not stretch that.
                async with asyncio.timeout(30):
                    code, reason = await socket.closed()
                assert (code, reason) == (4403, "TOKEN_EXPIRED")
            tokens[three] = crowd.token(cases[three])
            assert await submit(three, "later") == "WINDOW_CLOSED"
            go(_OPEN)
            await asyncio.sleep(3)
            go(_AFTER)
            await asyncio.sleep(3)
            told = await windows()
            assert len(told) == 2, told
            assert (await client.get("/health/ready")).json()["status"] == "ok"
        assert process is not None
        assert process.poll() is None
    finally:
        await server.kill()
    with database.use():
        report = await verify_audit_chain()
        # Created three times, submitted twice, in this order whatever the clock said.
        assert (report.broken, report.records) == (None, 5)
        rows = await TransitionRow.all().order_by("sequence")
        assert [row.action for row in rows] == ["CREATE"] * 3 + ["SUBMIT"] * 2
        assert rows[3].at == rows[4].at == moment(_OPEN)


async def until(found: Callable[[], Awaitable[list[str]]], count: int) -> None:
    """Wait until so many are there, and not one more."""
    async with asyncio.timeout(30):
        while len(now := await found()) < count:  # noqa: ASYNC110 - another process writes them
            await asyncio.sleep(0.1)
    assert len(now) == count, now
