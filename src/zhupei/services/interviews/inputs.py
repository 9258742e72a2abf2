"""What the use cases of interviews take: one frozen input each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from zhupei.domain.interviews import InterviewMode, SlotPeriod

__all__ = [
    "AssignInterviewsInput",
    "CancelInterviewSlotInput",
    "ChooseInterviewSlotInput",
    "MoveInterviewSlotInput",
    "OpenInterviewSlotsInput",
    "ReleaseInterviewInput",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInterviewSlotsInput:
    """Slots of one place, panel and purpose, one for each period.

    ``base`` is needed where neither the program nor the opening tells it. ``interviewers`` are
    accounts.
    """

    program: str
    mode: InterviewMode
    place: str
    periods: tuple[SlotPeriod, ...]
    base: str | None = None
    opening: str | None = None
    round: str | None = None
    interviewers: tuple[UUID, ...] = ()
    choosable: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignInterviewsInput:
    """Applications whose people are to come to a slot; who has another place leaves it."""

    slot: UUID
    applications: tuple[UUID, ...]
    dry_run: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseInterviewSlotInput:
    """The slot that an applicant chooses; an earlier choice is given up."""

    application: UUID
    slot: UUID
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInterviewInput:
    """Giving up the place of one application."""

    application: UUID
    reason: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveInterviewSlotInput:
    """What becomes different of a slot, with all who are in it; None stays as it is."""

    slot: UUID
    reason: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    place: str | None = None
    mode: InterviewMode | None = None
    capacity: int | None = None
    interviewers: tuple[UUID, ...] | None = None
    choosable: bool | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelInterviewSlotInput:
    """Cancelling a slot; who was in it needs another one."""

    slot: UUID
    reason: str
    idempotency_key: str | None = None
