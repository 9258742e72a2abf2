"""Tortoise's client for PostgreSQL, made safe against connections that are lost.

Tortoise 1.1.9 loses a connection of its pool for good, and leaves the task inside a transaction
that is dead, whenever BEGIN fails or is cancelled: the leaving half of its context manager, which
gives back, never runs (tortoise-orm #1438; the same fault as CanopyTax/asyncpgsa #52). It also
waits for a free connection for ever, lets the failure of a ROLLBACK or of a return hide what
really happened, and reports a lost connection in a dozen ways (tortoise-orm #413). Here:

- whatever is borrowed is given back, also when a request is cancelled at any point
  (`zhupei.db.lending`);
- a connection that was lost before its transaction began is replaced by another one;
- nobody waits for a connection longer than ``acquire_timeout`` (seconds);
- whatever means "the server is gone" is a `DatabaseUnavailableError`. Raised at COMMIT it says
  that the outcome is unknown: only a repeat with the same idempotency key is safe then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import asyncpg
from tortoise.backends.asyncpg.client import TransactionWrapper
from tortoise.backends.base.client import (
    ConnectionWrapper,
    NestedTransactionContext,
    PoolConnectionWrapper,
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.backends.base_postgres.client import translate_exceptions
from tortoise.connection import ConnectionToken, get_connections

from zhupei.db.deadlines import OverdueStatementError, deadline
from zhupei.db.lending import (
    GONE,
    HINT,
    LOST,
    DatabaseUnavailableError,
    LendingClient,
    drop,
    is_lost,
)
from zhupei.db.merged_reads import MergedReads
from zhupei.domain.text import Text
from zhupei.noted_reads import noting, spoil
from zhupei.tracing import current_tracing, statement_attributes

__all__ = ["DatabaseUnavailableError", "PostgresClient", "client_class"]

_log = logging.getLogger("zhupei.db")

# A restart of the server ends all of a pool's connections at once, and one look at each is enough.
_MOST_TRIES = 20

_UNKNOWN = Text(
    "提交时与数据库的连接中断，是否已写入不得而知",
    "the connection to the database was lost while committing: whether it was written is unknown",
)


class PostgresClient(LendingClient):
    """A pool of connections, what is read on them together, and transactions.

    Args:
        arguments: what `LendingClient` takes.

    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.merged_reads = MergedReads(self._read_rows, self._read_together)

    def acquire_connection(self) -> _Borrowed:
        spoil()
        return _Borrowed(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        spoil()
        return _Transaction(_TransactionClient(self), self._pool_init_lock)

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await _timed(super()._translate_exceptions, func, *args, **kwargs)
        except LOST as error:
            raise DatabaseUnavailableError(GONE, HINT) from error
        except Exception as error:
            _forget_values(error)
            raise

    async def read_rows(
        self, statement: str, values: Sequence[Any], record_class: type[asyncpg.Record]
    ) -> list[asyncpg.Record]:
        """Return the rows of one SELECT that changes nothing, as objects of ``record_class``.

        With others that ask the same at the same time where that is quicker (`MergedReads`).
        Noted where somebody wants to know (`zhupei.noted_reads`).
        """
        noted = noting.get()
        found = None if noted is None else noted.at_hand(statement, values, record_class)
        if found is None:
            read = self.merged_reads.read(statement, values, record_class, deadline.get())
            if (tracing := current_tracing.get()) is not None:
                with tracing.span("sql", statement_attributes(statement)):
                    found = await read
            else:
                found = await read
        if noted is not None:
            noted.note(statement, values, record_class, found)
        return found

    async def _read_rows(
        self, statement: str, values: Sequence[Any], record_class: type[asyncpg.Record]
    ) -> list[asyncpg.Record]:
        return await self._fetched(
            statement,
            lambda connection: connection.fetch(statement, *values, record_class=record_class),
        )

    async def _read_together(
        self,
        statement: str,
        sets: list[Sequence[Any]],
        record_class: type[asyncpg.Record],
        until: float | None,
    ) -> list[asyncpg.Record]:
        async with asyncio.timeout_at(until):
            return await self._fetched(
                statement,
                lambda connection: connection.fetchmany(statement, sets, record_class=record_class),
            )

    async def _fetched(
        self, statement: str, fetch: Callable[[Any], Awaitable[list[asyncpg.Record]]]
    ) -> list[asyncpg.Record]:
        self.log.debug("%s", statement)
        connection = await self.borrow()
        try:
            rows = await fetch(connection)
            held = connection._con  # noqa: SLF001 - the proxy only passes reading on
            # None where it was lost right after its answer.
            if held is not None:
                held.only_read = True
        except LOST as error:
            raise DatabaseUnavailableError(GONE, HINT) from error
        except asyncpg.InterfaceError as error:
            if is_lost(connection):
                raise DatabaseUnavailableError(GONE, HINT) from error
            raise
        except Exception as error:
            _forget_values(error)
            raise
        finally:
            await self.give_back(connection)
        return rows


async def _timed(
    translated: Callable[..., Awaitable[Any]], func: Any, *args: Any, **kwargs: Any
) -> Any:
    """Do what Tortoise does with a statement (or with a BEGIN), in a span where somebody traces."""
    tracing = current_tracing.get()
    if tracing is None:
        return await translated(func, *args, **kwargs)
    statement = args[0] if args and isinstance(args[0], str) else func.__name__
    with tracing.span("sql", statement_attributes(statement)):
        return await translated(func, *args, **kwargs)


def _forget_values(error: Exception) -> None:
    """Take the row out of an error of the server: whoever logs it must not log people."""
    for each in (error, error.__cause__):
        if isinstance(each, asyncpg.PostgresError):
            each.detail = None


class _Borrowed(PoolConnectionWrapper[Any]):
    """One connection for one statement outside a transaction.

    The statement ends in PostgreSQL when the operation that it is for has to (`deadline`), also
    where a task of its own runs it, which nobody cancels.
    """

    __slots__ = ("_limit",)

    async def __aenter__(self) -> Any:
        until = deadline.get()
        self._limit = None if until is None else asyncio.timeout_at(until)
        self.connection = await cast("PostgresClient", self.client).borrow()
        if self._limit is not None:
            await self._limit.__aenter__()
        return self.connection

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        lost = isinstance(exc_val, asyncpg.InterfaceError) and is_lost(self.connection)
        try:
            if self._limit is not None:
                await self._limit.__aexit__(exc_type, exc_val, exc_tb)
        except TimeoutError:
            # Which is an OSError, and would be taken for a database that is gone.
            raise OverdueStatementError from None
        finally:
            await cast("PostgresClient", self.client).give_back(self.connection)
        if lost:
            raise DatabaseUnavailableError(GONE, HINT) from exc_val


class _TransactionClient(TransactionWrapper):
    """The client of one transaction or savepoint."""

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        return ConnectionWrapper(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return _Savepoint(_TransactionClient(self))

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await _timed(super()._translate_exceptions, func, *args, **kwargs)
        except LOST as error:
            raise DatabaseUnavailableError(GONE, HINT) from error
        except asyncpg.InterfaceError as error:
            if is_lost(self._connection):
                raise DatabaseUnavailableError(GONE, HINT) from error
            raise
        except Exception as error:
            _forget_values(error)
            raise

    @translate_exceptions
    async def read_rows(
        self, statement: str, values: Sequence[Any], record_class: type[asyncpg.Record]
    ) -> list[asyncpg.Record]:
        """Return the rows of one SELECT as the transaction sees them."""
        self.log.debug("%s", statement)
        async with self.acquire_connection() as connection:
            rows: list[asyncpg.Record] = await connection.fetch(
                statement, *values, record_class=record_class
            )
        return rows

    async def start(self) -> None:
        """Borrow a connection and begin; a connection that was lost meanwhile is left for another.

        Raises DatabaseUnavailableError where no connection can begin one.
        """
        parent = cast("PostgresClient", self._parent)
        for last in (*[False] * (_MOST_TRIES - 1), True):
            self._connection = await parent.borrow()
            try:
                await self.begin()
            except BaseException as error:
                drop(self._connection)
                await parent.give_back(self._connection)
                # Nothing was asked of the server yet: any other connection does as well.
                if last or not isinstance(error, DatabaseUnavailableError):
                    raise
            else:
                return

    async def leave(self) -> None:
        """Give the connection back."""
        await cast("PostgresClient", self._parent).give_back(self._connection)

    async def finish(self, *, failed: bool) -> None:
        """End the transaction or savepoint, unless that was done by hand."""
        if self._finalized:
            return
        try:
            await (self.rollback() if failed else self.commit())
        except BaseException as error:
            lost = isinstance(error, LOST) or is_lost(self._connection)
            if lost or not isinstance(error, asyncpg.PostgresError):
                # Cancelled or broken: the server rolls back what a closed connection began.
                drop(self._connection)
            if not isinstance(error, Exception):
                raise
            if not failed:
                if lost:
                    raise DatabaseUnavailableError(_UNKNOWN, HINT) from error
                raise
            # What made the transaction fail is what its user must see, not what came after.


class _Transaction(TransactionContextPooled):
    """A transaction of its own connection, which goes back however the transaction ends."""

    __slots__ = ()

    client: TransactionalDBClient
    token: ConnectionToken

    async def __aenter__(self) -> TransactionalDBClient:
        await cast("_TransactionClient", self.client).start()
        # Last: a transaction that did not begin must not be the one that models find.
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        client = cast("_TransactionClient", self.client)
        try:
            await client.finish(failed=exc_type is not None)
        finally:
            get_connections().reset(self.token)
            await client.leave()


class _Savepoint(NestedTransactionContext):
    """A savepoint; on a lost connection it says so, as the transaction around it does."""

    __slots__ = ()

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        await cast("_TransactionClient", self.client).finish(failed=exc_type is not None)


# The name that Tortoise looks for in a module that is given as engine.
client_class = PostgresClient
