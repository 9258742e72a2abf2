"""Answers given again while servers stop, clients leave, tables are locked and memory is short."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from answered_desk import TIMELINE, Desk, opened_desk
from wired_app import Wire
from zhupei.app import application_of
from zhupei.db import moments
from zhupei.graphql.limits import TimeLimits
from zhupei.services import remembered_actors
from zhupei.web import revalidated_answers


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a slow machine count as a fast one does, and others write all the time."""
    monkeypatch.setattr(remembered_actors, "REMEMBERED_SECONDS", 3600.0)
    monkeypatch.setattr(revalidated_answers, "_SECONDS", 20.0)
    monkeypatch.setattr(moments, "_CALM_SECONDS", 3600.0)


@pytest.fixture
async def desk(tmp_path: Path, database_url: str) -> AsyncIterator[Desk]:
    async with opened_desk(tmp_path, database_url) as made:
        yield made


class Held:
    """Holds reads until let go."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go, self.waiting = asyncio.Event(), 0
        database: Any = application_of(desk.app).database
        read = database.read

        def slowly(*asked: Any) -> Any:
            coming = read(*asked)

            async def wait() -> Any:
                self.waiting += 1
                try:
                    await self.go.wait()
                except asyncio.CancelledError:
                    coming.close()
                    raise
                return await coming

            return wait()

        # Both the rows and the moments.
        monkeypatch.setattr(database, "read", slowly)

    async def until(self, number: int) -> None:
        """Wait until so many reads wait."""
        async with asyncio.timeout(5):
            while self.waiting < number:  # noqa: ASYNC110 - whoever counts cannot say it is done
                await asyncio.sleep(0.001)


async def known(desk: Desk, *lines: str) -> bytes:
    """Return a request whose answer is kept."""
    application = await desk.served.submitted("wang")
    packet = await desk.packet(TIMELINE, "auditor", *lines, id=application)
    await desk.known(packet)
    return packet


@pytest.mark.parametrize("lines", [(), ("x-request-id: proxy-1-id",)])
async def test_a_server_that_stops_ends_the_connection_with_the_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...]
) -> None:
    packet = await known(desk, *lines)
    held, wire = Held(desk, monkeypatch), desk.wire
    wire.transport.written = b""
    wire.protocol.data_received(packet)
    await held.until(1)
    wire.protocol.shutdown()
    held.go.set()
    await wire.rest()
    assert wire.transport.written.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nconnection: close\r\n" in wire.transport.written
    assert wire.transport.closed


async def test_who_leaves_meanwhile_leaves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    packet = await known(desk)
    held = Held(desk, monkeypatch)
    guard = application_of(desk.app).graph.schema.engine.guard  # type: ignore[attr-defined]  # the served schema
    wire = desk.beside()
    wire.protocol.data_received(packet)
    await held.until(1)
    assert guard.load != (0, 0)
    wire.protocol.connection_lost(None)
    held.go.set()
    await wire.rest()
    assert guard.load == (0, 0)
    held.go.clear()
    held.waiting = 0
    wire = desk.beside()
    wire.protocol.data_received(packet)
    await held.until(1)
    (task,) = wire.state.tasks
    task.cancel()
    await wire.rest()
    assert wire.transport.written.startswith(b"HTTP/1.1 500 ")
    assert guard.load == (0, 0)
    held.go.set()
    assert (await desk.wire.ask(packet)).status == 200


async def test_each_address_counts_for_itself(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened_desk(tmp_path, database_url, rate_requests=1000) as desk:
        packet = await known(desk)
        held = Held(desk, monkeypatch)
        hosts = ("192.0.2.50", "192.0.2.51")
        wires = [desk.beside(host) for host in hosts]
        for number, wire in enumerate(wires):
            wire.protocol.data_received(packet)
            await held.until(number + 1)
        held.go.set()
        for wire in wires:
            await wire.rest()
            assert wire.transport.written.startswith(b"HTTP/1.1 200 OK\r\n")
        assert desk.answers.given == 2
        windows: Any = desk.answers._gate.rates._windows
        for host in hosts:
            assert windows.fits(f"r:{host}", 999, 1000)
            assert not windows.fits(f"r:{host}", 1000, 1000)


async def test_nothing_waits_in_the_database_for_those_who_have_their_answer(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that is locked by hand holds connections of the pool no longer than requests."""
    monkeypatch.setattr(revalidated_answers, "_SECONDS", 0.25)
    async with opened_desk(tmp_path, database_url, operation_seconds=1) as desk:
        packet = await known(desk)
        await desk.ask(packet)
        await desk.ask(packet)
        other = await asyncpg.connect(database_url)
        await other.execute("BEGIN; LOCK TABLE application IN ACCESS EXCLUSIVE MODE")
        wires = [desk.beside() for _ in range(6)]
        for wire in wires:
            wire.protocol.data_received(packet)
        await asyncio.gather(*(wire.rest() for wire in wires))
        for wire in wires:
            assert b"OPERATION_TIMED_OUT" in wire.transport.written
        for _ in range(100):
            waiting = await other.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                "AND datname = current_database()"
            )
            if not waiting:
                break
            await asyncio.sleep(0.05)
        assert waiting == 0
        await other.execute("ROLLBACK")
        await other.close()
        assert (await desk.ask(packet))["data"]["application"]["state"] == "SUBMITTED"


async def test_a_database_in_trouble_is_not_asked_twice_by_everybody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    packet = await known(desk)
    monkeypatch.setattr(desk.answers, "_limits", TimeLimits(0.05))
    database: Any = application_of(desk.app).database
    read, asked = database.read, []

    def slowly(*given: Any) -> Any:
        async def wait() -> Any:
            asked.append(given[0])
            await asyncio.sleep(5)

        read(*given).close()
        return wait()

    with monkeypatch.context() as patched:
        patched.setattr(database, "read", slowly)
        for _ in range(6):
            assert (await desk.wire.ask(packet)).status == 200
    assert (len(asked), desk.answers.given) == (1, 0)
    monkeypatch.setattr(desk.answers, "_rests_until", 0.0)
    await desk.ask(packet)
    assert desk.answers.given == 1


def large(number: int, kind: str) -> bytes:
    """Return a request that is small and takes much memory once it is read."""
    nested, lines = str(number), [f"x{number}: 1"]
    if kind == "values":
        nested = f"[{','.join(['[]'] * 5200)}]"
    elif kind == "headers":
        lines += ["a: 1"] * 60
    body = f'{{"query":"{{__typename}}","variables":{{"a":{nested}}}}}'.encode()
    fixed = ("POST /graphql HTTP/1.1", "host: x", "content-type: application/json")
    head = (*fixed, *lines, f"content-length: {len(body)}")
    return "\r\n".join((*head, "", "")).encode() + body


async def test_memory_is_about_what_is_counted(desk: Desk) -> None:
    reads = desk.wire.protocol.read
    for kind in ("values", "headers"):
        for number in range(1000, 1005):
            await desk.wire.ask(large(number, kind))
        gc.collect()
        known, counted = len(reads), reads.bytes
        tracemalloc.start()
        try:
            for number in range(30):
                for _ in range(2):
                    assert (await desk.wire.ask(large(number, kind))).status == 200
            gc.collect()
            taken = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        counted = reads.bytes - counted
        assert len(reads) == known + 30
        # What else happens meanwhile takes some, too.
        assert taken < 2 * counted + 200_000, (kind, taken, counted)


async def test_many_headers_are_not_kept(desk: Desk) -> None:
    packet = large(1, "plain").replace(b"host: x\r\n", b"host: x\r\n" + b"a: 1\r\n" * 70)
    for _ in range(3):
        assert (await desk.wire.ask(packet)).status == 200
    assert len(desk.wire.protocol.read) == 0


async def test_bytes_that_are_no_request_are_none_even_if_they_mean_one(desk: Desk) -> None:
    await known(desk, "x-request-id: proxy-1-id")
    ((_, meaning),) = desk.wire.protocol.read._kept
    wire: Wire = desk.beside()
    wire.protocol.data_received(meaning)
    await wire.rest()
    assert wire.transport.written.startswith(b"HTTP/1.1 400 ")
    assert wire.transport.closed


@pytest.mark.parametrize("kind", ["public", "rows"])
async def test_a_catalogue_of_before_is_not_held(desk: Desk, kind: str) -> None:
    holder = application_of(desk.app).graph.catalogue
    if kind == "rows":
        packet = await known(desk)
        await desk.ask(packet)
        assert desk.answers.given == 1
    elif kind == "public":
        packet = await desk.packet("{ bases(first: 1) { totalCount } }", None)
        for _ in range(4):
            answered = await desk.wire.ask(packet)
        assert answered.again
    assert holder.loaded is not None
    old = weakref.ref(holder.loaded.catalogue)
    await holder.reload()
    for _ in range(50):
        gc.unfreeze()
        gc.collect()
        if old() is None:
            break
        await asyncio.sleep(0.02)
    assert old() is None
