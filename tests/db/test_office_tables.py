"""The migration of the office's tables: indexes and checks exist, it goes back with rows in all."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from migrating import run_migration
from zhupei.db.connection import Database
from zhupei.db.identifiers import uuid7

NOW = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)
BEFORE, AFTER = "zhupei.0004_admissions", "zhupei.0005_office"
TABLES = (
    "brochure", "brochure_content", "brochure_publication", "interview_booking",
    "interview_panel", "interview_slot", "score_sheet",
)  # fmt: skip
INDEXES = ("brochure_submitted_once", "interview_booking_in_force", "score_sheet_pending_once")
CHECKS = (
    "brochure_content_sha256", "brochure_decided", "brochure_published", "brochure_state",
    "brochure_version", "interview_booking_released", "interview_slot_cancelled",
    "interview_slot_in_order", "interview_slot_mode", "interview_slot_revision",
    "interview_slot_within_capacity", "score_sheet_decided", "score_sheet_second_person",
    "score_sheet_sha256", "score_sheet_state",
)  # fmt: skip


async def fill(connection: Any) -> None:
    """Put a row into every table of the migration, and into those that it refers to."""
    application, slot, account, brochure = uuid7(), uuid7(), uuid7(), uuid7()
    code = "0" * 64

    async def insert(table: str, **values: Any) -> None:
        names = ", ".join(values)
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        await connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({places})", *values.values()
        )

    where = {"base_code": "b", "program_code": "p"}
    await insert(
        "application", id=application, applicant_id=uuid7(), **where, root_program_code="p",
        opening_code="o", round_code="r", preference=1, channel="BATCH", state="CHECKED",
        revision=1, catalogue_hash=code, details="{}", completed_steps="[]", seat_scopes="[]",
        created_at=NOW, record_hash=code,
    )  # fmt: skip
    await insert(
        "account", id=account, kind="person", login="wang", tokens_valid_from=NOW, created_at=NOW
    )
    await insert(
        "interview_slot", id=slot, **where, opening_code="o", round_code="r", mode="ON_SITE",
        place="Room 1", starts_at=NOW, ends_at=NOW.replace(hour=2), capacity=1, taken=1,
        choosable=True, revision=1, moves="[]", catalogue_hash=code, created_by="a",
        created_at=NOW,
    )  # fmt: skip
    await insert("interview_panel", id=uuid7(), slot_id=slot, account_id=account)
    await insert(
        "interview_booking", id=uuid7(), slot_id=slot, application_id=application,
        applicant_id=uuid7(), chosen=False, booked_by="a", booked_at=NOW,
    )  # fmt: skip
    await insert(
        "score_sheet", id=uuid7(), **where, opening_code="o", round_code="r",
        assessments="interview", state="SIGNED", rows="[]", low="[]", sha256=code,
        catalogue_hash=code, entered_by="a", entered_at=NOW, decided_by="b", decided_at=NOW,
    )  # fmt: skip
    content = hashlib.sha256(b"page").hexdigest()
    await insert("brochure_content", sha256=content, media_type="text/html", content=b"page")
    await insert(
        "brochure", id=brochure, **where, version=1, state="PUBLISHED", html_id=content,
        pdf_id=content, checks="[]", attested="[]", catalogue_hash=code, submitted_by="a",
        submitted_at=NOW, decided_by="b", decided_at=NOW, published_at=NOW,
    )  # fmt: skip
    await insert(
        "brochure_publication", id=uuid7(), brochure_id=brochure, place="here",
        address="https://hospital.example/brochure", published_at=NOW, recorded_by="a",
        recorded_at=NOW,
    )  # fmt: skip


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
    assert await connection.fetchval("SELECT count(*) FROM application") == 1
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
        "UPDATE interview_slot SET taken = 2",
        "UPDATE interview_slot SET ends_at = starts_at",
        "UPDATE interview_slot SET cancelled_at = now(), cancelled_by = 'a', cancel_reason = 'r'",
        "UPDATE score_sheet SET decided_by = entered_by",
        "UPDATE score_sheet SET state = 'PENDING'",
        "UPDATE brochure_content SET content = 'another'",
        "UPDATE brochure SET state = 'APPROVED'",
    ],
)
async def test_impossible_rows_are_refused(database_url: str, statement: str) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(statement)
    await connection.close()
