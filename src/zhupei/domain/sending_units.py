"""Sending units (选送单位): employers that send people to training, and whom they send."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from zhupei.domain.people import Candidate, HospitalTier, SendingUnit, TraineeType
from zhupei.domain.text import Text

__all__ = [
    "LINK_STATE_LABELS",
    "SENT_TYPES",
    "LinkState",
    "SentPerson",
    "Unit",
    "as_sent",
]

SENT_TYPES = frozenset({TraineeType.ENTRUSTED, TraineeType.FELLOW})
"""Types of trainees whom a unit sends; of other applications its people file it learns nothing."""


class LinkState(StrEnum):
    """How far a unit and a person agree that the unit sends the person."""

    NAMED = "NAMED"
    """The person named the unit, which has not answered."""
    CLAIMED = "CLAIMED"
    """The unit named the person, who has not answered."""
    CONFIRMED = "CONFIRMED"
    REFUSED = "REFUSED"
    ENDED = "ENDED"


LINK_STATE_LABELS = MappingProxyType(
    {
        LinkState.NAMED: Text("待单位确认", "Waits for the unit"),
        LinkState.CLAIMED: Text("待本人确认", "Waits for the person"),
        LinkState.CONFIRMED: Text("已确认", "Confirmed"),
        LinkState.REFUSED: Text("已拒绝", "Refused"),
        LinkState.ENDED: Text("已解除", "Ended"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit as it was recorded; places are codes of GB/T 2260, None where not known."""

    id: UUID
    account: UUID
    name: str
    tier: HospitalTier | None
    province: str | None
    prefecture: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPerson:
    """That a unit sends a person, as far as both have said so.

    ``base`` and ``specialty`` are what the unit assigned (R125), None where it left that open.
    """

    id: UUID
    unit: Unit
    applicant: UUID
    name: str = field(repr=False)
    state: LinkState
    base: str | None
    specialty: str | None
    asked_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None

    @property
    def state_label(self) -> Text:
        """The state in words."""
        return LINK_STATE_LABELS[self.state]


def as_sent(candidate: Candidate, link: SentPerson | None) -> Candidate:
    """Return a candidate's facts with what the registry of sending units knows.

    Where a unit confirmed that it sends the person, its recorded facts replace declared ones
    (R124, R125), and an entrusted trainee is dispatched, not an individual. An entrusted trainee
    without a unit, who does not say otherwise, applies as an individual, which R123 refuses.
    """
    if candidate.trainee_type not in SENT_TYPES:
        return candidate
    entrusted = candidate.trainee_type is TraineeType.ENTRUSTED
    if link is None:
        if entrusted and candidate.applies_as_individual is None:
            return replace(candidate, applies_as_individual=True)
        return candidate
    declared = candidate.sending_unit or SendingUnit()
    return replace(
        candidate,
        applies_as_individual=False,
        sending_unit=replace(
            declared,
            name=link.unit.name,
            tier=link.unit.tier or declared.tier,
            province=link.unit.province or declared.province,
            prefecture=link.unit.prefecture or declared.prefecture,
            recommends=True if entrusted else declared.recommends,
            base=link.base or declared.base,
            specialty=link.specialty or declared.specialty,
        ),
    )
