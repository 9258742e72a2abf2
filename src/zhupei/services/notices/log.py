"""The log of notices: what was to be told to whom, and what came of every attempt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from zhupei.db.models import NoticeRow
from zhupei.db.reading import Condition, Order, PageQuery, among, any_of, read_objects
from zhupei.db.tables import RowSource, columns, expressed, listed_from, member
from zhupei.domain.text import Text
from zhupei.services.notices.kinds import (
    NOTICE_LABELS,
    NoticeKind,
    NoticeState,
    RecipientKind,
)
from zhupei.services.notices.mail import DeliveryOutcome

__all__ = ["NOTICES", "Attempt", "Notice", "notice_of", "notice_query", "notices_of"]


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


NOTICES = RowSource(
    described=Notice,
    model=NoticeRow,
    alias="n",
    attributes={
        **columns("id", "recipient", "created_at", "expires_at", "settled_at"),
        **columns(application="application_id", base="base_code", program="program_code"),
        "kind": member(NoticeKind, "kind"),
        "to": member(RecipientKind, "recipient_kind"),
        "state": member(NoticeState, "state"),
        "next_attempt_at": expressed(
            "CASE WHEN {t}.settled_at IS NULL THEN {t}.next_attempt_at END"
        ),
        "attempts": listed_from(
            Attempt,
            """(SELECT coalesce(json_agg(json_build_object('number', d.attempt, 'at', d.at,
            'outcome', d.outcome, 'code', d.code, 'response', d.response,
            'message_id', d.message_id) ORDER BY d.attempt), '[]')
            FROM notice_delivery d WHERE d.notice_id = {t}.id)""",
        ),
    },
    derived={"label": frozenset({"kind"})},
)
"""Notices, as `Notice` has them."""


def notice_query(
    names: Iterable[str] | None,
    *,
    bases: frozenset[str] | None = None,
    applicant: UUID | None = None,
    notice: UUID | None = None,
    application: UUID | None = None,
    program: str | None = None,
    states: Sequence[NoticeState] | None = None,
    before: UUID | None = None,
) -> PageQuery:
    """Ask for notices of some bases (None: all), and for those to an applicant, the newest first.

    ``before`` continues after the last one seen; ``names`` None asks for all attributes.
    """
    conditions = []
    if bases is not None:
        reached = [among("n.base_code", sorted(bases), "text")]
        if applicant is not None:
            own = (RecipientKind.APPLICANT.value, str(applicant))
            reached.append(Condition("(n.recipient_kind = ? AND n.recipient = ?)", own))
        conditions.append(any_of(reached))
    for text, value in (
        ("n.id = ?", notice),
        ("n.application_id = ?", application),
        ("n.program_code = ?", program),
        ("n.id < ?", before),
    ):
        if value is not None:
            conditions.append(Condition(text, (value,)))
    if states is not None:
        conditions.append(among("n.state", [each.value for each in states], "text"))
    return PageQuery(
        source=NOTICES,
        conditions=tuple(conditions),
        order=Order("n.id", descending=True),
        view=NOTICES.view(names),
    )


async def notices_of(*, first: int, **limits: Any) -> tuple[Notice, ...]:
    """Return the newest notices within the limits of `notice_query`."""
    return tuple(await read_objects(notice_query(None, **limits), first))


async def notice_of(notice: UUID) -> Notice | None:
    """Return one notice; the caller asks whether it may be seen."""
    found = await notices_of(notice=notice, first=1)
    return found[0] if found else None
