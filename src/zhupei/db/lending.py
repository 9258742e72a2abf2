"""The connections of one pool: borrowed, given back, and none of them lost for good.

asyncpg's pool does much for each time that a connection is lent: a proxy, a future, a place in a
queue, a timer. Most of what is done with one is to read rows, one read after the other. So the one
that was given back last stays lent where only rows were read on it, and whoever comes next takes it
as it is. It counts as idle, and goes back to the pool now and then, which replaces connections
that have done much; where somebody waits for a connection nothing is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any, cast

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.exceptions import DBConnectionError

from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError

__all__ = ["GONE", "HINT", "LOST", "DatabaseUnavailableError", "LendingClient", "drop", "is_lost"]

_log = logging.getLogger("zhupei.db")

_ACQUIRE_TIMEOUT_SECONDS = 20.0
_RELEASE_TIMEOUT_SECONDS = 5.0
# The pool looks at how much a connection has done when it is given back.
_MOST_TIMES_KEPT = 10_000
# As long as the pool leaves one open that nobody uses: what stands between may forget it then, and
# whoever asks on it would wait for an answer that never comes.
_MOST_IDLE_SECONDS = 300.0

LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.DatabaseDroppedError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
    # A connection that ended in the middle of a statement no longer knows where it stands.
    asyncpg.InternalClientError,
)
"""What means that the server or a connection to it is gone."""

HINT = Text(
    "稍后以同一幂等键重试；查看 PostgreSQL 的状态和日志",
    "try again soon, with the same idempotency key; look at PostgreSQL and its log",
)
_BUSY = Text(
    "数据库繁忙：没有空闲的连接", "the database is busy: no connection became free in time"
)
GONE = Text("与数据库的连接中断", "the connection to the database was lost")


class DatabaseUnavailableError(ZhupeiError):
    """PostgreSQL cannot be used now; the hint says what to set or to do."""

    code = "DATABASE_UNAVAILABLE"
    hint: Text

    def __init__(self, message: Text, hint: Text) -> None:
        super().__init__(message, hint)


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg exports it without a type
    """A connection that leaves out what resets it where nothing was set: a round trip saved."""

    only_read = False
    """Whether what was done since it was borrowed was to read rows outside a transaction."""
    times_kept = 0
    """How often it was kept since the pool had it."""

    def get_reset_query(self) -> str:
        if self.only_read:
            self.only_read = False
            return ""
        reset: str = super().get_reset_query()
        return reset


class LendingClient(AsyncpgDBClient):
    """A pool of connections that gives none away for good.

    Args:
        acquire_timeout: seconds to wait for a free connection at most.
        arguments: what Tortoise's client takes.

    """

    def __init__(
        self, *, acquire_timeout: float = _ACQUIRE_TIMEOUT_SECONDS, **arguments: Any
    ) -> None:
        super().__init__(**arguments)
        self._acquire_timeout = acquire_timeout
        self._turns = asyncio.Semaphore(self.pool_maxsize)
        self._waiting = 0
        self._kept: Any = None
        self._kept_until = 0.0
        self._is_closed = False
        self.connection_class = _Connection

    @property
    def load(self) -> tuple[int, int]:
        """How many connections are open, and how many of them nobody uses."""
        if self._pool is None:
            return 0, 0
        kept = self._kept is not None and not is_lost(self._kept)
        return self._pool.get_size(), self._pool.get_idle_size() + kept

    async def create_connection(self, with_db: bool) -> None:
        """Open the pool, as Tortoise does."""
        self._is_closed = False
        await super().create_connection(with_db)

    async def _close(self) -> None:
        # Nothing is kept from now on, and whoever comes late does not open the pool again.
        self._is_closed = True
        kept, self._kept = self._kept, None
        if kept is not None:
            await self._given_up(kept)
        await super()._close()

    async def borrow(self) -> Any:
        """Return a connection of the pool; whoever borrows it gives it back.

        Raises DatabaseUnavailableError where none can be opened or none becomes free in time.
        """
        kept, self._kept = self._kept, None
        if kept is not None:
            if not is_lost(kept):
                if time.monotonic() < self._kept_until:
                    return kept
                drop(kept)
            await self._given_up(kept)
        pool, limit = self._pool, None
        try:
            if pool is not None and not pool._queue.empty() and not self._turns.locked():  # noqa: SLF001 - `get_idle_size` asks every connection
                # One is there, and nobody has to be waited for.
                await self._turns.acquire()
                return await self._taken()
            # Not asyncpg's own timeout: up to Python 3.11 that swallows a cancellation.
            async with asyncio.timeout(self._acquire_timeout) as limit:
                self._waiting += 1
                # The pool gives a connection to whoever comes just then, and those who wait for
                # one would wait on; turns are taken in the order in which they were asked for.
                await self._turns.acquire()
                return await self._taken()
        except (
            OSError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            DBConnectionError,
        ) as error:
            # A connection that takes too long to open raises TimeoutError, too.
            late = limit is not None and limit.expired()
            raise DatabaseUnavailableError(_BUSY if late else GONE, HINT) from error
        finally:
            if limit is not None:
                self._waiting -= 1

    async def _taken(self) -> Any:
        """Return a connection of the pool to whoever has a turn, which ends where none comes."""
        try:
            if self._pool is None:
                async with self._pool_init_lock:
                    if self._is_closed:
                        raise DBConnectionError("the connections were closed")
                    if self._pool is None:
                        await self.create_connection(with_db=True)
            return await cast("asyncpg.Pool[asyncpg.Record]", self._pool).acquire()
        except BaseException:
            self._turns.release()
            raise

    async def give_back(self, connection: Any) -> None:
        """Return a borrowed connection; one that is broken is closed and replaced later.

        What was done with it is done: no failure of the return is the borrower's. One on which
        rows were read and nothing else is kept for whoever comes next, unless somebody waits.
        """
        held = getattr(connection, "_con", None)
        if (
            held is not None
            and held.only_read
            and self._kept is None
            and not self._waiting
            and not self._is_closed
            and held.times_kept < _MOST_TIMES_KEPT
        ):
            held.only_read = False
            held.times_kept += 1
            self._kept, self._kept_until = connection, time.monotonic() + _MOST_IDLE_SECONDS
        else:
            await self._given_up(connection)

    async def _given_up(self, connection: Any) -> None:
        """Return a connection to the pool, and the turn with it."""
        try:
            await self._returned(connection)
        finally:
            self._turns.release()

    async def _returned(self, connection: Any) -> None:
        pool = self._pool
        if pool is None:
            return
        held = getattr(connection, "_con", None)
        if held is not None:
            held.times_kept = 0
        try:
            if held is not None and held.only_read:
                # Nothing is asked of the server, so nobody waits: as the pool does it, without
                # the task that it makes for that.
                held._on_release()  # noqa: SLF001 - as above
                await connection._holder.release(None)  # noqa: SLF001 - as above
            else:
                await pool.release(connection, timeout=_RELEASE_TIMEOUT_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever it is, another connection comes
            _log.debug("a connection was replaced", extra={"reason": type(error).__name__})
            drop(connection)


def is_lost(connection: Any) -> bool:
    """Whether a borrowed connection is closed, or was taken back because it closed."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


def drop(connection: Any) -> None:
    """Close a connection at once; its place in the pool becomes free."""
    with contextlib.suppress(asyncpg.InterfaceError):
        connection.terminate()
