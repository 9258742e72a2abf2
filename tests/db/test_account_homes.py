"""Where accounts belong, as the nineteenth migration finds it out, on real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from migrating import run_migration
from zhupei.db.connection import Database

BEFORE = "zhupei.0018_unsettled_indexes"
AFTER = "zhupei.0019_homes_of_accounts"
_NOW = "'2026-06-18T04:00:00Z'"


async def test_accounts_belong_where_their_oldest_role_in_force_is(
    database_url: str, tmp_path: Path
) -> None:
    """Nobody noted where they were made; those without a role are the nation's."""
    await run_migration(database_url, "backward", BEFORE)
    connection = await asyncpg.connect(database_url)
    logins = ("moved", "national", "nobody", "office", "retired")
    for number, login in enumerate(logins, start=1):
        await connection.execute(
            "INSERT INTO account (id, kind, login, tokens_valid_from, created_at) "
            f"VALUES (gen_random_uuid(), 'person', $1, {_NOW}, {_NOW}::timestamptz + $2 * "
            "interval '1 day')",
            login,
            number,
        )
    grants = (
        ("moved", 1, "base-a", None, True),
        ("moved", 2, "base-b", None, False),
        ("moved", 3, "base-c", None, False),
        ("national", 4, None, None, False),
        ("national", 5, "base-a", None, False),
        ("office", 6, None, "hubei", False),
        ("retired", 7, "base-a", None, True),
    )
    for login, number, base, jurisdiction, is_over in grants:
        await connection.execute(
            "INSERT INTO role_grant (id, account_id, role, base_code, jurisdiction_code, "
            "granted_by, granted_at, revoked_at, revoked_by) SELECT "
            "('00000000-0000-7000-8000-00000000000' || $2::int)::uuid, a.id, 'auditor', $3, $4, "
            f"'x', {_NOW}, CASE WHEN $5 THEN {_NOW}::timestamptz END, CASE WHEN $5 THEN 'x' END "
            "FROM account a WHERE a.login = $1",
            login,
            number,
            base,
            jurisdiction,
            is_over,
        )
    await run_migration(database_url, "forward", AFTER)
    homes = "SELECT login, home_base_code, home_jurisdiction_code FROM account ORDER BY login"
    expected = [
        ("moved", "base-b", None),
        ("national", None, None),
        ("nobody", None, None),
        ("office", None, "hubei"),
        ("retired", None, None),
    ]
    assert [tuple(row) for row in await connection.fetch(homes)] == expected
    with pytest.raises(asyncpg.CheckViolationError, match="account_one_home"):
        await connection.execute("UPDATE account SET home_base_code = 'b' WHERE login = 'office'")
    await run_migration(database_url, "backward", BEFORE)
    assert await connection.fetchval("SELECT count(*) FROM account") == len(logins)
    await run_migration(database_url, "forward", AFTER)
    assert [tuple(row) for row in await connection.fetch(homes)] == expected
    await connection.close()
    database = Database(data_dir=tmp_path, url=database_url, pool_size=1)
    await database.start()
    await database.stop()
