"""Tests of zhupei.db.supervision: a database that is there, one that is late, one that is not."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import asyncpg
import pytest

from postgres_server import PostgresServer
from zhupei.db import supervision
from zhupei.db.connection import Database
from zhupei.db.supervision import DatabaseSupervisor
from zhupei.domain.text import Language


class _Reached:
    """Counts how often a database came late."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self) -> None:
        self.times += 1


class _Tries:
    """How often a database was tried."""

    def __init__(self) -> None:
        self.number = 0
        self.fourth = asyncio.Event()


async def test_nothing_is_waited_for_where_the_database_is_there(
    tmp_path: Path, database_url: str
) -> None:
    database, reached = Database(data_dir=tmp_path, url=database_url), _Reached()
    supervisor = DatabaseSupervisor(database, Language.EN, reached)
    supervisor.start()
    await supervisor.tried()
    await database.check()
    assert supervisor.waiting is None
    await supervisor.stop()
    await database.check()
    await database.stop()
    assert reached.times == 0


async def test_who_waits_is_told_once_why_and_once_that_it_came(
    tmp_path: Path,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(supervision, "_FIRST_PAUSE_SECONDS", 0.001)
    tries = _counted(monkeypatch)
    name = postgres_server.new_database()
    admin = await asyncpg.connect(postgres_server.url("postgres"))
    await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    database, reached = Database(data_dir=tmp_path, url=postgres_server.url(name)), _Reached()
    supervisor = DatabaseSupervisor(database, Language.ZH, reached)
    with caplog.at_level(logging.INFO, "zhupei"):
        supervisor.start()
        await supervisor.tried()
        await asyncio.wait_for(tries.fourth.wait(), 10)
        assert reached.times == 0
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        assert supervisor.waiting is not None
        await asyncio.wait_for(supervisor.waiting, 10)
    told = [each for each in caplog.records if each.name == "zhupei"]
    assert [each.getMessage() for each in told] == [
        "no database; the catalogue is served all the same",
        "the database can be used now",
    ]
    assert told[0].__dict__["hint"] == "检查 ZHUPEI_DATABASE_URL"
    assert reached.times == 1
    await supervisor.stop()
    await database.stop()
    await admin.close()
    postgres_server.drop_database(name)


async def test_stopping_ends_the_waiting(
    tmp_path: Path, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = _counted(monkeypatch)
    database = Database(data_dir=tmp_path, url=postgres_server.url("not_there"))
    reached = _Reached()
    supervisor = DatabaseSupervisor(database, Language.EN, reached)
    supervisor.start()
    await supervisor.tried()
    assert supervisor.waiting is not None
    await supervisor.stop()
    assert supervisor.waiting.cancelled()
    assert (tries.number, reached.times) == (1, 0)
    await database.stop()


def _counted(monkeypatch: pytest.MonkeyPatch) -> _Tries:
    """Return what counts each try to start a database."""
    tries, start = _Tries(), Database.start

    async def counted(database: Database) -> None:
        tries.number += 1
        if tries.number == 4:
            tries.fourth.set()
        await start(database)

    monkeypatch.setattr(Database, "start", counted)
    return tries
