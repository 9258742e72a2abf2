"""The PostgreSQL of a test run: embedded, shared by the workers, with a migrated template.

Tests get a database of their own: made once for each worker, emptied between tests. With
``TEST_POSTGRES_URL`` (the URL of a database where others may be made) they get it on that server
instead, which may be of another version.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg

from zhupei.db import migrations
from zhupei.db.connection import Database
from zhupei.db.embedded import EmbeddedPostgres

STILL_NAMED = (asyncpg.RestrictViolationError, asyncpg.ForeignKeyViolationError)
"""A row goes that others name: what PostgreSQL says from 18 on, and before."""

_Result = TypeVar("_Result")
_COUNTER = itertools.count()

# Workers of a run, and runs beside each other, make the template one at a time.
_TEMPLATE_LOCK = 0x7A687574


class PostgresServer:
    """The server of the test run; `new_database` clones the migrated template.

    Args:
        directory: of the embedded server.
        own: the URL of a database on the server that is used instead, if any.

    """

    def __init__(self, directory: Path, own: str | None = None) -> None:
        self._own = None if own is None else urlsplit(own)
        self._postgres = None if own else EmbeddedPostgres(directory, durable=False)
        self._address = None if self._postgres is None else self._postgres.start()
        digest = hashlib.sha256()
        folder = Path(migrations.__path__[0])
        for path in [*sorted(folder.glob("*.py")), folder.parent / "job_queue.py"]:
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
        digest.update(version("procrastinate").encode())
        self._template = f"template_{digest.hexdigest()[:16]}"
        self._free: list[str] = []
        self._shape = ""
        self._seed: dict[str, str] = {}
        self._sequences: dict[str, tuple[int, bool]] = {}
        _run(self._prepare())

    def url(self, database: str) -> str:
        """Return the address of a database, as ``ZHUPEI_DATABASE_URL`` takes it."""
        if self._own is not None:
            return self._own._replace(path=f"/{database}").geturl()
        assert self._address is not None
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

    def borrow(self) -> str:
        """Return a migrated database without rows; `give_back` empties it for the next test."""
        return self._free.pop() if self._free else self.new_database()

    def give_back(self, name: str) -> None:
        """End a borrowed database's sessions and put it back to what it was when it was made.

        That takes a tenth of making a new one. A database whose tables a test changed is removed.
        """
        if _run(self._emptied(name)):
            self._free.append(name)
        else:
            self.drop_database(name)

    def stop(self) -> None:
        """Give the server up; the last worker stops it."""
        for name in self._free:
            self.drop_database(name)
        if self._postgres is not None:
            self._postgres.stop()

    async def _emptied(self, name: str) -> bool:
        """Empty a database; False where it is gone or no longer has the template's tables."""
        connection = await self._connect()
        try:
            await connection.execute(_END_SESSIONS, name)
        finally:
            await connection.close()
        try:
            connection = await self._connect(name)
        except asyncpg.InvalidCatalogNameError:
            return False
        try:
            # Neither triggers nor keys of other tables stand in the way: all tables are emptied.
            await connection.execute("SET session_replication_role = replica")
            if await connection.fetchval(_SHAPE) != self._shape:
                return False
            async with connection.transaction():
                await connection.execute(_EMPTY)
                for sequence, (last, called) in self._sequences.items():
                    await connection.execute("SELECT setval($1, $2, $3)", sequence, last, called)
                for table, rows in self._seed.items():
                    await connection.execute(
                        f"INSERT INTO {table} OVERRIDING SYSTEM VALUE "
                        f"SELECT * FROM json_populate_recordset(NULL::{table}, $1::json)",
                        rows,
                    )
            return True
        finally:
            await connection.close()

    async def _connect(self, database: str = "postgres") -> Any:
        return await asyncpg.connect(self.url(database))

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
            await self._learn_template()
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

    async def _learn_template(self) -> None:
        """Note what a fresh database holds; nobody else may be connected to the template."""
        connection = await self._connect(self._template)
        try:
            self._shape = await connection.fetchval(_SHAPE)
            tables = [row["name"] for row in await connection.fetch(_TABLES)]
            for table in tables:
                rows = await connection.fetchval(f"SELECT json_agg(t) FROM {table} AS t")
                if rows is not None:
                    self._seed[table] = rows
            for row in await connection.fetch(_SEQUENCES):
                place = await connection.fetchrow(
                    f"SELECT last_value, is_called FROM {row['name']}"
                )
                self._sequences[row["name"]] = (place["last_value"], place["is_called"])
        finally:
            await connection.close()


# Tables, columns, constraints, indexes, triggers and functions, as one hash.
_SHAPE = """
    SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
        SELECT concat_ws(' ', c.oid::regclass, c.relkind, a.attname, a.atttypid, a.attnotnull)
            FROM pg_class AS c LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
            WHERE c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
        UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
            FROM pg_constraint WHERE conrelid <> 0
        UNION ALL SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
        UNION ALL SELECT concat_ws(' ', oid::regprocedure, md5(prosrc)) FROM pg_proc
            WHERE pronamespace::regnamespace::text !~ '^(pg_|information_schema)'
    ) AS parts (part)
"""
_TABLES = """
    SELECT oid::regclass::text AS name FROM pg_class
    WHERE relkind = 'r' AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
    ORDER BY name
"""
_SEQUENCES = "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'S'"
_EMPTY = f"""
    DO $$ DECLARE each record; BEGIN
        FOR each IN {_TABLES} LOOP EXECUTE 'DELETE FROM ' || each.name; END LOOP;
    END $$
"""
_END_SESSIONS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1
"""


def _leftovers(names: set[str]) -> list[str]:
    """Return the databases whose test process was killed before it could drop them."""
    return [
        name
        for name in names
        if name.startswith("test_") and not Path(f"/proc/{name.split('_')[1]}").exists()
    ]


def _run(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run ``work`` on a loop of its own in a thread: the test's loop may be running."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, work).result()
