"""Tests of zhupei.db.connection, on the real server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector

from postgres_server import PostgresServer
from zhupei.db import migrations, models
from zhupei.db.connection import Database, DatabaseUnavailableError, orm_config
from zhupei.db.migrating import applied_migrations, known_migrations, migrate
from zhupei.db.models import CatalogueVersion
from zhupei.domain.text import Language, Text

TABLES = {getattr(models, name)._meta.db_table for name in models.__all__}
# Kept by Tortoise itself, and by a storage of the library limits.
_WITHOUT_MODEL = {"tortoise_migrations", "rate_window"}
MIGRATIONS = sorted(Path(migrations.__path__[0]).glob("0*.py"))
_NOWHERE = {"host": "/nowhere", "port": 5432, "user": "u", "password": "", "database": "d"}


async def tables(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )
    finally:
        await connection.close()
    return [row["tablename"] for row in rows]


async def test_the_migrations_make_what_the_models_say() -> None:
    config = orm_config(_NOWHERE)
    async with TortoiseContext() as context:
        await context.init(config=config, init_connections=False)
        assert context.apps is not None
        missing = await MigrationAutodetector(context.apps, config["apps"]).changes()
    assert [op.describe() for writer in missing for op in writer.operations] == []


async def test_starting_migrates_and_starting_twice_changes_nothing(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    name = postgres_server.new_database(migrated=False)
    url = postgres_server.url(name)
    assert await tables(url) == []
    for _ in range(2):
        database = Database(data_dir=tmp_path, url=url)
        await database.start()
        await database.start()
        await database.check()
        await database.stop()
        assert await tables(url) == sorted({*TABLES, *_WITHOUT_MODEL})
    postgres_server.drop_database(name)


async def test_migrations_are_gone_through_only_where_one_is_missing(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone_through = []

    async def counted(config: Mapping[str, Any], *, direction: str) -> None:
        gone_through.append(direction)
        await migrate(config, direction=direction)

    monkeypatch.setattr("zhupei.db.connection.migrate", counted)
    connection = await asyncpg.connect(database_url)
    try:
        assert await applied_migrations(connection) == known_migrations()
        assert "0001_catalogue_version" in known_migrations()
        await _started_once(database_url, tmp_path)
        assert gone_through == []
        last = max(known_migrations())
        await connection.execute("DELETE FROM tortoise_migrations WHERE name = $1", last)
        with pytest.raises(DatabaseUnavailableError, match="already exists"):
            await _started_once(database_url, tmp_path)
        assert gone_through == ["forward"]
    finally:
        await connection.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('zhupei', $1, now())",
            max(known_migrations()),
        )
        await connection.close()


async def _started_once(url: str, folder: Path) -> None:
    database = Database(data_dir=folder, url=url)
    await database.start()
    await database.stop()


async def test_processes_that_start_together_migrate_once(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    name = postgres_server.new_database(migrated=False)
    url = postgres_server.url(name)
    databases = [Database(data_dir=tmp_path, url=url, pool_size=1) for _ in range(4)]
    await asyncio.gather(*(database.start() for database in databases))
    await asyncio.gather(*(database.stop() for database in databases))
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT count(*) FROM tortoise_migrations") == len(MIGRATIONS)
    await connection.close()
    postgres_server.drop_database(name)


async def test_the_embedded_server_is_started_and_stopped_with_the_database(
    open_folder: Path,
) -> None:
    database = Database(data_dir=open_folder)
    assert database.is_embedded
    await database.start()
    await database.check()
    with database.use():
        assert await CatalogueVersion.all().count() == 0
    await database.stop()
    assert not (open_folder / "postgres" / "cluster" / "postmaster.pid").exists()


async def test_tasks_that_overlap_keep_their_database(database: Database) -> None:
    """One task leaving must not take the database from another (tortoise-orm #2186)."""
    entered = asyncio.Event()
    left = asyncio.Event()

    async def early() -> None:
        with database.use():
            entered.set()
            assert await CatalogueVersion.all().count() == 0
        left.set()

    async def late() -> int:
        with database.use():
            await entered.wait()
            await left.wait()
            return await CatalogueVersion.all().count()

    _, counted = await asyncio.gather(early(), late())
    assert counted == 0
    with pytest.raises(RuntimeError, match="No TortoiseContext"):
        await CatalogueVersion.all().count()


async def test_a_database_that_cannot_be_reached_says_what_to_set(tmp_path: Path) -> None:
    database = Database(data_dir=tmp_path, url="postgresql://u:secret@127.0.0.1:1/d")
    with pytest.raises(DatabaseUnavailableError) as caught:
        await database.start()
    assert caught.value.code == "DATABASE_UNAVAILABLE"
    assert caught.value.hint.get(Language.EN) == "check ZHUPEI_DATABASE_URL"
    assert caught.value.message.get(Language.EN).startswith(
        "the database cannot be used: ConnectionRefusedError: "
    )
    assert "secret" not in str(caught.value)
    assert database.problem is caught.value
    with pytest.raises(DatabaseUnavailableError):
        await database.check()
    await database.stop()


async def test_a_server_that_is_too_old_is_refused_before_anything_is_made(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no such server here: what is the oldest is taken to be a release to come."""
    monkeypatch.setattr("zhupei.db.connection._OLDEST_SERVER", 1000)
    name = postgres_server.new_database(migrated=False)
    database = Database(data_dir=tmp_path, url=postgres_server.url(name))
    with pytest.raises(DatabaseUnavailableError) as caught:
        await database.start()
    assert re.fullmatch(
        r"PostgreSQL \d+ is too old: 1000 is the oldest that will do",
        caught.value.message.get(Language.EN),
    )
    assert re.fullmatch(r"PostgreSQL \d+ 过旧，至少需要 1000", caught.value.message.zh)
    assert database.problem is caught.value
    connection = await asyncpg.connect(postgres_server.url(name))
    made = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    await database.stop()
    postgres_server.drop_database(name)
    assert made == 0


async def test_a_database_of_a_newer_version_is_refused_as_it_is(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    name = postgres_server.new_database()
    connection = await asyncpg.connect(postgres_server.url(name))
    await connection.execute(
        "INSERT INTO tortoise_migrations (app, name, applied_at) "
        "VALUES ('zhupei', '9998_later', now()), ('zhupei', '9999_last', now())"
    )
    before = await connection.fetch("SELECT * FROM tortoise_migrations ORDER BY name")
    database = Database(data_dir=tmp_path, url=postgres_server.url(name))
    with pytest.raises(DatabaseUnavailableError) as caught:
        await database.start()
    assert caught.value.message == Text(
        "数据库已由更新的版本升级（本版本没有迁移 9998_later, 9999_last）",
        "a newer version migrated the database (this one does not have 9998_later, 9999_last)",
    )
    assert caught.value.hint is not None
    assert "zhupei restore --replace" in caught.value.hint.get(Language.EN)
    assert database.problem is caught.value
    assert await connection.fetch("SELECT * FROM tortoise_migrations ORDER BY name") == before
    await connection.execute("DELETE FROM tortoise_migrations WHERE name LIKE '999%'")
    await database.start()
    await database.check()
    await database.stop()
    await connection.close()
    postgres_server.drop_database(name)


async def test_an_embedded_server_that_cannot_start_says_what_to_set(open_folder: Path) -> None:
    (open_folder / "postgres").write_text("in the way")
    database = Database(data_dir=open_folder)
    with pytest.raises(DatabaseUnavailableError) as caught:
        await database.start()
    assert caught.value.hint.get(Language.EN) == (
        "set ZHUPEI_DATABASE_URL to use a PostgreSQL of yours, or ZHUPEI_DATA_DIR to a folder "
        "that can be written"
    )
    await database.stop()


async def test_a_database_that_goes_away_is_noticed_and_comes_back(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    name = postgres_server.new_database()
    database = Database(data_dir=tmp_path, url=postgres_server.url(name), pool_size=1)
    await database.start()
    connection = await asyncpg.connect(postgres_server.url("postgres"))
    await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
    )
    with pytest.raises(DatabaseUnavailableError) as caught:
        await database.check()
    assert caught.value.message.get(Language.EN) == "the database does not answer"
    await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    await database.check()
    assert database.problem is None
    await connection.close()
    await database.stop()
    postgres_server.drop_database(name)


async def test_libpq_names_are_understood(postgres_server: PostgresServer, tmp_path: Path) -> None:
    name = postgres_server.new_database()
    url = postgres_server.url(name)
    url += ("&" if "?" in url else "?") + "sslmode=disable"
    database = Database(data_dir=tmp_path, url=url)
    await database.start()
    await database.check()
    await database.stop()
    postgres_server.drop_database(name)
