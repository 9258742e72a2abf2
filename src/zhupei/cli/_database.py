"""Runs what a command does with the database: connects, migrates, and gives it up again."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from zhupei.cli import CommandError
from zhupei.domain.access_refusals import AccessRefusal

if TYPE_CHECKING:
    from zhupei.db.connection import Database
    from zhupei.settings import Settings

__all__ = ["at_command_line", "done", "with_database", "with_this_database"]

T = TypeVar("T")


def with_database(settings: Settings, work: Callable[[], Awaitable[T]]) -> T:
    """Return what ``work`` returns on the installation's database; servers may run beside.

    Raises DatabaseUnavailableError.
    """
    return with_this_database(settings, lambda _database: work())


def with_this_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """Return what ``work`` returns, which is given the database: to show how far it is.

    Raises DatabaseUnavailableError.
    """
    from zhupei.db.connection import Database  # noqa: PLC0415 - see zhupei.cli

    async def run() -> T:
        database = Database(data_dir=settings.data_dir, url=settings.database_url, pool_size=2)
        await database.start()
        try:
            with database.use():
                return await work(database)
        finally:
            await database.stop()

    return asyncio.run(run())


def done(outcome: T | AccessRefusal) -> T:
    """Return an outcome; raise `CommandError` where it is a refusal."""
    if isinstance(outcome, AccessRefusal):
        raise CommandError(outcome.message)
    return outcome


def at_command_line() -> str:
    """Return who acts: the account of the operating system, as far as it tells."""
    try:
        return f"command line: {getpass.getuser()}"
    except (OSError, KeyError):
        return "command line"
