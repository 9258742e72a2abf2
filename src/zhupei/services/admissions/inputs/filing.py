"""What the use cases of an application take: filing, assessment, transfer, invitation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from zhupei.domain.admission_case import PacketPart, ReviewDecision
from zhupei.domain.applications import SubmittedDocument
from zhupei.domain.people import Candidate

__all__ = [
    "AgreeToTransferInput",
    "AnswerInvitationInput",
    "ApplicationInput",
    "CreateApplicationInput",
    "GiveOpinionInput",
    "InviteCandidateInput",
    "ReasonedInput",
    "RecordEligibilityCheckInput",
    "RecordScoreInput",
    "ReviewApplicationInput",
    "SubmitApplicationInput",
    "TransferApplicationInput",
    "WithdrawConsentInput",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApplicationInput:
    """A draft for one opening; staff create it for an applicant in a direct channel.

    ``round`` is None where the program has no rounds; ``direction`` the id of the opening's
    direction, None where none is chosen. ``asked`` is the digest of what the client asked, where
    facts or files were looked up for it: they may be others when it is repeated.
    """

    applicant: UUID
    opening: str
    candidate: Candidate
    round: str | None = None
    direction: str | None = None
    preference: int = 1
    idempotency_key: str | None = None
    asked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitApplicationInput:
    """Handing a draft in, with the documents and the form's answers.

    ``candidate`` replaces the draft's facts where it is given; from then on they are frozen.
    ``asked`` is that of `CreateApplicationInput`.
    """

    application: UUID
    documents: tuple[SubmittedDocument, ...] = ()
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    candidate: Candidate | None = None
    idempotency_key: str | None = None
    asked: str | None = None


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
class AgreeToTransferInput:
    """The applicant's own consent to a transfer; to one ``opening``, or to any where it is None."""

    application: UUID
    opening: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawConsentInput:
    """Taking the consent to a transfer back; a dry run only tells what follows."""

    application: UUID
    dry_run: bool = False
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
    """The invited person's answer; accepting hands an application in.

    ``asked`` is that of `CreateApplicationInput`.
    """

    invitation: UUID
    accept: bool
    candidate: Candidate | None = None
    documents: tuple[SubmittedDocument, ...] = ()
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    direction: str | None = None
    idempotency_key: str | None = None
    asked: str | None = None
