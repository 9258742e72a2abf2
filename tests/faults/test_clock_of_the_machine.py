"""The machine's own clock steps: that of PostgreSQL, of servers and of their workers, at once.

libfaketime stands between these processes and the kernel, and a file tells it by how much the clock
is off; clocks that measure how long something takes are left alone, as a step of a real clock
leaves them. ``make faults`` fetches it (Debian's package); where there is none, this is left out.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx2
import pytest

from admissions_office import Office, moment, sample_catalogue
from crowd import Crowd
from live_socket import live_socket
from server_process import ServerProcess
from zhupei.db.connection import Database
from zhupei.db.embedded import EmbeddedPostgres
from zhupei.db.embedded_cluster import Cluster
from zhupei.db.models import NoticeRow, OutboxRow, TransitionRow
from zhupei.domain.actors import Grant
from zhupei.services.audit import verify_audit_chain

_PLACES = (
    Path(os.environ.get("ZHUPEI_LIBFAKETIME", "/nowhere")),
    Path(__file__).parents[2] / ".tools" / "faketime" / "libfaketime.so.1",
    *Path("/usr/lib").glob("*/faketime/libfaketime.so.1"),
)
_LIBRARY = next((path for path in _PLACES if path.exists()), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(_LIBRARY is None, reason="there is no libfaketime here (make faults)"),
]

_ROWS = """{ applications(filter: {baseIn: ["sample-hospital"]}, first: 20) { totalCount } }"""
_SUBMIT = """mutation($input: SubmitApplicationInput!) { submitApplication(input: $input) {
  __typename ... on Refusal { code message } ... on Application { id state } } }"""
_WATCH = """subscription { applicationChanged(base: "sample-hospital") { readAgain } }"""
# The round of the fellowship: open from the 10th to the end of the 17th of April.
_BEFORE, _OPEN, _AFTER = "2026-04-09T23:20", "2026-04-10T00:20", "2026-04-18T00:20"


class Clock:
    """The machine's clock, as some processes see it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.go(_BEFORE)

    def go(self, at: str) -> None:
        """Step to a moment; the clock goes on from there."""
        off = (moment(at) - datetime.now(UTC)).total_seconds()
        # Whole or not at all: everybody reads it all the time.
        unfinished = self._file.with_suffix(".new")
        unfinished.write_text(f"{off:+.0f}\n", encoding="ascii")
        unfinished.chmod(0o644)
        unfinished.replace(self._file)

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process see it."""
        return {
            "LD_PRELOAD": str(_LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }


class ClockedCluster(Cluster):
    """The files of a PostgreSQL that sees such a clock."""

    clock: Clock

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), **self.clock.environment}


class Postgres(EmbeddedPostgres):
    """A PostgreSQL that sees such a clock."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        super().__init__(directory, durable=False)
        self._cluster = ClockedCluster(directory, durable=False)
        self._cluster.clock = clock


@pytest.fixture
def clock(open_folder: Path) -> Clock:
    open_folder.chmod(0o755)
    return Clock(open_folder)


@pytest.fixture
async def url(clock: Clock, open_folder: Path) -> AsyncIterator[str]:
    server = Postgres(open_folder / "postgres", clock)
    address = await asyncio.to_thread(server.start)
    yield f"postgresql://{address.user}@/postgres?host={address.socket_dir}"
    await asyncio.to_thread(server.stop)


@dataclass
class Machine:
    """Two servers with workers over a PostgreSQL, and the clock that all of them have."""

    clock: Clock
    crowd: Crowd
    watcher: asyncpg.Connection[asyncpg.Record]
    client: httpx2.AsyncClient
    servers: tuple[ServerProcess, ServerProcess]
    tokens: dict[UUID, str]

    async def go(self, at: str) -> None:
        """Step to a moment, and see that everybody is there."""
        self.clock.go(at)
        self.crowd.office.go(at)
        # The date of an answer is one of the last second.
        await asyncio.sleep(1.1)
        there = [await self.watcher.fetchval("SELECT clock_timestamp()")]
        for server in self.servers:
            answer = await self.client.get(f"{server.address}/health/live")
            there += [parsedate_to_datetime(answer.headers["date"])]
        assert all(abs(each - moment(at)) < timedelta(seconds=30) for each in there), there

    async def ask(self, server: ServerProcess, query: str, token: str, **given: str) -> str:
        """Return the state or code of the answer."""
        response = await self.client.post(
            f"{server.address}/graphql",
            json={"query": query, "variables": {"input": given}},
            headers={"authorization": f"Bearer {token}", "accept-language": "en"},
        )
        body = response.json()
        if "errors" in body:
            return str(body["errors"][0]["extensions"]["code"])
        found = body["data"].get("submitApplication") or {"state": "ok"}
        return str(found.get("code", found.get("state")))

    async def submit(self, server: ServerProcess, id_: UUID, key: str) -> str:
        """Submit an application by its applicant."""
        token = self.tokens[id_]
        return await self.ask(server, _SUBMIT, token, application=str(id_), idempotencyKey=key)

    async def figure(self, name: str, *of: ServerProcess) -> float:
        """Return the sum of a figure of both servers, or of some."""
        found = 0.0
        for server in of or self.servers:
            text = (await self.client.get(f"{server.address}/metrics")).text
            said = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
            found += 0.0 if said is None else float(said[1])
        return found

    async def windows(self) -> int:
        """Return how many events tell of a window that opened or closed."""
        with self.crowd.database.use():
            return await OutboxRow.filter(name__startswith="round.").count()

    async def goes_on(self) -> None:
        """What is due is looked at, events are told, both workers live, no job failed."""
        first, _ = self.servers
        looks = await self.figure(_LOOKS)
        await until(lambda: _over(self.figure(_LOOKS), looks + 3))
        await until(lambda: _is(self.figure('zhupei_events{state="waiting"}', first), 0))
        await until(lambda: _is(self.figure('zhupei_workers{state="alive"}', first), 2))
        assert await self.figure('zhupei_jobs{state="failed"}', first) == 0


async def test_everything_that_tells_the_time_steps(clock: Clock, url: str, tmp_path: Path) -> None:
    """An hour back, eight days ahead and back, under two servers with workers of their own."""
    database = Database(data_dir=tmp_path, url=url, pool_size=4)
    await database.start()
    watcher = await asyncpg.connect(url)
    crowd = Crowd(Office(database, await sample_catalogue()), database, tmp_path, url)
    cases = await crowd.drafts(3, at=_BEFORE)
    staff = await crowd.account("office", Grant("base_office", base="sample-hospital"))
    servers = [crowd.server("", worker=True, tick_seconds=1) for _ in range(3)]
    for server in servers:
        server.environment = clock.environment
    first, second, late = servers
    try:
        async with httpx2.AsyncClient(timeout=40) as client:
            await asyncio.gather(first.start(), second.start())
            tokens = {id_: crowd.token(account) for id_, account in cases.items()}
            machine = Machine(clock, crowd, watcher, client, (first, second), tokens)
            await an_hour_back(machine, *list(cases)[:2])
            token = crowd.token(staff)
            assert await machine.ask(first, _ROWS, token) == "ok"
            async with live_socket(first.address, token) as socket:
                await socket.watch(_WATCH)
                assert (await socket.told("applicationChanged"))["readAgain"]
                await eight_days_ahead(machine, late, list(cases)[2], token)
                async with asyncio.timeout(30):
                    assert await socket.closed() == (4403, "TOKEN_EXPIRED")
            three, account = list(cases.items())[2]
            machine.tokens[three] = crowd.token(account)
            assert await machine.submit(first, three, "later") == "WINDOW_CLOSED"
            # Told to stop, it takes its leave.
            await late.stop()
            await machine.goes_on()
            await machine.go(_OPEN)
            await machine.goes_on()
            assert await machine.windows() == 2
    finally:
        for server in servers:
            await server.kill()
        with database.use():
            report = await verify_audit_chain()
            rows = await TransitionRow.all().order_by("sequence")
            told = await NoticeRow.all().values_list("event_id", "kind", "recipient")
        await watcher.close()
        await database.stop()
    # Created three times, submitted twice, in this order whatever the clock said.
    assert (report.broken, report.records) == (None, 5)
    assert [row.action for row in rows] == ["CREATE"] * 3 + ["SUBMIT"] * 2
    assert len(told) == len(set(told))


async def an_hour_back(machine: Machine, one: UUID, two: UUID) -> None:
    """What was answered is answered alike, what was told is not told again, work goes on."""
    first, second = machine.servers
    await machine.go(_BEFORE)
    await machine.goes_on()
    assert await machine.submit(first, one, "early") == "WINDOW_CLOSED"
    await machine.go(_OPEN)
    await until(lambda: _over(machine.windows(), 1))
    assert await machine.submit(first, one, "in-time") == "SUBMITTED"
    await machine.go(_BEFORE)
    assert await machine.submit(second, one, "in-time") == "SUBMITTED"
    assert await machine.submit(second, two, "too-early") == "WINDOW_CLOSED"
    await machine.goes_on()
    await machine.go(_OPEN)
    assert await machine.submit(second, two, "now") == "SUBMITTED"
    await machine.goes_on()
    assert await machine.windows() == 1


async def eight_days_ahead(machine: Machine, late: ServerProcess, three: UUID, token: str) -> None:
    """A worker begins at that moment: to it, the others have been silent for eight days."""
    first, second = machine.servers
    starting = asyncio.create_task(late.start())
    await machine.go(_AFTER)
    await starting
    await until(lambda: _over(machine.windows(), 2))
    assert await machine.ask(second, _ROWS, token) == "TOKEN_EXPIRED"
    assert await machine.submit(first, three, "late") == "TOKEN_EXPIRED"


_LOOKS = 'zhupei_jobs_done_total{job="zhupei.look",outcome="ok"}'


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it holds; the steps of the other clock do not count."""
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - other processes do it
            await asyncio.sleep(0.2)


async def _over(value: Awaitable[float], least: float) -> bool:
    return await value >= least


async def _is(value: Awaitable[float], expected: float) -> bool:
    return await value == expected
