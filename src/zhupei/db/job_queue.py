"""The tables and functions of procrastinate, kept in a schema of their own and up to date.

procrastinate (the queue of jobs) brings its tables as SQL, and a file of SQL for each later change
of them. They live in the schema ``procrastinate``, whose comment names the last of these files
that was applied: a newer procrastinate is followed at the next start, under the lock of our own
migrations. Two indexes there are ours: `zhupei.services.queue_status` counts by them.
``DROP SCHEMA procrastinate CASCADE`` takes it all back; the next start makes it anew, and only jobs
that were waiting are lost: what they were to do is found in our own tables.
"""

from __future__ import annotations

import importlib.util
import logging
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["SCHEMA", "enqueue", "prepare_job_queue"]

SCHEMA = "procrastinate"
"""The schema of the queue; nothing else is in it."""

_log = logging.getLogger("zhupei.db")

# Every function finds its tables whoever calls it: also our own statements, from our schema.
_OWN_SEARCH_PATH = f"""
DO $$
DECLARE each record;
BEGIN
    FOR each IN SELECT oid::regprocedure::text AS name FROM pg_proc
        WHERE pronamespace = '{SCHEMA}'::regnamespace AND prokind = 'f'
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = {SCHEMA}, pg_temp', each.name);
    END LOOP;
END $$
"""  # noqa: S608 - the schema's name is ours

_OWN_INDEXES = {
    "zhupei_jobs_failed": "(id) WHERE status = 'failed'",
    "zhupei_jobs_scheduled": "(scheduled_at) WHERE status = 'todo' AND scheduled_at IS NOT NULL",
}


async def prepare_job_queue(connection: Any) -> None:
    """Make the queue's tables, or bring them up to the procrastinate that is installed.

    ``connection`` is one of asyncpg's; the caller holds the lock of migrations. All or nothing.
    """
    async with connection.transaction():
        if not await _bring_up(connection):
            return
        for name, index in _OWN_INDEXES.items():
            # Asked first: CREATE INDEX waits for everybody who writes, also where there is one.
            if await connection.fetchval("SELECT to_regclass($1)", f"{SCHEMA}.{name}") is None:
                await connection.execute(
                    f"CREATE INDEX {name} ON {SCHEMA}.procrastinate_jobs {index}"
                )


async def _bring_up(connection: Any) -> bool:
    """Make the tables or bring them up; return whether they are now those that we know."""
    files = _files()
    newest = files[-1].name
    applied = await connection.fetchval(
        "SELECT coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace "
        "WHERE nspname = $1",
        SCHEMA,
    )
    if applied == newest:
        return True
    if applied is not None and applied > newest:
        # Its functions carry their version in their names and stay for those before.
        _log.warning(
            "the queue of jobs was made by a newer procrastinate",
            extra={"applied": applied, "installed": version("procrastinate")},
        )
        return False
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    await connection.execute(f"SET LOCAL search_path = {SCHEMA}, pg_temp")
    if not applied:
        await connection.execute(_sql(_folder() / "schema.sql"))
    else:
        for file in files:
            if file.name > applied:
                await connection.execute(_sql(file))
    await connection.execute(_OWN_SEARCH_PATH)
    await connection.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{newest}'")
    return True


async def enqueue(connection: Any, task: str, queue: str) -> None:
    """Put a job without arguments on the queue, in the transaction of ``connection``.

    ``connection`` is Tortoise's: the job exists if and only if the transaction is committed.
    """
    await connection.execute_query(
        f"SELECT {SCHEMA}.procrastinate_defer_jobs_v1(ARRAY[ROW($1::varchar, $2::varchar, 0, "
        f"NULL, NULL, '{{}}'::jsonb, NULL)::{SCHEMA}.procrastinate_job_to_defer_v1])",
        [queue, task],
    )


@cache
def _folder() -> Path:
    # Its place only: importing procrastinate takes longer than most commands.
    spec = importlib.util.find_spec("procrastinate")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("procrastinate is not installed")
    return Path(spec.origin).parent / "sql"


@cache
def _files() -> tuple[Path, ...]:
    return tuple(sorted((_folder() / "migrations").glob("*.sql")))


def _sql(file: Path) -> str:
    return file.read_text(encoding="utf-8")
