"""Keeps a running server's database within reach: waits for one that is late, revives our own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from zhupei.db.connection import Database, DatabaseUnavailableError
from zhupei.domain.text import Language

__all__ = ["DatabaseSupervisor"]

_log = logging.getLogger("zhupei")

# Seconds between two tries to reach a database that was not there.
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
# Between two looks whether the embedded database still runs, which cost next to nothing.
_LOOK_SECONDS = 0.5
_WORTH_TELLING = 3


class DatabaseSupervisor:
    """Reaches a database, and goes on trying where it stays away.

    Args:
        database: which one.
        language: in which the log says why there is none.
        reached: what to do when a database that was not there can be used.

    """

    def __init__(
        self, database: Database, language: Language, reached: Callable[[], Awaitable[None]]
    ) -> None:
        self._database = database
        self._language = language
        self._reached = reached
        self._first: asyncio.Task[None] | None = None
        self._reviving: asyncio.Task[None] | None = None
        self.waiting: asyncio.Task[None] | None = None
        """What goes on trying, None where the first try was good."""

    def start(self) -> None:
        """Begin the first try, and to look after the database if it is our own."""
        self._first = asyncio.create_task(self._try())
        if self._database.is_embedded:
            self._reviving = asyncio.create_task(self._revive())

    async def tried(self) -> None:
        """Wait until the first try is over, whether or not there is a database then."""
        if self._first is not None:
            await self._first

    async def stop(self) -> None:
        """Give up trying; the database itself stays as it is."""
        for task in (self._reviving, self._first, self.waiting):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])

    async def _try(self) -> None:
        try:
            await self._database.start()
        except DatabaseUnavailableError as error:
            self._report(error)
            self.waiting = asyncio.create_task(self._wait(error))

    async def _wait(self, error: DatabaseUnavailableError) -> None:
        pause = _FIRST_PAUSE_SECONDS
        reported = error.message
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            try:
                await self._database.start()
            except DatabaseUnavailableError as again:
                if again.message != reported:
                    self._report(again)
                    reported = again.message
            else:
                _log.info("the database can be used now")
                await self._reached()
                return

    async def _revive(self) -> None:
        """Start the embedded database again whenever it ends before we do."""
        pause, failures = _LOOK_SECONDS, 0
        while True:
            await asyncio.sleep(pause)
            try:
                revived = await self._database.revive()
            except DatabaseUnavailableError as error:
                # The sessions of the one that ended may hold its memory for a moment.
                failures += 1
                if failures == _WORTH_TELLING:
                    self._report(error)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
                continue
            pause, failures = _LOOK_SECONDS, 0
            if revived:
                _log.error("the embedded PostgreSQL had ended by itself and was started again")

    def _report(self, error: DatabaseUnavailableError) -> None:
        _log.error(
            "no database; the catalogue is served all the same",
            extra={
                "reason": error.message.get(self._language),
                "hint": error.hint.get(self._language),
            },
        )
