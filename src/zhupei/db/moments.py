"""Moments of the database: whether anything at all was committed since.

What a statement finds follows from its values and from which transactions it can see. PostgreSQL
tells the latter in one word: a snapshot (``pg_current_snapshot()``) says which ids were given and
which of those have not ended. Two equal ones of the same server see the same rows, everywhere: each
transaction that writes takes an id, and its end changes every snapshot after it.

So whoever knows that its rows were there at a moment, and asks for another that is equal, need not
read them. The moment has to be asked before the rows, or else a transaction may end between them.
All who ask at the same time share one answer, given after they have asked
(`zhupei.db.merged_reads`).

A server that crashed goes on counting where its log ends, and gives ids anew that it gave shortly
before: to a transaction that was rolled back and not in the log yet, most of all. The same snapshot
is then another one, and the server says that it was started when it was (only its processes were
started anew). But no session outlives a crash. So sessions are counted when they are opened
(`SESSIONS`), and moments between which one was opened are not equal. On a standby the ids that have
not ended stand elsewhere: there is no moment there.

Where others write all the time the moments differ all the time, and asking is of no use: then one
is asked now and then only, to see whether it has become calm.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any

import asyncpg

__all__ = ["SESSIONS", "Moment", "Moments", "Sessions", "follows_from_rows"]

Moment = tuple[Any, ...]
"""Compared and nothing else."""

# A server that was started anew may be another one, restored from a copy.
_ASKED = (
    "SELECT pg_current_snapshot()::text, pg_postmaster_start_time() WHERE NOT pg_is_in_recovery()"
)
_CALM_SECONDS = 0.05

# What else than rows a statement may look at: the clock, the session, the server, chance.
_OTHERWISE = re.compile(
    r"\b(?:now|current_\w+|local\w+|clock_\w+|statement_\w+|transaction_\w+|timeofday|age"
    r"|random\w*|gen_\w+|uuid\w*_\w+|nextval|currval|lastval|txid_\w+|pg_\w+|user|session_user"
    r"|inet_\w+|version|tablesample|locked)\b",
    re.IGNORECASE,
)
# Texts that mean the present when they are read as a time, and quotes that do not end a text.
_PRESENT = re.compile(r"'\s*(?:now|today|tomorrow|yesterday)\b[^'(]*'|\\'|\$\$", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')

_Read = Callable[[str, Sequence[Any], type[Any], float | None], Awaitable[list[Any]]]


class Sessions:
    """Counts sessions that are opened; to be told of each before it is used."""

    def __init__(self) -> None:
        self.opened = 0

    async def __call__(self, _connection: object) -> None:
        """Count one, as asyncpg's ``init``."""
        self.opened += 1


SESSIONS = Sessions()
"""The sessions of all pools of this process."""


class Moments:
    """Tells moments of one database, while it is calm.

    Args:
        read: reads the rows of a statement, for all who ask the same at the same time.
        elapsed: a clock in seconds.
        sessions: counts the sessions that ``read`` uses, and maybe more.

    """

    def __init__(
        self,
        read: _Read,
        *,
        elapsed: Callable[[], float] = time.monotonic,
        sessions: Sessions = SESSIONS,
    ) -> None:
        self._read, self._elapsed, self._sessions = read, elapsed, sessions
        self._last: Moment | None = None
        self._look_at = 0.0

    async def now(self, until: float | None = None) -> Moment | None:
        """Return the present moment, of after the call; None where others write just now.

        None as well where a session was opened meanwhile: the answer may have come from either
        side of a crash. ``until`` is when whoever asks gives up, by the loop's clock.

        Raises DatabaseUnavailableError.
        """
        if self._elapsed() < self._look_at:
            return None
        opened = self._sessions.opened
        rows = await self._read(_ASKED, (), asyncpg.Record, until)
        if not rows or opened != self._sessions.opened:
            return None
        moment = (*tuple(rows[0])[:2], opened)
        if moment != self._last:
            self._last = moment
            self._look_at = self._elapsed() + _CALM_SECONDS
        return moment


@lru_cache(1024)
def follows_from_rows(statement: str) -> bool:
    """Return whether a statement finds the same rows whenever it sees the same transactions.

    Rather too seldom than too often: whatever looks like a clock is taken for one.
    """
    if _PRESENT.search(statement) is not None:
        return False
    return _OTHERWISE.search(_QUOTED.sub("", statement)) is None
