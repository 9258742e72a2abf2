"""What stands against a slot of interviews: its place, its time, its panel, its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from uuid import UUID

from zhupei.domain.interviews import InterviewSlot, SlotPeriod, in_interview_window, mode_foreseen
from zhupei.domain.text import Text
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import permitted_for, specialty_of
from zhupei.services.interviews.inputs import OpenInterviewSlotsInput
from zhupei.services.recruitment_parts import RecruitmentPart

__all__ = [
    "MANAGE",
    "cancelled_refusal",
    "may_manage",
    "not_in_time",
    "panel_twice",
    "period_of",
    "too_few_places",
    "wrong_input",
]


MANAGE = "interviews.manage"
"""The permission to arrange interviews."""

_MOST_PERIODS = 500
_MOST_PEOPLE = 1000
_LONGEST = timedelta(days=1)
_LONGEST_PLACE = 500


def wrong_input(  # noqa: PLR0911 - each part of the input says what is wrong
    place: str, periods: Sequence[SlotPeriod], interviewers: Sequence[UUID]
) -> Refusal | None:
    """Refuse what is wrong whatever the round: places, lengths, numbers of people and periods."""
    if not place.strip() or len(place) > _LONGEST_PLACE or "\x00" in place:
        return _invalid(
            "place",
            f"须填写地点或会议链接，不超过 {_LONGEST_PLACE} 字",
            f"say the room or the address of the meeting, in {_LONGEST_PLACE} characters at most",
        )
    if not 1 <= len(periods) <= _MOST_PERIODS:
        return _invalid(
            "periods",
            f"一次可建 1 至 {_MOST_PERIODS} 个时段",
            f"1 to {_MOST_PERIODS} slots are made at once",
        )
    if len(interviewers) != len(set(interviewers)):
        return _invalid("interviewers", "考官重复", "an interviewer is named twice")
    for number, each in enumerate(periods):
        field = f"periods.{number}"
        if each.starts_at.tzinfo is None or each.ends_at.tzinfo is None:
            return _invalid(field, "时间须带时区", "a time needs its zone")
        if not timedelta(0) < each.ends_at - each.starts_at <= _LONGEST:
            return _invalid(
                field,
                "结束时间须晚于开始时间，且不超过一天",
                "a slot ends after it begins, within a day",
            )
        if not 1 <= each.capacity <= _MOST_PEOPLE:
            return _invalid(
                f"{field}.capacity",
                f"人数应为 1 至 {_MOST_PEOPLE}",
                f"the capacity is 1 to {_MOST_PEOPLE} people",
            )
    return None


def _invalid(field: str, zh: str, en: str) -> Refusal:
    return Refusal(code=RefusalCode.INPUT_INVALID, message=Text(zh, en), field=field)


def not_in_time(
    desk: Desk, part: RecruitmentPart, given: OpenInterviewSlotsInput | InterviewSlot
) -> Refusal | None:
    """Refuse slots of a round without interviews, of another kind, past, or out of the window."""
    steps = part.path.steps_of("interview")
    if not steps:
        return Refusal(
            code=RefusalCode.INTERVIEW_NOT_FORESEEN,
            message=Text("本项目本批次没有面试环节", "the program has no interview in this round"),
            field="program",
        )
    against = mode_foreseen(steps, given.mode)
    if against is not None:
        return against
    several = isinstance(given, OpenInterviewSlotsInput)
    periods = given.periods if isinstance(given, OpenInterviewSlotsInput) else (period_of(given),)
    for number, each in enumerate(periods):
        field = f"periods.{number}" if several else "startsAt"
        if each.starts_at < desk.clock():
            return _invalid(field, "开始时间已过", "the time has passed already")
        closed = in_interview_window(part.program, part.round, steps, each.starts_at, each.ends_at)
        if closed is not None:
            return replace(closed, field=field)
    return None


def period_of(slot: InterviewSlot) -> SlotPeriod:
    """Return when a slot is, and for how many."""
    return SlotPeriod(starts_at=slot.starts_at, ends_at=slot.ends_at, capacity=slot.capacity)


def panel_twice(given: OpenInterviewSlotsInput) -> Refusal | None:
    """Refuse periods that overlap: one panel cannot sit in two of them."""
    if not given.interviewers:
        return None
    for one, other in combinations(sorted(given.periods, key=lambda each: each.starts_at), 2):
        if other.starts_at < one.ends_at:
            return Refusal(
                code=RefusalCode.INTERVIEWER_BUSY,
                message=Text("同一组考官的时段互相重叠", "slots of one panel overlap one another"),
                field="periods",
            )
    return None


def too_few_places(capacity: int, taken: int) -> Refusal | None:
    """Refuse fewer places than are taken."""
    if capacity >= taken:
        return None
    return Refusal(
        code=RefusalCode.SLOT_FULL,
        message=Text(
            f"该时段已安排 {taken} 人，不能减为 {capacity} 人",
            f"{taken} people are in the slot already, more than {capacity}",
        ),
        field="capacity",
    )


async def may_manage(desk: Desk, slot: InterviewSlot) -> Refusal | None:
    """Refuse who may not arrange interviews of a slot's specialty at its base."""
    specialty = None if slot.opening is None else specialty_of(slot.opening)
    return await permitted_for(desk, MANAGE, base=slot.base, specialty=specialty)


def cancelled_refusal(slot: InterviewSlot) -> Refusal | None:
    """Refuse a slot that was cancelled."""
    if slot.cancelled_at is None:
        return None
    return Refusal(
        code=RefusalCode.SLOT_CANCELLED,
        message=Text(
            f"该时段已取消：{slot.cancel_reason}", f"the slot was cancelled: {slot.cancel_reason}"
        ),
        field="slot",
    )
