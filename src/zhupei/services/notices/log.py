"""The log of notices: what was to be told to whom, and what came of every attempt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise.expressions import Q

from zhupei.db.models import NoticeDeliveryRow, NoticeRow
from zhupei.domain.text import Text
from zhupei.services.notices.kinds import (
    NOTICE_LABELS,
    NoticeKind,
    NoticeState,
    RecipientKind,
)
from zhupei.services.notices.mail import DeliveryOutcome

__all__ = ["Attempt", "Notice", "notice_of", "notices_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt; ``response`` is the server's answer without any address."""

    number: int
    at: datetime
    outcome: DeliveryOutcome
    code: int | None
    response: str | None
    message_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice: ``recipient`` is an applicant's id or a base's code, never an address."""

    id: UUID
    kind: NoticeKind
    to: RecipientKind
    recipient: str
    application: UUID | None
    base: str | None
    program: str | None
    state: NoticeState
    created_at: datetime
    next_attempt_at: datetime | None
    expires_at: datetime | None
    settled_at: datetime | None
    attempts: tuple[Attempt, ...]

    @property
    def label(self) -> Text:
        """What its kind is called."""
        return NOTICE_LABELS[self.kind]


async def notices_of(
    *,
    bases: frozenset[str] | None,
    applicant: UUID | None,
    application: UUID | None = None,
    program: str | None = None,
    states: Sequence[NoticeState] = (),
    first: int,
    before: UUID | None = None,
) -> tuple[Notice, ...]:
    """Return the newest notices of some bases (None: all), and those to an applicant.

    ``before`` continues after the last one seen. Two statements, however many there are.
    """
    query = NoticeRow.all()
    if bases is not None:
        reached = Q(base_code__in=sorted(bases))
        if applicant is not None:
            kind = RecipientKind.APPLICANT.value
            reached |= Q(recipient_kind=kind, recipient=str(applicant))
        query = query.filter(reached)
    if application is not None:
        query = query.filter(application_id=application)
    if program is not None:
        query = query.filter(program_code=program)
    if states:
        query = query.filter(state__in=[each.value for each in states])
    if before is not None:
        query = query.filter(id__lt=before)
    return await _notices(await query.order_by("-id").limit(first))


async def notice_of(notice: UUID) -> Notice | None:
    """Return one notice; the caller asks whether it may be seen."""
    row = await NoticeRow.get_or_none(id=notice)
    return None if row is None else (await _notices([row]))[0]


async def _notices(rows: Sequence[NoticeRow]) -> tuple[Notice, ...]:
    attempts: dict[UUID, list[Attempt]] = {}
    if rows:
        found = await NoticeDeliveryRow.filter(notice_id__in=[row.id for row in rows]).order_by(
            "attempt"
        )
        for each in found:
            notice: UUID = each.notice_id  # type: ignore[attr-defined]  # the relation's column
            attempts.setdefault(notice, []).append(
                Attempt(
                    number=each.attempt,
                    at=each.at,
                    outcome=DeliveryOutcome(each.outcome),
                    code=each.code,
                    response=each.response,
                    message_id=each.message_id,
                )
            )
    return tuple(
        Notice(
            id=row.id,
            kind=NoticeKind(row.kind),
            to=RecipientKind(row.recipient_kind),
            recipient=row.recipient,
            application=row.application_id,
            base=row.base_code,
            program=row.program_code,
            state=NoticeState(row.state),
            created_at=row.created_at,
            next_attempt_at=row.next_attempt_at if row.settled_at is None else None,
            expires_at=row.expires_at,
            settled_at=row.settled_at,
            attempts=tuple(attempts.get(row.id, ())),
        )
        for row in rows
    )
