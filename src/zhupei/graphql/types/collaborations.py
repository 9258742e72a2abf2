"""Collaborations between hospitals: agreement, leading group, guidance (R201-R208)."""

from datetime import date

import strawberry

from zhupei.domain import collaborations, institutions
from zhupei.domain.collaborations import (
    HALF_YEAR,
    QUARTER,
    AgreementTopic,
    GuidanceTopic,
    due_after,
)
from zhupei.domain.institutions import CollaborationKind, CollaborationPart
from zhupei.domain.text import Text
from zhupei.graphql.sources import Attribute, Computed, Localized, declares, field
from zhupei.graphql.types.origins import Source

__all__ = [
    "Collaboration",
    "CollaborationAgreement",
    "GuidanceVisit",
    "JointLeadingGroup",
]


@declares(
    collaborations.CollaborationAgreement,
    description="The agreement between base and unit on training together (协同培训协议).",
)
class CollaborationAgreement:
    """An agreement."""

    signed_on: date | None = field(
        Attribute(), description="When it was signed; null where nobody says (签订日期)."
    )
    until: date | None = field(
        Attribute(), description="Its last day; null where nobody says (有效期至)."
    )
    covers: list[AgreementTopic] = field(Attribute(), description="What it sets out (协议内容).")
    lacks: list[AgreementTopic] = field(
        Attribute(),
        description="What it has to set out and does not, or is not known to (协议缺少的内容).",
    )


def _next_meeting(root: strawberry.Parent[collaborations.JointLeadingGroup]) -> date | None:
    return due_after(root.meetings, HALF_YEAR)


@declares(
    collaborations.JointLeadingGroup,
    description="The joint leading group of base and unit, by posts (协同培训领导小组).",
)
class JointLeadingGroup:
    """A leading group."""

    leader: Text = field(Localized(), description="Who leads it (组长).")
    deputies: list[Text] = field(Localized(), description="Deputies (副组长).")
    members: list[Text] = field(Localized(), description="Members (成员).")
    meetings: list[date] = field(Attribute(), description="Days on which it met (会议日期).")
    next_meeting_by: date | None = field(
        Computed(_next_meeting, settled=True),
        description=(
            "Last day of the half year in which it has to meet next (下次会议期限); null where no "
            "meeting is recorded."
        ),
    )


@declares(
    collaborations.GuidanceVisit,
    description="One occasion on which the base guided its unit (协同单位指导记录).",
)
class GuidanceVisit:
    """A visit."""

    on: date = field(Attribute(), description="The day (日期).")
    topics: list[GuidanceTopic] = field(Attribute(), description="In what (内容).")


def _next_guidance(root: strawberry.Parent[institutions.Collaboration]) -> date | None:
    return due_after((visit.on for visit in root.guidance), QUARTER)


@declares(
    institutions.Collaboration,
    description=(
        "That two hospitals train together (协作培训关系). What nobody has stated is null or empty."
    ),
)
class Collaboration:
    """A collaboration."""

    kind: CollaborationKind = field(Attribute(), description="How (类型).")
    hospital: Text = field(Localized(), description="The other hospital (医院).")
    part: CollaborationPart = field(
        Attribute(), description="Which part this hospital has (本院角色)."
    )
    specialty: str | None = field(
        Attribute(), description="Specialty that it is limited to (限定专业)."
    )
    content: Text | None = field(Localized(), description="What is trained there (培训内容).")
    months: int | None = field(
        Attribute(), description="For how many months a trainee is there at most (培训时间)."
    )
    since: str | None = field(Attribute(), description="Since when, as published (起始时间).")
    role: Text | None = field(Localized(), description="Which of the two does what (分工).")
    agreement: CollaborationAgreement | None = field(
        Attribute(), description="The agreement between the two (协议)."
    )
    leading_group: JointLeadingGroup | None = field(
        Attribute(), description="The joint leading group (领导小组)."
    )
    guidance: list[GuidanceVisit] = field(
        Attribute(), description="When the base guided the unit, the first first (指导记录)."
    )
    next_guidance_by: date | None = field(
        Computed(_next_guidance, settled=True),
        description=(
            "Last day of the quarter in which the base has to guide the unit next (下次指导期限); "
            "null where no guidance is recorded."
        ),
    )
    full_time_managers: int | None = field(
        Attribute(), description="Full-time managers of training at the unit (专职管理人员数)."
    )
    pays_performance: bool | None = field(
        Attribute(), description="Whether the unit pays trainees for performance (是否发放绩效)."
    )
    pays_night_allowance: bool | None = field(
        Attribute(), description="Whether the unit pays for night duty (是否发放夜班补助)."
    )
    source: Source | None = field(Attribute(), description="Where it stands (出处).")
