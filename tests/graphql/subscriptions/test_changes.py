"""Subscriptions on a real server: who is told what, across processes, with nothing missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from admissions_office import HOSPITAL, Office, done, sample_catalogue
from live_socket import LiveSocket, live_socket, read_events
from served_admissions import ServedAdmissions, served_admissions
from zhupei.domain.actors import Grant
from zhupei.domain.admission_case import AdmissionCase
from zhupei.services import admissions
from zhupei.services.accounts import revoke_role
from zhupei.services.admissions import inputs

pytestmark = pytest.mark.slow

_CHANGES = """subscription($id: ID, $base: String, $program: String) {
  applicationChanged(id: $id, base: $base, program: $program) {
    readAgain application { id state }
  }
}"""
_ROUNDS = """subscription($program: String!, $round: String) {
  roundChanged(program: $program, round: $round) {
    kind programCode program { code } round readAgain
  }
}"""
_BEGUN = {"readAgain": True, "application": None}
# Who is told of an application of sample-hospital, and may watch that base or its programs.
_TOLD = {"specialty_base", "base_office", "host_department", "jurisdiction_office", "national"}
_TOLD |= {"auditor"}
_NOT_TOLD = ("administrator", "other_office", "stranger")


@pytest.fixture
async def province(tmp_path: Path, database_url: str) -> AsyncIterator[ServedAdmissions]:
    async with served_admissions(tmp_path, database_url) as served:
        yield served


@pytest.fixture
async def office(province: ServedAdmissions) -> Office:
    """The office acts in this process, the server is told by the database."""
    return Office(province.graph.database, await sample_catalogue())


def socket(province: ServedAdmissions, token: str | None) -> Any:
    return live_socket(str(province.graph.client.base_url), token)


def told(case: AdmissionCase, state: str) -> dict[str, Any]:
    return {"readAgain": False, "application": {"id": str(case.id), "state": state}}


async def withdrawn(office: Office, case: AdmissionCase) -> None:
    given = inputs.ReasonedInput(application=case.id, reason="另有安排")
    done(await admissions.withdraw_application(office.own(case.applicant), given))


async def frozen(office: Office, round_code: str = "batch-1") -> None:
    given = inputs.FreezeRoundInput(program=HOSPITAL, round=round_code, reason="核查")
    done(await admissions.freeze_round(office.authority(), given))


async def test_staff_are_told_of_what_they_may_read(
    province: ServedAdmissions, office: Office
) -> None:
    """Every role that may read there, watching all, the base, and the program."""
    limits: tuple[dict[str, str], ...] = ({}, {"base": "sample-hospital"}, {"program": HOSPITAL})
    for role in sorted(_TOLD):
        async with socket(province, await province.token(role)) as watcher:
            for limit in limits:
                await watcher.watch(_CHANGES, **limit)
                assert await watcher.told("applicationChanged") == _BEGUN
                case = await office.submitted()
                await reaches(watcher, told(case, "SUBMITTED"), told(case, "DRAFT"))
                await withdrawn(office, case)
                await reaches(watcher, told(case, "WITHDRAWN"), told(case, "SUBMITTED"))
                await watcher.send({"id": "1", "type": "complete"})


async def reaches(watcher: LiveSocket, last: Any, before: Any) -> None:
    """Read events up to ``last``; each tells the state at its time, which may be told twice."""
    while (seen := await watcher.told("applicationChanged")) != last:
        assert seen == before


async def test_others_are_told_nothing(province: ServedAdmissions, office: Office) -> None:
    for who in _NOT_TOLD:
        await told_nothing(province, office, who)


async def told_nothing(province: ServedAdmissions, office: Office, who: str) -> None:
    case = await office.submitted()
    async with socket(province, await province.token(who)) as watcher:
        await watcher.watch(_CHANGES, "all")
        assert await watcher.told("applicationChanged", "all") == _BEGUN
        for number, limit in enumerate(
            ({"base": "sample-hospital"}, {"program": HOSPITAL}, {"id": str(case.id)})
        ):
            await watcher.watch(_CHANGES, str(number), **limit)
            await refused(watcher, str(number), "FORBIDDEN")
        await withdrawn(office, case)
        await watcher.nothing()


async def refused(watcher: LiveSocket, id_: str, code: str) -> None:
    assert (await watcher.refused(id_))["extensions"]["code"] == code


async def test_the_public_watches_no_application(province: ServedAdmissions) -> None:
    async with socket(province, None) as watcher:
        await watcher.watch(_CHANGES)
        assert (await watcher.refused())["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_one_application_begins_with_its_present_state(
    province: ServedAdmissions, office: Office
) -> None:
    case, other = await office.submitted(), await office.submitted()
    async with socket(province, await province.token("base_office")) as watcher:
        await watcher.watch(_CHANGES, id=str(case.id))
        assert await watcher.told("applicationChanged") == told(case, "SUBMITTED")
        await withdrawn(office, other)
        await withdrawn(office, case)
        assert await watcher.told("applicationChanged") == told(case, "WITHDRAWN")
        await watcher.nothing()
        for wrong, code in (("x", "BAD_USER_INPUT"), (str(case.applicant), "FORBIDDEN")):
            await watcher.watch(_CHANGES, "w", id=wrong)
            await refused(watcher, "w", code)


async def test_a_role_that_is_taken_away_ends_the_watch(
    province: ServedAdmissions, office: Office
) -> None:
    token = await province.token("base_office")
    async with socket(province, token) as watcher:
        await watcher.watch(_CHANGES, "limited", base="sample-hospital")
        assert await watcher.told("applicationChanged", "limited") == _BEGUN
        await watcher.watch(_CHANGES, "all")
        assert await watcher.told("applicationChanged", "all") == _BEGUN
        with province.graph.database.use():
            await take_role(province)
        await office.draft()
        await refused(watcher, "limited", "FORBIDDEN")
        # Without limits there is nothing left to tell, but nothing that is refused either.
        await watcher.nothing()


async def take_role(province: ServedAdmissions) -> None:
    answer = await revoke_role(
        "base-office",
        Grant("base_office", base="sample-hospital"),
        by="a test",
        at=province.clock().astimezone(UTC),
    )
    assert not hasattr(answer, "code"), answer


async def test_rounds_are_told_to_everybody(province: ServedAdmissions, office: Office) -> None:
    def event(kind: str | None, round_code: str | None) -> dict[str, Any]:
        root = "sample-residency-2026"
        return {
            "kind": kind,
            "programCode": root,
            "program": {"code": root},
            "round": round_code,
            "readAgain": kind is None,
        }

    async with socket(province, None) as watcher:
        # A hospital's program belongs to the round of the province.
        await watcher.watch(_ROUNDS, "all", program=HOSPITAL)
        assert await watcher.told("roundChanged", "all") == event(None, None)
        await watcher.watch(_ROUNDS, "one", program=HOSPITAL, round="batch-2")
        assert await watcher.told("roundChanged", "one") == event(None, "batch-2")
        await frozen(office)
        assert await watcher.told("roundChanged", "all") == event("FROZEN", "batch-1")
        await frozen(office, "batch-2")
        seen = [await watcher.take() for _ in range(2)]
        assert {message["id"] for message in seen} == {"all", "one"}
        for message in seen:
            told_ = message["payload"]["data"]["roundChanged"]
            assert told_ == event("FROZEN", "batch-2")
        for program, round_code, code in (
            ("x", None, "NOT_FOUND"),
            (HOSPITAL, "batch-9", "BAD_USER_INPUT"),
        ):
            await watcher.watch(_ROUNDS, "w", program=program, round=round_code)
            await refused(watcher, "w", code)


async def test_a_database_that_loses_its_connections_loses_no_change(
    province: ServedAdmissions, office: Office, database_url: str
) -> None:
    """Whatever was committed meanwhile: the watcher is told to read again, or reads it itself."""
    case = await office.submitted()
    async with socket(province, await province.token("base_office")) as watcher:
        await watcher.watch(_CHANGES, "one", id=str(case.id))
        assert await watcher.told("applicationChanged", "one") == told(case, "SUBMITTED")
        killer = await asyncpg.connect(database_url)
        await killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await killer.close()
        for _ in range(50):
            try:
                await withdrawn(office, case)
                break
            except Exception:  # noqa: BLE001 - whatever a lost connection raises
                await asyncio.sleep(0.02)
        async with asyncio.timeout(15):
            while await watcher.told("applicationChanged", "one") != told(case, "WITHDRAWN"):
                pass


async def test_server_sent_events_tell_the_same(province: ServedAdmissions, office: Office) -> None:
    case = await office.submitted()
    headers = {
        "accept": "text/event-stream",
        "accept-language": "en",
        "authorization": f"Bearer {await province.token('base_office')}",
    }
    body = {"query": _CHANGES, "variables": {"id": str(case.id)}}
    client = province.graph.client
    async with client.stream("POST", "/graphql", json=body, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        events = read_events(response)
        name, payload = await anext(events)
        assert (name, payload) == (
            "next",
            {"data": {"applicationChanged": told(case, "SUBMITTED")}},
        )
        await withdrawn(office, case)
        name, payload = await anext(events)
        assert payload == {"data": {"applicationChanged": told(case, "WITHDRAWN")}}
    # Who left is no longer told: the next event must not be an error.
    await office.draft()


async def test_an_expired_token_ends_a_stream_with_its_code(
    province: ServedAdmissions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhupei.graphql.subscriptions.watching._RECHECK_SECONDS", 0.05)
    headers = {
        "accept": "text/event-stream",
        "accept-language": "en",
        "authorization": f"Bearer {await province.token('base_office')}",
    }
    client = province.graph.client
    async with client.stream(
        "POST", "/graphql", json={"query": _CHANGES}, headers=headers
    ) as response:
        events = read_events(response)
        assert (await anext(events))[1] == {"data": {"applicationChanged": _BEGUN}}
        province.clock.go("2026-04-10T12:00")
        name, payload = await anext(events)
        assert (name, payload["data"]) == ("next", None)
        assert payload["errors"][0]["extensions"] == {"code": "TOKEN_EXPIRED"}
        assert await anext(events) == ("complete", None)
        assert [event async for event in events] == []


_ACCEPTED = (
    ("application/json, text/event-stream", "{ __typename }", 200, "application/json"),
    ("text/event-stream", "{ __typename }", 200, "text/event-stream"),
    ("text/event-stream, */*", "{ subscription: __typename }", 200, "application/json"),
    ("application/json", "subscription { x }", 406, "application/json"),
    ("*/*", "subscription { x }", 406, "application/json"),
    ("application/json, text/event-stream", "subscription {", 200, "text/event-stream"),
    ("text/event-stream", "subscription {", 200, "text/event-stream"),
    ("application/json, text/event-stream", "subscription { x }", 200, "text/event-stream"),
)


async def test_events_are_sent_only_where_they_are_wanted(province: ServedAdmissions) -> None:
    for accept, query, status, media_type in _ACCEPTED:
        response = await province.graph.client.post(
            "/graphql", json={"query": query}, headers={"accept": accept}
        )
        found = response.headers["content-type"].partition(";")[0]
        assert (response.status_code, found) == (status, media_type), (accept, query)
        if media_type == "text/event-stream":
            assert response.text.startswith("event: next\ndata: {")
            assert response.text.endswith("event: complete\ndata: \n\n")
        if status == 406:
            assert '"code":"NOT_ACCEPTABLE"' in response.text
        elif "{ x }" in query or query.endswith("{"):
            assert '"code":"BAD_USER_INPUT"' in response.text
