"""Allocation of a round by preference lists: runs, what came of each application, and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from zhupei.domain.matching_certificate import Violation
from zhupei.domain.matching_explanation import Reason, Verdict
from zhupei.domain.matching_simulation import Mechanism, Movement
from zhupei.domain.ranking import TieBreak
from zhupei.domain.text import Text

__all__ = [
    "AllocationCheck",
    "AllocationChoice",
    "AllocationComparison",
    "AllocationExplanation",
    "AllocationFigures",
    "AllocationPlace",
    "AllocationRun",
    "SpecialtyFigures",
    "place_code",
]


def place_code(opening: str, direction: str | None) -> str:
    """Return the code of the place that an opening, or one direction of it, is in a matching."""
    return opening if direction is None else f"{opening}#{direction}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationPlace:
    """An opening, or one direction of it, in a run: seats, order, and where admission ended.

    ``quota`` is the seats that were left, ``ranked`` how many asked for it. ``last`` is the
    admitted applicant with the weakest claim and ``cut_off`` that one's total, None where nobody
    was admitted. ``criteria`` are the assessments that decide between equal totals, in order,
    before ``ties`` says who was earlier or draws the lot.
    """

    code: str
    opening: str
    direction: str | None
    quota: int
    taken: int
    ranked: int
    last: UUID | None
    cut_off: Decimal | None
    ties: TieBreak
    criteria: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationChoice:
    """What became of one application in a run.

    ``preference`` is its number in the applicant's list as filed, ``value`` the weighted total
    out of 100, ``singles`` the scores out of 100 in the order of the place's criteria; ``rank``
    the place among those who asked for the same.
    """

    application: UUID
    applicant: UUID
    place: str
    preference: int
    value: Decimal
    singles: tuple[Decimal, ...]
    submitted_at: datetime
    rank: int
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialtyFigures:
    """Seats and placed applicants of one specialty; ``shortage`` where a document lists it so."""

    specialty: str
    name: Text
    shortage: bool
    seats: int
    placed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationFigures:
    """What a matching does, in numbers: ``by_preference[0]`` applicants get their first choice.

    ``waiting`` counts applications of the round that are on their way and took no part, because
    they have not passed the review. ``blocking_pairs`` counts applicants and places that would
    both rather have each other.
    """

    mechanism: Mechanism
    applicants: int
    applications: int
    waiting: int
    placed: int
    seats: int
    by_preference: tuple[int, ...]
    blocking_pairs: int
    specialties: tuple[SpecialtyFigures, ...]

    @property
    def unplaced(self) -> int:
        """Applicants without a place."""
        return self.applicants - self.placed

    @property
    def unfilled(self) -> int:
        """Seats that nobody got."""
        return self.seats - self.placed

    @property
    def average_preference(self) -> Decimal | None:
        """Mean number of the preference that was met, to three decimals; None where none was."""
        if not self.placed:
            return None
        total = sum(number * count for number, count in enumerate(self.by_preference, start=1))
        return (Decimal(total) / self.placed).quantize(Decimal("0.001"))

    @property
    def shortage_seats(self) -> int:
        """Seats of shortage specialties."""
        return sum(each.seats for each in self.specialties if each.shortage)

    @property
    def shortage_placed(self) -> int:
        """Applicants placed in shortage specialties."""
        return sum(each.placed for each in self.specialties if each.shortage)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRun:
    """One run: what it was made from, what came of it, and whether it was proposed.

    ``market`` is the digest of all that decides (docs/matching.md), ``certificate`` the digest of
    the result, ``fingerprint`` that of the state of applications and plans that it saw.
    ``warnings`` are to be read by a person before the run is proposed.
    """

    id: UUID
    root_program: str
    round: str
    actor: str
    at: datetime
    catalogue_hash: str
    market: str
    certificate: str
    fingerprint: str
    figures: AllocationFigures
    warnings: tuple[Text, ...] = ()
    operation: UUID | None = None
    proposed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationCheck:
    """What the independent checker says of a stored run; it holds where nothing is wrong."""

    run: UUID
    market: str
    applications: int
    places: int
    violations: tuple[Violation, ...]

    @property
    def holds(self) -> bool:
        """Whether the run is proven."""
        return not self.violations


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationComparison:
    """A simulation beside the round as it is declared; nothing of it is written."""

    declared: AllocationFigures
    simulated: AllocationFigures
    movement: Movement


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationExplanation:
    """Why one applicant was placed where, or nowhere: choice by choice, and as text."""

    run: UUID
    application: UUID
    text: Text
    reasons: tuple[Reason, ...]
    labels: Mapping[str, Text]
