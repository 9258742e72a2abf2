"""Tests of zhupei.web.revalidated_answers: over connections, with rows of a real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from answered_desk import OWN, TIMELINE, Desk, opened_desk
from wired_app import ByCookie, Wire, answer_in
from zhupei.app import application_of
from zhupei.db import moments
from zhupei.db.connection import Database
from zhupei.graphql.limits import TimeLimits
from zhupei.hooks.scope import Naming, Rights
from zhupei.services import remembered_actors
from zhupei.web import checked_rows, revalidated_answers

_CLOCK = "query Clock($id: ID!) { application(id: $id) { state allowedActions { action } } }"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a slow machine count as a fast one does, and others write all the time."""
    monkeypatch.setattr(remembered_actors, "REMEMBERED_SECONDS", 3600.0)
    monkeypatch.setattr(revalidated_answers, "_SECONDS", 20.0)
    monkeypatch.setattr(moments, "_CALM_SECONDS", 3600.0)


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the moment asked each time."""
    monkeypatch.setattr(moments, "_CALM_SECONDS", 0.0)


@pytest.fixture
async def desk(tmp_path: Path, database_url: str) -> AsyncIterator[Desk]:
    async with opened_desk(tmp_path, database_url) as made:
        yield made


def spied(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> list[str]:
    """Return the statements that are read from now on."""
    read: list[str] = []
    client: Any = application_of(desk.app).database._client
    fetched = client.merged_reads.read

    def noting(statement: str, *others: Any) -> Any:
        read.append(statement)
        return fetched(statement, *others)

    monkeypatch.setattr(client.merged_reads, "read", noting)
    return read


async def test_while_the_rows_are_the_same_so_is_the_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", id=application)
    first = await desk.wire.ask(packet)
    second = await desk.wire.ask(packet)
    read = spied(monkeypatch, desk)
    third, fourth = await desk.wire.ask(packet), await desk.wire.ask(packet)
    assert json.loads(first.body)["data"]["application"]["state"] == "SUBMITTED"
    assert first.lasting == second.lasting == third.lasting == fourth.lasting
    ids = {each.headers["x-request-id"] for each in (first, second, third, fourth)}
    assert len(ids) == 4
    assert (desk.answers.given, desk.answers.missed) == (2, 0)
    # What moment it is, the rows with their digest, then the digest alone.
    assert [each.partition("(")[0] for each in read] == [
        "SELECT pg_current_snapshot",
        "WITH r AS MATERIALIZED ",
        "SELECT md5",
    ]
    assert not third.again  # they were read before it was answered


async def test_while_nobody_wrote_anything_no_row_is_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = await desk.served.submitted("wang")
    timeline = await desk.packet(TIMELINE, "auditor", id=application)
    own = await desk.packet(OWN, "wang", id=application)
    told: list[Any] = ["first"]

    async def now(_until: float) -> Any:
        return told[0]

    monkeypatch.setattr(desk.answers._moments, "now", now)
    before = [await desk.known(timeline), await desk.known(own)]
    read = spied(monkeypatch, desk)
    for moment in ("first", "second", None, "third"):
        told[0] = moment
        for _ in range(3):
            assert [await desk.ask(timeline), await desk.ask(own)] == before
        # All three statements once, but for when no moment is told.
        assert len(read) == (9 if moment is None else 3), (moment, read)
        read.clear()
    assert (desk.answers.given, desk.answers.missed) == (24, 0)


async def test_an_id_of_its_way_makes_no_other_answer(desk: Desk) -> None:
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", "X-Request-Id: proxy-0-id", id=application)
    answers = [
        await desk.wire.ask(packet.replace(b"proxy-0-id", b"proxy-%d-id" % number))
        for number in range(5)
    ]
    assert (desk.answers.given, desk.answers.missed) == (3, 0)
    assert [each.headers["x-request-id"] for each in answers] == [
        f"proxy-{number}-id" for number in range(5)
    ]
    assert len({str(each.lasting) for each in answers}) == 1
    await desk.served.moved("WITHDRAWN", "withdrawApplication", "wang", application, reason="x")
    found = await desk.ask(packet)
    assert found["data"]["application"]["state"] == "WITHDRAWN"
    other = await desk.packet(TIMELINE, "wang", "X-Request-Id: proxy-9-id", id=application)
    assert (await desk.ask(other))["data"] != found["data"]
    assert desk.answers.given == 3


@pytest.mark.usefixtures("calm")
async def test_whoever_has_written_reads_it(desk: Desk) -> None:
    """Between any two requests somebody may have written, which one of them is told of."""
    application = await desk.served.submitted("wang")
    own = await desk.packet(OWN, "wang", id=application)
    wires = [Wire(desk.app) for _ in range(3)]
    for wire in wires:
        wire.protocol.__class__ = wires[0].protocol.__class__

    async def poll(wire: Wire) -> None:
        for _ in range(60):
            assert (await wire.ask(own)).status == 200

    async def change() -> None:
        for number in range(20):
            await desk.prefer(application, number + 1)
            found = (await desk.ask(own))["data"]["application"]["preference"]
            assert found == number + 1

    await asyncio.gather(*map(poll, wires), change())
    assert desk.answers.given > 20
    assert desk.answers.missed > 0


@pytest.mark.usefixtures("calm")
async def test_a_statement_that_looks_at_the_clock_is_asked_each_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revalidated_answers, "follows_from_rows", lambda _: False)
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", id=application)
    await desk.known(packet)
    read = spied(monkeypatch, desk)
    for _ in range(3):
        await desk.ask(packet)
    assert [each.partition("(")[0] for each in read] == [
        "WITH r AS MATERIALIZED ",
        "SELECT md5",
        "SELECT md5",
    ]


@pytest.mark.parametrize("known", [2, 3, 4])
async def test_a_changed_row_is_told_at_once(desk: Desk, known: int) -> None:
    """Whether the rows are compared, the rows with their digest, or that alone."""
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", id=application)
    for _ in range(known):
        before = await desk.ask(packet)
    await desk.served.moved("WITHDRAWN", "withdrawApplication", "wang", application, reason="x")
    after = await desk.ask(packet)
    assert before["data"]["application"]["state"] == "SUBMITTED"
    assert after["data"]["application"]["state"] == "WITHDRAWN"
    assert (desk.answers.given, desk.answers.missed) == (known - 2, 1)
    # What was found is what the next ones are held against.
    for _ in range(3):
        assert await desk.ask(packet) == after
    assert (desk.answers.given, desk.answers.missed) == (known + 1, 1)


async def test_of_many_rows_what_was_compared_is_not_read_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checked_rows, "_FEW_ROWS", 1)
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", id=application)
    before = await desk.known(packet)
    await desk.served.moved("WITHDRAWN", "withdrawApplication", "wang", application, reason="x")
    read = spied(monkeypatch, desk)
    after = await desk.ask(packet)
    assert before["data"]["application"]["state"] == "SUBMITTED"
    assert after["data"]["application"]["state"] == "WITHDRAWN"
    assert (desk.answers.given, desk.answers.missed) == (0, 1)
    assert len(read) == 2, read  # with the moment
    # What was found is what the next ones are held against.
    assert await desk.ask(packet) == after
    assert (desk.answers.given, desk.answers.missed) == (1, 1)


async def test_what_differs_each_time_is_kept_more_and_more_seldom(desk: Desk) -> None:
    application = await desk.served.submitted("wang")
    timeline = await desk.packet(TIMELINE, "auditor", id=application)
    own = await desk.packet(OWN, "wang", id=application)
    for packet in (timeline, own):
        await desk.known(packet)
    for number in range(40):
        await desk.prefer(application, number + 1)
        assert (await desk.ask(timeline))["data"]["application"]["state"] == "SUBMITTED"
    # The preference is not asked for there: no row that was read differs.
    assert (desk.answers.given, desk.answers.missed) == (40, 0)
    for number in range(40):
        await desk.prefer(application, 100 + number)
        assert (await desk.ask(own))["data"]["application"]["preference"] == 100 + number
    # Between them 0, 0, 1, 3, 7 and 15 were not held against what was kept.
    assert (desk.answers.given, desk.answers.missed) == (40, 6)


async def test_everybody_gets_their_own_answer(desk: Desk) -> None:
    application = await desk.served.submitted("wang")
    await desk.served.applicant("li")
    own = await desk.packet(OWN, "wang", id=application)
    other = await desk.packet(OWN, "li", id=application)
    public = await desk.packet(OWN, None, id=application)
    for _ in range(4):
        assert (await desk.ask(own))["data"]["application"]["id"] == application
        assert (await desk.ask(other))["data"] == {"application": None}
        assert (await desk.ask(public))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert desk.answers.given == 4  # both people's, twice


async def test_figures_tell_how_often_nothing_had_changed(desk: Desk) -> None:
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", id=application)
    watched: list[tuple[str | None, str]] = []

    def watch(operation: str | None, outcome: str, seconds: float) -> None:
        assert 0 < seconds < 20
        watched.append((operation, outcome))

    desk.answers._watch = watch
    for _ in range(4):
        await desk.ask(packet)
    assert watched == [(None, "unchanged")] * 2


async def test_a_role_that_is_taken_back_is_heeded_at_once(desk: Desk) -> None:
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", id=application)
    await desk.known(packet)
    assert (await desk.ask(packet))["data"]["application"]["id"] == application
    assert desk.answers.given == 1
    taken = await desk.served.do(
        "revokeRole",
        "administrator",
        "... on Account { login }",
        account=desk.served.tokens["auditor"],
        role="auditor",
    )
    assert taken.get("login") == "auditor", taken
    assert (await desk.ask(packet))["data"] == {"application": None}
    assert desk.answers.given == 1


async def test_a_token_that_is_over_is_refused(desk: Desk) -> None:
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", id=application)
    await desk.known(packet)
    desk.served.clock.now += timedelta(hours=2)
    answered = await desk.wire.ask(packet)
    assert answered.status == 401
    assert json.loads(answered.body)["errors"][0]["extensions"]["code"] == "TOKEN_EXPIRED"


async def test_what_the_clock_has_a_say_in_is_made_anew(desk: Desk) -> None:
    application = await desk.served.submitted("wang")
    packet = await desk.packet(_CLOCK, "auditor", id=application)
    for _ in range(4):
        await desk.ask(packet)
    assert (desk.answers.given, desk.answers.missed) == (0, 0)


async def test_another_catalogue_is_another_answer(desk: Desk) -> None:
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", id=application)
    before = await desk.known(packet)
    await application_of(desk.app).graph.catalogue.reload()
    assert await desk.ask(packet) == before
    assert desk.answers.given == 0
    await desk.ask(packet)
    assert desk.answers.given == 1


async def test_a_plugin_that_knows_people_has_everything_made_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", id=application)
    await desk.known(packet)
    assert (await desk.ask(packet))["data"]["application"]["id"] == application
    assert desk.answers.given == 1
    dispatcher = application_of(desk.app).graph.catalogue.loaded.dispatcher  # type: ignore[union-attr]  # it is loaded
    more = dispatcher.host.extended(
        "by-cookie", ByCookie(), Naming(Rights.PLATFORM, Path("zhupei.yaml"), 1)
    )
    monkeypatch.setattr(dispatcher, "host", more)
    monkeypatch.setattr(dispatcher, "_asked", {})
    for _ in range(3):
        await desk.ask(packet)
    assert desk.answers.given == 1


async def test_without_its_database_a_request_is_told_so(desk: Desk) -> None:
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", id=application)
    await desk.known(packet)
    database: Any = application_of(desk.app).database

    async def gone(*_: Any) -> Any:
        raise OSError

    kept = database._client.merged_reads.read
    database._client.merged_reads.read = gone
    found = await desk.ask(packet)
    assert found["errors"][0]["extensions"]["code"] != "UNAUTHENTICATED"
    assert found["data"] is None or found["data"] == {"application": None}
    database._client.merged_reads.read = kept
    assert (await desk.ask(packet))["data"]["application"]["id"] == application


async def test_rows_that_take_long_are_left_to_the_usual_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.answers, "_limits", TimeLimits(0.25))
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", id=application)
    before = await desk.known(packet)
    database: Any = application_of(desk.app).database
    read, late = database.read, []

    def slowly(*asked: Any) -> Any:
        async def wait() -> Any:
            late.append(1)
            await asyncio.sleep(5)

        read(*asked).close()
        return wait()

    database.read = slowly
    began = asyncio.get_running_loop().time()
    assert await desk.ask(packet) == before
    assert asyncio.get_running_loop().time() - began < 4
    assert late == [1]
    assert (desk.answers.given, desk.answers.missed) == (0, 0)
    assert application_of(desk.app).graph.schema.engine.guard.load == (0, 0)  # type: ignore[attr-defined]  # the served schema


async def test_it_costs_what_it_costs(tmp_path: Path, database_url: str) -> None:
    """Whoever asks too often is refused, however cheap the answer was."""
    async with opened_desk(tmp_path, database_url, rate_cost={"auditor": 400}) as desk:
        application = await desk.served.submitted("wang")
        packet = await desk.packet(TIMELINE, "auditor", id=application)
        answers = [await desk.wire.ask(packet) for _ in range(30)]
        statuses = [each.status for each in answers]
        first = statuses.index(429)
        assert statuses == [200] * first + [429] * (30 - first)
        assert desk.answers.given == first - 2
        # As often as without what is kept.
        application_of(desk.app)
        other = await desk.packet(_CLOCK, "auditor", id=application)
        assert (await desk.wire.ask(other)).status == 429


async def test_what_comes_behind_is_answered_behind(desk: Desk) -> None:
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", id=application)
    before = await desk.known(packet)
    other = await desk.packet("{ __typename }", "auditor")
    wire = desk.wire
    wire.transport.written = b""
    wire.protocol.data_received(packet)
    wire.protocol.data_received(other)
    await wire.rest()
    await wire.rest()
    first = answer_in(wire.transport.written, again=False)
    assert first is not None
    length = wire.transport.written.index(b"\r\n\r\n") + 4 + int(first.headers["content-length"])
    assert json.loads(wire.transport.written[:length].partition(b"\r\n\r\n")[2]) == before
    second = answer_in(wire.transport.written[length:], again=False)
    assert second is not None
    assert json.loads(second.body) == {"data": {"__typename": "Query"}}
    assert desk.answers.given == 1


async def test_many_at_once_get_what_is_theirs(desk: Desk) -> None:
    applications = [await desk.served.submitted(f"person-{number}") for number in range(4)]
    packets = [await desk.packet(OWN, "auditor", id=each) for each in applications]
    wires = [Wire(desk.app) for _ in range(12)]
    for wire in wires:
        wire.protocol.__class__ = wires[0].protocol.__class__
    for packet in packets:
        for _ in range(2):
            await wires[0].ask(packet)

    async def ask(number: int) -> None:
        for turn in range(20):
            at = (number + turn) % 4
            answered = await wires[number].ask(packets[at])
            found = json.loads(answered.body)["data"]["application"]
            assert found["id"] == applications[at]
            assert found["state"] == "SUBMITTED"

    async def change() -> None:
        for number in range(15):
            await desk.prefer(applications[0], number + 1)
            await asyncio.sleep(0.005)

    await asyncio.gather(*map(ask, range(12)), change())
    assert desk.answers.given > 50


async def test_the_memory_counts_what_was_answered(desk: Desk) -> None:
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", id=application)
    reads = desk.wire.protocol.read
    for _ in range(2):
        await desk.ask(packet)
    kept: Any = next(iter(reads._kept.values()))
    both, answered = reads.bytes, kept.answered_bytes
    assert answered > 300
    kept.holds(kept, None, 0)
    assert reads.bytes == both - answered > len(packet)
    await desk.ask(packet)
    assert (reads.bytes, kept.answered_bytes) == (both, answered)
    reads._forget_old(kept.until)
    assert (len(reads), reads.bytes) == (0, 0)
    assert kept.answered is None


async def test_without_memory_for_answers_none_is_kept(tmp_path: Path, database_url: str) -> None:
    async with opened_desk(tmp_path, database_url, cache_bytes=0) as desk:
        assert application_of(desk.app).revalidated is None
        application = await desk.served.submitted("wang")
        packet = await desk.packet(TIMELINE, "auditor", id=application)
        for _ in range(4):
            assert (await desk.ask(packet))["data"]["application"]["id"] == application


def test_a_database_that_was_not_started_says_so(tmp_path: Path) -> None:
    database = Database(data_dir=tmp_path, url="postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Exception, match="has not been started yet"):
        database.read("SELECT 1", [])
