"""What the use cases of offices take beside applications: bans, plans, rounds, questions."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from zhupei.domain.admission_process import ApplicationState

__all__ = [
    "CancelForFraudInput",
    "DecidePlanIncreaseInput",
    "FreezeRoundInput",
    "ImposeBanInput",
    "LiftBanInput",
    "LiftFreezeInput",
    "RankingInput",
    "RequestPlanIncreaseInput",
    "RevertBulkInput",
    "SearchApplicationsInput",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelForFraudInput:
    """Cancelling an application, and the admission if there was one (R058, R163)."""

    application: UUID
    reason: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImposeBanInput:
    """A ban that a person decided (T43); the years come from the program's policy."""

    applicant: UUID
    program: str
    reason: str
    application: UUID | None = None
    evidence: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftBanInput:
    """The decision that a ban no longer binds."""

    ban: UUID
    reason: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPlanIncreaseInput:
    """A request for more seats of an opening, within capacity (R153)."""

    opening: str
    seats: int
    reason: str
    round: str | None = None
    direction: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidePlanIncreaseInput:
    """The authority's decision on a request for more seats."""

    plan_increase: UUID
    approved: bool
    reason: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeRoundInput:
    """Freezing a round of a program and of all programs below it."""

    program: str
    round: str
    reason: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftFreezeInput:
    """Lifting the freeze of a round."""

    program: str
    round: str
    reason: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevertBulkInput:
    """Taking back a bulk step as a whole."""

    operation: UUID
    reason: str
    dry_run: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingInput:
    """Which ranking is asked for: that of one opening in one round."""

    opening: str
    round: str | None = None
    direction: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchApplicationsInput:
    """Which applications are asked for; None does not limit. ``after`` is the last id seen."""

    applicant: UUID | None = None
    base: str | None = None
    program: str | None = None
    opening: str | None = None
    round: str | None = None
    states: tuple[ApplicationState, ...] | None = None
    first: int = 100
    after: UUID | None = None
