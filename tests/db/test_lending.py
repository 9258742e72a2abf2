"""Tests of zhupei.db.lending: the connection that is kept between reads, on the real server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import pytest
from tortoise.transactions import in_transaction

from lost_connections import kill_connections, single
from zhupei.db import lending
from zhupei.db.client import PostgresClient
from zhupei.db.connection import Database, DatabaseUnavailableError
from zhupei.db.deadlines import OverdueStatementError, deadline
from zhupei.db.embedded import EmbeddedPostgres
from zhupei.db.models import CatalogueVersion
from zhupei.db.reading import select

_PID = "SELECT pg_backend_pid()"
_SLOW = "SELECT $1::int4, pg_sleep(30)"
_ACTIVE = (
    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%, pg_sleep(%' "
    "AND state = 'active' AND pid <> pg_backend_pid() AND datname = current_database()"
)
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
    "AND datname = current_database() AND backend_type = 'client backend'"
)


def _client(database: Database) -> PostgresClient:
    client = database._client
    assert client is not None
    return client


def _idle_in_pool(database: Database) -> int:
    pool: Any = _client(database)._pool
    return int(pool.get_idle_size())


async def _until(url: str, statement: str, count: int) -> None:
    """Wait until the server counts so many, for ten seconds at most."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(10):
            while await connection.fetchval(statement) != count:  # noqa: ASYNC110 - a row, not an event
                await asyncio.sleep(0.005)
    finally:
        await connection.close()


async def test_reads_one_after_the_other_share_a_connection_that_stays_lent(
    database_url: str,
) -> None:
    async with single(database_url) as database:
        pids = {(await select(_PID, []))[0][0] for _ in range(5)}
        assert len(pids) == 1
        assert (_idle_in_pool(database), database.pool_load()) == (0, (1, 1))
        # Whatever else is done with it, the pool resets what was set.
        async with in_transaction() as transaction:
            await transaction.execute_query("SET application_name = 'set'")
        assert (_idle_in_pool(database), database.pool_load()) == (1, (1, 1))
        assert (await select("SELECT current_setting('application_name')", []))[0][0] == ""


async def test_the_pool_has_what_was_kept_often(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lending, "_MOST_TIMES_KEPT", 2)
    async with single(database_url) as database:
        idle = []
        for _ in range(6):
            await select(_PID, [])
            idle.append(_idle_in_pool(database))
        assert idle == [0, 0, 1, 0, 0, 1]


async def test_nothing_is_kept_where_somebody_waits(database_url: str) -> None:
    async with single(database_url) as database:
        found = await asyncio.gather(
            select("SELECT 1", []), CatalogueVersion.all().count(), select("SELECT 2", [])
        )
        assert ([tuple(row) for row in found[0]], found[1]) == ([(1,)], 0)
        assert database.pool_load() == (1, 1)


async def test_a_kept_connection_that_was_lost_is_replaced(database_url: str) -> None:
    async with single(database_url) as database:
        before = (await select(_PID, []))[0][0]
        assert kill_connections(database_url) == 1
        # Until the loop has seen that it ended.
        await asyncio.sleep(0.05)
        after = (await select(_PID, []))[0][0]
        assert after != before
        assert database.pool_load() == (1, 1)


async def test_a_kept_connection_that_nobody_used_for_minutes_is_replaced(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with single(database_url) as database:
        pids = []
        for seconds in (300.0, -1.0, 300.0):
            monkeypatch.setattr(lending, "_MOST_IDLE_SECONDS", seconds)
            pids.append((await select(_PID, []))[0][0])
        assert pids[0] == pids[1] != pids[2]
        assert (_idle_in_pool(database), database.pool_load()) == (0, (1, 1))


async def test_a_connection_lost_in_the_middle_of_a_set_is_told_to_nobody(
    database_url: str,
) -> None:
    statement = "SELECT $1::int4, pg_backend_pid(), pg_sleep(0.1)"
    async with single(database_url) as database:
        first = (await select(_PID, []))[0][0]
        asked = [asyncio.create_task(select(statement, [n])) for n in range(3)]
        await asyncio.sleep(0.05)
        assert kill_connections(database_url) == 1
        rows = [(await each)[0] for each in asked]
        assert [row[0] for row in rows] == [0, 1, 2]
        assert first not in {row[1] for row in rows}
        assert database.pool_load() == (1, 1)


async def test_a_set_ends_on_the_server_when_the_last_who_asks_gives_up(
    database_url: str,
) -> None:
    async with single(database_url) as database:
        token = deadline.set(asyncio.get_running_loop().time() + 0.1)
        found = await asyncio.gather(
            *(select(_SLOW, [n]) for n in range(3)), return_exceptions=True
        )
        deadline.reset(token)
        assert [type(each) for each in found] == [TimeoutError] * 3
        await _until(database_url, _ACTIVE, 0)
        assert (await select("SELECT 1", []))[0][0] == 1
        assert database.pool_load() == (1, 1)


async def test_who_leaves_a_set_takes_nothing_from_the_others(database_url: str) -> None:
    statement = "SELECT $1::int4, pg_sleep(0.1)"
    async with single(database_url) as database:
        asked = [asyncio.create_task(select(statement, [n])) for n in range(3)]
        await asyncio.sleep(0.05)
        asked[0].cancel()
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(found[0], asyncio.CancelledError)
        assert [each[0][0] for each in found[1:]] == [1, 2]  # type: ignore[index]  # rows
        assert _client(database).merged_reads.merged == 3


async def test_whoever_is_under_way_at_the_end_is_told_and_no_session_stays(
    database_url: str,
) -> None:
    database = Database(data_dir=Path(), url=database_url, pool_size=3)
    await database.start()
    with database.use():
        await select(_PID, [])
        client = _client(database)
        # Longer than `stop` waits; the server ends a session when it has something to say there.
        slow = "SELECT $1::int4, pg_sleep(1)"
        asked = [asyncio.create_task(select(slow, [n])) for n in range(3)]
        await _until(database_url, _ACTIVE, 1)
        await database.stop()
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(each) for each in found] == [DatabaseUnavailableError] * 3
        with pytest.raises(DatabaseUnavailableError):
            await client.read_rows(_PID, [], asyncpg.Record)
    await _until(database_url, _OTHERS, 0)


@pytest.mark.slow
async def test_reads_find_a_server_that_was_stopped_and_started(open_folder: Path) -> None:
    postgres = EmbeddedPostgres(open_folder / "cluster", durable=False)
    address = await asyncio.to_thread(postgres.start)
    url = f"postgresql://{address.user}@/postgres?host={address.socket_dir}"
    async with single(url, patience=2) as database:
        assert (await select("SELECT 1", []))[0][0] == 1
        await asyncio.to_thread(postgres.stop)
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError):
                await select("SELECT 1", [])
        await asyncio.to_thread(postgres.start)
        found = await asyncio.gather(*(select("SELECT $1::int4", [n]) for n in range(4)))
        assert [rows[0][0] for rows in found] == [0, 1, 2, 3]
        assert database.pool_load() == (1, 1)
    await asyncio.to_thread(postgres.stop)


async def test_rows_that_came_are_given_though_their_connection_is_lost_then(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with single(database_url) as database:
        fetch = lending._Connection.fetch

        async def last_words(self: Any, *args: Any, **kwargs: Any) -> Any:
            rows = await fetch(self, *args, **kwargs)
            self.terminate()
            return rows

        monkeypatch.setattr(lending._Connection, "fetch", last_words)
        assert (await select("SELECT 1", []))[0][0] == 1
        monkeypatch.undo()
        assert (await select("SELECT 2", []))[0][0] == 2
        assert database.pool_load() == (1, 1)


class _Ledger:
    """Who has which connection, as `borrow` and `give_back` say; and in which state it was lent."""

    def __init__(self, client: PostgresClient) -> None:
        self._client = client
        self._borrow, self._give_back = client.borrow, client.give_back
        self.lent: dict[int, Any] = {}
        self.wrong: list[str] = []
        client.borrow, client.give_back = self.borrow, self.give_back  # type: ignore[method-assign]  # to look on

    async def borrow(self) -> Any:
        connection = await self._borrow()
        held = connection._con
        if held is None or held.is_closed():
            self.wrong.append("lost when it was lent")
        elif held in self.lent.values():
            self.wrong.append("lent to two")
        elif held._protocol.is_in_transaction() or held._protocol._is_cancelling():
            self.wrong.append("lent in the middle of something")
        elif held.only_read:
            self.wrong.append("taken for read before anything was done")
        self.lent[id(connection)] = held
        return connection

    async def give_back(self, connection: Any) -> None:
        if self.lent.pop(id(connection), None) is None:
            self.wrong.append("given back by nobody")
        await self._give_back(connection)

    def is_settled(self) -> bool:
        """Whether each place is free, with a turn for it, or taken by the connection kept."""
        client = self._client
        pool: Any = client._pool
        kept = client._kept is not None
        places = pool._queue.qsize() + kept, client._turns._value + kept
        return places == (client.pool_maxsize,) * 2 and client._waiting == 0 and not self.lent


async def _transact(*, fails: bool) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with in_transaction() as transaction:
            await transaction.execute_query("SELECT pg_sleep(0.002)")
            if fails:
                raise ZeroDivisionError


async def _overdue() -> None:
    token = deadline.set(asyncio.get_running_loop().time() + 0.003)
    try:
        await CatalogueVersion.raw("SELECT pg_sleep(0.02)")
    finally:
        deadline.reset(token)


async def _count() -> None:
    await CatalogueVersion.all().count()


def _use(draw: Random, client: PostgresClient, number: int) -> Callable[[], Awaitable[Any]]:
    """Return something that uses a connection."""
    ends = "SELECT pg_terminate_backend(pg_backend_pid()), $1::int4"
    uses: list[Callable[[], Awaitable[Any]]] = [
        partial(_transact, fails=False),
        partial(_transact, fails=True),
        CatalogueVersion.all().count,
        _overdue,
        partial(select, "SELECT 1 / ($1::int4 - $1)", [number]),
        partial(select, "SELECT $1::int4, pg_sleep(0.005)", [number % 5]),
        partial(select, ends if draw.random() < 0.2 else "SELECT $1::int4", [number]),
        # Not merged with others.
        partial(client._read_rows, "SELECT $1::int4", [number], asyncpg.Record),
        partial(client._read_rows, "SELECT $1::int4", [number], asyncpg.Record),
    ]
    return draw.choice(uses)


async def _used(use: Callable[[], Awaitable[Any]], ledger: _Ledger) -> None:
    try:
        await use()
    except (DatabaseUnavailableError, OverdueStatementError, asyncpg.DivisionByZeroError):
        pass
    except Exception as error:  # noqa: BLE001 - what nobody may meet
        ledger.wrong.append(repr(error))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
async def test_however_it_is_used_each_connection_has_one_user_and_comes_back(
    database_url: str, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """With users that are cancelled anywhere, fail, take too long or kill their connection."""
    monkeypatch.setattr(lending, "_MOST_TIMES_KEPT", 5)
    draw = Random(seed)
    database = Database(data_dir=Path(), url=database_url, pool_size=1 + seed % 4)
    await database.start()
    client = _client(database)
    ledger, loop = _Ledger(client), asyncio.get_running_loop()
    try:
        async with asyncio.timeout(60):  # whoever waits for a connection that was lost
            with database.use():
                running: set[asyncio.Task[Any]] = set()
                for number in range(400):
                    running.add(asyncio.create_task(_used(_use(draw, client, number), ledger)))
                    if draw.random() < 0.4:
                        loop.call_later(draw.random() * 0.01, draw.choice([*running]).cancel)
                    if draw.random() < 0.02:
                        monkeypatch.setattr(
                            lending, "_MOST_IDLE_SECONDS", draw.choice([-1.0, 300.0])
                        )
                    if len(running) > 12 or draw.random() < 0.2:
                        _, running = await asyncio.wait(
                            running, return_when=asyncio.FIRST_COMPLETED
                        )
                await asyncio.wait(running)
                async with asyncio.timeout(10):
                    while not ledger.is_settled():  # noqa: ASYNC110 - what asyncpg ends by itself
                        await asyncio.sleep(0.005)
                assert ledger.wrong == []
                # All of them at once, which waits for ever where one was lost.
                slow = [select("SELECT $1::int4, pg_sleep(0.05)", [n]) for n in range(8)]
                assert [rows[0][0] for rows in await asyncio.gather(*slow)] == list(range(8))
    finally:
        await database.stop()
    await _until(database_url, _OTHERS, 0)
