"""Tests of zhupei.graphql.limits.event_time: waiting is free, making an event is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from zhupei.db.deadlines import deadline
from zhupei.graphql.limits import Guard, LimitCode, NotNow, Rates, event_begins, event_ends
from zhupei.graphql.limits.event_time import timed_events

_SECONDS = 0.05


async def told(
    results: AsyncGenerator[object, None], seconds: float = _SECONDS
) -> tuple[list[object], bool]:
    """Return what is told, and whether it ended because something took too long."""
    found: list[object] = []
    async with aclosing(timed_events(results, seconds=seconds, grace=0.25)) as events:
        try:
            async for event in events:
                found.append(event)  # noqa: PERF401 - what came before it is looked at
        except TimeoutError:
            return found, True
    return found, False


async def test_waiting_for_something_to_tell_takes_as_long_as_it_takes() -> None:
    async def watch() -> AsyncGenerator[object, None]:
        for number in range(3):
            event_ends()
            await asyncio.sleep(2 * _SECONDS)
            event_begins()
            yield number

    assert await told(watch()) == ([0, 1, 2], False)


async def test_what_is_made_of_it_does_not() -> None:
    closed = []

    async def watch() -> AsyncGenerator[object, None]:
        try:
            for number in range(3):
                event_ends()
                await asyncio.sleep(2 * _SECONDS)
                event_begins()
                await asyncio.sleep(30 if number else 0)
                yield number
        finally:
            closed.append(True)

    assert await told(watch()) == ([0], True)
    assert closed == [True]


async def test_what_comes_before_the_first_wait_is_timed_too() -> None:
    async def watch() -> AsyncGenerator[object, None]:
        await asyncio.sleep(30)
        yield 0

    assert await told(watch()) == ([], True)


async def test_who_reads_slowly_takes_nothing_of_the_time() -> None:
    async def watch() -> AsyncGenerator[object, None]:
        for number in range(3):
            event_begins()
            yield number

    found = []
    async with aclosing(timed_events(watch(), seconds=_SECONDS, grace=0.25)) as events:
        async for event in events:
            await asyncio.sleep(2 * _SECONDS)
            found.append(event)
    assert found == [0, 1, 2]


async def test_statements_end_a_little_after_the_event_and_not_while_it_waits() -> None:
    seen: list[float | None] = []
    now = asyncio.get_running_loop().time()

    async def watch() -> AsyncGenerator[object, None]:
        event_ends()
        seen.append(deadline.get())
        event_begins()
        seen.append(deadline.get())
        yield 0

    assert await told(watch(), seconds=50) == ([0], False)
    waiting, telling = seen
    assert waiting is None
    assert telling is not None
    assert now + 50.25 <= telling < now + 55
    assert deadline.get() is None


async def test_nobody_who_is_not_timed_is_disturbed() -> None:
    event_begins()
    event_ends()
    assert deadline.get() is None


async def test_the_guard_tells_what_to_do() -> None:
    async def watch() -> AsyncGenerator[object, None]:
        await asyncio.sleep(30)
        yield 0

    guard = Guard(rates=Rates(requests=0, cost={}), seconds=_SECONDS, running=1, waiting=1)
    with pytest.raises(NotNow) as caught:
        async for _ in guard.events(None, watch()):
            pass
    assert (
        caught.value.message
        == "订阅的一次推送超过 0.05 秒未完成，订阅已结束，请重新订阅并重新读取。"
    )
    assert caught.value.extensions == {"code": LimitCode.OPERATION_TIMED_OUT.value}
