"""What kinds are asked: this candidate or profile, for this opening, under this rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from zhupei.domain.benefits import Benefit
from zhupei.domain.eligibility import Requirement
from zhupei.domain.institutions import Base
from zhupei.domain.people import Candidate, DegreeLevel, Profile
from zhupei.domain.training import Opening, Program

__all__ = ["EligibilityQuestion", "PayQuestion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityQuestion:
    """What a requirement is asked: this candidate, for this opening, on this day."""

    candidate: Candidate
    opening: Opening
    program: Program
    base: Base
    requirement: Requirement
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PayQuestion:
    """What a benefit is asked: what this person gets of it in one month of this opening."""

    profile: Profile
    opening: Opening
    program: Program
    base: Base
    benefit: Benefit
    qualifying_degree: DegreeLevel | None
