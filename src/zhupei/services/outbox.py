"""The outbox: events are written in the transaction that they tell of, and told afterwards.

Whoever reacts to events (notices, deliveries to others) reads them here: an event is there if and
only if what it tells was committed, and it stays, under the same id, however often it is told.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.db.job_queue import enqueue
from zhupei.db.models import OutboxRow
from zhupei.domain.events import Event

__all__ = ["QUEUE", "TELL", "id_in", "record_events", "subject_of"]

QUEUE = "zhupei"
"""The queue of all jobs."""

TELL = "zhupei.tell"
"""The job that turns events into notices and delivers them."""


async def record_events(connection: BaseDBAsyncClient, events: Sequence[Event]) -> None:
    """Write events in the transaction of ``connection``, and put the job that tells them on queue.

    Nothing is written for no events. The job carries no arguments: it tells all that waits.
    """
    if not events:
        return
    await OutboxRow.bulk_create([_row(event) for event in events], using_db=connection)
    await enqueue(connection, TELL, QUEUE)


def _row(event: Event) -> OutboxRow:
    return OutboxRow(
        id=event.id,
        name=event.name,
        at=event.at,
        subject=event.subject,
        base_code=event.base,
        program_code=event.program,
        opening_code=event.opening,
        actor=event.actor,
        data=dict(event.data),
        catalogue_hash=event.catalogue_hash,
    )


def subject_of(noun: str, key: UUID | str) -> str:
    """Return the global id of something, as events name what they are about.

    The graph's `node` fetches applications and trainees by it.
    """
    return base64.urlsafe_b64encode(f"{noun}:{key}".encode()).decode().rstrip("=")


def id_in(subject: str, noun: str) -> UUID | None:
    """Return the id in a global id of ``noun``; None where it is something else's."""
    try:
        padded = subject + "=" * (-len(subject) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        name, _, key = raw.decode().partition(":")
        return UUID(key) if name == noun else None
    except (binascii.Error, ValueError):
        return None
