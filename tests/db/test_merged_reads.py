"""Tests of zhupei.db.merged_reads: what is merged, over PostgreSQL, and what waits for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tortoise import connections

from zhupei.db import merged_reads
from zhupei.db.connection import Database
from zhupei.db.merged_reads import MergedReads, turned
from zhupei.db.reading import select

_SQUARES = "SELECT n, n * n FROM generate_series(1, $1::int4) n ORDER BY n DESC"


class _Server:
    """Answers ``(n,)`` with rows ``(n,)``; holds whoever asks alone until ``free`` is set."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.alone: list[Any] = []
        self.sets: list[list[Sequence[Any]]] = []
        self.tasks: set[asyncio.Task[Any] | None] = set()
        self.refuses = False
        self.reads = MergedReads(self._alone, self._together)

    async def _alone(self, _statement: str, values: Sequence[Any], _rows: type[Any]) -> list[Any]:
        self.alone.append(values[0])
        await self.free.wait()
        if values[0] == "wrong":
            raise ValueError("wrong")
        return [(values[0],)]

    async def _together(
        self, statement: str, sets: list[Sequence[Any]], _rows: type[Any], _until: float | None
    ) -> list[Any]:
        assert statement == turned("SELECT 1", len(sets[0]) - 1)
        self.sets.append(sets)
        self.tasks.add(asyncio.current_task())
        if self.refuses:
            raise ValueError("one of them is wrong")
        return [(each[0], each[-1]) for each in sets]

    async def held(self) -> asyncio.Task[list[Any]]:
        """Return somebody who asks alone, and is under way until `free` is set."""
        task = self.ask(0)
        await _settled()
        assert self.alone == [0]
        return task

    def ask(self, *values: Any) -> asyncio.Task[list[Any]]:
        return asyncio.create_task(self.reads.read("SELECT 1", values, tuple, None))


async def _settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_reads_that_come_at_the_same_time_share_an_exchange(
    database: Database,
) -> None:
    with database.use():
        client: Any = connections.get("default")
        before = client.merged_reads.merged
        found = await asyncio.gather(*(select(_SQUARES, [n]) for n in range(9)))
    assert [[tuple(row)[:2] for row in rows] for rows in found] == [
        [(n, n * n) for n in range(most, 0, -1)] for most in range(9)
    ]
    assert client.merged_reads.merged - before == 9


async def test_those_of_one_turn_of_the_loop_go_together_at_once() -> None:
    server = _Server()
    assert await asyncio.gather(*(server.ask(n) for n in (1, 2))) == [[(1, 0)], [(2, 1)]]
    assert (server.alone, len(server.sets), server.reads.merged) == ([], 1, 2)


async def test_who_comes_alone_waits_for_nobody() -> None:
    server = _Server()
    server.free.set()
    assert await server.ask(1) == [(1,)]
    assert await server.ask(2) == [(2,)]
    assert (server.alone, server.sets, server.reads.merged) == ([1, 2], [], 0)


async def test_equal_questions_are_asked_once_and_answered_each_with_a_list_of_its_own() -> None:
    server = _Server()
    first = await server.held()
    others = [server.ask(n) for n in (7, 8, 7)]
    await _settled()
    server.free.set()
    seven, eight, again = [await each for each in others]
    assert await first == [(0,)]
    assert (seven, eight, again) == ([(7, 0)], [(8, 1)], [(7, 0)])
    assert server.sets == [[(7, 0), (8, 1)]]
    seven.clear()
    assert again == [(7, 0)]


async def test_a_set_is_as_long_as_there_are_different_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(merged_reads, "_MOST_TOGETHER", 2)
    server = _Server()
    first = await server.held()
    others = [server.ask(n) for n in (7, 8, 9, 8, 7, 7)]
    await _settled()
    server.free.set()
    assert [(await each)[0][0] for each in others] == [7, 8, 9, 8, 7, 7]
    assert await first == [(0,)]
    # Whoever asks what goes anyway takes nobody's place; the last one is asked alone.
    assert (server.sets, server.alone) == ([[(7, 0), (8, 1)]], [0, 9])
    assert server.reads.merged == 5


async def test_a_question_without_an_answer_is_asked_twice_however_many_ask_it() -> None:
    server = _Server()
    first = await server.held()
    others = [server.ask("wrong") for _ in range(5)]
    await _settled()
    server.free.set()
    found = await asyncio.gather(*others, return_exceptions=True)
    assert [str(each) for each in found] == ["wrong"] * 5
    assert (await first, server.alone, server.sets) == ([(0,)], [0, "wrong", "wrong"], [])


async def test_a_question_that_nobody_asks_any_more_is_not_asked() -> None:
    server = _Server()
    first = await server.held()
    others = [server.ask(n) for n in (1, 2, 2, 3)]
    await _settled()
    others[1].cancel()
    others[3].cancel()
    await _settled()
    server.free.set()
    assert [await others[0], await others[2]] == [[(1, 0)], [(2, 1)]]
    assert (await first, server.alone, server.sets) == ([(0,)], [0], [[(1, 0), (2, 1)]])


async def test_values_that_cannot_be_compared_are_merged_all_the_same() -> None:
    server = _Server()
    first = await server.held()
    others = [server.ask(n) for n in ([1], [1])]
    await _settled()
    server.free.set()
    assert [await each for each in others] == [[([1], 0)], [([1], 1)]]
    assert await first == [(0,)]


async def test_what_is_wrong_with_one_of_them_is_told_to_that_one_alone() -> None:
    server = _Server()
    server.refuses = True
    first = await server.held()
    right, wrong = [server.ask(n) for n in (1, "wrong")]
    await _settled()
    server.free.set()
    assert await first == [(0,)]
    assert await right == [(1,)]
    with pytest.raises(ValueError, match=r"^wrong$"):
        await wrong
    assert (server.alone, len(server.sets)) == ([0, 1, "wrong"], 1)


async def test_a_value_that_the_server_does_not_take_spoils_no_other_read(
    database: Database,
) -> None:
    with database.use():
        found = await asyncio.gather(
            *(select(_SQUARES, [each]) for each in (1, 2, "two", 3)), return_exceptions=True
        )
    assert isinstance(found[2], asyncpg.DataError)
    assert [len(rows) for rows in (found[0], found[1], found[3])] == [1, 2, 3]  # type: ignore[arg-type]  # rows


async def test_who_leaves_takes_nothing_from_the_others() -> None:
    server = _Server()
    first = await server.held()
    leaves, stays = [server.ask(n) for n in (1, 2)]
    await _settled()
    leaves.cancel()
    first.cancel()
    await _settled()
    server.free.set()
    assert await stays == [(2,)]
    assert leaves.cancelled()
    assert first.cancelled()
    # The next one finds the way free.
    assert await server.ask(3) == [(3,)]


async def test_nobody_waits_long_for_one_that_met_a_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merged_reads, "_LONGEST_WAIT_SECONDS", 0.01)
    server = _Server()
    first = await server.held()
    others = [server.ask(n) for n in (1, 2)]
    assert [await each for each in others] == [[(1, 0)], [(2, 1)]]
    assert not first.done()
    server.free.set()
    assert await first == [(0,)]


async def test_a_statement_that_takes_long_is_not_merged_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(merged_reads, "_QUICK_SECONDS", 0.0)
    server = _Server()
    first = await server.held()
    others = [server.ask(n) for n in (1, 2)]
    await _settled()
    server.free.set()
    await asyncio.gather(first, *others)
    assert server.sets == [[(1, 0), (2, 1)]]
    server.free.clear()
    apart = [server.ask(3)]
    await _settled()
    apart += [server.ask(n) for n in (4, 5)]
    await _settled()
    assert server.alone == [0, 3, 4, 5]
    server.free.set()
    await asyncio.gather(*apart)
    assert server.sets == [[(1, 0), (2, 1)]]


async def test_more_than_fit_go_in_several_exchanges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merged_reads, "_MOST_TOGETHER", 4)
    server = _Server()
    tasks = [server.ask(n) for n in range(11)]
    assert [(await each)[0][0] for each in tasks] == list(range(11))
    assert [len(each) for each in server.sets] == [4, 4, 3]
    assert server.alone == []
    # Each goes out as soon as the one before came back: in its task.
    assert len(server.tasks) == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=24))
def test_everybody_gets_the_answer_to_their_own_question(asked: list[tuple[int, bool]]) -> None:
    async def run() -> None:
        server = _Server()
        server.free.set()
        tasks = []
        for value, later in asked:
            tasks.append(server.ask(value))
            if later:
                await asyncio.sleep(0)
        assert [(await each)[0][0] for each in tasks] == [value for value, _ in asked]

    asyncio.run(run())
