"""Servers that are killed, connections that drop, requests that repeat: nothing lost, or twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from admissions_office import Office, sample_catalogue
from crowd import NOTICING, SUBMITTING, Crowd
from server_process import ServerProcess
from zhupei.db.connection import Database
from zhupei.domain.actors import Grant

pytestmark = pytest.mark.slow

# `make faults` asks for more.
_KILLS = 3 * int(os.environ.get("ZHUPEI_FAULTS", "1"))
# From the last start of a server, on a machine that does other work as well.
_PATIENCE_SECONDS = 180
_SHOWN = "__typename ... on Refusal { code message }"
_SUBMIT = f"""mutation($input: SubmitApplicationInput!) {{
  submitApplication(input: $input) {{ {_SHOWN} ... on Application {{ id state }} }} }}"""
_REVIEW = f"""mutation($input: ReviewApplicationInput!) {{
  reviewApplication(input: $input) {{ {_SHOWN} ... on Application {{ id state }} }} }}"""
_NOTICE = f"""mutation($input: SendNoticeInput!) {{
  sendNotice(input: $input) {{ {_SHOWN} ... on BulkOutcome {{ operationId }} }} }}"""


@pytest.fixture
async def crowd(database: Database, database_url: str, tmp_path: Path) -> Crowd:
    return Crowd(Office(database, await sample_catalogue()), database, tmp_path, database_url)


async def answer(
    client: httpx2.AsyncClient, mutation: str, token: str, given: dict[str, Any]
) -> dict[str, Any] | None:
    """Return what a mutation answered; None where it has to be asked again."""
    try:
        response = await client.post(
            "/graphql",
            json={"query": mutation, "variables": {"input": given}},
            headers={"authorization": f"Bearer {token}", "accept-language": "en"},
        )
    except httpx2.TransportError:
        return None
    if response.status_code != 200:
        assert response.status_code == 503, response.text
        return None
    body = response.json()
    if "errors" in body:
        codes = {error["extensions"]["code"] for error in body["errors"]}
        assert codes == {"DATABASE_UNAVAILABLE"}, body
        return None
    (payload,) = body["data"].values()
    found: dict[str, Any] = payload
    return found


async def until_answered(
    clients: list[httpx2.AsyncClient], mutation: str, token: str, given: dict[str, Any]
) -> dict[str, Any]:
    """Ask with one idempotency key, of any server, until there is an answer."""
    asked = {**given, "idempotencyKey": uuid4().hex}
    while True:
        client = random.choice(clients)
        found = await answer(client, mutation, token, asked)
        if found is not None and found.get("code") != "CONFLICT":
            return found
        await asyncio.sleep(0.1)


def client_of(server: ServerProcess) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        base_url=server.address, timeout=10, limits=httpx2.Limits(max_connections=70)
    )


@pytest.mark.slow(seconds=15)
async def test_64_clients_on_two_servers_get_exactly_25_seats(crowd: Crowd) -> None:
    cases = await crowd.selected(64)
    crowd.office.go(NOTICING)
    token = crowd.token(await crowd.account("office", Grant("base_office", base="sample-hospital")))
    servers = [crowd.server(NOTICING), crowd.server(NOTICING)]
    await asyncio.gather(*(server.start() for server in servers))
    try:
        async with client_of(servers[0]) as one, client_of(servers[1]) as two:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                answers = await asyncio.gather(
                    *(
                        until_answered([one, two], _NOTICE, token, {"applications": [str(case)]})
                        for case in cases
                    )
                )
    finally:
        await asyncio.gather(*(server.kill() for server in servers))
    codes = Counter(found.get("code", found["__typename"]) for found in answers)
    assert codes == {"BulkOutcome": 25, "NO_SEAT": 39}
    await crowd.check(notified=25, records=64 * 4 + 25)


@pytest.mark.slow(seconds=45)
async def test_a_server_that_is_killed_under_load_loses_nothing_and_does_nothing_twice(
    crowd: Crowd,
) -> None:
    """kill -9, twice three times; everybody repeats with the same key until there is an answer."""
    cases = await crowd.drafts(40)
    office = await crowd.account("office", Grant("base_office", base="sample-hospital"))

    async def under_kills(now: str, work: Any) -> list[dict[str, Any]]:
        server = crowd.server(now)
        await server.start()
        try:
            async with client_of(server) as client:
                tasks = [asyncio.create_task(work(client, id_)) for id_ in cases]
                for _ in range(_KILLS):
                    await asyncio.sleep(random.uniform(0.1, 0.4))
                    await server.kill()
                    await server.start()
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    return list(await asyncio.gather(*tasks))
        finally:
            await server.kill()

    tokens = {id_: crowd.token(account) for id_, account in cases.items()}

    async def submit(client: httpx2.AsyncClient, id_: UUID) -> dict[str, Any]:
        return await until_answered([client], _SUBMIT, tokens[id_], {"application": str(id_)})

    answers = await under_kills(SUBMITTING, submit)
    assert Counter(found.get("state") for found in answers) == {"SUBMITTED": 40}
    await crowd.recommended(cases)
    crowd.office.go(NOTICING)
    token = crowd.token(office)

    async def review_and_notice(client: httpx2.AsyncClient, id_: UUID) -> dict[str, Any]:
        given = {"application": str(id_), "approved": True}
        reviewed = await until_answered([client], _REVIEW, token, given)
        assert reviewed["__typename"] == "Application", reviewed
        return await until_answered([client], _NOTICE, token, {"applications": [str(id_)]})

    answers = await under_kills(NOTICING, review_and_notice)
    codes = Counter(found.get("code", found["__typename"]) for found in answers)
    assert codes == {"BulkOutcome": 25, "NO_SEAT": 15}
    # Created, submitted, recommended, reviewed: 40 each; noticed: 25.
    await crowd.check(notified=25, records=40 * 4 + 25)


async def test_connections_that_drop_in_the_middle_and_requests_that_repeat_at_once(
    crowd: Crowd,
) -> None:
    """Each request is sent and its connection dropped, then sent five times at the same moment."""
    cases = await crowd.selected(10)
    crowd.office.go(NOTICING)
    token = crowd.token(await crowd.account("office", Grant("base_office", base="sample-hospital")))
    server = crowd.server(NOTICING)
    await server.start()
    try:
        async with client_of(server) as client:

            async def one(number: int, id_: UUID) -> None:
                given = {"applications": [str(id_)], "idempotencyKey": uuid4().hex}
                await drop(server, token, given, after=number * 0.004)
                found = await asyncio.gather(
                    *(answer(client, _NOTICE, token, given) for _ in range(5))
                )
                again = await until_repeated(client, token, given)
                assert again["__typename"] == "BulkOutcome", again
                assert found == [again] * 5

            await asyncio.gather(*(one(number, id_) for number, id_ in enumerate(cases)))
    finally:
        await server.kill()
    await crowd.check(notified=10, records=10 * 5)


async def drop(server: ServerProcess, token: str, given: dict[str, Any], *, after: float) -> None:
    """Send a request, and leave without the answer."""
    body = json.dumps({"query": _NOTICE, "variables": {"input": given}}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    await asyncio.sleep(after)
    writer.transport.abort()
    assert reader is not None


async def until_repeated(
    client: httpx2.AsyncClient, token: str, given: dict[str, Any]
) -> dict[str, Any]:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            found = await answer(client, _NOTICE, token, given)
            if found is not None and found.get("code") != "CONFLICT":
                return found
            await asyncio.sleep(0.05)
