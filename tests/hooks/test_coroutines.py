"""Coroutines that are begun in place: each is its own task, whether it has to wait or not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextvars import ContextVar
from typing import Any

import pytest

from zhupei.hooks.coroutines import Coroutines
from zhupei.hooks.isolation import Isolation
from zhupei.hooks.threads import OverdueError

_WHO: ContextVar[str] = ContextVar("who", default="nobody")


async def test_what_need_not_wait_is_over_at_once() -> None:
    async def answer() -> int:
        return 7

    turns: list[int] = []
    asyncio.get_running_loop().call_soon(turns.append, 1)
    assert Coroutines().begin(answer()) == (None, 7)
    assert turns == []  # no turn of the event loop was taken


async def test_what_waits_is_a_task_with_the_answer() -> None:
    async def answer() -> int:
        for _ in range(3):
            await asyncio.sleep(0)
        return 7

    task, _ = Coroutines().begin(answer())
    assert task is not None
    assert await task == 7


async def test_it_is_its_own_task_before_and_after_it_waits() -> None:
    seen: list[asyncio.Task[Any] | None] = []

    async def answer() -> None:
        seen.append(asyncio.current_task())
        await asyncio.sleep(0)
        seen.append(asyncio.current_task())

    here = asyncio.current_task()
    task, _ = Coroutines().begin(answer())
    assert asyncio.current_task() is here
    assert task is not None
    await task
    assert seen == [task, task]
    assert task is not here


async def test_a_time_out_of_its_own_stops_it_and_not_the_caller() -> None:
    async def answer() -> str:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(5)
        except TimeoutError:
            return "late"
        return "never"

    task, _ = Coroutines().begin(answer())
    assert task is not None
    assert await task == "late"


async def test_a_group_of_tasks_of_its_own() -> None:
    async def answer() -> int:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(asyncio.sleep(0, each)) for each in (1, 2)]
        return sum(task.result() for task in tasks)

    task, _ = Coroutines().begin(answer())
    assert task is not None
    assert await task == 3


async def test_cancelled_before_its_task_has_a_turn_it_is_told() -> None:
    told: list[str] = []

    async def answer() -> None:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            told.append("cancelled")
            raise

    task, _ = Coroutines().begin(answer())
    assert task is not None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == ["cancelled"]


async def test_what_it_sets_in_its_context_is_its_own() -> None:
    async def answer() -> tuple[str, str]:
        before = _WHO.get()
        _WHO.set("plugin")
        return before, _WHO.get()

    _WHO.set("caller")
    assert Coroutines().begin(answer()) == (None, ("caller", "plugin"))
    assert _WHO.get() == "caller"


@pytest.mark.parametrize("turns", [0, 1])
async def test_sys_exit_ends_neither_loop_nor_caller(turns: int) -> None:
    async def answer() -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        sys.exit(3)

    async def asked() -> None:
        waiting, _ = Isolation(5).begin("bad", answer, ())
        if waiting is not None:
            await waiting

    with pytest.raises(RuntimeError, match=r"it called sys\.exit\(3\)"):
        await asked()


@pytest.mark.parametrize("turns", [0, 1])
async def test_what_it_raises_is_raised(turns: int) -> None:
    async def answer() -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        raise LookupError("gone")

    async def asked() -> None:
        waiting, _ = Isolation(5).begin("bad", answer, ())
        if waiting is not None:
            await waiting

    with pytest.raises(LookupError, match="gone"):
        await asked()


async def test_it_has_its_seconds_and_no_more() -> None:
    waiting, _ = Isolation(0.02).begin("slow", asyncio.sleep, (5,))
    assert waiting is not None
    with pytest.raises(OverdueError):
        await waiting


def test_a_process_ends_although_a_coroutine_refuses_to() -> None:
    script = """
import asyncio
from zhupei.hooks.isolation import Isolation
from zhupei.hooks.threads import OverdueError
async def refuse():
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass
async def main():
    waiting, _ = Isolation(0.05).begin("bad", refuse, ())
    try:
        await waiting
    except OverdueError:
        print("left behind")
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=30
    )
    assert done.stdout == "left behind\n"


async def test_a_plain_function_may_return_what_is_awaited() -> None:
    """As a function that wraps a coroutine function does, whose nature nobody sees."""

    def answer() -> Any:
        return asyncio.sleep(0, 7)

    isolation = Isolation(5)
    for _ in range(3):
        (begun,) = isolation.begin_plain([[isolation.call("wrapped", answer, ())]])
        assert (begun.value if begun.waiting is None else await begun.waiting) == 7


async def test_a_task_stands_in_until_a_coroutine_has_to_wait() -> None:
    coroutines, tasks = Coroutines(), []

    async def answer(turns: int) -> None:
        tasks.append(asyncio.current_task())
        for _ in range(turns):
            await asyncio.sleep(0)

    for turns in (0, 0, 2, 0):
        task, _ = coroutines.begin(answer(turns))
        assert (task is None) is (turns == 0)
        if task is not None:
            await task
        await asyncio.sleep(0)
    first, second, third, fourth = tasks
    assert first is second is third
    assert fourth is not third


async def test_one_that_begins_another_has_a_task_of_its_own() -> None:
    coroutines, tasks = Coroutines(), []

    async def inner() -> None:
        tasks.append(asyncio.current_task())

    async def outer() -> None:
        coroutines.begin(inner())
        tasks.append(asyncio.current_task())

    for _ in range(2):
        assert coroutines.begin(outer()) == (None, None)
    assert tasks[0] is not tasks[1]
    assert tasks[2] is not tasks[3]


async def test_one_that_cancels_itself_leaves_nothing_to_the_next() -> None:
    coroutines = Coroutines()

    async def cancel() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    async def answer() -> int:
        await asyncio.sleep(0)
        return 7

    for turns in (0, 1, 2):
        assert coroutines.begin(cancel()) == (None, None)
        for _ in range(turns):
            await asyncio.sleep(0)
        task, _ = coroutines.begin(answer())
        assert task is not None
        assert await task == 7


def test_no_task_that_nothing_came_of_is_left_to_the_loop() -> None:
    async def answer() -> int:
        return 7

    async def ask() -> set[asyncio.Task[Any]]:
        coroutines = Coroutines()
        for _ in range(3):
            assert coroutines.begin(answer()) == (None, 7)
            await asyncio.sleep(0)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(ask()) == set()
