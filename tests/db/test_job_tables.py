"""The migration of events, deadlines, notices and long work, back and forth with rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from migrating import run_migration
from zhupei.db.identifiers import uuid7

BEFORE, AFTER = "zhupei.0005_office", "zhupei.0006_jobs"
NOW = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)
TABLES = ("deadline", "notice", "notice_delivery", "operation", "outbox")
INDEXES = ("notice_waiting", "operation_running", "outbox_to_notice")
CHECKS = ("notice_attempts", "notice_settled", "operation_done", "operation_finished")


async def fill(connection: Any) -> None:
    """Put a row into every table of the migration."""

    async def insert(table: str, **values: Any) -> None:
        names = ", ".join(values)
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        await connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({places})", *values.values()
        )

    event, notice = uuid7(), uuid7()
    await insert("outbox", id=event, name="application.submitted", at=NOW, subject="s", data="{}")
    await insert("deadline", id=uuid7(), kind="k", subject="s", due_at=NOW, done_at=NOW)
    await insert(
        "notice", id=notice, event_id=event, kind="SUBMITTED", recipient_kind="APPLICANT",
        recipient="r", facts="{}", state="WAITING", created_at=NOW, next_attempt_at=NOW,
    )  # fmt: skip
    await insert(
        "notice_delivery", id=uuid7(), notice_id=notice, attempt=1, at=NOW, outcome="ACCEPTED"
    )
    await insert(
        "operation", id=uuid7(), kind="k", state="RUNNING", started_by="a", done=1, total=2,
        started_at=NOW, seen_at=NOW,
    )  # fmt: skip


async def found(connection: Any) -> tuple[str, ...]:
    rows = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE tablename = ANY($1) ORDER BY 1", TABLES
    )
    return tuple(row["tablename"] for row in rows)


async def test_back_and_forth_with_rows_in_every_table(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    await run_migration(database_url, "backward", BEFORE)
    assert await found(connection) == ()
    await run_migration(database_url, "forward", AFTER)
    assert await found(connection) == TABLES
    await fill(connection)
    for table in TABLES:
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 1, table
    await connection.close()


async def test_indexes_and_checks_exist(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    for names, column, catalogue in (
        (INDEXES, "indexname", "pg_indexes"),
        (CHECKS, "conname", "pg_constraint"),
    ):
        rows = await connection.fetch(
            f"SELECT {column} AS name FROM {catalogue} WHERE {column} = ANY($1) ORDER BY 1", names
        )
        assert tuple(row["name"] for row in rows) == names
    await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE operation SET done = 3",
        "UPDATE operation SET state = 'FAILED'",
        "UPDATE notice SET state = 'SENT'",
        "UPDATE notice SET settled_at = now()",
    ],
)
async def test_impossible_rows_are_refused(database_url: str, statement: str) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(statement)
    await connection.close()


async def test_an_instant_of_a_subject_is_one_row(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(
            "INSERT INTO deadline (id, kind, subject, due_at, done_at) "
            "SELECT gen_random_uuid(), kind, subject, due_at, done_at FROM deadline"
        )
    await connection.close()
