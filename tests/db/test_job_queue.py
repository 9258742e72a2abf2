"""The queue's own schema: made once, followed when procrastinate grows, taken back whole."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

import asyncpg
import pytest
from tortoise import connections
from tortoise.transactions import in_transaction

from postgres_server import PostgresServer
from zhupei.db import job_queue
from zhupei.db.connection import Database
from zhupei.db.job_queue import SCHEMA, prepare_job_queue

NEWEST = job_queue._files()[-1].name


async def applied(connection: asyncpg.Connection[asyncpg.Record]) -> str | None:
    found = await connection.fetchval(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1", SCHEMA
    )
    return None if found is None else str(found)


async def test_a_migrated_database_has_the_queue_in_its_own_schema(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    assert await applied(connection) == NEWEST
    tables = await connection.fetch(
        "SELECT schemaname, count(*) AS n FROM pg_tables WHERE tablename LIKE 'procrastinate%' "
        "GROUP BY 1"
    )
    assert [tuple(row) for row in tables] == [(SCHEMA, 4)]
    await connection.close()


async def test_taken_back_and_made_anew_at_the_next_start(
    database_url: str, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
    assert await applied(connection) is None
    database = Database(data_dir=tmp_path, url=database_url, pool_size=1)
    await database.start()
    await database.stop()
    assert await applied(connection) == NEWEST
    await connection.close()


async def test_every_change_of_an_older_queue_is_followed(postgres_server: PostgresServer) -> None:
    """From each version that procrastinate ever had, by its own files, to the present one."""
    name = postgres_server.new_database(migrated=False)
    connection = await asyncpg.connect(postgres_server.url(name))
    try:
        files = job_queue._files()
        first = next(n for n, file in enumerate(files) if file.name.startswith("03.00.00_01"))
        await connection.execute(f"CREATE SCHEMA {SCHEMA}")
        await connection.execute(f"SET search_path = {SCHEMA}, pg_temp")
        for file in files[:first]:
            await connection.execute(file.read_text())
        await connection.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{files[first - 1].name}'")
        await connection.execute("RESET search_path")
        await prepare_job_queue(connection)
        assert await applied(connection) == NEWEST
        job = await connection.fetchval(
            f"SELECT {SCHEMA}.procrastinate_defer_jobs_v1(ARRAY[ROW('q'::varchar, 't'::varchar, 0,"
            f"NULL, NULL, '{{}}'::jsonb, NULL)::{SCHEMA}.procrastinate_job_to_defer_v1])"
        )
        assert job == [1]
    finally:
        await connection.close()
        postgres_server.drop_database(name)


async def test_a_newer_queue_is_left_alone(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '99.00.00_01_later.sql'")
    with caplog.at_level(logging.WARNING, "zhupei.db"):
        await prepare_job_queue(connection)
    assert await applied(connection) == "99.00.00_01_later.sql"
    assert [record.message for record in caplog.records] == [
        "the queue of jobs was made by a newer procrastinate"
    ]
    await connection.close()


async def test_a_job_exists_only_if_the_transaction_is_committed(database: Database) -> None:
    with database.use():
        with contextlib.suppress(LookupError):
            async with in_transaction() as connection:
                await job_queue.enqueue(connection, "undone", "queue")
                raise LookupError
        async with in_transaction() as connection:
            await job_queue.enqueue(connection, "task", "queue")
        found = await connections.get("default").execute_query_dict(
            f"SELECT task_name, queue_name, status::text FROM {SCHEMA}.procrastinate_jobs"
        )
    assert found == [{"task_name": "task", "queue_name": "queue", "status": "todo"}]
