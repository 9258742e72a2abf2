"""Tests of zhupei.graphql.limits.time_limits: as asyncio.timeout, by one timer."""

from __future__ import annotations

import asyncio

import pytest

from zhupei.graphql.limits.time_limits import TimeLimits


async def test_what_takes_too_long_is_stopped_and_the_rest_is_not() -> None:
    limits = TimeLimits(0.05)
    with pytest.raises(TimeoutError), limits.limit() as limit:
        await asyncio.sleep(5)
    assert limit.expired
    # The task goes on, and what it does now is not cancelled.
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    with limits.limit() as limit:
        await asyncio.sleep(0)
    await asyncio.sleep(0.08)
    assert not limit.expired


async def test_each_has_its_own_time() -> None:
    limits, ended = TimeLimits(0.1), []

    async def work(name: str, begins: float, takes: float) -> None:
        await asyncio.sleep(begins)
        try:
            with limits.limit():
                await asyncio.sleep(takes)
        except TimeoutError:
            ended.append((name, "stopped"))
        else:
            ended.append((name, "done"))

    await asyncio.gather(
        work("a", 0, 5), work("b", 0, 0.01), work("c", 0.05, 5), work("d", 0.06, 0.01)
    )
    assert ended == [("b", "done"), ("d", "done"), ("a", "stopped"), ("c", "stopped")]
    # Nobody is watched any more, and no timer waits for somebody.
    assert (limits._running, limits._timer) == ({}, None)


async def test_who_is_cancelled_from_outside_stays_cancelled() -> None:
    limits = TimeLimits(0.05)
    stopped: list[str] = []

    async def work() -> None:
        try:
            with limits.limit():
                await asyncio.sleep(5)
        except BaseException as error:
            stopped.append(type(error).__name__)
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # In the same moment as its time is over, too.
    both = asyncio.create_task(work())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0, lambda: None)
    for limit in [*limits._running]:
        del limits._running[limit]
        limit.expire()
    both.cancel()
    with pytest.raises(asyncio.CancelledError):
        await both
    assert stopped == ["CancelledError", "CancelledError"]


async def test_an_error_inside_is_that_error() -> None:
    limits = TimeLimits(0.02)
    with pytest.raises(KeyError), limits.limit():
        raise KeyError("a")
    with pytest.raises(TimeoutError, match="inner"), limits.limit() as limit:
        raise TimeoutError("inner")
    assert not limit.expired

    async def raising_instead() -> None:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            raise ValueError("instead") from None

    with pytest.raises(ValueError, match="instead"), limits.limit() as limit:
        await raising_instead()
    assert limit.expired


async def test_one_inside_another() -> None:
    outer, inner = TimeLimits(0.05), TimeLimits(5)
    with pytest.raises(TimeoutError), outer.limit() as limit, inner.limit() as other:
        await asyncio.sleep(5)
    assert (limit.expired, other.expired) == (True, False)


def test_another_loop_begins_anew() -> None:
    limits = TimeLimits(0.05)

    async def stopped() -> bool:
        with pytest.raises(TimeoutError), limits.limit() as limit:
            await asyncio.sleep(5)
        return limit.expired

    async def left() -> None:
        limits.limit().__enter__()

    assert asyncio.run(stopped())
    asyncio.run(left())
    assert asyncio.run(stopped())
