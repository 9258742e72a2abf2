"""Counters of rates in PostgreSQL, for several processes: a storage of the library ``limits``.

One statement counts and decides, so that processes cannot overtake each other. The table is not
logged: after a crash of the server everybody begins anew.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from limits.aio.storage import SlidingWindowCounterSupport, Storage
from tortoise.connection import get_connections

from zhupei.db.client import DatabaseUnavailableError

__all__ = ["PostgresRates"]

_COUNT = """
INSERT INTO rate_window AS kept (key, number, spent, before)
VALUES ($1, $2, $3, 0)
ON CONFLICT (key) DO UPDATE SET
    before = CASE kept.number WHEN $2 THEN kept.before WHEN $2 - 1 THEN kept.spent ELSE 0 END,
    spent = CASE kept.number WHEN $2 THEN kept.spent ELSE 0 END + $3,
    number = $2
WHERE CASE kept.number WHEN $2 THEN kept.before WHEN $2 - 1 THEN kept.spent ELSE 0 END * $4::float8
    + CASE kept.number WHEN $2 THEN kept.spent ELSE 0 END + $3 <= $5::float8
RETURNING spent
"""
_READ = "SELECT number, spent, before FROM rate_window WHERE key = $1"
_FORGET = "DELETE FROM rate_window WHERE number < $1"
# Once in so many requests what nobody needs any more is deleted.
_FORGET_ONE_IN = 2000


class PostgresRates(Storage, SlidingWindowCounterSupport):
    """Keeps windows in the table ``rate_window`` of the database that the request uses."""

    STORAGE_SCHEME = None

    @property
    def base_exceptions(self) -> type[Exception]:
        """What a failure of the storage is."""
        return DatabaseUnavailableError

    async def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Count ``amount`` unless the limit is passed; tell whether it was counted."""
        number, left = _window(expiry)
        if amount > limit:
            return False
        if not secrets.randbelow(_FORGET_ONE_IN):
            await self._ask(_FORGET, [number - 2])
        return bool(await self._ask(_COUNT, [key, number, amount, left, float(limit)]))

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Return what was counted in the window before and in this one, and when each ends."""
        number, left = _window(expiry)
        seconds = left * expiry
        found = await self._ask(_READ, [key])
        kept = found[0] if found else {"number": 0, "spent": 0, "before": 0}
        if kept["number"] == number:
            return kept["before"], seconds, kept["spent"], seconds + expiry
        if kept["number"] == number - 1:
            return kept["spent"], seconds, 0, 0.0
        return 0, 0.0, 0, 0.0

    async def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget a counter."""
        await self.clear(key)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count in a window that does not slide."""
        number, _ = _window(expiry)
        found = await self._ask(_COUNT, [key, number, amount, 0.0, float("inf")])
        return int(found[0]["spent"])

    async def get(self, key: str) -> int:
        """Return what was counted in the last window that something was counted in."""
        found = await self._ask(_READ, [key])
        return int(found[0]["spent"]) if found else 0

    async def get_expiry(self, key: str) -> float:
        """Return when a counter may be forgotten: its window is not kept with it, so now."""
        return time.time()

    async def check(self) -> bool:
        """Return whether the database answers."""
        try:
            await self._ask("SELECT 1 FROM rate_window LIMIT 1", [])
        except DatabaseUnavailableError:
            return False
        return True

    async def reset(self) -> int | None:
        """Forget all counters; return how many there were."""
        return len(await self._ask("DELETE FROM rate_window RETURNING key", []))

    async def clear(self, key: str) -> None:
        """Forget a counter."""
        await self._ask("DELETE FROM rate_window WHERE key = $1 RETURNING key", [key])

    async def _ask(self, statement: str, values: list[Any]) -> list[dict[str, Any]]:
        connection = get_connections().get("default")
        return list(await connection.execute_query_dict(statement, values))


def _window(expiry: int) -> tuple[int, float]:
    """Return the number of the window that is now, and which part of it is still to come."""
    now = time.time()
    number = int(now // expiry)
    return number, 1 - (now - number * expiry) / expiry
