"""Tests of zhupei.graphql.limits.rates and zhupei.db.rate_windows."""

from __future__ import annotations

import asyncio
import time

import pytest
from limits.aio.storage import MemoryStorage
from tortoise.connection import get_connections

from zhupei.db.connection import Database
from zhupei.db.rate_windows import PostgresRates
from zhupei.graphql.limits.rates import Rates, TooMany, network_of


async def allowed(rates: Rates, times: int, address: str = "192.0.2.1") -> int:
    """How many of so many requests pass."""
    passed, pauses = 0, []
    for _ in range(times):
        try:
            await rates.request(address)
            passed += 1
        except TooMany as refused:
            pauses.append(refused.seconds)
    assert all(1 <= pause <= 120 for pause in pauses)
    return passed


async def test_requests_of_an_address() -> None:
    rates = Rates(requests=10, cost={})
    assert await allowed(rates, 15) == 10
    assert await allowed(rates, 15, "192.0.2.2") == 10


async def test_no_limit() -> None:
    assert await allowed(Rates(requests=0, cost={}), 100) == 100


async def test_a_request_and_its_operation_are_counted_at_once_or_not_at_all() -> None:
    rates = Rates(requests=3, cost={"public": 100})
    address = "192.0.2.1"
    assert rates.takes(address, 60)
    assert not rates.takes(address, 41)
    assert rates.takes(address, 40)
    # Two requests were counted and the refused one was not; of cost, nothing is left.
    assert await allowed(rates, 5) == 1
    assert not rates.takes(address, 0)
    with pytest.raises(TooMany):
        await rates.operation(None, address, 1)
    assert rates.takes("192.0.2.2", 10**9)
    with pytest.raises(TooMany):
        await rates.operation(None, "192.0.2.2", 1)
    assert await allowed(rates, 5, "192.0.2.2") == 2


async def test_nothing_is_taken_at_once_where_others_have_to_be_asked() -> None:
    assert not Rates(requests=3, cost={}, storage=_Failing()).takes("192.0.2.1", 1)
    assert Rates(requests=0, cost={}).takes("192.0.2.1", 10**9)
    assert Rates(requests=0, cost={}, storage=_Failing()).takes("192.0.2.1", 10**9)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_what_addresses_are_counted_by(address: str, network: str) -> None:
    assert network_of(address) == network


async def test_counting_takes_microseconds() -> None:
    """R: under 20 µs in memory; ten times that here, where others use the processor, too."""
    rates = Rates(requests=10**9, cost={"public": 10**9})
    await rates.request("192.0.2.1")
    begun = time.process_time()
    for _ in range(2000):
        await rates.request("192.0.2.1")
    assert (time.process_time() - begun) / 2000 < 200e-6


class _Failing(MemoryStorage):
    async def acquire_sliding_window_entry(self, *_: object, **__: object) -> bool:
        raise ConnectionError("no route to 10.0.0.1")


async def test_a_storage_that_fails_lets_each_process_count_alone() -> None:
    rates = Rates(requests=10, cost={}, storage=_Failing())
    assert await allowed(rates, 15) == 10


class _FailingLate(MemoryStorage):
    """Counts, and cannot be reached any more when it is asked how long to wait."""

    def __init__(self, *, hangs: bool) -> None:
        super().__init__()
        self._hangs = hangs

    async def get_sliding_window(self, *_: object, **__: object) -> tuple[int, float, int, float]:
        if self._hangs:
            await asyncio.Event().wait()
        raise ConnectionError("no route to 10.0.0.1")


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_refusal_does_not_wait_for_a_storage_that_fails_meanwhile(*, hangs: bool) -> None:
    rates = Rates(requests=2, cost={}, storage=_FailingLate(hangs=hangs))
    async with asyncio.timeout(10):
        assert await allowed(rates, 3) == 2


@pytest.mark.slow
async def test_processes_count_together_in_postgresql(database: Database) -> None:
    with database.use():
        one = Rates(requests=50, cost={}, storage=PostgresRates())
        other = Rates(requests=50, cost={}, storage=PostgresRates())
        passed = await asyncio.gather(*(allowed(each, 5) for each in (one, other) * 8))
        assert sum(passed) == 50
        client = get_connections().get("default")
        rows = await client.execute_query_dict("SELECT spent, before FROM rate_window")
        # A minute may have ended meanwhile.
        assert sum(row["spent"] + row["before"] for row in rows) == 50


@pytest.mark.slow
async def test_the_window_slides_in_postgresql(database: Database) -> None:
    """What was counted in the window before counts by the part of it that still overlaps."""
    with database.use():
        storage = PostgresRates()
        client = get_connections().get("default")
        assert await storage.acquire_sliding_window_entry("k", 100, 3600, 80)
        assert not await storage.acquire_sliding_window_entry("k", 100, 3600, 30)
        assert not await storage.acquire_sliding_window_entry("k", 100, 3600, 101)
        await client.execute_query("UPDATE rate_window SET number = number - 1")
        before, left, spent, _ = await storage.get_sliding_window("k", 3600)
        assert (before, spent) == (80, 0)
        most = 100 - int(80 * left / 3600) - 1
        assert await storage.acquire_sliding_window_entry("k", 100, 3600, most)
        assert not await storage.acquire_sliding_window_entry("k", 100, 3600, 100 - most)
        await client.execute_query("UPDATE rate_window SET number = number - 2")
        assert await storage.get_sliding_window("k", 3600) == (0, 0.0, 0, 0.0)
        assert await storage.acquire_sliding_window_entry("k", 100, 3600, 100)
        assert await storage.reset() == 1
        assert await storage.check()


@pytest.mark.slow
async def test_without_a_database_it_fails_quickly_and_each_counts_alone() -> None:
    rates = Rates(requests=10, cost={}, storage=PostgresRates())
    assert await allowed(rates, 15) == 10
