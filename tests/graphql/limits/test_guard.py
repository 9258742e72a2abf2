"""Tests of zhupei.graphql.limits.guard: turns, time and variables."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from tortoise.connection import get_connections
from tortoise.transactions import in_transaction

from graphql import GraphQLError
from zhupei.db.connection import Database
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.text import Language
from zhupei.graphql.limits import Guard, LimitCode, NotNow, Rates, check_variables


@dataclass
class Asking:
    """What the guard looks at of a context."""

    actor: Actor | None = None
    address: str = "192.0.2.1"
    language: Language = Language.EN


def guard_of(
    *, seconds: float = 5, running: int = 1, waiting: int = 1, rates: Rates | None = None
) -> Guard:
    return Guard(
        rates=rates or Rates(requests=0, cost={}), seconds=seconds, running=running, waiting=waiting
    )


async def refused(awaitable: Any) -> tuple[str, str, Any]:
    with pytest.raises(NotNow) as caught:
        await awaitable
    extensions = caught.value.extensions or {}
    return str(extensions["code"]), caught.value.message, extensions.get("retryAfter")


async def test_more_wait_and_the_rest_is_sent_away() -> None:
    guard, end, order = guard_of(running=2, waiting=1), asyncio.Event(), []

    async def work(name: str) -> str:
        order.append(name)
        await end.wait()
        return name

    running = [asyncio.create_task(guard.run(Asking(), partial(work, n))) for n in "abc"]
    await asyncio.sleep(0)
    assert order == ["a", "b"]
    assert await refused(guard.run(Asking(), lambda: work("d"))) == (
        LimitCode.OVERLOADED,
        "The server is busy; try again soon.",
        1,
    )
    end.set()
    assert await asyncio.gather(*running) == ["a", "b", "c"]
    assert order == ["a", "b", "c"]
    # Every turn was given back.
    assert await asyncio.gather(*(guard.run(Asking(), partial(work, n)) for n in "xyz")) == list(
        "xyz"
    )


async def test_who_waits_and_leaves_takes_no_turn() -> None:
    guard, end = guard_of(running=1, waiting=5), asyncio.Event()
    first = asyncio.create_task(guard.run(Asking(), end.wait))
    waiting = [asyncio.create_task(guard.run(Asking(), end.wait)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    end.set()
    assert await asyncio.gather(first, *waiting[1:]) == [True, True, True]
    assert await guard.run(Asking(), end.wait)


async def test_an_error_gives_the_turn_back() -> None:
    guard = guard_of(running=1, waiting=0)

    async def broken() -> None:
        raise LookupError("nothing")

    for _ in range(3):
        with pytest.raises(LookupError):
            await guard.run(Asking(), broken)


async def test_a_timeout_of_its_own_is_not_ours() -> None:
    async def slow() -> None:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(1)

    with pytest.raises(TimeoutError):
        await guard_of().run(Asking(), slow)


async def test_what_takes_too_long_is_stopped() -> None:
    guard, stopped = guard_of(seconds=0.05), asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    code, message, again = await refused(guard.run(Asking(), endless))
    assert (code, again) == (LimitCode.OPERATION_TIMED_OUT, None)
    assert message.startswith("The operation did not end within 0.05 s and was stopped.")
    assert stopped.is_set()


_INSERT = "INSERT INTO rate_window (key, number, spent, before) VALUES ($1, 1, 1, 1)"
_SLEEPING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND state = 'active' AND query LIKE 'SELECT pg_sleep%'"
)


async def sleeping() -> int:
    rows = await get_connections().get("default").execute_query_dict(_SLEEPING)
    return int(rows[0]["count"])


async def sleep_in_postgres() -> None:
    await get_connections().get("default").execute_query_dict("SELECT pg_sleep(60)")


@pytest.mark.slow
@pytest.mark.parametrize("apart", [False, True], ids=["awaited", "in a task of its own"])
async def test_its_sql_ends_in_postgresql(database: Database, apart: bool) -> None:
    """R: a time-out really ends the statement, also where a loader's task runs it."""

    async def work() -> None:
        if apart:
            alone = asyncio.create_task(sleep_in_postgres())
            alone.add_done_callback(lambda task: task.exception())
            await asyncio.shield(alone)
        else:
            await sleep_in_postgres()

    with database.use():
        running = asyncio.create_task(guard_of(seconds=0.3).run(Asking(), work))
        await asyncio.sleep(0.15)
        assert await sleeping() == 1
        with pytest.raises(NotNow):
            await running
        await asyncio.sleep(0.5)
        assert await sleeping() == 0


@pytest.mark.slow
async def test_a_change_that_takes_too_long_is_not_made(database: Database) -> None:
    """R: past its time a change is rolled back as a whole."""
    with database.use():
        client = get_connections().get("default")

        async def change() -> None:
            async with in_transaction() as connection:
                await connection.execute_query(_INSERT, ["a"])
                await connection.execute_query("SELECT pg_sleep(60)")
                await connection.execute_query(_INSERT, ["b"])

        with pytest.raises(NotNow):
            await guard_of(seconds=0.3).run(Asking(), change)
        assert await client.execute_query_dict("SELECT * FROM rate_window") == []


async def test_cost_is_counted_by_account_and_address() -> None:
    rates = Rates(requests=0, cost={"public": 1000, "national": 100_000, "auditor": 0})
    guard = guard_of(rates=rates)
    public = Asking()
    await guard.admit(public, 900, 0)
    code, message, again = await refused(guard.admit(public, 900, 0))
    assert code == LimitCode.RATE_LIMITED
    assert again in range(1, 121)
    assert message == f"Too many requests; try again in {again} s."
    # What was refused was not counted: a little goes on.
    await guard.admit(public, 10, 0)
    # Others are others.
    await guard.admit(Asking(address="192.0.2.2"), 900, 0)
    national = Asking(Actor(id="1", grants=frozenset({Grant("national"), Grant("applicant")})))
    for _ in range(5):
        await guard.admit(national, 10_000, 0)
    unlimited = Asking(Actor(id="2", grants=frozenset({Grant("auditor")})))
    for _ in range(5):
        await guard.admit(unlimited, 10**6, 0)
    somebody = Asking(Actor(id="3", grants=frozenset({Grant("applicant")})))
    await guard.admit(somebody, 900, 0)
    assert (await refused(guard.admit(somebody, 900, 0)))[0] == LimitCode.RATE_LIMITED


async def test_a_new_text_costs_what_reading_it_takes() -> None:
    guard = guard_of(rates=Rates(requests=0, cost={"public": 1000}))
    await guard.admit(Asking(), 0, 190)  # 20 and 5 for each token
    assert (await refused(guard.admit(Asking(), 20, 0)))[0] == LimitCode.RATE_LIMITED


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ids": ["a"] * 10_001}, "The variables hold more than 10000 values."),
        (dict.fromkeys(map(str, range(10_001))), "The variables hold more than 10000 values."),
        (
            {"a": {str(n): n for n in range(501)}},
            "An object in the variables has more than 500 keys.",
        ),
        ({"a": {str(n): n for n in range(500)}}, None),
        ({str(n): n for n in range(10_000)}, None),
        ({"ids": [["a"] * 100] * 99}, None),
        ({"ids": [["a"] * 101] * 100}, "The variables hold more than 10000 values."),
    ],
)
def test_values_of_variables(values: dict[str, Any], message: str | None) -> None:
    if message is None:
        check_variables(values)
        return
    with pytest.raises(GraphQLError) as caught:
        check_variables(values)
    assert caught.value.message == message
    assert (caught.value.extensions or {})["code"] == LimitCode.LIMIT_EXCEEDED


def test_nesting_of_variables() -> None:
    nested: Any = 1
    for _ in range(31):
        nested = [nested]
    check_variables({"a": nested})
    with pytest.raises(GraphQLError, match="nested more than 32 times"):
        check_variables({"a": [nested]})


@pytest.mark.parametrize("text", ["\0", "a\0b", "中\0", "\ud800", "中\udfff"])
def test_what_is_no_text_is_refused(text: str) -> None:
    """PostgreSQL takes neither NUL nor what cannot be written in UTF-8."""
    with pytest.raises(GraphQLError) as caught:
        check_variables({"input": {"names": ["a", text]}})
    assert caught.value.message == (
        "The variables hold a text with U+0000 or half a surrogate pair."
    )
    assert (caught.value.extensions or {})["code"] == "BAD_USER_INPUT"
    check_variables({"input": {"names": ["中文", "😀", "\t\n"]}})
