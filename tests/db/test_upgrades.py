"""The way from an older database to this version: with rows in every table, and from its backup.

`tests/db/test_*_tables.py` hold each migration to its own tables; here a database as it was at the
ninth is brought up to date as a server's start does it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from admissions_office import Office, sample_catalogue
from crowd import Crowd
from db import (
    test_admission_tables,
    test_allocation_tables,
    test_job_tables,
    test_office_tables,
    test_published_lists,
    test_trainee_tables,
)
from migrating import run_migration
from postgres_server import PostgresServer
from zhupei.cli import main
from zhupei.db import migrations
from zhupei.db.connection import Database, DatabaseUnavailableError
from zhupei.db.identifiers import uuid7
from zhupei.db.job_queue import prepare_job_queue
from zhupei.security.crypto import new_key_text
from zhupei.services.audit import verify_audit_chain

OLD = "zhupei.0009_allocation"
NEWEST = max(path.stem for path in Path(migrations.__path__[0]).glob("0*.py"))
NOW = datetime(2026, 5, 11, 2, 0, tzinfo=UTC)
_FILLS: tuple[Any, ...] = (
    test_admission_tables.fill,
    test_trainee_tables.fill_people,
    test_job_tables.fill,
    test_published_lists.fill,
    test_allocation_tables.fill,
)


@pytest.fixture
def new_url(postgres_server: PostgresServer) -> Iterator[Any]:
    """Make addresses of databases without tables."""
    names: list[str] = []

    def make() -> str:
        names.append(postgres_server.new_database(migrated=False))
        return postgres_server.url(names[-1])

    yield make
    for name in names:
        postgres_server.drop_database(name)


async def old_database(url: str) -> dict[str, list[dict[str, Any]]]:
    """Make tables as they were then, with rows in all of them; return the rows by table."""
    await run_migration(url, "forward", OLD)
    connection = await asyncpg.connect(url)
    try:
        await prepare_job_queue(connection)
        # Not there at the time.
        await connection.execute(
            "DROP INDEX procrastinate.zhupei_jobs_failed, procrastinate.zhupei_jobs_scheduled"
        )
        for fill in _FILLS:
            await fill(connection)
        # It makes an application and an account of its own, as others did before it.
        await test_office_tables.fill(connection)
        await fill_the_rest(connection)
        rows = await rows_of(connection)
    finally:
        await connection.close()
    without = {"procrastinate_periodic_defers", "procrastinate_workers"}
    assert {table for table, found in rows.items() if not found} == without
    return rows


async def fill_the_rest(connection: Any) -> None:
    """Put rows into what no migration's own test fills."""
    applicant = await connection.fetchval("SELECT id FROM applicant")
    await connection.execute(
        "INSERT INTO catalogue_version VALUES ($1, $2, $2, 1, 1, 1)", "0" * 64, NOW
    )
    await connection.execute(
        "INSERT INTO applicant_file (id, applicant_id, document, media_type, size, sha256, "
        "uploaded_by, uploaded_at) VALUES ($1, $2, 'd', 'image/png', 1, repeat('a', 64), 'x', $3)",
        uuid7(), applicant, NOW,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO applicant_identity (hash, applicant_id) VALUES ('k:h', $1)", applicant
    )
    await connection.execute(
        "INSERT INTO idempotency (id, actor, key, operation, request_hash, answer, created_at) "
        "VALUES ($1, 'a', 'k', 'o', 'h', '{}', $2)",
        uuid7(), NOW,
    )  # fmt: skip
    await connection.execute(
        "SELECT procrastinate.procrastinate_defer_jobs_v1(ARRAY[ROW('q'::varchar, 't'::varchar, 0,"
        "NULL, NULL, '{}'::jsonb, NULL)::procrastinate.procrastinate_job_to_defer_v1])"
    )


async def rows_of(connection: Any) -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table as plain values."""
    tables = await connection.fetch(
        "SELECT schemaname, tablename FROM pg_tables "
        "WHERE schemaname IN ('public', 'procrastinate') AND tablename <> 'tortoise_migrations'"
    )
    return {
        name: [
            json.loads(row[0])
            for row in await connection.fetch(f'SELECT to_jsonb(t) FROM {schema}."{name}" AS t')
        ]
        for schema, name in tables
    }


async def newest_of(url: str) -> tuple[str, dict[str, list[dict[str, Any]]]]:
    """Return the last migration that was applied, and all rows."""
    connection = await asyncpg.connect(url)
    try:
        last = await connection.fetchval("SELECT max(name) FROM tortoise_migrations")
        return str(last), await rows_of(connection)
    finally:
        await connection.close()


def assert_kept(
    before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]
) -> None:
    """Every row is there with every value that it had, whatever came beside them."""
    assert [
        (table, row)
        for table, rows in before.items()
        for row in rows
        if not any(row.items() <= each.items() for each in after[table])
    ] == []


async def started(url: str, folder: Path) -> None:
    """Start on a database, as a server does, and give it up."""
    database = Database(data_dir=folder, url=url, pool_size=2)
    try:
        await database.start()
    finally:
        await database.stop()


async def test_rows_of_every_table_are_kept(new_url: Any, tmp_path: Path) -> None:
    """Of several processes that begin at once one migrates; a second start does nothing."""
    url = new_url()
    before = await old_database(url)
    await asyncio.gather(*(started(url, tmp_path) for _ in range(3)))
    last, after = await newest_of(url)
    assert last == NEWEST
    assert_kept(before, after)
    # Beside them are records of what has a state, for what was there (0017), and a second head.
    assert len(after["audit_head"]) == len(before["audit_head"]) + 1
    assert after["state_record"]
    await started(url, tmp_path)
    assert await newest_of(url) == (last, after)


async def test_a_migration_that_fails_leaves_nothing_of_itself(
    new_url: Any, tmp_path: Path
) -> None:
    """Those before it stay; the reason is told, and when it is gone a start goes on from there."""
    url = new_url()
    before = await old_database(url)
    connection = await asyncpg.connect(url)
    # In the way of the second statement of the newest.
    await connection.execute("CREATE INDEX webhook_delivery_dead ON outbox (id)")
    with pytest.raises(DatabaseUnavailableError, match="webhook_delivery_dead"):
        await started(url, tmp_path)
    assert await connection.fetchval("SELECT to_regclass('notice_unsent')") is None
    last, after = await newest_of(url)
    assert last == "0017_state_records"
    assert_kept(before, after)
    await connection.execute("DROP INDEX webhook_delivery_dead")
    await connection.close()
    await started(url, tmp_path)
    last, after = await newest_of(url)
    assert last == NEWEST
    assert_kept(before, after)


def test_a_backup_of_an_older_version_is_restored(
    new_url: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    old, new = new_url(), new_url()
    before = asyncio.run(old_database(old))
    asyncio.run(_without_files(old))
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    monkeypatch.setenv("ZHUPEI_ENCRYPTION_KEYS", new_key_text("k"))
    monkeypatch.setenv("ZHUPEI_DATA_DIR", str(tmp_path / "old"))
    monkeypatch.setenv("ZHUPEI_DATABASE_URL", old)
    (tmp_path / "old").mkdir()
    backup = tmp_path / "old.tar"
    # Making one brings nothing up to date: it is what was there.
    assert main(["backup", str(backup)]) == 0
    assert asyncio.run(newest_of(old))[0] == OLD.removeprefix("zhupei.")
    monkeypatch.setenv("ZHUPEI_DATA_DIR", str(tmp_path / "new"))
    monkeypatch.setenv("ZHUPEI_DATABASE_URL", new)
    main(["restore", str(backup)])
    assert f"restored {backup}: " in capsys.readouterr().out
    last, after = asyncio.run(newest_of(new))
    assert last == NEWEST
    del before["applicant_file"]
    assert_kept(before, after)


async def _without_files(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("DELETE FROM applicant_file")
    await connection.close()


async def test_records_are_proven_after_the_way(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Applications of an older version: their chain holds, and the others' begins with them."""
    crowd = Crowd(Office(database, await sample_catalogue()), database, tmp_path, database_url)
    ids = await crowd.selected(2)
    await database.stop()
    await run_migration(database_url, "backward", OLD)
    await started(database_url, tmp_path)
    again = Database(data_dir=tmp_path, url=database_url, pool_size=2)
    await again.start()
    with again.use():
        report = await verify_audit_chain()
    await again.stop()
    # Drafted, submitted, recommended and reviewed, each of them.
    assert (report.broken, report.records) == (None, 4 * len(ids))
