"""Making notices of events: for each event once, in the transaction that marks it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.db.models import ApplicationRow, InvitationRow, NoticeRow, OutboxRow
from zhupei.services.notices.kinds import NoticeKind, NoticeState, RecipientKind, Tells, told_by
from zhupei.services.outbox import id_in

__all__ = ["make_notices"]

_AT_A_TIME = 200


async def make_notices(now: datetime) -> int:
    """Make the notices of all events that have none yet, and return how many were made.

    Several may do so at once: each takes events that no other has taken.
    """
    made = 0
    while True:
        async with in_transaction():
            events = (
                await OutboxRow.filter(noticed_at=None)
                .order_by("id")
                .limit(_AT_A_TIME)
                .select_for_update(skip_locked=True)
            )
            if not events:
                return made
            notices = await _notices(events, now)
            await NoticeRow.bulk_create(notices, ignore_conflicts=True)
            await OutboxRow.filter(id__in=[each.id for each in events]).update(noticed_at=now)
            made += len(notices)


async def _notices(events: Iterable[OutboxRow], now: datetime) -> list[NoticeRow]:
    told = [
        (event, tells)
        for event in events
        for tells in told_by(event.name, event.data.get("action"))
    ]
    applications = {id_: event for event, _ in told if (id_ := id_in(event.subject, "Application"))}
    invitations = {id_: event for event, _ in told if (id_ := id_in(event.subject, "Invitation"))}
    people: dict[UUID, UUID] = {}
    for model, ids in ((ApplicationRow, applications), (InvitationRow, invitations)):
        rows = await model.filter(id__in=list(ids)).values("id", "applicant_id")
        people |= {row["id"]: row["applicant_id"] for row in rows}
    drafts = await ApplicationRow.filter(id__in=list(applications), submitted_at=None).values_list(
        "id", flat=True
    )
    found = (_notice(event, tells, people, set(drafts), now) for event, tells in told)
    return [notice for notice in found if notice is not None]


def _notice(
    event: OutboxRow,
    tells: Tells,
    people: Mapping[UUID, UUID],
    drafts: Collection[object],
    now: datetime,
) -> NoticeRow | None:
    application = id_in(event.subject, "Application")
    if application in drafts and tells.kind is NoticeKind.WITHDRAWN:
        # Nobody but the person saw it, nor were they told when it was begun.
        return None
    if tells.to is RecipientKind.APPLICANT:
        who = application or id_in(event.subject, "Invitation")
        person = None if who is None else people.get(who)
        recipient = None if person is None else str(person)
    elif tells.to is RecipientKind.INTEGRATOR:
        webhook = id_in(event.subject, "Webhook")
        recipient = None if webhook is None else str(webhook)
    else:
        recipient = event.base_code
    if recipient is None:
        # A jurisdiction's own program has no office of a base; what is gone concerns nobody.
        return None
    expires = event.data.get("expires")
    facts: dict[str, Any] = {key: value for key, value in event.data.items() if key != "expires"}
    return NoticeRow(
        id=uuid7(),
        event_id=event.id,
        kind=tells.kind.value,
        recipient_kind=tells.to.value,
        recipient=recipient,
        application_id=application,
        # What was never handed in is the person's alone: the office sees no notice of it either.
        base_code=None if application in drafts else event.base_code,
        program_code=event.program_code,
        facts=facts,
        state=NoticeState.WAITING.value,
        attempts=0,
        created_at=now,
        next_attempt_at=now,
        expires_at=None if expires is None else datetime.fromisoformat(expires),
    )
