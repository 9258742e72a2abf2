"""What the use cases of allocation take."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from zhupei.domain.matching_simulation import Mechanism
from zhupei.domain.ranking import TieRule

__all__ = [
    "ChangedSeats",
    "ChangedWeight",
    "ProposeAllocationInput",
    "RunAllocationInput",
    "SimulateAllocationInput",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAllocationInput:
    """A round to be matched; a dry run keeps nothing."""

    program: str
    round: str
    dry_run: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeAllocationInput:
    """A run whose result is to be proposed; a dry run shows the effects."""

    run: UUID
    dry_run: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSeats:
    """Seats of an opening, or of one direction of it, as they would be published."""

    opening: str
    seats: int
    direction: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedWeight:
    """The weight that an assessment would have; all given ones add up to 1."""

    assessment: str
    weight: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateAllocationInput:
    """A round matched otherwise: by another mechanism, with other seats, weights or ties."""

    program: str
    round: str
    mechanism: Mechanism = Mechanism.DEFERRED_ACCEPTANCE
    seats: tuple[ChangedSeats, ...] = ()
    weights: tuple[ChangedWeight, ...] = ()
    tie_rule: TieRule | None = None
    tie_lottery_seed: str | None = None
