"""Trainees as rules see them: what decides pay and marks, without the person's identity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from zhupei.domain.people import Profile

__all__ = ["AssessmentRecord", "Mark", "Month", "Trainee"]


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month; ``year`` runs from 1 to 9999, ``number`` from 1 to 12.

    Raises:
        ValueError: there is no such month.

    """

    year: int
    number: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 12:
            raise ValueError(f"a month is 1 to 12, not {self.number}")
        if not 1 <= self.year <= 9999:
            raise ValueError(f"a year is 1 to 9999, not {self.year}")

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.year, self.number, 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainee:
    """One person in training: where, in what, since when, and the profile that decides pay.

    ``ends_on`` is the last day of training as planned now, None while it is not fixed.
    """

    id: str
    base: str
    program: str
    opening: str
    specialty: str
    profile: Profile
    started_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """Points for one criterion of an assessment."""

    criterion: str
    points: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentRecord:
    """What was recorded at one assessment, before it is turned into a score.

    ``subject`` is the id of the application or of the trainee. ``points`` is the total where one
    was recorded, ``marks`` the points by criterion, ``grade`` a grade in words.
    """

    assessment: str
    subject: str
    taken_on: date
    points: Decimal | None = None
    marks: tuple[Mark, ...] = ()
    grade: str | None = None
    absent: bool = False
