"""Admission cases: one application with all that was decided about it, and what surrounds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from zhupei.domain.admission_process import Action, ApplicationState, Channel
from zhupei.domain.applications import SubmittedDocument
from zhupei.domain.eligibility import EligibilityOutcome, Finding
from zhupei.domain.people import Candidate, TraineeType
from zhupei.domain.ranking import Rank, Score
from zhupei.domain.text import Text

__all__ = [
    "AGREEMENT_LABELS",
    "AdmissionCase",
    "AgreementKind",
    "AllowedAction",
    "Ban",
    "BulkOutcome",
    "ConsentWithdrawal",
    "Effect",
    "FrozenEligibility",
    "Invitation",
    "InvitationState",
    "Objection",
    "PacketPart",
    "PlanIncrease",
    "PlanIncreaseState",
    "ProposedList",
    "RankedApplication",
    "RecordedScore",
    "ReviewDecision",
    "RoundFreeze",
    "Timeline",
    "TimelineEntry",
    "TransitionRecord",
    "Way",
]


class AgreementKind(StrEnum):
    """Which agreement is signed (T46)."""

    LABOUR_CONTRACT = "labour_contract"
    TWO_PARTY = "two_party"
    THREE_PARTY = "three_party"
    DIRECTED_ENTRUSTMENT = "directed_entrustment"


AGREEMENT_LABELS: Mapping[str, Text] = MappingProxyType(
    {
        AgreementKind.LABOUR_CONTRACT: Text("劳动合同", "labour contract"),
        AgreementKind.TWO_PARTY: Text("两方培训协议", "two-party training agreement"),
        AgreementKind.THREE_PARTY: Text("三方委托培训协议", "three-party training agreement"),
        AgreementKind.DIRECTED_ENTRUSTMENT: Text(
            "定向委托培训协议", "directed-entrustment agreement"
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDecision:
    """What an officer decided on one rule that asks for a review."""

    rule: str
    accepted: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenEligibility:
    """The report on eligibility as it stood at submission, and the officer's decisions since."""

    outcome: EligibilityOutcome
    findings: tuple[Finding, ...]
    catalogue_hash: str
    decided_at: datetime
    decisions: tuple[ReviewDecision, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedScore:
    """A score of one assessment, and who recorded it when."""

    assessment: str
    score: Score
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketPart:
    """One part of the result packet (R144): its title as configured, and the text."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionCase:
    """One application, in the state that it is in now.

    ``program`` is the program of the opening, ``root_program`` the topmost one above it, whose
    rounds and preferences bind. ``revision`` counts transitions from 1. ``seat_scopes`` names the
    quotas that the seat was taken from, empty without a seat. ``report_by`` is the last day of
    reporting; ``record_hash`` the hash of the last transition.
    """

    id: UUID
    applicant: UUID
    base: str
    program: str
    root_program: str
    opening: str
    round: str | None
    direction: str | None
    preference: int
    channel: Channel
    state: ApplicationState
    revision: int
    candidate: Candidate
    catalogue_hash: str
    created_at: datetime
    submitted_at: datetime | None = None
    eligibility: FrozenEligibility | None = None
    documents: tuple[SubmittedDocument, ...] = ()
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    completed_steps: tuple[str, ...] = ()
    scores: tuple[RecordedScore, ...] = ()
    packet: tuple[PacketPart, ...] = ()
    opinion: str | None = None
    seat_scopes: tuple[str, ...] = ()
    publicity: UUID | None = None
    confirmed_at: datetime | None = None
    report_by: date | None = None
    reported_on: date | None = None
    agreement: AgreementKind | None = None
    agreement_by: date | None = None
    signed_on: date | None = None
    invitation: UUID | None = None
    transferred_from: UUID | None = None
    record_hash: str = ""

    @property
    def holds_seat(self) -> bool:
        """Whether a seat is taken for this application."""
        return bool(self.seat_scopes)

    @property
    def trainee_type(self) -> TraineeType | None:
        """The status in training that it is filed with."""
        return self.candidate.trainee_type


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionRecord:
    """One record of an application's chain: who did what, when, why, under which rules."""

    id: UUID
    application: UUID
    sequence: int
    revision: int
    at: datetime
    actor: str
    action: Action
    reason: str | None
    from_state: ApplicationState | None
    to_state: ApplicationState
    rule_version: str
    catalogue_hash: str
    bulk_operation: UUID | None
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One stage of an application's way: done, now, or to come.

    ``opens_at`` and ``closes_at`` are those of the window that bounds it, half-open. ``actor`` is
    whose turn it is, as the step names it. ``reason`` is why the application ended here.
    """

    state: ApplicationState
    label: Text
    done_at: datetime | None = None
    current: bool = False
    actor: str | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    steps: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What was done, what comes next, and what the applicant must do now, if anything."""

    entries: tuple[TimelineEntry, ...]
    must_do: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline(Way):
    """The way of an application, with every record of it."""

    application: UUID
    records: tuple[TransitionRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedAction:
    """Whether an action is open to the actor now, and what stands against it."""

    action: Action
    allowed: bool
    reason: Text | None = None


class InvitationState(StrEnum):
    """What became of an invitation (T40)."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A base's invitation to someone who was not admitted (R150)."""

    id: UUID
    applicant: UUID
    opening: str
    round: str
    state: InvitationState
    invited_at: datetime
    answered_at: datetime | None = None
    application: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedList:
    """A published list of proposed admissions and its publicity period.

    It runs from ``published_at`` to 24:00 of ``ends_on``; ``working_days`` is its length.
    """

    id: UUID
    program: str
    base: str
    round: str | None
    published_at: datetime
    ends_on: date
    ends_at: datetime
    working_days: int
    counts_first_day: bool
    applications: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """An objection against one application on a published list; ``upheld`` None while open."""

    id: UUID
    publicity: UUID
    application: UUID
    filed_at: datetime
    text: str
    upheld: bool | None = None
    resolution: str | None = None
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """That a person may not apply until a day, included; decided by a person (T43).

    ``application`` is the case that it followed from, ``evidence`` says what it rests on. A lifted
    ban binds no more.
    """

    id: UUID
    applicant: UUID
    program: str
    starts_on: date
    until: date
    reason: str
    decided_by: str
    decided_at: datetime
    application: UUID | None = None
    evidence: str | None = None
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lift_reason: str | None = None


class PlanIncreaseState(StrEnum):
    """What became of a request for more seats (R153)."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanIncrease:
    """A request for more seats of an opening within the specialty base's capacity (R153)."""

    id: UUID
    opening: str
    round: str | None
    direction: str | None
    seats: int
    reason: str
    state: PlanIncreaseState
    requested_at: datetime
    decided_at: datetime | None = None
    decision_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a bulk step does, or would do, to one application.

    ``others`` are the same person's other open applications. No step of ours touches them; they
    are listed so that whoever decides sees them. ``notes`` say what else to know of it.
    """

    application: UUID
    applicant: UUID
    opening: str
    from_state: ApplicationState
    to_state: ApplicationState
    seats: int
    others: tuple[UUID, ...] = ()
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawal:
    """That a consent was taken back, and what follows from it; a dry run only tells."""

    case: AdmissionCase
    dry_run: bool
    effects: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOutcome:
    """What a bulk step did; with ``dry_run`` what it would do, nothing being written.

    ``problems`` in a dry run name what would refuse it; a real run with a problem is refused as a
    whole. ``operation`` identifies the step for `revert_bulk`.
    """

    action: Action
    dry_run: bool
    effects: tuple[Effect, ...]
    operation: UUID | None = None
    publicity: ProposedList | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFreeze:
    """That nothing may change in a round of a program until it is lifted."""

    id: UUID
    root_program: str
    round: str
    reason: str
    frozen_at: datetime
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedApplication:
    """One place of a ranking; ``total`` is the weighted score out of 100."""

    application: UUID
    rank: Rank
    total: Decimal
    state: ApplicationState
