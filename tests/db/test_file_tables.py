"""The migration of swept files goes back and forth with rows, and refuses impossible ones."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg
import pytest

from migrating import run_migration
from zhupei.db.identifiers import uuid7

NOW = datetime(2026, 5, 11, 2, 0, tzinfo=UTC)


async def test_back_and_forth_with_rows(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    applicant = uuid7()
    await connection.execute(
        "INSERT INTO applicant (id, name, name_key, identity_kind, identity_ciphertext, facts, "
        "created_at, updated_at) VALUES ($1, 'x', 'x', 'RESIDENT_ID', '1.k.x', '{}', $2, $2)",
        applicant, NOW,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO applicant_file (id, applicant_id, document, media_type, size, sha256, "
        "uploaded_by, uploaded_at, removed_at, swept_at) "
        "VALUES ($1, $2, 'd', 'image/png', 1, repeat('a', 64), 'x', $3, $3, $3)",
        uuid7(), applicant, NOW,
    )  # fmt: skip
    for statement in (
        "UPDATE applicant_file SET removed_at = removed_at + interval '1 day'",
        "UPDATE applicant_file SET removed_at = NULL",
    ):
        with pytest.raises(asyncpg.CheckViolationError, match="applicant_file_swept"):
            await connection.execute(statement)
    await run_migration(database_url, "backward", "zhupei.0015_personnel_files")
    assert await connection.fetchval("SELECT count(*) FROM applicant_file") == 1
    await run_migration(database_url, "forward", "zhupei.0016_swept_files")
    assert await connection.fetchval("SELECT swept_at FROM applicant_file") is None
    await connection.close()
