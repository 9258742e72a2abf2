"""Outages: telling that PostgreSQL is gone from an error that is somebody's mistake."""

from __future__ import annotations

import asyncpg
from tortoise.exceptions import DBConnectionError, ValidationError

from zhupei.db.connection import DatabaseUnavailableError

__all__ = ["is_outage", "unfitting_column"]

_GONE = (
    DatabaseUnavailableError,
    DBConnectionError,
    ConnectionError,
    # The server ends a session, starts or stops.
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    # asyncpg's word for a connection that ended in the middle of a statement.
    asyncpg.InternalClientError,
    # No room on its disk, no memory, too many connections.
    asyncpg.InsufficientResourcesError,
)


def is_outage(error: BaseException) -> bool:
    """Whether an error, or what it was raised from, means that there is no database now.

    A query that is wrong, and a time limit that is none of the database's, are no outage.
    """
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if _is_one(cause):
            return True
        # Tortoise hands the driver's error over as the argument of its own.
        inside = cause.args[0] if cause.args else None
        if isinstance(inside, BaseException) and _is_one(inside):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _is_one(error: BaseException) -> bool:
    if isinstance(error, asyncpg.InterfaceError):
        return "closed" in str(error) or "released" in str(error)
    if isinstance(error, RuntimeError):
        # What a model says where no database was ever reached; Tortoise has no class for it.
        return "TortoiseContext" in str(error)
    return isinstance(error, _GONE)


def unfitting_column(error: BaseException) -> str | None:
    """Return the column that a value does not fit into, such as a text that is too long.

    None where that is not what is wrong. The message of such an error repeats the value: it is for
    nobody's eyes and for no log.
    """
    return str(error).partition(":")[0] if isinstance(error, ValidationError) else None
