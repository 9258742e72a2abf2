"""How attempts to deliver an event end, and the log of deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from zhupei.db.models import OutboxRow, WebhookAttemptRow, WebhookDeliveryRow
from zhupei.domain.webhooks import DeliveryState, type_of

__all__ = ["Attempt", "AttemptOutcome", "Delivery", "deliveries_of", "delivery_of"]


class AttemptOutcome(StrEnum):
    """How one attempt ended."""

    DELIVERED = "DELIVERED"
    REFUSED = "REFUSED"
    BLOCKED = "BLOCKED"
    UNREACHABLE = "UNREACHABLE"
    UNTRUSTED = "UNTRUSTED"
    TIMED_OUT = "TIMED_OUT"
    PROTOCOL = "PROTOCOL"
    INTERRUPTED = "INTERRUPTED"
    NOT_SIGNED = "NOT_SIGNED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt; ``milliseconds`` is how long it took, None where nobody knows."""

    number: int
    at: datetime
    outcome: AttemptOutcome
    status: int | None
    milliseconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The delivery of one event to one endpoint; ``event`` is the id that it is deduplicated by."""

    id: UUID
    webhook: UUID
    event: UUID
    type: str
    subject: str
    at: datetime
    base: str | None
    state: DeliveryState
    queued_at: datetime
    next_attempt_at: datetime | None
    settled_at: datetime | None
    attempts: tuple[Attempt, ...]


async def delivery_of(delivery: UUID) -> Delivery | None:
    """Return one delivery; the caller asks whose it is."""
    found = await _deliveries(await WebhookDeliveryRow.filter(id=delivery))
    return found[0] if found else None


async def deliveries_of(
    webhook: UUID,
    *,
    states: Sequence[DeliveryState] = (),
    first: int,
    before: UUID | None = None,
) -> tuple[Delivery, ...]:
    """Return the newest deliveries to an endpoint; three statements, however many there are.

    ``before`` continues after the last one seen.
    """
    query = WebhookDeliveryRow.filter(webhook_id=webhook)
    if states:
        query = query.filter(state__in=[each.value for each in states])
    if before is not None:
        query = query.filter(id__lt=before)
    return await _deliveries(await query.order_by("-id").limit(first))


async def _deliveries(rows: Sequence[WebhookDeliveryRow]) -> tuple[Delivery, ...]:
    if not rows:
        return ()
    attempts: dict[UUID, list[Attempt]] = {}
    found = await WebhookAttemptRow.filter(delivery_id__in=[row.id for row in rows])
    for each in sorted(found, key=lambda one: one.number):
        attempts.setdefault(cast("Any", each).delivery_id, []).append(
            Attempt(
                number=each.number,
                at=each.at,
                outcome=AttemptOutcome(each.outcome),
                status=each.status,
                milliseconds=each.milliseconds,
            )
        )
    ids = [cast("Any", row).event_id for row in rows]
    events = {event.id: event for event in await OutboxRow.filter(id__in=ids)}
    return tuple(
        _delivery(row, events[cast("Any", row).event_id], attempts.get(row.id, ())) for row in rows
    )


def _delivery(row: WebhookDeliveryRow, event: OutboxRow, attempts: Sequence[Attempt]) -> Delivery:
    waiting = row.state == DeliveryState.WAITING.value
    return Delivery(
        id=row.id,
        webhook=cast("Any", row).webhook_id,
        event=event.id,
        type=type_of(event.name),
        subject=event.subject,
        at=event.at,
        base=event.base_code,
        state=DeliveryState(row.state),
        queued_at=row.queued_at,
        next_attempt_at=row.next_attempt_at if waiting else None,
        settled_at=row.settled_at,
        attempts=tuple(attempts),
    )
