"""Places of interviews that are given up when an application ends; used by every transition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

__all__ = ["give_up_places"]

_GIVE_UP = """
WITH released AS (
    UPDATE interview_booking AS b SET released_at = $2, released_by = $3, release_reason = $4
    FROM interview_slot AS s
    WHERE s.id = b.slot_id AND s.starts_at > $2 AND b.released_at IS NULL
      AND b.application_id = ANY($1::uuid[])
    RETURNING b.slot_id
)
UPDATE interview_slot AS s SET taken = s.taken - left_by.people
FROM (SELECT slot_id, count(*)::int AS people FROM released GROUP BY slot_id) AS left_by
WHERE s.id = left_by.slot_id
"""


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
