"""Tests of zhupei.jobs.queue.keep_looking: a look at each tick, however the clock steps."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import asyncpg
import procrastinate
import pytest

from admissions_office import Office
from job_place import place_of
from zhupei.jobs.queue import LOOK, connector_for, job_queue, keep_looking

_HOUR, _MONTH = 3600.0, 30 * 24 * 3600.0


class Clock:
    """The time of day, as far off as it is set."""

    off = 0.0

    def __call__(self) -> float:
        return time.time() + self.off


@pytest.fixture
async def queue(office: Office) -> AsyncIterator[procrastinate.App]:
    server = office.database.server
    assert server is not None
    found = job_queue(place_of(office), connector_for(server, connections=2))
    async with found.open_async():
        yield found


@contextlib.asynccontextmanager
async def looking(queue: procrastinate.App, clock: Clock, workers: int = 1) -> AsyncIterator[None]:
    tasks = [
        asyncio.create_task(keep_looking(queue, tick_seconds=1, clock=clock))
        for _ in range(workers)
    ]
    try:
        yield
        assert [task for task in tasks if task.done()] == []
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def looks_of(url: str, seconds: float) -> int:
    """Do what is asked for at once, and return how often that was in so many seconds."""
    connection = await asyncpg.connect(url)
    try:
        looks, ends = 0, time.monotonic() + seconds
        while time.monotonic() < ends:
            done = await connection.fetch(
                "DELETE FROM procrastinate.procrastinate_jobs WHERE task_name = $1 RETURNING id",
                LOOK,
            )
            looks += len(done)
            await asyncio.sleep(0.02)
        return looks
    finally:
        await connection.close()


@pytest.mark.parametrize("step", [-_HOUR, _MONTH])
async def test_a_step_of_the_clock_neither_ends_the_looks_nor_piles_them_up(
    queue: procrastinate.App, database_url: str, step: float
) -> None:
    clock = Clock()
    async with looking(queue, clock):
        assert 1 <= await looks_of(database_url, 0.5) <= 2
        clock.off = step
        # procrastinate's own would ask for none, or for 2,592,000.
        assert 2 <= await looks_of(database_url, 2.5) <= 4


async def test_of_several_workers_one_asks(queue: procrastinate.App, database_url: str) -> None:
    async with looking(queue, Clock(), workers=3):
        assert 2 <= await looks_of(database_url, 2.5) <= 4


async def test_a_look_that_waits_is_not_asked_for_again(
    queue: procrastinate.App, database_url: str
) -> None:
    async with looking(queue, Clock()):
        await asyncio.sleep(1.2)
    assert await looks_of(database_url, 0.1) == 1
