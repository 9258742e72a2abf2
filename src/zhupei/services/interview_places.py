"""Places of interviews: who changes them holds the slots; who ends an application gives them up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

__all__ = ["give_up_places", "hold_slots"]

# Slots first and in their order, as `hold_slots` does.
_GIVE_UP = """
WITH held AS (
    SELECT s.id FROM interview_slot AS s
    WHERE s.starts_at > $2 AND s.id IN (
        SELECT b.slot_id FROM interview_booking AS b
        WHERE b.released_at IS NULL AND b.application_id = ANY($1::uuid[])
    )
    ORDER BY s.id FOR UPDATE
),
released AS (
    UPDATE interview_booking AS b SET released_at = $2, released_by = $3, release_reason = $4
    FROM held
    WHERE held.id = b.slot_id AND b.released_at IS NULL AND b.application_id = ANY($1::uuid[])
    RETURNING b.slot_id
)
UPDATE interview_slot AS s SET taken = s.taken - left_by.people
FROM (SELECT slot_id, count(*)::int AS people FROM released GROUP BY slot_id) AS left_by
WHERE s.id = left_by.slot_id
"""


async def hold_slots(connection: BaseDBAsyncClient, slots: Collection[UUID]) -> None:
    """Hold the rows of slots until the transaction ends, before any place in them is written.

    In one order for everybody, so that no two wait for each other.
    """
    await connection.execute_query(
        "SELECT id FROM interview_slot WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE",
        [list(slots)],
    )


async def give_up_places(
    connection: BaseDBAsyncClient, applications: Sequence[UUID], *, by: str, at: datetime
) -> None:
    """Give up the places of applications that end, in slots that are still to come.

    Works on the transaction of the transition that ends them.
    """
    if applications:
        await connection.execute_query(
            _GIVE_UP, [list(applications), at, by, "the application ended"]
        )
