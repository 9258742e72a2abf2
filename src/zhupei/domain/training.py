"""Training on offer: programs, openings, directions, rounds, policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from zhupei.domain.admission import AdmissionStep, Penalty, RequiredDocument
from zhupei.domain.assessment import Assessment
from zhupei.domain.benefits import Benefit
from zhupei.domain.eligibility import Requirement
from zhupei.domain.institutions import Contact, Section
from zhupei.domain.sources import Level, Origin, Source
from zhupei.domain.text import Text

__all__ = [
    "Allocation",
    "Cycle",
    "Direction",
    "Opening",
    "Policy",
    "Program",
    "ProgramKind",
    "Quota",
    "Round",
    "RoundQuota",
    "Timeline",
    "Window",
]


class ProgramKind(StrEnum):
    """What a program is; rules of one kind never apply to the other (T1)."""

    RESIDENCY = "residency"
    """住院医师规范化培训"""
    FELLOWSHIP = "fellowship"
    """进修: further training of doctors who have finished their residency"""


class Allocation(StrEnum):
    """How the seats of a round are given out."""

    RANK_ORDER = "rank_order"
    """按排名择优: each base proposes its own applicants, the best ranked first (R215)"""
    DEFERRED_ACCEPTANCE = "deferred_acceptance"
    """延迟接受: all preference lists are matched at once, and the result is proposed"""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A recruitment year (年度), such as 2026."""

    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A period of a round: half-open, from ``opens_at`` up to but not including ``closes_at``.

    ``opens_at`` is None for a mere deadline ("by 25 March"); ``closes_at`` is None where no end
    is given. Both are aware instants of Asia/Shanghai; ``24:00`` is the next day's 00:00 (T11),
    a date alone includes its whole day (T12).
    """

    kind: str
    label: Text
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    note: Text | None = None
    source: Source | None = None

    def __post_init__(self) -> None:
        """Refuse an end without a time zone: nobody could tell whether it is over."""
        for at in (self.opens_at, self.closes_at):
            if at is not None and at.tzinfo is None:
                raise ValueError(f"{at.isoformat()} has no time zone")

    def is_open(self, at: datetime) -> bool | None:
        """Whether ``at`` lies in the window; None where an end that matters is not known."""
        if self.closes_at is not None and at >= self.closes_at:
            return False
        if self.opens_at is not None and at < self.opens_at:
            return False
        if self.opens_at is None or self.closes_at is None:
            return None
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round or batch of admissions (批次) with its windows.

    ``max_preferences`` is the number of preferences (志愿数) of this round; None where the
    program's policy of that name holds for it as for the others.
    """

    code: str
    name: Text
    windows: tuple[Window, ...] = ()
    allocation: Allocation = Allocation.RANK_ORDER
    max_preferences: int | None = None
    quota: int | None = None
    quota_note: Text | None = None
    note: Text | None = None
    source: Source | None = None
    level: Level = Level.INSTITUTION
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What `base_timeline` answers: the rounds of one program."""

    program: str
    rounds: tuple[Round, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """A direction within an opening (培养方向); ``quota`` None where no number is printed."""

    id: str
    name: Text
    quota: int | None = None
    quota_note: Text | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundQuota:
    """The share of an opening's seats that one round fills."""

    round: str
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What `base_quotas` answers for one specialty: seats, None where not published.

    ``note`` says why seats are unknown. Direction quotas add up to the seats where all are given.
    """

    program: str
    specialty: str
    seats: int | None
    note: Text | None = None
    directions: tuple[Direction, ...] = ()
    rounds: tuple[RoundQuota, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One parameter of a program (preferences allowed, publicity days, training months).

    ``value`` is an int, bool, Decimal or str by the policy's definition, None where the
    documents give none; then ``note`` says so.
    """

    key: str
    label: Text
    value: object
    unit: str | None
    level: Level
    note: Text | None = None
    source: Source | None = None
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One row of a plan: a specialty of a program in which people are admitted.

    ``code`` is ``<program>/<specialty>``. ``quota`` is None where it is not published, with the
    reason in ``quota_note``. ``suspended`` says why the specialty base may not recruit for the
    time being. Requirements and benefits are complete: national, jurisdiction, institution,
    program and opening, merged by id.
    """

    code: str
    program: str
    base: str
    specialty: str
    specialty_name: Text
    year: int
    kind: ProgramKind
    quota: int | None = None
    quota_note: Text | None = None
    directions: tuple[Direction, ...] = ()
    round_quotas: tuple[RoundQuota, ...] = ()
    capacity: int | None = None
    suspended: Text | None = None
    post_type: str | None = None
    duration_months: int | None = None
    note: Text | None = None
    requirements: tuple[Requirement, ...] = ()
    benefits: tuple[Benefit, ...] = ()
    shortage_purposes: frozenset[str] = frozenset()
    source: Source | None = None
    origins: Mapping[str, tuple[Origin, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A residency or fellowship program of one cycle.

    Hosted by a base (``base``) or a jurisdiction (``jurisdiction``). A child takes from its
    ``parent`` what it does not set itself. ``quota_total`` is the sum of its openings' and
    children's quotas, None with ``quota_note`` where one of them is unknown.
    """

    code: str
    name: Text
    kind: ProgramKind
    year: int
    last_year: int | None = None
    base: str | None = None
    jurisdiction: str | None = None
    parent: str | None = None
    children: tuple[str, ...] = ()
    duration_months: int | None = None
    duration_note: Text | None = None
    quota_total: int | None = None
    quota_note: Text | None = None
    openings: tuple[str, ...] = ()
    rounds: tuple[Round, ...] = ()
    rounds_note: Text | None = None
    steps: tuple[AdmissionStep, ...] = ()
    documents: tuple[RequiredDocument, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    benefits: tuple[Benefit, ...] = ()
    penalties: tuple[Penalty, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    policies: tuple[Policy, ...] = ()
    sections: tuple[Section, ...] = ()
    contacts: tuple[Contact, ...] = ()
    note: Text | None = None
    source: Source | None = None
    origins: Mapping[str, tuple[Origin, ...]] = field(default_factory=lambda: MappingProxyType({}))
