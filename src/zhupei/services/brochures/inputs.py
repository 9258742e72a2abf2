"""What the use cases of brochures take: one frozen input each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

__all__ = ["DecideBrochureInput", "RecordBrochurePublicationInput", "SubmitBrochureInput"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitBrochureInput:
    """Submitting the brochure of a program as it is now.

    ``attested`` repeats the demands (their Chinese words) that no check understands and that the
    base vouches for. ``late_reason`` is needed past the deadline.
    """

    program: str
    attested: tuple[str, ...] = ()
    late_reason: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideBrochureInput:
    """The authority's decision; a brochure is returned with a reason."""

    brochure: UUID
    approved: bool
    reason: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBrochurePublicationInput:
    """That an approved version stands in one place since ``published_at``, under an address."""

    brochure: UUID
    place: str
    address: str
    published_at: datetime
    idempotency_key: str | None = None
