"""How attempts to deliver an event end, and the log of deliveries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from zhupei.db.models import WebhookDeliveryRow
from zhupei.db.reading import Condition, Order, PageQuery, among, read_objects
from zhupei.db.tables import Made, RowSource, columns, expressed, listed_from, member
from zhupei.domain.webhooks import DeliveryState, type_of

__all__ = [
    "DELIVERIES",
    "Attempt",
    "AttemptOutcome",
    "Delivery",
    "deliveries_of",
    "delivery_of",
    "delivery_query",
]


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


def _of_event(column: str, make: Callable[[str], str] | None = None) -> Made:
    return expressed(f"(SELECT e.{column} FROM outbox e WHERE e.id = {{t}}.event_id)", make)  # noqa: S608 - a constant


DELIVERIES = RowSource(
    described=Delivery,
    model=WebhookDeliveryRow,
    alias="d",
    attributes={
        **columns("id", "queued_at", "settled_at", webhook="webhook_id", event="event_id"),
        "type": _of_event("name", type_of),
        "subject": _of_event("subject"),
        "at": _of_event("at"),
        "base": _of_event("base_code"),
        "state": member(DeliveryState, "state"),
        "next_attempt_at": expressed(
            "CASE WHEN {t}.state = 'WAITING' THEN {t}.next_attempt_at END"
        ),
        "attempts": listed_from(
            Attempt,
            """(SELECT coalesce(json_agg(json_build_object('number', n.number, 'at', n.at,
            'outcome', n.outcome, 'status', n.status, 'milliseconds', n.milliseconds)
            ORDER BY n.number), '[]') FROM webhook_attempt n WHERE n.delivery_id = {t}.id)""",
        ),
    },
)
"""Deliveries, as `Delivery` has them, with what is told of the event."""


def delivery_query(
    names: Iterable[str] | None,
    *,
    webhook: UUID | None = None,
    delivery: UUID | None = None,
    states: Sequence[DeliveryState] | None = None,
    before: UUID | None = None,
) -> PageQuery:
    """Ask for deliveries, the newest first; ``before`` continues after the last one seen."""
    conditions = [
        Condition(text, (value,))
        for text, value in (
            ("d.webhook_id = ?", webhook),
            ("d.id = ?", delivery),
            ("d.id < ?", before),
        )
        if value is not None
    ]
    if states is not None:
        conditions.append(among("d.state", [each.value for each in states], "text"))
    return PageQuery(
        source=DELIVERIES,
        conditions=tuple(conditions),
        order=Order("d.id", descending=True),
        view=DELIVERIES.view(names),
    )


async def delivery_of(delivery: UUID) -> Delivery | None:
    """Return one delivery; the caller asks whose it is."""
    found = await read_objects(delivery_query(None, delivery=delivery), 1)
    return found[0] if found else None


async def deliveries_of(
    webhook: UUID,
    *,
    states: Sequence[DeliveryState] | None = None,
    first: int,
    before: UUID | None = None,
) -> tuple[Delivery, ...]:
    """Return the newest deliveries to an endpoint."""
    query = delivery_query(None, webhook=webhook, states=states, before=before)
    return tuple(await read_objects(query, first))
