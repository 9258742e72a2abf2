"""Interviews: slots, who is expected in them, and what the program's configuration says of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from zhupei.domain.admission import AdmissionStep
from zhupei.domain.admission_guards import span_text, window_of
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Text
from zhupei.domain.training import Program

__all__ = [
    "InterviewBooking",
    "InterviewMode",
    "InterviewSlot",
    "SlotMove",
    "SlotPeriod",
    "in_interview_window",
    "mode_foreseen",
    "period_text",
]


class InterviewMode(StrEnum):
    """How an interview is held (R142)."""

    ON_SITE = "ON_SITE"
    VIDEO = "VIDEO"

    @property
    def label(self) -> Text:
        """What it is called."""
        return _LABELS[self]


_LABELS = {
    InterviewMode.ON_SITE: Text("现场面试", "on site"),
    InterviewMode.VIDEO: Text("视频面试", "by video"),
}
_WORDS = {
    InterviewMode.ON_SITE: ("现场", "线下", "当面"),
    InterviewMode.VIDEO: ("视频", "网络", "线上", "远程"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPeriod:
    """A half-open period for a number of people; both ends are aware instants."""

    starts_at: datetime
    ends_at: datetime
    capacity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotMove:
    """Where a slot was before it was moved, when that was, and why."""

    at: datetime
    by: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InterviewSlot:
    """A slot of interviews, half-open from ``starts_at`` to ``ends_at``.

    ``opening`` is None where it is for every opening of the base's program, ``round`` where the
    program has no rounds. ``interviewers`` are accounts; ``place`` is a room, or the address of a
    video meeting. ``choosable`` lets applicants take a place themselves.
    """

    id: UUID
    base: str
    program: str
    opening: str | None
    round: str | None
    mode: InterviewMode
    place: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int
    choosable: bool
    interviewers: tuple[UUID, ...]
    moves: tuple[SlotMove, ...]
    revision: int
    created_at: datetime
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterviewBooking:
    """That an application's person is expected in a slot; ``chosen`` by the person, else assigned.

    ``released_at`` and the reason are set where this holds no longer.
    """

    id: UUID
    slot: UUID
    application: UUID
    applicant: UUID
    chosen: bool
    booked_at: datetime
    released_at: datetime | None = None
    release_reason: str | None = None


def period_text(starts_at: datetime, ends_at: datetime) -> str:
    """Return a period in China's time, such as ``2026-04-27 09:00-09:20``."""
    starts, ends = starts_at.astimezone(CHINA_TIME), ends_at.astimezone(CHINA_TIME)
    same_day = starts.date() == ends.date()
    return f"{starts:%Y-%m-%d %H:%M}-{ends:{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}}"


def mode_foreseen(steps: Iterable[AdmissionStep], mode: InterviewMode) -> Refusal | None:
    """Refuse a kind of interview that the steps do not name (R142).

    Where none of their words is understood, nothing can be told and nothing is refused.
    """
    steps = tuple(steps)
    named = [
        str(getattr(each, "zh", each))
        for step in steps
        for each in getattr(step.params, "modes", ())
    ]
    known = {kind for kind, words in _WORDS.items() if any(w in n for w in words for n in named)}
    if not known or mode in known:
        return None
    return Refusal(
        code=RefusalCode.MODE_NOT_ALLOWED,
        message=Text(
            f"面试形式为{'、'.join(named)}，不能安排{mode.label.zh}",
            f"interviews {mode.label.en} are not foreseen",
        ),
        source=steps[0].source,
        field="mode",
    )


def in_interview_window(
    program: Program,
    round_code: str | None,
    steps: Iterable[AdmissionStep],
    starts_at: datetime,
    ends_at: datetime,
) -> Refusal | None:
    """Refuse an interview that is not wholly inside the window of the steps (T11, R141).

    An end that is not given is open; hours of work are nobody's rule and are not assumed.
    """
    for step in steps:
        if step.window is None:
            continue
        window = window_of(program, round_code, step)
        if window is None:
            if not any(each.windows for each in program.rounds):
                continue
            return Refusal(
                code=RefusalCode.WINDOW_UNKNOWN,
                message=Text(
                    f"“{step.label.zh}”的时间尚未公布",
                    f'the dates of "{step.label.en}" have not been published',
                ),
                source=step.source,
            )
        early = window.opens_at is not None and starts_at < window.opens_at
        late = window.closes_at is not None and ends_at > window.closes_at
        if early or late:
            period, span = period_text(starts_at, ends_at), span_text(window)
            return Refusal(
                code=RefusalCode.WINDOW_CLOSED,
                message=Text(
                    f"{period} 不在“{window.label.zh}”的时间内：{span.zh}",
                    f'{period} is not within "{window.label.en}": {span.en}',
                ),
                source=window.source or step.source,
            )
    return None
