"""A database over one connection, and how that is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from zhupei.db.connection import Database

_KILL = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def kill_connections(url: str) -> int:
    """End every other session, before the running loop can notice; return how many."""

    async def kill() -> int:
        connection = await asyncpg.connect(url)
        try:
            count: int = await connection.fetchval(_KILL)
            # Ended when its process is gone: only then are its locks, too.
            while await connection.fetchval(_KILL):  # noqa: ASYNC110 - a row, not an event
                await asyncio.sleep(0.005)
        finally:
            await connection.close()
        return count

    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, kill()).result()


@asynccontextmanager
async def single(url: str, patience: float = 5.0) -> AsyncIterator[Database]:
    """A database over a pool of one: what is lost once is missed at once."""
    database = Database(data_dir=Path(), url=url, pool_size=1, acquire_timeout=patience)
    await database.start()
    with database.use():
        yield database
    await database.stop()
