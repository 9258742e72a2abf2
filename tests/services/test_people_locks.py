"""Locks of people: one each, and one for everybody where there are very many."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from tortoise.transactions import in_transaction

from zhupei.db.connection import Database
from zhupei.services.people_locks import lock_people

pytestmark = pytest.mark.slow

_HELD = (
    "SELECT count(*)::int AS held FROM pg_locks WHERE locktype = 'advisory' AND granted "
    "AND pid = pg_backend_pid()"
)
_WAITING = (
    "SELECT count(*)::int AS waiting FROM pg_locks JOIN pg_database AS d ON d.oid = database "
    "WHERE d.datname = current_database() AND locktype = 'advisory' AND NOT granted"
)


def people(count: int, begin: int = 0) -> list[UUID]:
    return [UUID(int=begin + number) for number in range(count)]


async def locked(database: Database, applicants: Iterable[UUID], order: list[str]) -> None:
    """Lock people in a transaction that ends at once."""
    with database.use():
        async with in_transaction() as connection:
            await lock_people(connection, applicants, ["main"])
            order.append("second")


@asynccontextmanager
async def waiting_for(
    database: Database, first: list[UUID], second: list[UUID]
) -> AsyncIterator[tuple[list[str], asyncio.Task[None]]]:
    """Hold some people, let another ask for some, and look whether they wait."""
    order: list[str] = []
    with database.use():
        async with in_transaction() as connection:
            await lock_people(connection, first, ["main"])
            # Outside the transaction of this one.
            other = asyncio.create_task(
                locked(database, second, order), context=contextvars.Context()
            )
            while not other.done():
                (found,) = await connection.execute_query_dict(_WAITING)
                if found["waiting"]:
                    break
                await asyncio.sleep(0.01)
            yield order, other
            order.append("first")
    await other


async def test_a_server_has_room_for_very_many(database: Database) -> None:
    """20,000 locks of their own were refused: `out of shared memory`."""
    with database.use():
        async with in_transaction() as connection:
            await lock_people(connection, people(20_000), ["main"])
            (found,) = await connection.execute_query_dict(_HELD)
    assert found["held"] == 2


async def test_few_have_a_lock_each(database: Database) -> None:
    with database.use():
        async with in_transaction() as connection:
            await lock_people(connection, [*people(3), *people(3)], ["main", "main", "second"])
            (found,) = await connection.execute_query_dict(_HELD)
    # Three people, two rounds, and one that says that people are held.
    assert found["held"] == 6


@pytest.mark.parametrize(
    ("first", "second", "waits"),
    [
        (people(1), people(2), True),
        (people(1), people(1, 1), False),
        (people(2_000), people(1, 5_000), True),
        (people(1, 5_000), people(2_000), True),
        (people(2_000), people(2_000, 5_000), True),
    ],
    ids=["same", "others", "many-first", "many-second", "many-both"],
)
async def test_who_waits_for_whom(
    database: Database, first: list[Any], second: list[Any], waits: bool
) -> None:
    async with waiting_for(database, first, second) as (order, _):
        assert order == ([] if waits else ["second"])
    assert order == (["first", "second"] if waits else ["second", "first"])
