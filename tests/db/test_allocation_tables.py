"""The migration of allocation goes back with rows in every table, and keeps runs as they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from migrating import run_migration
from zhupei.db.connection import Database
from zhupei.db.identifiers import uuid7

BEFORE, AFTER = "zhupei.0008_published_lists", "zhupei.0009_allocation"
NOW = datetime(2026, 5, 1, 1, 0, tzinfo=UTC)
TABLES = ("allocation_choice", "allocation_place", "allocation_run")


async def fill(connection: Any) -> UUID:
    """Put a row into every table of the migration."""
    run, code = uuid7(), "0" * 64
    await connection.execute(
        "INSERT INTO allocation_run (id, root_program_code, round_code, actor, at, "
        "catalogue_hash, market, certificate, fingerprint, details) "
        "VALUES ($1, 'p', 'r', 'a', $2, $3, $3, $3, 'f', '{}')",
        run, NOW, code,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO allocation_place (run_id, code, opening_code, quota, taken, ranked, "
        "tie_rule, criteria) VALUES ($1, 'o', 'o', 2, 1, 1, 'earliest', '[]')",
        run,
    )
    await connection.execute(
        "INSERT INTO allocation_choice (run_id, application_id, applicant_id, place, preference, "
        "value, singles, submitted_at, rank, verdict) "
        "VALUES ($1, $2, $3, 'o', 1, 80, '[]', $4, 1, 'placed')",
        run, uuid4(), uuid4(), NOW,
    )  # fmt: skip
    return run


async def test_back_and_forth_with_rows_in_every_table(database_url: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    for table in TABLES:
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 1, table
    await run_migration(database_url, "backward", BEFORE)
    gone = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE tablename = ANY($1)", TABLES
    )
    assert gone == []
    assert await connection.fetchval("SELECT to_regproc('refuse_change_of_run')") is None
    await run_migration(database_url, "forward", AFTER)
    await fill(connection)
    await connection.close()
    database = Database(data_dir=tmp_path, url=database_url, pool_size=1)
    await database.start()
    await database.stop()


async def test_checks_and_indexes_of_foreign_keys_exist(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    checks = await connection.fetch(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' "
        "AND conrelid::regclass::text = ANY($1) ORDER BY 1",
        TABLES,
    )
    assert [row["conname"] for row in checks] == [
        "allocation_choice_rank",
        "allocation_place_within_quota",
        "allocation_run_proposed",
    ]
    unindexed = await connection.fetch(
        "SELECT conrelid::regclass::text AS relation, conname FROM pg_constraint AS c "
        "WHERE contype = 'f' AND conrelid::regclass::text = ANY($1) AND NOT EXISTS ("
        "SELECT 1 FROM pg_index WHERE indrelid = conrelid AND indkey[0] = conkey[1])",
        TABLES,
    )
    assert unindexed == []
    await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE allocation_choice SET verdict = 'outranked'",
        "DELETE FROM allocation_choice",
        "UPDATE allocation_place SET quota = 3",
        "TRUNCATE allocation_place",
        "UPDATE allocation_run SET market = repeat('1', 64)",
        "UPDATE allocation_run SET details = '{\"more\": 1}'",
        "TRUNCATE allocation_run CASCADE",
    ],
)
async def test_a_run_is_never_changed(database_url: str, statement: str) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    with pytest.raises(asyncpg.RaiseError, match="allocation runs are never changed or deleted"):
        await connection.execute(statement)
    await connection.close()


async def test_that_it_was_proposed_is_written_once(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    mark = "UPDATE allocation_run SET operation_id = $1, proposed_at = $2"
    await connection.execute(mark, uuid4(), NOW)
    with pytest.raises(asyncpg.RaiseError, match="never changed"):
        await connection.execute(mark, uuid4(), NOW)
    await connection.close()


async def test_more_taken_than_seats_is_refused(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    run = await fill(connection)
    with pytest.raises(asyncpg.CheckViolationError, match="allocation_place_within_quota"):
        await connection.execute(
            "INSERT INTO allocation_place (run_id, code, opening_code, quota, taken, ranked, "
            "tie_rule, criteria) VALUES ($1, 'x', 'x', 1, 2, 2, 'earliest', '[]')",
            run,
        )
    await connection.close()
