"""Brochures on their way: submitted, approved or returned, and published in every place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from zhupei.domain.admission import AdmissionStep
from zhupei.domain.admission_guards import policy_of, window_of
from zhupei.domain.sources import Source
from zhupei.domain.text import Text
from zhupei.domain.training import Program, Window

__all__ = [
    "Brochure",
    "BrochureCheck",
    "BrochurePublication",
    "BrochureState",
    "brochure_places",
    "brochure_step",
    "brochure_window",
    "needs_approval",
]


class BrochureState(StrEnum):
    """How far a version has come."""

    SUBMITTED = "SUBMITTED"
    """It waits for the authority (R134)."""
    RETURNED = "RETURNED"
    """The authority gave it back with a reason."""
    APPROVED = "APPROVED"
    """It may be published; it is not published in every place yet."""
    PUBLISHED = "PUBLISHED"
    """It stands in every place (R136)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrochureCheck:
    """What was found on one topic; ``demanded`` where a list asks for it (R135, R210).

    ``outcome`` is ``present``, ``unknown`` or ``missing``.
    """

    topic: str
    label: Text
    outcome: str
    detail: Text
    demanded: bool
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrochurePublication:
    """One place where a version stands, since when, and under which address."""

    place: str
    address: str
    published_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Brochure:
    """One version of a program's brochure, frozen as it was submitted.

    ``html`` and ``pdf`` are the SHA-256 of its pages. ``attested`` are demands that no check
    understands and that the base vouches for. ``due_at`` is the deadline of submission, where one
    is published; past it ``late_reason`` says why.
    """

    id: UUID
    base: str
    program: str
    version: int
    state: BrochureState
    html: str
    pdf: str
    checks: tuple[BrochureCheck, ...]
    attested: tuple[str, ...]
    catalogue_hash: str
    submitted_by: str
    submitted_at: datetime
    due_at: datetime | None = None
    late_reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    published_at: datetime | None = None
    publications: tuple[BrochurePublication, ...] = ()

    @property
    def late(self) -> bool:
        """Whether it was submitted past its deadline."""
        return self.due_at is not None and self.submitted_at >= self.due_at


def brochure_step(program: Program, kind: str) -> AdmissionStep | None:
    """Return the step of a kind such as ``brochure_submission``, None where there is none."""
    return next((step for step in program.steps if step.kind == kind), None)


def brochure_window(program: Program, kind: str) -> Window | None:
    """Return the window that bounds a step of a kind, None where none is published."""
    step = brochure_step(program, kind)
    return None if step is None else window_of(program, step.round, step)


def brochure_places(program: Program) -> tuple[Text, ...]:
    """Return where a brochure has to be published (R136), empty where nothing says so."""
    step = brochure_step(program, "brochure_publication")
    entries: Iterable[object] = () if step is None else getattr(step.params, "places", ())
    return tuple(
        Text(str(getattr(entry, "zh", entry)), str(getattr(entry, "en", entry)))
        for entry in entries
    )


def needs_approval(program: Program) -> bool:
    """Whether an authority approves the brochure: by a step of its own, or by policy (R136)."""
    policy = policy_of(program, "brochure_needs_approval")
    return brochure_step(program, "brochure_approval") is not None or (
        policy is not None and policy.value is True
    )
