"""Collaboration units (协同单位): what the base and the unit agree on, and what is due when.

The work guide asks for an agreement, a joint leading group that meets every half year, and
guidance every quarter (S4:246-271, R205-R206). Periods are those of the calendar.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from zhupei.domain.text import Text

__all__ = [
    "HALF_YEAR",
    "QUARTER",
    "AgreementTopic",
    "CollaborationAgreement",
    "GuidanceTopic",
    "GuidanceVisit",
    "JointLeadingGroup",
    "due_after",
    "periods_without",
]

QUARTER, HALF_YEAR = 3, 6
"""Lengths of periods in months."""


class AgreementTopic(StrEnum):
    """What an agreement on collaboration sets out (S4:254-263)."""

    TRAINEES = "trainees"
    """培训对象管理"""
    ROTATION = "rotation"
    """培训对象轮转"""
    ASSESSMENT = "assessment"
    """培训对象考核"""
    TREATMENT = "treatment"
    """培训对象待遇"""
    FACULTY = "faculty"
    """师资带教和管理"""
    PROCESS = "process"
    """培训过程管理"""

    @property
    def label(self) -> Text:
        """The topic in words."""
        return _TOPICS[self]


_TOPICS = {
    AgreementTopic.TRAINEES: Text("培训对象管理", "management of trainees"),
    AgreementTopic.ROTATION: Text("培训对象轮转", "rotation"),
    AgreementTopic.ASSESSMENT: Text("培训对象考核", "assessment"),
    AgreementTopic.TREATMENT: Text("培训对象待遇", "pay and treatment"),
    AgreementTopic.FACULTY: Text("师资带教和管理", "faculty"),
    AgreementTopic.PROCESS: Text("培训过程管理", "management of the process"),
}


class GuidanceTopic(StrEnum):
    """What the base guides its unit in (S4:265-271)."""

    SYSTEM = "system"
    """制度建设"""
    FACULTY = "faculty"
    """师资培训"""
    TEACHING = "teaching"
    """教学管理"""
    EXAMINATION = "examination"
    """考试考核"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollaborationAgreement:
    """The agreement between base and unit (协同培训协议)."""

    signed_on: date | None = None
    until: date | None = None
    covers: tuple[AgreementTopic, ...] = ()

    @property
    def lacks(self) -> tuple[AgreementTopic, ...]:
        """What it has to set out and does not, or is not known to."""
        return tuple(topic for topic in AgreementTopic if topic not in self.covers)


@dataclass(frozen=True, slots=True, kw_only=True)
class JointLeadingGroup:
    """The joint leading group (协同培训领导小组) by posts, and the days on which it met."""

    leader: Text
    deputies: tuple[Text, ...] = ()
    members: tuple[Text, ...] = ()
    meetings: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidanceVisit:
    """One occasion on which the base guided the unit, and in what."""

    on: date
    topics: tuple[GuidanceTopic, ...] = ()


def periods_without(days: Iterable[date], months: int) -> tuple[str, ...]:
    """Return the calendar periods between the first and the last day that hold none.

    A period is written ``2026-Q2`` for a quarter and ``2026-H1`` for a half year.
    """
    held = sorted({_period(day, months) for day in days})
    return tuple(
        _name(period, months)
        for period in range(held[0] if held else 0, held[-1] if held else 0)
        if period not in held
    )


def due_after(days: Iterable[date], months: int) -> date | None:
    """Return the last day of the period after that of the last day; None where there is none."""
    listed = list(days)
    if not listed:
        return None
    beyond = _period(max(listed), months) + 2
    year, part = divmod(beyond, 12 // months)
    return date(year, part * months + 1, 1) - timedelta(days=1)


def _period(day: date, months: int) -> int:
    return day.year * (12 // months) + (day.month - 1) // months


def _name(period: int, months: int) -> str:
    year, part = divmod(period, 12 // months)
    return f"{year}-{'Q' if months == QUARTER else 'H'}{part + 1}"
