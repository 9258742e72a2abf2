"""Moves a test's database from migration to migration, and tells what is in it."""

from __future__ import annotations

from typing import Any

import asyncpg

from zhupei.db.connection import _credentials, orm_config
from zhupei.db.migrating import migrate

__all__ = ["run_migration", "schema_of"]


async def run_migration(url: str, direction: str, target: str) -> None:
    """Migrate the database at ``url`` forward or backward to ``target``."""
    config = orm_config({**_credentials(url), "minsize": 1, "maxsize": 2})
    await migrate(config, direction=direction, target=target)


async def schema_of(url: str) -> list[str]:
    """Return every column, constraint, index, trigger and function of ours as a line."""
    connection: Any = await asyncpg.connect(dsn=url)
    try:
        lines = await connection.fetch(
            "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable "
            "|| ' ' || coalesce(column_default, '') FROM information_schema.columns "
            "WHERE table_schema = 'public' "
            "UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || "
            "pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = 'public'::regnamespace "
            "UNION ALL SELECT tgrelid::regclass || ' ' || pg_get_triggerdef(oid) FROM pg_trigger "
            "WHERE NOT tgisinternal "
            "UNION ALL SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc "
            "WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' "
            "UNION ALL SELECT tablename || ' ' || indexdef FROM pg_indexes "
            "WHERE schemaname = 'public' ORDER BY 1"
        )
    finally:
        await connection.close()
    return [row[0] for row in lines]
