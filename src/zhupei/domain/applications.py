"""Applications as rules see them: facts and codes of one case, without the person's identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from zhupei.domain.people import Candidate

__all__ = ["Application", "Submission", "SubmittedDocument"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One person's application for one opening, in the state that it is in now.

    ``preference`` counts from 1 (第一志愿). ``completed_steps`` are ids of admission steps in the
    order of their completion. ``catalogue_hash`` names the rules that the case is decided by.
    """

    id: str
    base: str
    program: str
    opening: str
    candidate: Candidate
    state: str
    round: str | None = None
    preference: int = 1
    submitted_at: datetime | None = None
    completed_steps: tuple[str, ...] = ()
    catalogue_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedDocument:
    """A document as it was handed in: which one, its media type, size in bytes and SHA-256."""

    document: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What is handed in to complete one step: documents and answers to the form's fields.

    ``answers`` maps the ids of form fields to text; ``shown`` lists the ids of documents that were
    shown on paper and not handed in. ``actor`` is the identifier of who hands in.
    """

    step: str
    at: datetime
    actor: str | None = None
    documents: tuple[SubmittedDocument, ...] = ()
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    shown: tuple[str, ...] = ()
