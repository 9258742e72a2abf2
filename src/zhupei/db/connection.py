"""The connection to PostgreSQL: embedded or given, migrated, with its state in the open."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import asyncpg
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.context import (
    TortoiseContext,
    # The context manager of TortoiseContext keeps its token on the shared instance, so two
    # requests that overlap would reset each other's (tortoise-orm #2186).
    _current_context,
)
from tortoise.exceptions import BaseORMException

from zhupei.db.client import DatabaseUnavailableError, PostgresClient
from zhupei.db.embedded import EmbeddedPostgres, EmbeddedPostgresError, ServerAddress
from zhupei.db.job_queue import prepare_job_queue
from zhupei.db.migrating import applied_migrations, known_migrations, migrate
from zhupei.db.moments import SESSIONS
from zhupei.domain.text import Text
from zhupei.noted_reads import spoil

__all__ = ["Database", "DatabaseUnavailableError", "orm_config"]

_APP = "zhupei"
_DATABASE = "zhupei"
_CONNECTION = "default"

# Every zhupei process that migrates a database asks for this lock first ("zhup" in ASCII).
_MIGRATION_LOCK = 0x7A687570
_MIGRATION_LOCK_TIMEOUT_SECONDS = 60
_CONNECT_TIMEOUT_SECONDS = 10.0
_CHECK_TIMEOUT_SECONDS = 2.0
_CLOSE_TIMEOUT_SECONDS = 0.5

_FAILURES = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    BaseORMException,
    DatabaseUnavailableError,
)

_Result = TypeVar("_Result")

_log = logging.getLogger("zhupei.db")

# At `debug` Tortoise logs each query with its values: names, hashes, whatever a row holds.
logging.getLogger("tortoise.db_client").setLevel(logging.INFO)


_EMBEDDED_HINT = Text(
    "改用已有的 PostgreSQL：设置 ZHUPEI_DATABASE_URL；或把 ZHUPEI_DATA_DIR 指向可写的目录",
    "set ZHUPEI_DATABASE_URL to use a PostgreSQL of yours, or ZHUPEI_DATA_DIR to a folder that "
    "can be written",
)
_GIVEN_HINT = Text("检查 ZHUPEI_DATABASE_URL", "check ZHUPEI_DATABASE_URL")

# The oldest release of PostgreSQL that the tests run on (docs/operations.md).
_OLDEST_SERVER = 15


def orm_config(credentials: dict[str, Any]) -> dict[str, Any]:
    """Return Tortoise's configuration for a server given by asyncpg's connection arguments."""
    return {
        "connections": {_CONNECTION: {"engine": "zhupei.db.client", "credentials": credentials}},
        "apps": {
            _APP: {
                "models": ["zhupei.db.models"],
                "migrations": "zhupei.db.migrations",
                "default_connection": _CONNECTION,
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


@dataclass(frozen=True, slots=True)
class _Target:
    """A server to connect to, as asyncpg's connection arguments."""

    credentials: dict[str, Any]

    async def connect(self, database: str | None = None) -> asyncpg.Connection[asyncpg.Record]:
        arguments = dict(self.credentials)
        if database is not None:
            arguments["database"] = database
        return await asyncpg.connect(timeout=_CONNECT_TIMEOUT_SECONDS, **arguments)


class Database:
    """The PostgreSQL of one application: started, migrated, used and given up by it.

    Args:
        data_dir: where the embedded server keeps its files.
        url: a PostgreSQL to use instead of the embedded one.
        pool_size: connections opened at most.
        acquire_timeout: seconds that a query waits for one of them at most.

    """

    def __init__(
        self,
        *,
        data_dir: Path,
        url: str | None = None,
        pool_size: int = 10,
        acquire_timeout: float = 20.0,
    ) -> None:
        self._url = url
        self._pool = {
            "minsize": 1,
            "maxsize": pool_size,
            "acquire_timeout": acquire_timeout,
            "timeout": _CONNECT_TIMEOUT_SECONDS,
            "init": SESSIONS,
        }
        self._embedded = None if url else EmbeddedPostgres(data_dir / "postgres")
        self._context: TortoiseContext | None = None
        self._client: PostgresClient | None = None
        self._target: _Target | None = None
        self._problem: DatabaseUnavailableError | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether this is the server that the application brings along."""
        return self._embedded is not None

    @property
    def problem(self) -> DatabaseUnavailableError | None:
        """Why the database was not usable when it was last tried; None when it was."""
        return self._problem

    def pool_load(self) -> tuple[int, int]:
        """Return how many connections the pool has open, and how many of them are idle."""
        return (0, 0) if self._client is None else self._client.load

    def read(
        self,
        statement: str,
        values: Sequence[Any],
        rows: type[asyncpg.Record] = asyncpg.Record,
        until: float | None = None,
    ) -> Awaitable[list[Any]]:
        """Return what reads the rows of one SELECT, as `zhupei.db.reading.select` does.

        It is of no request: neither traced nor noted, so that an answer that it goes into is not
        given again (`zhupei.noted_reads`). ``until`` is when whoever asks gives up.

        Raises:
            DatabaseUnavailableError: there is no database now.

        """
        if self._client is None:
            raise self._problem or DatabaseUnavailableError(
                Text("数据库尚未启动", "the database has not been started yet"),
                _EMBEDDED_HINT if self._embedded else _GIVEN_HINT,
            )
        spoil()
        return self._client.merged_reads.read(statement, values, rows, until)

    @property
    def server(self) -> Mapping[str, Any] | None:
        """Where the server is, as asyncpg's connection arguments; None until it was reached.

        Not for logs: a password may be among them.
        """
        return None if self._target is None else self._target.credentials

    async def start(self) -> None:
        """Start the embedded server if there is one, migrate, and open the connection.

        Safe to call again after a failure.

        Raises:
            DatabaseUnavailableError: the server cannot be started, reached or migrated.

        """
        if self._context is not None:
            return
        try:
            target = await self._find_server()
            await _migrate(target.credentials)
            context = TortoiseContext()
            # Models are bound while it is the current one; nobody else holds it yet.
            with context:
                await context.init(config=orm_config({**target.credentials, **self._pool}))
        except EmbeddedPostgresError as error:
            self._problem = DatabaseUnavailableError(error.message, _EMBEDDED_HINT)
            raise self._problem from error
        except _UnfitError as error:
            self._problem = error
            raise
        except _FAILURES as error:
            cause = error.__cause__ if isinstance(error, DatabaseUnavailableError) else error
            reason = f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
            self._problem = DatabaseUnavailableError(
                Text(f"无法使用数据库：{reason}", f"the database cannot be used: {reason}"),
                _EMBEDDED_HINT if self._embedded else _GIVEN_HINT,
            )
            raise self._problem from error
        self._context = context
        self._client = cast("PostgresClient", context.db())
        self._target = target
        self._problem = None

    async def reach(self) -> Mapping[str, Any]:
        """Start the embedded server if there is one, and migrate nothing; return where it is.

        The answer is asyncpg's connection arguments, not for logs. `stop` gives the server up.

        Raises:
            DatabaseUnavailableError: the server cannot be started or reached.

        """
        try:
            target = await self._find_server()
            await (await target.connect()).close()
        except EmbeddedPostgresError as error:
            raise DatabaseUnavailableError(error.message, _EMBEDDED_HINT) from error
        except _FAILURES as error:
            raise DatabaseUnavailableError(
                Text("数据库没有应答", "the database does not answer"),
                _EMBEDDED_HINT if self._embedded else _GIVEN_HINT,
            ) from error
        return target.credentials

    async def stop(self) -> None:
        """Close the connections, then give up the embedded server (the last user stops it)."""
        if self._context is not None:
            context, self._context, self._target = self._context, None, None
            self._client = None
            # A query that nobody waits for any more must not hold up the end.
            with contextlib.suppress(*_FAILURES):
                async with asyncio.timeout(_CLOSE_TIMEOUT_SECONDS):
                    await context.close_connections()
        if self._embedded is not None:
            await _to_the_end(self._embedded.stop)

    async def revive(self) -> bool:
        """Start the embedded server again where it ended by itself; tell whether it had.

        Costs next to nothing while it runs. Connections are replaced as they are used.

        Raises:
            DatabaseUnavailableError: it cannot be started now.

        """
        if self._context is None or self._embedded is None or not self._embedded.has_ended:
            return False
        try:
            return await _to_the_end(self._embedded.revive)
        except EmbeddedPostgresError as error:
            self._problem = DatabaseUnavailableError(error.message, _EMBEDDED_HINT)
            raise self._problem from error

    async def check(self) -> None:
        """Ask the server for one row.

        Raises:
            DatabaseUnavailableError: it was never reached, or does not answer within 2 s.

        """
        if self._context is None:
            raise self._problem or DatabaseUnavailableError(
                Text("数据库尚未启动", "the database has not been started yet"),
                _EMBEDDED_HINT if self._embedded else _GIVEN_HINT,
            )
        try:
            async with asyncio.timeout(_CHECK_TIMEOUT_SECONDS):
                await self._context.db().execute_query("SELECT 1")
        except _FAILURES as error:
            self._problem = DatabaseUnavailableError(
                Text("数据库没有应答", "the database does not answer"),
                _EMBEDDED_HINT if self._embedded else _GIVEN_HINT,
            )
            raise self._problem from error
        self._problem = None

    async def own_connection(self) -> asyncpg.Connection[asyncpg.Record]:
        """Open a connection beside the pool, for what occupies one for long, such as LISTEN.

        Whoever asked for it closes it.

        Raises:
            DatabaseUnavailableError: there is no database now.

        """
        spoil()
        try:
            if self._target is None:
                raise ConnectionError("the database is not started")
            return await self._target.connect()
        except _FAILURES as error:
            raise DatabaseUnavailableError(
                Text("数据库没有应答", "the database does not answer"),
                _EMBEDDED_HINT if self._embedded else _GIVEN_HINT,
            ) from error

    def use(self) -> contextlib.AbstractContextManager[None]:
        """Make this database the one that models talk to, for this task and those it starts.

        Without a connection nothing is set, and a model's first query raises.
        """
        return _InUse(self._context)

    async def _find_server(self) -> _Target:
        if self._embedded is None:
            return _Target(_credentials(self._url or ""))
        address = await _to_the_end(self._embedded.start)
        target = _Target(_embedded_credentials(address))
        await _ensure_database(target)
        return target


class _InUse:
    """What `Database.use` returns: every request enters it, so it is no generator."""

    __slots__ = ("_context", "_token")

    def __init__(self, context: TortoiseContext | None) -> None:
        self._context = context

    def __enter__(self) -> None:
        self._token = _current_context.set(self._context)

    def __exit__(self, *_: object) -> None:
        _current_context.reset(self._token)


async def _to_the_end(function: Callable[[], _Result]) -> _Result:
    """Run ``function`` in a thread and wait for it even when cancelled.

    A thread cannot be stopped: a server that it starts after everybody left would stay behind.
    """
    running = asyncio.ensure_future(asyncio.to_thread(function))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


def _embedded_credentials(address: ServerAddress) -> dict[str, Any]:
    return {
        "host": str(address.socket_dir),
        "port": address.port,
        "user": address.user,
        "password": "",
        "database": _DATABASE,
    }


def _credentials(url: str) -> dict[str, Any]:
    credentials = dict(expand_db_url(url)["credentials"])
    # The name in libpq's addresses; asyncpg's own argument is `ssl`.
    if "sslmode" in credentials:
        credentials["ssl"] = credentials.pop("sslmode")
    return {name: value for name, value in credentials.items() if value is not None}


async def _ensure_database(target: _Target) -> None:
    connection = await target.connect("postgres")
    try:
        found = await connection.fetchval(
            "SELECT true FROM pg_database WHERE datname = $1", _DATABASE
        )
        if not found:
            # Another process may be quicker.
            with contextlib.suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await connection.execute(f'CREATE DATABASE "{_DATABASE}"')
    finally:
        await connection.close()


class _UnfitError(DatabaseUnavailableError):
    """The server or the database is not one that this version works with; the hint says more."""


def _refuse_old(release: int) -> None:
    """Refuse a server of a release that is too old, before anything is made in it."""
    if release < _OLDEST_SERVER:
        raise _UnfitError(
            Text(
                f"PostgreSQL {release} 过旧，至少需要 {_OLDEST_SERVER}",
                f"PostgreSQL {release} is too old: {_OLDEST_SERVER} is the oldest that will do",
            ),
            Text(
                "升级数据库，或不设 ZHUPEI_DATABASE_URL 而用自带的 PostgreSQL",
                "upgrade the server, or leave ZHUPEI_DATABASE_URL out to use the PostgreSQL that "
                "comes along",
            ),
        )


def _refuse_newer(applied: frozenset[str]) -> None:
    """Refuse a database that a newer version migrated.

    It asks of every write what this version does not know: a column to fill, a record to append.
    """
    unknown = sorted(applied - known_migrations())
    if unknown:
        names = ", ".join(unknown)
        raise _UnfitError(
            Text(
                f"数据库已由更新的版本升级（本版本没有迁移 {names}）",
                f"a newer version migrated the database (this one does not have {names})",
            ),
            Text(
                "用该更新的版本启动；要退回本版本，先用 zhupei restore --replace 恢复升级前的备份",
                "start that newer version; to come back to this one, bring back the backup from "
                "before the upgrade first: zhupei restore --replace",
            ),
        )


@contextlib.asynccontextmanager
async def _migration_lock(credentials: dict[str, Any]) -> AsyncIterator[None]:
    """Hold the database-wide lock; it ends with its session, however the process ends."""
    connection = await _Target(credentials).connect()
    try:
        await connection.execute(f"SET lock_timeout = '{_MIGRATION_LOCK_TIMEOUT_SECONDS}s'")
        await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        yield
    finally:
        await connection.close()


async def _migrate(credentials: dict[str, Any]) -> None:
    """Apply pending migrations; of several processes one works and the others wait.

    Raises:
        _UnfitError: nothing was changed.

    """
    config = orm_config({**credentials, "minsize": 1, "maxsize": 2})
    async with _migration_lock(credentials):
        connection = await _Target(credentials).connect()
        try:
            _refuse_old(connection.get_server_version().major)
            applied = await applied_migrations(connection)
            _refuse_newer(applied)
            if applied != known_migrations():
                await migrate(config, direction="forward")
                _log.debug("migrations applied")
            await prepare_job_queue(connection)
        finally:
            await connection.close()
