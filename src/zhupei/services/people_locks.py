"""Locks of people: whoever decides on what a person holds keeps all others from it meanwhile."""

from __future__ import annotations

from collections.abc import Iterable

from tortoise.backends.base.client import BaseDBAsyncClient

__all__ = ["lock_people"]

_MANY = 1_000
"""People from which on one lock stands for everybody."""

_ROUNDS = (
    "SELECT pg_advisory_xact_lock_shared(hashtextextended(round, 3)) "
    "FROM unnest($1::text[]) AS round"
)
_PEOPLE = (
    "SELECT pg_advisory_xact_lock(hashtextextended(person, 0)) FROM unnest($2::text[]) AS person"
)
_SOMEBODY = "SELECT pg_advisory_xact_lock_shared(hashtextextended('everybody', 4))"
_EVERYBODY = "SELECT pg_advisory_xact_lock(hashtextextended('everybody', 4))"

_FOR_FEW = " UNION ALL ".join([_ROUNDS, _SOMEBODY, _PEOPLE])
_FOR_MANY = " UNION ALL ".join([_ROUNDS, _EVERYBODY])


async def lock_people(
    connection: BaseDBAsyncClient, applicants: Iterable[object], rounds: Iterable[str] = ()
) -> None:
    """Hold a lock for each person until the transaction ends, in one order for everybody.

    ``rounds`` (`round_lock`) are held first and with all others, against those who freeze one.

    A server keeps locks in memory that all its sessions share, by its defaults with room for some
    ten thousand. So one for everybody stands for very many: it waits until nobody holds any, and
    nobody gets any before it ends.
    """
    people = sorted({str(each) for each in applicants})
    if len(people) < _MANY:
        await connection.execute_query(_FOR_FEW, [sorted(set(rounds)), people])
    else:
        await connection.execute_query(_FOR_MANY, [sorted(set(rounds))])
