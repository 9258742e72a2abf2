"""What the use cases of offers take: lists, objections, confirmations, arrivals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from uuid import UUID

from zhupei.domain.admission_case import AgreementKind

__all__ = [
    "AdmitInput",
    "DeferReportInput",
    "ExpireConfirmationsInput",
    "FileObjectionInput",
    "MarkNoShowsInput",
    "ProposeAdmissionInput",
    "PublishProposedListInput",
    "RecordReportInput",
    "ResolveObjectionInput",
    "SendNoticeInput",
    "SignAgreementInput",
]


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
