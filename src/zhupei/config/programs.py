"""Programs as files have them: rounds with their windows, and the plan opening by opening."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from zhupei.config import patterns
from zhupei.config.citations import SourceRef
from zhupei.config.entries import ContactEntry, RuleBlocks
from zhupei.config.scalars import Moment, Slug, SpecialtyCode, Whole, Year
from zhupei.config.texts import Label, Model, Passage
from zhupei.domain.training import Allocation, ProgramKind

__all__ = [
    "AcceptedWarning",
    "DirectionEntry",
    "OpeningEntry",
    "ProgramEntry",
    "RoundEntry",
    "Seats",
    "SpecialtyEntry",
    "WindowEntry",
]

Seats = Annotated[Whole, Field(ge=0)]
"""A number of seats."""


class WindowEntry(Model):
    """A period of a round, or a mere deadline where it has no start."""

    kind: Literal[
        "brochure_submission",
        "brochure_publication",
        "mobilisation",
        "registration",
        "preference",
        "eligibility_check",
        "assessment",
        "transfer",
        "invitation",
        "publicity",
        "confirmation",
        "admission_notice",
        "report",
        "agreement",
        "registration_list",
    ]
    """What happens in it."""
    label: Label | None = None
    """What to call it; the kind's own name by default."""
    opens: Moment | None = None
    """Start; null for a mere deadline. A date alone starts at 00:00."""
    closes: Moment | None = None
    """End, not included; a date alone includes the whole day, ``24:00`` is midnight after it."""
    note: Passage | None = None
    """What to know."""
    source: SourceRef | None = None
    """The clause that sets it."""


class RoundEntry(Model):
    """One round or batch with its windows."""

    code: Slug
    """Code within the program, such as ``batch-1``."""
    name: Label
    """Name of the round."""
    quota: Seats | None = None
    """Seats of the whole program that this round fills, where published."""
    quota_note: Passage | None = None
    """Why the share is not known."""
    allocation: Allocation = Allocation.RANK_ORDER
    """How its seats are given out: each base by rank, or all preference lists matched at once."""
    max_preferences: Annotated[Whole, Field(ge=1)] | None = None
    """Preferences that may be filed in it; the program's policy of this name by default."""
    windows: tuple[WindowEntry, ...] = ()
    """Its windows, in order of time."""
    note: Passage | None = None
    """What to know."""
    source: SourceRef | None = None
    """The clause that sets it."""


class DirectionEntry(Model):
    """A direction within an opening."""

    id: Slug
    """Id within the opening."""
    name: Label
    """Name of the direction."""
    quota: Seats | None = None
    """Seats; null where no number is printed."""
    quota_note: Passage | None = None
    """Why it is unknown."""
    source: SourceRef | None = None
    """Where it stands."""


class SpecialtyEntry(Model):
    """A specialty that the program itself declares, beside the national catalogue."""

    code: Slug
    """Its code within our graph."""
    name: Label
    """Its name."""
    aliases: tuple[str, ...] = ()
    """Other names."""
    source: SourceRef | None = None
    """Where it stands."""


class OpeningEntry(RuleBlocks):
    """One row of a plan."""

    specialty: SpecialtyCode
    """Specialty code."""
    name: Label | None = None
    """Name where the plan words it otherwise than the catalogue."""
    quota: Seats | None = None
    """Seats; null where not published (then say why in ``quota_note``)."""
    quota_note: Passage | None = None
    """Why the quota is unknown."""
    capacity: Seats | None = None
    """Training capacity, which the quota never exceeds (R212)."""
    directions: tuple[DirectionEntry, ...] = ()
    """Directions; their quotas add up to the opening's."""
    rounds: dict[str, Seats] = Field(default_factory=dict)
    """Seats by round code, where the plan splits them."""
    post_type: Literal["DOCTOR", "TECHNICIAN"] | None = None
    """Type of post (岗位类别)."""
    duration_months: Annotated[Whole, Field(ge=1, le=1_200)] | None = None
    """Length in months, where it differs from the program's."""
    note: Passage | None = None
    """What to know."""
    source: SourceRef | None = None
    """The row of the plan."""


class AcceptedWarning(Model):
    """A warning of `zhupei check` that was looked at and stands, with the reason."""

    code: Annotated[str, StringConstraints(pattern=patterns.WARNING)]
    """Code of the warning."""
    reason: Passage
    """Why it stands."""


class ProgramEntry(RuleBlocks):
    """A residency or fellowship program of one cycle."""

    code: Slug
    """Code, ending in the cycle's year."""
    name: Label
    """Name."""
    kind: ProgramKind | None = None
    """Residency or fellowship; the parent's by default."""
    year: Year | None = None
    """Cycle; the parent's by default."""
    last_year: Year | None = None
    """Last year of a program that runs over several."""
    parent: Slug | None = None
    """Code of the program that this one takes its rules from."""
    duration_months: Annotated[Whole, Field(ge=1, le=1_200)] | None = None
    """Length in months."""
    duration_note: Passage | None = None
    """What the length depends on."""
    quota: Seats | None = None
    """Total as published; checked against the openings."""
    quota_note: Passage | None = None
    """Why the total is unknown."""
    specialties: tuple[SpecialtyEntry, ...] = ()
    """Specialties beside the national catalogue."""
    rounds: tuple[RoundEntry, ...] = ()
    """Rounds; the parent's by default."""
    rounds_note: Passage | None = None
    """Why there are no rounds; the parent's by default."""
    openings: tuple[OpeningEntry, ...] = ()
    """The plan, row by row."""
    contacts: tuple[ContactEntry, ...] = ()
    """Contacts for this program."""
    accepted_warnings: tuple[AcceptedWarning, ...] = ()
    """Warnings that were looked at and stand."""
    note: Passage | None = None
    """What to know."""
    source: SourceRef | None = None
    """The document that announces it."""
