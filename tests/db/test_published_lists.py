"""The migration of published lists goes back and forth with a row, and keeps content and hash."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from migrating import run_migration
from postgres_server import STILL_NAMED
from zhupei.db.connection import Database
from zhupei.db.identifiers import uuid7
from zhupei.db.models import PublicityRow, PublishedListRow

BEFORE, AFTER = "zhupei.0007_trainees", "zhupei.0008_published_lists"
NOW = datetime(2026, 5, 11, 2, 0, tzinfo=UTC)
CONTENT = '{"list": "拟录取"}'


async def fill(connection: Any) -> None:
    publicity = uuid7()
    await connection.execute(
        "INSERT INTO publicity (id, base_code, program_code, round_code, published_at, "
        "published_by, ends_on, ends_at, working_days, counts_first_day, catalogue_hash) "
        "VALUES ($1, 'b', 'p', 'r', $2, 'a', $3, $4, 7, false, $5)",
        publicity, NOW, date(2026, 5, 20), NOW.replace(day=20), "0" * 64,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO published_list (id, publicity_id, content, sha256, key_id, signed_at) "
        "VALUES ($1, $2, $3, $4, 'k', $5)",
        uuid7(), publicity, CONTENT, hashlib.sha256(CONTENT.encode()).hexdigest(), NOW,
    )  # fmt: skip


async def test_back_and_forth_with_a_row(database_url: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    await run_migration(database_url, "backward", BEFORE)
    assert await connection.fetchval("SELECT to_regclass('published_list')") is None
    assert await connection.fetchval("SELECT count(*) FROM publicity") == 1
    await run_migration(database_url, "forward", AFTER)
    await connection.execute("DELETE FROM publicity")
    await fill(connection)
    with pytest.raises(asyncpg.CheckViolationError, match="published_list_sha256"):
        await connection.execute("UPDATE published_list SET content = 'changed'")
    with pytest.raises(STILL_NAMED):
        await connection.execute("DELETE FROM publicity")
    await connection.close()
    database = Database(data_dir=tmp_path, url=database_url, pool_size=1)
    await database.start()
    with database.use():
        listed = await PublicityRow.get(program_code="p")
        assert (await PublishedListRow.get(publicity_id=listed.id)).content == CONTENT
    await database.stop()
