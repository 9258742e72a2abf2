"""How much somebody may ask for in a minute: requests by address, cost by account or address.

A sliding window of two counters, in the memory of this process (`zhupei.graphql.limits.windows`) or
as the library ``limits`` counts in a storage that several processes share.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import limits
from limits.aio.storage import RedisStorage
from limits.aio.storage import Storage as SharedStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter as SharedLimiter

from zhupei.domain.actors import Actor
from zhupei.graphql.limits.windows import Windows

__all__ = ["PUBLIC", "Meter", "Rates", "TooMany", "network_of"]

PUBLIC = "public"
"""In place of a role: whoever is not signed in."""

_log = logging.getLogger("zhupei.limits")

_UNLIMITED = 0
# An address of version 6 is one of very many that its owner has.
_NETWORK_BITS = 64
# A storage that takes longer to count counts as one that fails.
_LONGEST_COUNT_SECONDS = 0.5


class TooMany(Exception):  # noqa: N818 - names what happened, which is no fault
    """Somebody asked for more than a minute allows; ``seconds`` from now it may go on."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"again in {seconds} s")


class _Counting(Protocol):
    async def hit(self, minute: _Minute, key: str, cost: int) -> bool: ...

    async def seconds_until(self, minute: _Minute, key: str, cost: int) -> float: ...


class _InMemory:
    def __init__(self) -> None:
        self.windows = Windows()

    async def hit(self, minute: _Minute, key: str, cost: int) -> bool:
        return self.windows.hit(key, cost, minute.most)

    async def seconds_until(self, minute: _Minute, key: str, cost: int) -> float:
        return self.windows.seconds_until(key, cost, minute.most)


class _Shared:
    """Counts where other processes do; where that cannot be reached, on its own."""

    def __init__(self, storage: SharedStorage) -> None:
        self._limiter = SharedLimiter(storage)
        self._storage = storage
        self._alone = _InMemory()
        self._failed = False

    async def hit(self, minute: _Minute, key: str, cost: int) -> bool:
        try:
            async with asyncio.timeout(_LONGEST_COUNT_SECONDS):
                allowed = await self._limiter.hit(minute.item, key, cost=cost)
        except Exception as error:  # noqa: BLE001 - whatever the storage raises, requests are answered
            if not self._failed:
                self._failed = True
                _log.warning(
                    "rates are counted by this process alone, because their storage fails",
                    extra={"error": type(error).__name__},
                )
            return await self._alone.hit(minute, key, cost)
        self._failed = False
        return allowed

    async def seconds_until(self, minute: _Minute, key: str, cost: int) -> float:
        if self._failed:
            return await self._alone.seconds_until(minute, key, cost)
        try:
            async with asyncio.timeout(_LONGEST_COUNT_SECONDS):
                stats = await self._limiter.get_window_stats(minute.item, key)
        except Exception:  # noqa: BLE001 - as above; it is refused already, and may ask again soon
            return 0.0
        return stats.reset_time - time.time()

    async def aclose(self) -> None:
        """Give up its connections: uvloop waits for those that are open when it is closed."""
        if isinstance(self._storage, RedisStorage):
            bridge: Any = self._storage.bridge
            # Whatever the storage says at the end, the process ends.
            with contextlib.suppress(Exception):
                await bridge.get_connection().aclose()


@dataclass(frozen=True, slots=True)
class _Minute:
    item: limits.RateLimitItem
    most: int


class Meter:
    """Counts requests of one address and operations of one account, both at once."""

    __slots__ = ("_counted", "_windows")

    def __init__(self, windows: Windows, counted: Sequence[tuple[str, int, int]]) -> None:
        self._windows = windows
        self._counted = counted

    def fits(self) -> bool:
        """Return whether one more would not be too much; nothing is counted."""
        return all(self._windows.fits(*counted) for counted in self._counted)

    def count(self) -> None:
        """Count what was found to fit."""
        for key, amount, _ in self._counted:
            self._windows.count(key, amount)


class Rates:
    """What is left to whom.

    Args:
        requests: how many requests an address may send in a minute; 0 is no limit.
        cost: what the operations of an account may cost together in a minute, by role; of several
            roles the one that allows most counts. `PUBLIC` stands for whoever is not signed in,
            by address, and for accounts whose roles have no entry. 0 is no limit.
        storage: where to count; without one, in this process.

    """

    def __init__(
        self, *, requests: int, cost: Mapping[str, int], storage: SharedStorage | None = None
    ) -> None:
        self._requests = _minute(requests)
        self._cost = {role: _minute(most) for role, most in cost.items()}
        self._public = self._cost.get(PUBLIC)
        alone = _InMemory()
        self._counting: _Counting = alone if storage is None else _Shared(storage)
        self._windows = alone.windows if storage is None else None

    @property
    def counts_requests(self) -> bool:
        """Whether requests are limited at all."""
        return self._requests is not None

    async def aclose(self) -> None:
        """Give up what the storage holds, when the process ends."""
        if isinstance(self._counting, _Shared):
            await self._counting.aclose()

    async def request(self, address: str) -> None:
        """Count a request of an address.

        Raises:
            TooMany: it sent more than it may.

        """
        if self._requests is not None:
            await self._count(self._requests, f"r:{network_of(address)}", 1)

    async def operation(self, actor: Actor | None, address: str, cost: int) -> None:
        """Count an operation of an account or, without one, of an address.

        Raises:
            TooMany: together with those before, it costs more than a minute allows.

        """
        if actor is None:
            if self._public is not None:
                await self._count(self._public, f"c:{network_of(address)}", cost)
            return
        minute = self._of(actor)
        if minute is not None:
            await self._count(minute, _account(actor), cost)

    def takes(self, address: str, cost: int) -> bool:
        """Count a request and its operation, of nobody who is signed in, at once.

        Return whether that was possible: nothing was counted where either is too much, or where
        others have to be asked first because processes count together.
        """
        requests, public, windows = self._requests, self._public, self._windows
        if requests is None and public is None:
            return True
        if windows is None:
            return False
        network = network_of(address)
        if requests is not None and not windows.fits(f"r:{network}", 1, requests.most):
            return False
        if public is not None:
            cost = min(cost, public.most)
            if not windows.fits(f"c:{network}", cost, public.most):
                return False
            windows.count(f"c:{network}", cost)
        if requests is not None:
            windows.count(f"r:{network}", 1)
        return True

    def meter(self, address: str, actor: Actor | None, cost: int) -> Meter | None:
        """Return what counts a request and its operation, of this cost, as often as it comes.

        None where others have to be asked first, because processes count together.
        """
        counted: list[tuple[str, int, int]] = []
        if self._requests is not None:
            counted.append((f"r:{network_of(address)}", 1, self._requests.most))
        minute = self._public if actor is None else self._of(actor)
        if minute is not None:
            key = f"c:{network_of(address)}" if actor is None else _account(actor)
            counted.append((key, min(cost, minute.most), minute.most))
        if self._windows is None:
            return None if counted else Meter(Windows(), ())
        return Meter(self._windows, counted)

    def _of(self, actor: Actor) -> _Minute | None:
        named = [self._cost[grant.role] for grant in actor.grants if grant.role in self._cost]
        if not named:
            return self._public
        if None in named:
            return None
        return max((minute for minute in named if minute is not None), key=lambda each: each.most)

    async def _count(self, minute: _Minute, key: str, cost: int) -> None:
        # What alone is more than a minute allows takes a whole minute.
        cost = min(cost, minute.most)
        if await self._counting.hit(minute, key, cost):
            return
        left = await self._counting.seconds_until(minute, key, cost)
        raise TooMany(max(1, math.ceil(left)))


def _account(actor: Actor) -> str:
    """Return what the operations of an account are counted by."""
    return f"a:{actor.issuer or ''}:{actor.id}"


def _minute(most: int) -> _Minute | None:
    return None if most == _UNLIMITED else _Minute(limits.RateLimitItemPerMinute(most), most)


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Return what addresses are counted by: one of version 4 by itself, one of 6 by its network."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        # A Unix socket, or the test client.
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, _NETWORK_BITS), strict=False))
    return str(parsed)
