"""Eligibility: requirements, findings and the report they add up to.

Every requirement is evaluated, not the first failing one. A missing fact makes a finding
UNKNOWN, never PASS. Conditions that are settled in a later step (a declaration at submission, a
medical examination at entry, a look-up by the office) are *deferred*: they are listed, and count
only where the facts given already contradict them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from zhupei.domain.people import DegreeLevel
from zhupei.domain.sources import Level, Origin, Source
from zhupei.domain.text import Text

__all__ = [
    "EligibilityOutcome",
    "EligibilityReport",
    "Finding",
    "FindingOutcome",
    "Requirement",
    "Verdict",
    "answers_degree",
    "outcome_of",
    "reads",
    "reads_of",
]

_Decide = TypeVar("_Decide", bound=Callable[..., Any])


class FindingOutcome(StrEnum):
    """What one rule says of one candidate."""

    PASS = "PASS"  # noqa: S105 - because it is an outcome, not a password
    FAIL = "FAIL"
    REVIEW = "REVIEW"
    UNKNOWN = "UNKNOWN"


class EligibilityOutcome(StrEnum):
    """What all rules together say of one candidate."""

    ELIGIBLE = "ELIGIBLE"
    INELIGIBLE = "INELIGIBLE"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    INCOMPLETE = "INCOMPLETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One condition of admission, as configured.

    ``hard`` False is a rule with "in principle" (原则上): failing it asks for a review instead of
    refusing. ``when`` is an expression that says whom the rule concerns. ``deferred`` names the
    step that settles it (``declaration``, ``medical_examination``, ``registry``, ``document``)
    or is None for a rule that the candidate's facts decide now.
    """

    id: str
    kind: str
    label: Text
    level: Level
    hard: bool = True
    description: Text | None = None
    when: str | None = None
    deferred: str | None = None
    source: Source | None = None
    params: Any = field(default=None, compare=False)
    owner: str | None = None
    """Slug of the plugin whose kind this is, None for the core's."""
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a kind's function answers: outcome, reason, and the facts that were missing.

    ``missing`` uses the names of the candidate's facts (``english.cet4``, ``degrees.majorCode``).
    ``qualifying_degree`` is set by rules that decide on which degree a candidate qualifies.
    """

    outcome: FindingOutcome
    message: Text
    missing: tuple[str, ...] = ()
    qualifying_degree: DegreeLevel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule says of one candidate, with its clause and who decided."""

    rule: str
    outcome: FindingOutcome
    level: Level
    message: Text
    missing_facts: tuple[str, ...] = ()
    source: Source | None = None
    deferred: str | None = None
    plugin: str | None = None
    """Slug of the plugin that answered, None for a rule of the configuration."""

    @property
    def counts(self) -> bool:
        """Whether the finding bears on the outcome now (see the module's text)."""
        return self.deferred is None or self.outcome is FindingOutcome.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityReport:
    """All findings for one candidate and opening, and what they add up to."""

    opening: str
    outcome: EligibilityOutcome
    findings: tuple[Finding, ...]
    qualifying_degree: DegreeLevel | None
    catalogue_hash: str


def outcome_of(findings: Iterable[Finding]) -> EligibilityOutcome:
    """Add findings up: a FAIL refuses, then UNKNOWN is incomplete, then REVIEW needs a person."""
    outcomes = {finding.outcome for finding in findings if finding.counts}
    if FindingOutcome.FAIL in outcomes:
        return EligibilityOutcome.INELIGIBLE
    if FindingOutcome.UNKNOWN in outcomes:
        return EligibilityOutcome.INCOMPLETE
    if FindingOutcome.REVIEW in outcomes:
        return EligibilityOutcome.NEEDS_REVIEW
    return EligibilityOutcome.ELIGIBLE


def reads(
    *parts: str | Callable[[Any], Iterable[str]], answers_degree: bool = False
) -> Callable[[_Decide], _Decide]:
    """Declare which parts of the question a requirement's function looks at.

    ``parts`` are paths such as ``opening.specialty``, ``program.year`` or ``base.affiliations``,
    or functions from the parameters to such paths. The candidate, the parameters and the day
    need not be declared, but ``requirement.source`` must be: a clause differs from row to row
    where the rule does not. Openings that agree in these parts share one verdict; a function
    without a declaration is asked for every opening. ``answers_degree`` says that the verdict
    names the degree on which a candidate qualifies (T27).
    """

    def declare(decide: _Decide) -> _Decide:
        decide.__zhupei_reads__ = parts  # type: ignore[attr-defined]  # functions take attributes
        decide.__zhupei_answers_degree__ = answers_degree  # type: ignore[attr-defined]  # see above
        return decide

    return declare


def reads_of(decide: Callable[..., Any], params: Any) -> tuple[str, ...] | None:
    """Return the parts that were declared with `reads` for these parameters, None if none were."""
    parts: tuple[str | Callable[[Any], Iterable[str]], ...] | None = getattr(
        decide, "__zhupei_reads__", None
    )
    if parts is None:
        return None
    found: dict[str, None] = {}
    for part in parts:
        found.update(dict.fromkeys((part,) if isinstance(part, str) else part(params)))
    return tuple(found)


def answers_degree(decide: Callable[..., Any]) -> bool:
    """Whether a requirement's function was declared to answer the qualifying degree."""
    return bool(getattr(decide, "__zhupei_answers_degree__", False))
