"""Tests of zhupei.db.moments: a server that crashed gives ids of transactions anew."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from zhupei.db import moments
from zhupei.db.connection import Database
from zhupei.db.embedded import EmbeddedPostgres
from zhupei.db.moments import SESSIONS, Moments, Sessions


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have others' writing count as calm."""
    monkeypatch.setattr(moments, "_CALM_SECONDS", 0.0)


_NOT_YET = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


async def _done(pool: Any, statement: str) -> None:
    """Execute a statement as soon as the server does."""
    for _ in range(1500):
        try:
            await pool.execute(statement)
        except _NOT_YET:
            await asyncio.sleep(0.02)
        else:
            return
    raise AssertionError("the server did not come back")


async def test_after_a_crash_no_moment_is_one_of_before(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "server")
    address = await asyncio.to_thread(server.start)
    sessions = Sessions()
    try:
        async with asyncpg.create_pool(
            host=str(address.socket_dir),
            port=address.port,
            user=address.user,
            database="postgres",
            min_size=1,
            max_size=1,
            init=sessions,
        ) as pool:

            async def read(statement: str, values: Sequence[Any], *_: Any) -> list[Any]:
                rows: list[Any] = await pool.fetch(statement, *values)
                return rows

            asked = Moments(read, sessions=sessions)
            await pool.execute("CREATE TABLE seats (left_over int)")
            await pool.execute("INSERT INTO seats VALUES (1)")
            await pool.execute("CHECKPOINT")
            async with pool.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                await connection.execute("UPDATE seats SET left_over = 9")
                await transaction.rollback()
            before = await asked.now()
            assert before == await asked.now()
            os.kill(await pool.fetchval("SELECT pg_backend_pid()"), signal.SIGKILL)
            # It gets the id of the one above, of which the log tells nothing unless it was written
            # just then; the server says the same of itself as before it.
            await _done(pool, "UPDATE seats SET left_over = 0")
            assert await asked.now() != before
    finally:
        await asyncio.to_thread(server.stop)


async def test_every_session_of_a_pool_is_counted(database: Database) -> None:
    await database.read("SELECT 1", ())
    before = SESSIONS.opened
    waits = [database.read(f"SELECT {number}, pg_sleep(0.05)", ()) for number in range(4)]
    await asyncio.gather(*waits)
    # One was there, and the pool holds four.
    assert SESSIONS.opened - before == 3


class _Told:
    """Answers the same each time; ``opens`` sessions meanwhile."""

    def __init__(self, *rows: Any) -> None:
        self.sessions, self.rows, self.opens = Sessions(), list(rows), 0

    async def __call__(self, *_: Any) -> list[Any]:
        for _each in range(self.opens):
            await self.sessions(None)
        return self.rows


async def test_where_a_session_was_opened_moments_are_not_equal() -> None:
    told = _Told(("1:1:", "started"))
    asked = Moments(told, sessions=told.sessions)
    first = await asked.now()
    assert first == await asked.now() is not None
    told.opens = 1
    assert await asked.now() is None
    told.opens = 0
    later = await asked.now()
    assert later is not None
    assert later != first


async def test_a_standby_tells_no_moment() -> None:
    told = _Told()
    assert await Moments(told, sessions=told.sessions).now() is None
