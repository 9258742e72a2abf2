"""The migration of claims goes back and forth with rows, and refuses impossible ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from migrating import run_migration
from postgres_server import STILL_NAMED
from zhupei.db.connection import Database
from zhupei.db.identifiers import uuid7
from zhupei.db.models import ApplicantClaim

BEFORE, AFTER = "zhupei.0009_allocation", "zhupei.0010_applicant_claims"
NOW = datetime(2026, 5, 11, 2, 0, tzinfo=UTC)


async def fill(connection: Any) -> None:
    applicant = uuid7()
    await connection.execute(
        "INSERT INTO applicant (id, name, name_key, identity_kind, identity_ciphertext, facts, "
        "created_at, updated_at) VALUES ($1, 'x', 'x', 'RESIDENT_ID', '1.k.x', '{}', $2, $2)",
        applicant, NOW,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO applicant_claim (id, applicant_id, code_hash, issued_by, issued_at, "
        "expires_at) VALUES ($1, $2, 'h', 'a', $3, $4)",
        uuid7(), applicant, NOW, NOW + timedelta(days=14),
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO applicant_claim_failure (id, account, at) VALUES ($1, 'a', $2)", uuid7(), NOW
    )


async def test_back_and_forth_with_rows(database_url: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    await run_migration(database_url, "backward", BEFORE)
    for table in ("applicant_claim", "applicant_claim_failure"):
        assert await connection.fetchval("SELECT to_regclass($1)", table) is None
    assert await connection.fetchval("SELECT count(*) FROM applicant") == 1
    await run_migration(database_url, "forward", AFTER)
    await connection.execute("DELETE FROM applicant")
    await fill(connection)
    for statement, name in (
        ("UPDATE applicant_claim SET ended_as = 'LOCKED'", "applicant_claim_ended"),
        ("UPDATE applicant_claim SET used_by = 'b'", "applicant_claim_used"),
        (
            "UPDATE applicant_claim SET ended_as = 'USED', ended_at = issued_at",
            "applicant_claim_used",
        ),
        ("UPDATE applicant_claim SET expires_at = issued_at", "applicant_claim_expires"),
    ):
        with pytest.raises(asyncpg.CheckViolationError, match=name):
            await connection.execute(statement)
    with pytest.raises(asyncpg.UniqueViolationError, match="applicant_claim_open"):
        await connection.execute(
            "INSERT INTO applicant_claim (id, applicant_id, code_hash, issued_by, issued_at, "
            "expires_at) SELECT gen_random_uuid(), applicant_id, code_hash, issued_by, "
            "issued_at, expires_at FROM applicant_claim"
        )
    with pytest.raises(STILL_NAMED):
        await connection.execute("DELETE FROM applicant")
    await connection.close()
    database = Database(data_dir=tmp_path, url=database_url, pool_size=1)
    await database.start()
    with database.use():
        assert (await ApplicantClaim.get()).failures == 0
    await database.stop()


async def test_who_entered_a_person_goes_back_and_forth(database_url: str) -> None:
    before, after = "zhupei.0013_pages", "zhupei.0014_entered_by_office"
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    await connection.execute("UPDATE applicant SET entered_base = 'b'")
    await run_migration(database_url, "backward", before)
    columns = "SELECT count(*) FROM information_schema.columns WHERE column_name = 'entered_base'"
    assert await connection.fetchval(columns) == 0
    assert await connection.fetchval("SELECT count(*) FROM applicant") == 1
    await run_migration(database_url, "forward", after)
    assert await connection.fetchval("SELECT entered_base FROM applicant") is None
    await connection.close()
