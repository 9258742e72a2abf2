"""The migration of admissions: its indexes exist, and it goes back with rows in every table."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from migrating import run_migration
from zhupei.db.connection import Database
from zhupei.db.identifiers import uuid7

BEFORE, AFTER = "zhupei.0003_people", "zhupei.0004_admissions"
NOW = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)
TABLES = (
    "application", "application_score", "application_transition", "audit_head", "ban",
    "bulk_operation", "invitation", "objection", "plan_increase", "publicity", "round_freeze",
    "seat",
)  # fmt: skip
INDEXES = (
    "application_admitted_once", "application_opening_once", "application_preference_once",
    "application_transition_once", "bulk_operation_once", "invitation_accepted_once",
    "invitation_open_once", "round_freeze_in_force",
)  # fmt: skip
CHECKS = (
    "application_preference_from_1", "application_revision", "application_score_in_range",
    "ban_in_order", "invitation_slot", "objection_resolved", "plan_increase_decided",
    "plan_increase_seats", "publicity_in_order", "publicity_length",
    "seat_increase_not_negative", "seat_taken_not_negative", "seat_within_quota",
)  # fmt: skip


async def fill(connection: Any) -> None:
    """Put a row into every table of the migration."""
    application, publicity, person = uuid7(), uuid7(), uuid4()
    code = "0" * 64

    async def insert(table: str, **values: Any) -> None:
        names = ", ".join(values)
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        await connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({places})", *values.values()
        )

    where = {"base_code": "b", "program_code": "p"}
    await insert(
        "application", id=application, applicant_id=person, **where, root_program_code="p",
        opening_code="o", round_code="r", preference=1, channel="BATCH", state="SUBMITTED",
        revision=1, catalogue_hash=code, details="{}", completed_steps="[]", seat_scopes="[]",
        created_at=NOW, record_hash=code,
    )  # fmt: skip
    await insert(
        "application_transition", id=uuid7(), application_id=application, sequence=1, revision=1,
        at=NOW, actor="a", action="CREATE", to_state="DRAFT", rule_version="1",
        catalogue_hash=code, data="{}", case_digest=code, previous_hash=code, hash=code,
        anchor=code,
    )  # fmt: skip
    await insert(
        "application_score", id=uuid7(), application_id=application, assessment="interview",
        points=80, full_mark=100, recorded_by="a", recorded_at=NOW,
    )  # fmt: skip
    await insert("seat", scope="opening:o", published=2, increase=1, taken=3)
    await insert(
        "publicity", id=publicity, **where, round_code="r", published_at=NOW, published_by="a",
        ends_on=date(2026, 4, 20), ends_at=NOW.replace(day=20), working_days=7,
        counts_first_day=False, catalogue_hash=code,
    )  # fmt: skip
    await insert(
        "objection", id=uuid7(), publicity_id=publicity, application_id=application, text="t",
        filed_by="a", filed_at=NOW,
    )  # fmt: skip
    await insert(
        "invitation", id=uuid7(), applicant_id=person, **where, root_program_code="p",
        opening_code="o", round_code="r", state="ACCEPTED", slot=1, invited_by="a",
        invited_at=NOW,
    )  # fmt: skip
    await insert(
        "plan_increase", id=uuid7(), **where, opening_code="o", round_code="", seats=1,
        reason="r", state="REQUESTED", requested_by="a", requested_at=NOW,
    )  # fmt: skip
    await insert(
        "ban", id=uuid7(), applicant_id=person, program_code="p", starts_on=NOW.date(),
        until=NOW.date(), reason="r", decided_by="a", decided_at=NOW,
    )  # fmt: skip
    await insert(
        "bulk_operation", id=uuid7(), action="ADMIT", actor="a", at=NOW, catalogue_hash=code,
        details="{}",
    )  # fmt: skip
    await insert(
        "round_freeze", id=uuid7(), root_program_code="p", round_code="r", reason="r",
        frozen_by="a", frozen_at=NOW,
    )  # fmt: skip


async def test_back_and_forth_with_rows_in_every_table(database_url: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    for table in TABLES:
        # One head for applications' records, one for those of everything else.
        rows = 2 if table == "audit_head" else 1
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == rows, table
    await connection.execute(
        "INSERT INTO catalogue_version VALUES ($1, $2, $2, 1, 1, 1)", "0" * 64, NOW
    )
    await run_migration(database_url, "backward", BEFORE)
    gone = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE tablename = ANY($1)", TABLES
    )
    assert gone == []
    assert await connection.fetchval("SELECT count(*) FROM catalogue_version") == 1
    assert await connection.fetchval("SELECT to_regproc('refuse_change_of_record')") is None
    await run_migration(database_url, "forward", AFTER)
    found = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE tablename = ANY($1) ORDER BY 1", TABLES
    )
    assert tuple(row["tablename"] for row in found) == TABLES
    await connection.close()
    database = Database(data_dir=tmp_path, url=database_url)
    await database.start()
    await database.stop()


async def test_indexes_and_checks_exist(database_url: str) -> None:
    """Tortoise leaves constraints out silently (libraries.md, 0.3)."""
    connection = await asyncpg.connect(database_url)
    indexes = await connection.fetch(
        "SELECT indexname FROM pg_indexes WHERE indexname = ANY($1) ORDER BY 1", INDEXES
    )
    assert tuple(row["indexname"] for row in indexes) == INDEXES
    checks = await connection.fetch(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conname = ANY($1) ORDER BY 1",
        CHECKS,
    )
    assert tuple(row["conname"] for row in checks) == CHECKS
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
        "UPDATE seat SET taken = 4",
        "UPDATE application_score SET points = 101",
        "UPDATE invitation SET slot = NULL",
    ],
)
async def test_impossible_rows_are_refused(database_url: str, statement: str) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(statement)
    await connection.close()
