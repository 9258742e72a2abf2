"""Collaborations between hospitals as base files describe them (R201-R208)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zhupei.config.citations import SourceRef
from zhupei.config.scalars import Day, Flag, Whole
from zhupei.config.texts import Label, Model, Passage
from zhupei.domain.collaborations import AgreementTopic, GuidanceTopic
from zhupei.domain.institutions import CollaborationKind, CollaborationPart

__all__ = ["CollaborationEntry"]

_Count = Annotated[Whole, Field(ge=0)]


class _AgreementEntry(Model):
    """The agreement between base and unit (R205)."""

    signed: Day | None = None
    """Day on which it was signed."""
    until: Day | None = None
    """Its last day."""
    covers: tuple[AgreementTopic, ...] = ()
    """What it sets out."""


class _LeadingGroupEntry(Model):
    """The joint leading group, by posts (R205)."""

    leader: Passage
    """Who leads it: somebody responsible for the base."""
    deputies: tuple[Passage, ...] = ()
    """Deputies: leaders of the unit."""
    members: tuple[Passage, ...] = ()
    """Members: those responsible in the functional departments."""
    meetings: tuple[Day, ...] = ()
    """Days on which it met, at least once in every half year."""


class _GuidanceEntry(Model):
    """One occasion on which the base guided the unit (R206)."""

    on: Day
    """The day."""
    topics: tuple[GuidanceTopic, ...] = ()
    """In what."""


class CollaborationEntry(Model):
    """That two hospitals train together."""

    kind: CollaborationKind
    """How."""
    hospital: Label
    """The other hospital."""
    part: CollaborationPart = CollaborationPart.BASE
    """Which part this hospital has; the limits bind the base."""
    specialty: str | None = None
    """The specialty that it is limited to."""
    content: Passage | None = None
    """What is trained there."""
    months: Annotated[Whole, Field(gt=0)] | None = None
    """For how many months a trainee is there at most."""
    since: str | None = None
    """Since when, as published."""
    role: Passage | None = None
    """Which of the two does what."""
    agreement: _AgreementEntry | None = None
    """The agreement between the two."""
    leading_group: _LeadingGroupEntry | None = None
    """The joint leading group."""
    guidance: tuple[_GuidanceEntry, ...] = ()
    """When the base guided the unit, at least once in every quarter."""
    full_time_managers: _Count | None = None
    """Full-time managers of training at the unit."""
    pays_performance: Flag | None = None
    """Whether the unit pays trainees for performance."""
    pays_night_allowance: Flag | None = None
    """Whether the unit pays trainees for night duty."""
    source: SourceRef | None = None
    """Where it stands."""
