"""What is told of interview slots, and of the people who have a place in one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from zhupei.domain.interviews import InterviewSlot
from zhupei.domain.plain_values import plain
from zhupei.services.office_requests import Work
from zhupei.services.outbox import subject_of
from zhupei.services.recruitment_parts import RecruitmentPart

__all__ = ["tell_interview", "tell_released", "tell_slot"]


def tell_slot(
    work: Work, part: RecruitmentPart, slot: UUID, what: str, *, starts_at: datetime
) -> None:
    """Tell what became of a slot: opened, moved or cancelled."""
    work.tell(
        f"interview_slot.{what}",
        subject_of("InterviewSlot", slot),
        base=part.base,
        program=part.program.code,
        opening=None if part.opening is None else part.opening.code,
        data={"round": part.round, "starts_at": plain(starts_at)},
    )


def tell_released(work: Work, part: RecruitmentPart, slot: UUID, application: UUID) -> None:
    """Tell that an application's place in a slot is given up."""
    work.tell(
        "interview.released",
        subject_of("Application", application),
        base=part.base,
        program=part.program.code,
        data={"slot": str(slot), "round": part.round},
    )


def tell_interview(
    work: Work,
    part: RecruitmentPart,
    slot: InterviewSlot,
    application: UUID,
    what: str,
) -> None:
    """Tell what an applicant has to know: booked, moved or cancelled, with the time.

    The office's reason is free text, which no event carries: notices read it where it is kept.
    """
    data: dict[str, str | int | bool | None] = {
        "slot": str(slot.id),
        "round": part.round,
        "mode": slot.mode.value,
        "starts_at": plain(slot.starts_at),
        # After the interview nobody needs to hear of it.
        "expires": plain(slot.starts_at),
    }
    work.tell(
        f"interview.{what}",
        subject_of("Application", application),
        base=part.base,
        program=part.program.code,
        opening=None if part.opening is None else part.opening.code,
        data=data,
    )
