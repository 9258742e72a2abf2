"""Threads for plugins: bounded, left behind when they hang, and open again when they return."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from contextvars import ContextVar

import pytest

from zhupei.hooks.threads import Bulkhead, OverdueError, StuckError, run_bounded

_WHO: ContextVar[str] = ContextVar("who", default="nobody")


async def test_it_answers_and_raises_as_the_function_does() -> None:
    bulkhead = Bulkhead()
    assert await bulkhead.run(divmod, (7, 2), seconds=5) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await bulkhead.run(divmod, (7, 0), seconds=5)


async def test_the_function_sees_the_callers_context() -> None:
    _WHO.set("me")
    assert await Bulkhead().run(_WHO.get, (), seconds=5) == "me"


async def test_no_more_at_a_time_than_workers() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1

    bulkhead = Bulkhead(workers=3)
    await asyncio.gather(*(bulkhead.run(work, (), seconds=5) for _ in range(12)))
    assert most == 3


async def test_waiting_for_a_worker_does_not_count_as_hanging() -> None:
    """Ten calls of 30 ms one after another, each with 200 ms: none of them is late."""
    bulkhead = Bulkhead(workers=1)
    await asyncio.gather(*(bulkhead.run(time.sleep, (0.03,), seconds=0.2) for _ in range(10)))


async def test_it_opens_again_when_calls_return() -> None:
    gate = threading.Event()
    bulkhead = Bulkhead(workers=1, limit=2)
    for _ in range(2):
        with pytest.raises(OverdueError):
            await bulkhead.run(gate.wait, (), seconds=0.05)
    with pytest.raises(StuckError) as caught:
        await bulkhead.run(int, (), seconds=5)
    assert caught.value.calls == 2
    gate.set()
    for _ in range(100):
        await asyncio.sleep(0.01)
        try:
            assert await bulkhead.run(int, (), seconds=5) == 0
        except StuckError:
            continue
        break
    else:
        pytest.fail("it did not open again")


async def test_those_who_wait_are_told_when_it_is_stuck() -> None:
    gate = threading.Event()
    bulkhead = Bulkhead(workers=1, limit=1)
    outcomes = await asyncio.gather(
        *(bulkhead.run(gate.wait, (), seconds=0.05) for _ in range(5)), return_exceptions=True
    )
    gate.set()
    assert [type(outcome) for outcome in outcomes] == [OverdueError, *[StuckError] * 4]


async def test_a_caller_that_goes_away_while_waiting_costs_nothing() -> None:
    gate = threading.Event()
    ran: list[str] = []
    bulkhead = Bulkhead(workers=1)
    first = asyncio.create_task(bulkhead.run(gate.wait, (), seconds=5))
    await asyncio.sleep(0.02)
    second = asyncio.create_task(bulkhead.run(ran.append, ("second",), seconds=5))
    await asyncio.sleep(0.02)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    gate.set()
    await first
    await bulkhead.run(ran.append, ("third",), seconds=5)
    assert ran == ["third"]


def test_without_a_loop() -> None:
    assert run_bounded(divmod, 7, 2, seconds=5) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        run_bounded(divmod, 7, 0, seconds=5)
    gate = threading.Event()
    with pytest.raises(OverdueError):
        run_bounded(gate.wait, seconds=0.02)
    gate.set()


def test_a_process_ends_although_a_function_hangs() -> None:
    script = """
import asyncio, time
from zhupei.hooks.threads import Bulkhead, OverdueError
async def main():
    try:
        await Bulkhead().run(time.sleep, (3600,), seconds=0.05)
    except OverdueError:
        print("left behind")
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=30
    )
    assert done.stdout == "left behind\n"
