"""Registrations: people in training, how long it lasts, what was paid, and what is paid back."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from zhupei.domain.admission import Penalty
from zhupei.domain.admission_case import AgreementKind
from zhupei.domain.admission_process import Channel
from zhupei.domain.benefits import FundingSource, Payer
from zhupei.domain.people import Candidate, DegreeLevel, DegreeType, Profile, TraineeType
from zhupei.domain.sources import Level, Source
from zhupei.domain.text import Text
from zhupei.domain.trainees import Month
from zhupei.domain.training import Opening, Policy, Program, ProgramKind
from zhupei.domain.training_length import training_length

__all__ = [
    "STATES_AFTER",
    "TRAINEE_STATE_LABELS",
    "EndKind",
    "PlannedTraining",
    "Registration",
    "Repayment",
    "RepaymentLine",
    "TraineePayment",
    "TraineeState",
    "TrainingEnd",
    "last_day",
    "planned_training",
    "repayment",
    "training_starts",
    "training_year",
    "withdrawal_penalty",
]


class TraineeState(StrEnum):
    """Where a registered person stands in training."""

    IN_TRAINING = "IN_TRAINING"
    WITHDRAWN = "WITHDRAWN"
    TRANSFERRED = "TRANSFERRED"
    DISMISSED = "DISMISSED"
    CANCELLED = "CANCELLED"


TRAINEE_STATE_LABELS = MappingProxyType(
    {
        TraineeState.IN_TRAINING: Text("在培", "In training"),
        TraineeState.WITHDRAWN: Text("已退培", "Withdrawn"),
        TraineeState.TRANSFERRED: Text("已转出", "Transferred"),
        TraineeState.DISMISSED: Text("已清退", "Dismissed"),
        TraineeState.CANCELLED: Text("已取消资格", "Cancelled for fraud"),
    }
)


class EndKind(StrEnum):
    """Why a training ends before its time; a completed one is no end of this sort."""

    PERSONAL_REASONS = "PERSONAL_REASONS"
    """退培: for personal reasons, with what the rules attach to it (R057)."""
    FORCE_MAJEURE = "FORCE_MAJEURE"
    """不可抗力: for reasons that nobody answers for, as illness; nothing is attached (R164)."""
    TRANSFER = "TRANSFER"
    """转出: continues at another base."""
    DISMISSAL = "DISMISSAL"
    """清退: ended by the base."""


STATES_AFTER = MappingProxyType(
    {
        EndKind.PERSONAL_REASONS: TraineeState.WITHDRAWN,
        EndKind.FORCE_MAJEURE: TraineeState.WITHDRAWN,
        EndKind.TRANSFER: TraineeState.TRANSFERRED,
        EndKind.DISMISSAL: TraineeState.DISMISSED,
    }
)
"""The state that each kind of end leads to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One registered person (R156), in the state of now.

    ``months`` is the planned length with ``reduced_months`` taken off already in ``ends_on``, the
    last day of training; all three are None-safe: no figure in the rules leaves ``months`` and
    ``ends_on`` None. ``least_months`` is what the largest reduction leaves (T29). The personnel
    file is with ``file_keeper`` since ``file_moved_on``, None where no move is recorded (R155).
    """

    id: UUID
    application: UUID
    applicant: UUID
    base: str
    program: str
    root_program: str
    opening: str
    specialty: str
    direction: str | None
    year: int
    trainee_type: TraineeType | None
    channel: Channel
    state: TraineeState
    degree_level: DegreeLevel | None
    degree_type: DegreeType | None
    profile: Profile
    started_on: date
    months: int | None
    least_months: int | None
    reduced_months: int
    ends_on: date | None
    agreement: AgreementKind | None
    registered_at: datetime
    catalogue_hash: str
    ended_on: date | None = None
    end_reason: str | None = None
    file_moved_on: date | None = None
    file_keeper: str | None = None

    @property
    def state_label(self) -> Text:
        """The state in words."""
        return TRAINEE_STATE_LABELS[self.state]

    @property
    def length_note(self) -> Text | None:
        """Why the end is not known, None where it is."""
        if self.months is not None:
            return None
        return Text(
            "培训年限未规定，结束日期未知", "no length of training is set, so the end is open"
        )

    @property
    def earliest_end(self) -> date | None:
        """The last day after the largest reduction that an assessment can give; None if unknown."""
        return None if self.least_months is None else last_day(self.started_on, self.least_months)


@dataclass(frozen=True, slots=True)
class PlannedTraining:
    """How long a person trains as planned at registration; None where no figure is known."""

    months: int | None
    least_months: int | None


def planned_training(
    program: Program,
    opening: Opening,
    candidate: Candidate,
    level: DegreeLevel | None,
    degree_type: DegreeType | None,
) -> PlannedTraining:
    """Return the regular length, and the shortest for the degree on which a person qualified.

    A fellowship lasts as long as was applied for, else as the program says. A residency lasts as
    the policy ``training_months`` or the program's length says; how far an assessment may shorten
    it is `training_length` (R060, T29, S4:431-437).
    """
    offered = opening.duration_months or program.duration_months
    values = {policy.key: policy.value for policy in program.policies}
    if program.kind is ProgramKind.FELLOWSHIP:
        stay = values.get("stay_months")
        months = candidate.stay_months or (stay if isinstance(stay, int) else None) or offered
        return PlannedTraining(months, None)
    policies: list[Policy] = list(program.policies)
    if values.get("training_months") is None and offered is not None:
        policies.append(
            Policy(
                key="training_months",
                label=Text("培训年限", "Length of training"),
                value=offered,
                unit="months",
                level=Level.INSTITUTION,
            )
        )
    length = training_length(policies, level, degree_type)
    return PlannedTraining(length.regular, None if length.regular is None else length.least)


def training_starts(program: Program, reported_on: date | None) -> date | None:
    """Return the first day of training, None where neither rules nor a report tell it.

    That is the first of the month which the rules name (R218: September in principle), or the day
    of the report where that was later or no month is named.
    """
    month = next((each.value for each in program.policies if each.key == "start_month"), None)
    if not isinstance(month, int) or isinstance(month, bool):
        return reported_on
    regular = date(program.year, month, 1)
    return regular if reported_on is None else max(regular, reported_on)


def last_day(started_on: date, months: int) -> date:
    """Return the last day of a training of so many months."""
    years, month = divmod(started_on.month - 1 + months, 12)
    year, month = started_on.year + years, month + 1
    day = min(started_on.day, calendar.monthrange(year, month)[1])
    end = date(year, month, day)
    # Where the month is too short for the day, its last day is the end already.
    return end if day < started_on.day else end - timedelta(days=1)


def training_year(started_on: date, month: Month) -> int:
    """Return in which year of training a month lies, from 1; below 1 for a month before."""
    months = (month.year - started_on.year) * 12 + month.number - started_on.month
    return months // 12 + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TraineePayment:
    """One payment of a month to a trainee (T44); ``line`` is the id of the benefit.

    ``funding_source`` is None where the documents do not separate it; ``funding_note`` says so.
    """

    id: UUID
    trainee: UUID
    month: Month
    line: str
    amount: Decimal
    payer: Payer
    funding_source: FundingSource | None
    funding_note: str | None
    recorded_by: str
    recorded_at: datetime
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentLine:
    """What is paid back of one line and source over all months.

    ``amount`` is None where part of what was paid is fiscal and nobody says how much (T44); then
    ``note`` says so and ``at_most`` is all of it.
    """

    line: str
    funding_source: FundingSource | None
    payments: int
    amount: Decimal | None
    at_most: Decimal
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayment:
    """What a withdrawal for personal reasons means: lines, sum, ban (R057).

    ``total`` is None where the amount of a line is; ``certain`` adds up what is known.
    ``ban_years`` is None where no rule attaches a ban; a ban is imposed by a person (T43).
    """

    lines: tuple[RepaymentLine, ...]
    certain: Decimal
    total: Decimal | None
    at_most: Decimal
    ban_years: int | None
    notes: tuple[Text, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingEnd:
    """The end of a training: what it did, or with ``dry_run`` what it would do."""

    trainee: Registration
    kind: EndKind
    dry_run: bool
    repayment: Repayment | None


def withdrawal_penalty(program: Program) -> Penalty | None:
    """Return what the rules attach to a withdrawal, else to quitting after the report."""
    for trigger in ("withdrawal", "quit_after_report"):
        found = [each for each in program.penalties if each.trigger == trigger]
        if found:
            return max(found, key=lambda each: (len(each.repays), each.ban_years or 0))
    return None


def repayment(program: Program, payments: Iterable[TraineePayment]) -> Repayment:
    """Return what withdrawing for personal reasons costs by the program's rules (R057, T44).

    Payments out of the sources that the penalty names are paid back whole. Of a payment whose
    source is mixed, or not known, the fiscal part cannot be told: its amount is None, never 0.
    """
    penalty = withdrawal_penalty(program)
    notes: list[Text] = []
    repays: frozenset[str] = frozenset()
    if penalty is None:
        notes.append(
            Text(
                "本项目的规定未写明退培的后果，未知是否须返还补助",
                "the program's rules name no consequence of withdrawing; whether subsidies are "
                "paid back is not known",
            )
        )
    else:
        repays = frozenset(penalty.repays)
        if not repays:
            notes.append(Text("规定未要求返还补助", "the rules ask for no subsidy to be paid back"))
    lines = _lines([each for each in payments if each.cancelled_at is None], repays)
    if repays and not lines:
        notes.append(
            Text("发放台账中没有须返还的款项", "the ledger holds no payment that is paid back")
        )
    amounts = [line.amount for line in lines]
    certain = sum((amount for amount in amounts if amount is not None), Decimal(0))
    return Repayment(
        lines=lines,
        certain=certain,
        total=certain if penalty is not None and None not in amounts else None,
        at_most=sum((line.at_most for line in lines), Decimal(0)),
        ban_years=None if penalty is None else penalty.ban_years,
        notes=tuple(notes),
        source=None if penalty is None else penalty.source,
    )


_UNSEPARATED = Text(
    "该项资金含财政补助与其他资金，文件未区分金额，须由财务部门按资金来源核定",
    "paid out of fiscal and other funds, which the documents do not separate: the amount has to "
    "be worked out by funding source",
)
_UNKNOWN_SOURCE = Text(
    "该项未登记资金来源，须由财务部门核定", "no funding source is recorded: it has to be worked out"
)


def _lines(payments: list[TraineePayment], repays: frozenset[str]) -> tuple[RepaymentLine, ...]:
    found: dict[tuple[str, str], RepaymentLine] = {}
    for payment in payments:
        source = payment.funding_source
        known = source is not None and source.value in repays
        unclear = source is None or source is FundingSource.MIXED_FISCAL_AND_BASE
        if payment.payer is Payer.TRAINEE or not (known or (unclear and repays)):
            continue
        key = (payment.line, "" if source is None else source.value)
        line = found.get(key) or RepaymentLine(
            line=payment.line,
            funding_source=source,
            payments=0,
            amount=Decimal(0) if known else None,
            at_most=Decimal(0),
            note=None if known else _UNKNOWN_SOURCE if source is None else _UNSEPARATED,
        )
        found[key] = replace(
            line,
            payments=line.payments + 1,
            amount=None if line.amount is None else line.amount + payment.amount,
            at_most=line.at_most + payment.amount,
        )
    return tuple(found[key] for key in sorted(found))
