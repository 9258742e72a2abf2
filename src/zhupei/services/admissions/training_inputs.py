"""What the use cases of training take: registration, reduction, ends, and payments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from zhupei.domain.benefits import FundingSource, Payer
from zhupei.domain.registrations import EndKind, TraineeState
from zhupei.domain.trainees import Month

__all__ = [
    "CancelPaymentInput",
    "EndTrainingInput",
    "PaymentEntry",
    "RecordFileTransferInput",
    "RecordPaymentsInput",
    "ReduceTrainingInput",
    "RegisterTraineeInput",
    "SearchTraineesInput",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterTraineeInput:
    """The registration; ``started_on`` None takes the day that rules and report tell.

    Where the school is, and what allows it, is asked of students whose school's place decides
    (R161), by codes of GB/T 2260.
    """

    application: UUID
    started_on: date | None = None
    school_province: str | None = None
    school_prefecture: str | None = None
    off_site_report: str | None = None
    off_site_consent: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceTrainingInput:
    """A reduction of so many months altogether, earned in an assessment (R060)."""

    trainee: UUID
    months: int
    reason: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTrainingInput:
    """The end of a training before its time; ``ended_on`` None is today.

    ``impose_ban`` records the ban that the rules attach, for who may decide on bans (T43).
    """

    trainee: UUID
    kind: EndKind
    reason: str
    ended_on: date | None = None
    impose_ban: bool = False
    dry_run: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFileTransferInput:
    """That a trainee's personnel file moved: to whom, and on which day (R155)."""

    trainee: UUID
    keeper: str
    moved_on: date
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEntry:
    """One payment of a month: the benefit's id, yuan, who paid, out of which funds (T44).

    Without ``funding_source`` the note has to say why it is not known.
    """

    trainee: UUID
    month: Month
    line: str
    amount: Decimal
    payer: Payer
    funding_source: FundingSource | None = None
    funding_note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPaymentsInput:
    """Payments to record together: all or none."""

    payments: tuple[PaymentEntry, ...]
    dry_run: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPaymentInput:
    """A payment that was recorded wrongly."""

    payment: UUID
    reason: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTraineesInput:
    """Which trainees are asked for; None does not limit. ``year`` is the recruitment year."""

    base: str | None = None
    program: str | None = None
    opening: str | None = None
    specialty: str | None = None
    year: int | None = None
    trainee_types: tuple[str, ...] = ()
    states: tuple[TraineeState, ...] = ()
    applicant: UUID | None = None
