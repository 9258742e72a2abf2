"""The PostgreSQL of a test run: embedded, shared by the workers, with a migrated template."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg

from zhupei.db import migrations
from zhupei.db.connection import Database
from zhupei.db.embedded import EmbeddedPostgres

_COUNTER = itertools.count()

# Workers of a run, and runs beside each other, make the template one at a time.
_TEMPLATE_LOCK = 0x7A687574


class PostgresServer:
    """The embedded server of the test run; `new_database` clones the migrated template."""

    def __init__(self, directory: Path) -> None:
        self._postgres = EmbeddedPostgres(directory, durable=False)
        self._address = self._postgres.start()
        digest = hashlib.sha256()
        folder = Path(migrations.__path__[0])
        for path in [*sorted(folder.glob("*.py")), folder.parent / "job_queue.py"]:
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
        digest.update(version("procrastinate").encode())
        self._template = f"template_{digest.hexdigest()[:16]}"
        _run(self._prepare())

    def url(self, database: str) -> str:
        """Return the address of a database, as ``ZHUPEI_DATABASE_URL`` takes it."""
        return f"postgresql://{self._address.user}@/{database}?host={self._address.socket_dir}"

    def new_database(self, *, migrated: bool = True) -> str:
        """Make a database and return its name."""
        name = f"test_{os.getpid()}_{next(_COUNTER)}"
        template = self._template if migrated else "template0"
        # Files are copied, not logged page by page: a third of the time.
        _run(self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'))
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database and end its sessions."""
        _run(self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))

    def stop(self) -> None:
        """Give the server up; the last worker stops it."""
        self._postgres.stop()

    async def _connect(self) -> Any:
        return await asyncpg.connect(
            host=str(self._address.socket_dir), user=self._address.user, database="postgres"
        )

    async def _execute(self, statement: str) -> None:
        connection = await self._connect()
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _prepare(self) -> None:
        connection = await self._connect()
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", _TEMPLATE_LOCK)
            names = {row["datname"] for row in await connection.fetch("TABLE pg_database")}
            for name in _leftovers(names):
                await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            if self._template not in names:
                await self._make_template(connection)
        finally:
            await connection.close()

    async def _make_template(self, connection: Any) -> None:
        unfinished = f"{self._template}_unfinished"
        await connection.execute(f'DROP DATABASE IF EXISTS "{unfinished}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{unfinished}" TEMPLATE template0')
        database = Database(data_dir=Path(), url=self.url(unfinished))
        await database.start()
        await database.stop()
        await connection.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{self._template}"')


def _leftovers(names: set[str]) -> list[str]:
    """Return the databases whose test process was killed before it could drop them."""
    return [
        name
        for name in names
        if name.startswith("test_") and not Path(f"/proc/{name.split('_')[1]}").exists()
    ]


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` on a loop of its own in a thread: the test's loop may be running."""
    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, work).result()
