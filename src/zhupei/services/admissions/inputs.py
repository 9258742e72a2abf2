"""What the use cases of admissions take: one frozen input each.

``idempotency_key`` makes a repeated request answer as the first did, and do nothing again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from zhupei.domain.admission_case import AgreementKind, PacketPart, ReviewDecision
from zhupei.domain.admission_process import ApplicationState
from zhupei.domain.applications import SubmittedDocument
from zhupei.domain.people import Candidate

__all__ = [
    "AdmitInput",
    "AgreeToTransferInput",
    "AnswerInvitationInput",
    "ApplicationInput",
    "CancelForFraudInput",
    "CreateApplicationInput",
    "DecidePlanIncreaseInput",
    "DeferReportInput",
    "ExpireConfirmationsInput",
    "FileObjectionInput",
    "FreezeRoundInput",
    "GiveOpinionInput",
    "ImposeBanInput",
    "InviteCandidateInput",
    "LiftBanInput",
    "LiftFreezeInput",
    "MarkNoShowsInput",
    "ProposeAdmissionInput",
    "PublishProposedListInput",
    "RankingInput",
    "ReasonedInput",
    "RecordEligibilityCheckInput",
    "RecordReportInput",
    "RecordScoreInput",
    "RequestPlanIncreaseInput",
    "ResolveObjectionInput",
    "RevertBulkInput",
    "ReviewApplicationInput",
    "SearchApplicationsInput",
    "SearchBansInput",
    "SendNoticeInput",
    "SignAgreementInput",
    "SubmitApplicationInput",
    "TransferApplicationInput",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApplicationInput:
    """A draft for one opening; staff create it for an applicant in a direct channel.

    ``round`` is None where the program has no rounds; ``direction`` the id of the opening's
    direction, None where none is chosen.
    """

    applicant: UUID
    opening: str
    candidate: Candidate
    round: str | None = None
    direction: str | None = None
    preference: int = 1
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitApplicationInput:
    """Handing a draft in, with the documents and the form's answers.

    ``candidate`` replaces the draft's facts where it is given; from then on they are frozen.
    """

    application: UUID
    documents: tuple[SubmittedDocument, ...] = ()
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    candidate: Candidate | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationInput:
    """An action on one application that needs nothing more."""

    application: UUID
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonedInput:
    """An action on one application that needs a reason."""

    application: UUID
    reason: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEligibilityCheckInput:
    """The result of the eligibility check; every rule under review needs a decision."""

    application: UUID
    passed: bool
    decisions: tuple[ReviewDecision, ...] = ()
    reason: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordScoreInput:
    """The score of an interview or examination: points, of the full mark that was used."""

    application: UUID
    points: Decimal
    of: int
    documents: tuple[str, ...] = ()
    note: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveOpinionInput:
    """The specialty base's opinion with the result packet (R144); False rejects."""

    application: UUID
    admit: bool
    opinion: str
    packet: tuple[PacketPart, ...] = ()
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewApplicationInput:
    """The base's review, or the host's selection; False rejects, with a reason."""

    application: UUID
    approved: bool
    reason: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeAdmissionInput:
    """Proposing applications of one opening, in the order of their ranks."""

    applications: tuple[UUID, ...]
    dry_run: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishProposedListInput:
    """Publishing a base's list of one program and round; None takes all who wait for it."""

    program: str
    round: str | None = None
    applications: tuple[UUID, ...] | None = None
    dry_run: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileObjectionInput:
    """An objection against one application on a live list."""

    application: UUID
    text: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveObjectionInput:
    """The decision on an objection; an upheld one rejects the application."""

    objection: UUID
    upheld: bool
    resolution: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitInput:
    """Admitting applications whose publicity is over."""

    applications: tuple[UUID, ...]
    dry_run: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendNoticeInput:
    """The notice of admission: by which day to report (None: as the program's window says)."""

    applications: tuple[UUID, ...]
    report_by: date | None = None
    dry_run: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReportInput:
    """That an admitted person reported, with the ids of the documents that were shown.

    ``answers`` is what the office read in them, by the ids of form fields; it is laid over what
    the application's form says.
    """

    application: UUID
    documents: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferReportInput:
    """A later last day of reporting for one person, and the reason that the office knows of."""

    application: UUID
    report_by: date
    reason: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignAgreementInput:
    """The agreement that was signed; past the deadline a reason is needed."""

    application: UUID
    kind: AgreementKind
    signed_on: date
    late_reason: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreeToTransferInput:
    """The applicant's own consent to a transfer; to one ``opening``, or to any where it is None."""

    application: UUID
    opening: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferApplicationInput:
    """Moving someone to another opening of the same round (调剂), with the person's consent.

    ``consent`` says how the person agreed, where that was not done in the application itself.
    """

    application: UUID
    opening: str
    direction: str | None = None
    reason: str
    consent: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteCandidateInput:
    """Inviting an applicant to an opening in a round that has invitations (R150)."""

    applicant: UUID
    opening: str
    round: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerInvitationInput:
    """The invited person's answer; accepting hands an application in."""

    invitation: UUID
    accept: bool
    candidate: Candidate | None = None
    documents: tuple[SubmittedDocument, ...] = ()
    direction: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkNoShowsInput:
    """Marking everyone of a program who has not reported in time (G28).

    ``applications`` limits it to some of them; None is all.
    """

    program: str
    applications: tuple[UUID, ...] | None = None
    dry_run: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireConfirmationsInput:
    """Letting go everyone of a program who has not confirmed by the end of publicity.

    ``applications`` limits it to some of them; None is all.
    """

    program: str
    applications: tuple[UUID, ...] | None = None
    dry_run: bool = False
    idempotency_key: str | None = None


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
class SearchBansInput:
    """Which bans are asked for; None does not limit."""

    applicant: UUID | None = None
    program: str | None = None
    in_force: bool | None = None
    first: int = 100


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
    states: tuple[ApplicationState, ...] = ()
    first: int = 100
    after: UUID | None = None
