"""The migration of personnel files goes back and forth with a row, and refuses half a move."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from migrating import run_migration
from zhupei.db.identifiers import uuid7

BEFORE, AFTER = "zhupei.0014_entered_by_office", "zhupei.0015_personnel_files"
NOW = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)


async def insert(connection: Any, table: str, **values: Any) -> UUID:
    id_ = uuid7()
    values = {"id": id_, **values}
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    await connection.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values()
    )
    return id_


async def fill(connection: Any) -> None:
    """Put a trainee into the table, whose file has moved."""
    code = "0" * 64
    applicant = uuid7()
    application = await insert(
        connection, "application", applicant_id=applicant, base_code="b", program_code="p",
        root_program_code="p", opening_code="p/0100", round_code="r", preference=1,
        channel="BATCH", state="REGISTERED", revision=1, catalogue_hash=code, details="{}",
        completed_steps="[]", seat_scopes="[]", created_at=NOW, record_hash=code,
    )  # fmt: skip
    await insert(
        connection, "trainee", application_id=application, applicant_id=applicant, base_code="b",
        program_code="p", root_program_code="p", opening_code="p/0100", specialty_code="0100",
        year=2026, channel="BATCH", state="IN_TRAINING", profile="{}",
        started_on=date(2026, 9, 1), months=36, least_months=24, ends_on=date(2029, 8, 31),
        registered_at=NOW, registered_by="a", catalogue_hash=code,
        file_moved_on=date(2026, 9, 10), file_keeper="k",
    )  # fmt: skip


async def test_back_and_forth_with_a_row(database_url: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    await run_migration(database_url, "backward", BEFORE)
    columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 'trainee'"
    before = {row["column_name"] for row in await connection.fetch(columns)}
    assert not {"file_moved_on", "file_keeper"} & before
    assert await connection.fetchval("SELECT count(*) FROM trainee") == 1
    await run_migration(database_url, "forward", AFTER)
    after = {row["column_name"] for row in await connection.fetch(columns)}
    assert after - before == {"file_moved_on", "file_keeper"}
    with pytest.raises(asyncpg.CheckViolationError, match="trainee_file"):
        await connection.execute("UPDATE trainee SET file_keeper = 'k'")
    await connection.close()
