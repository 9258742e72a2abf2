"""Sending units and the people whom they send."""

from datetime import datetime

import strawberry

from zhupei.domain import sending_units
from zhupei.domain.people import HospitalTier
from zhupei.domain.sending_units import LinkState
from zhupei.domain.text import Text
from zhupei.graphql.enums import show
from zhupei.graphql.sources import Attribute, Localized, One, declares, field
from zhupei.graphql.types.references import BaseRef
from zhupei.services.sending_unit_rows import LINKS, UNITS

__all__ = ["SendingUnitRecord", "SentPerson"]

show(
    LinkState,
    "How far a unit and a person agree that the unit sends the person (选送关系状态).",
    {
        LinkState.NAMED: "The person named the unit, which has to confirm (待单位确认).",
        LinkState.CLAIMED: "The unit named the person, who has to confirm (待本人确认).",
        LinkState.CONFIRMED: "Both agree (已确认).",
        LinkState.REFUSED: "Refused, or taken back before both agreed (已拒绝).",
        LinkState.ENDED: "It has ended (已解除).",
    },
    name="SendingUnitLinkState",
)


@declares(
    sending_units.Unit,
    UNITS.shown,
    description="An employer that sends people to training (选送单位), as it was recorded.",
)
class SendingUnitRecord:
    """A unit."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    name: str = field(Attribute(), description="Name (单位名称).")
    tier: HospitalTier | None = field(Attribute(), description="Tier (医院等级).")
    province: str | None = field(
        Attribute(), description="Code of the province, GB/T 2260 (省份代码)."
    )
    prefecture: str | None = field(
        Attribute(), description="Code of the prefecture-level division, GB/T 2260 (地市代码)."
    )


@declares(
    sending_units.SentPerson,
    LINKS.shown,
    description="That a unit sends a person (选送关系), as far as both have said so.",
)
class SentPerson:
    """A link of a unit and a person."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    unit: SendingUnitRecord = field(Attribute(), description="The unit (选送单位).")
    applicant_id: strawberry.ID = field(
        Attribute("applicant"), description="Identifier of the person (人员标识)."
    )
    name: str = field(
        Attribute(), description="Name of the person, masked until they confirmed (姓名)."
    )
    state: LinkState = field(Attribute(), description="How far both agree (状态).")
    state_label: Text = field(Localized(), description="Name of the state (状态名称).")
    base: BaseRef | None = field(
        One("bases"), description="The base that the unit assigned (指定基地)."
    )
    specialty_code: str | None = field(
        Attribute("specialty"), description="The specialty that the unit assigned (指定专业)."
    )
    asked_at: datetime = field(Attribute(), description="When it was asked for (提出时间).")
    answered_at: datetime | None = field(Attribute(), description="When answered (答复时间).")
    ended_at: datetime | None = field(Attribute(), description="When it ended (解除时间).")
    end_reason: str | None = field(Attribute(), description="Why (解除原因).")
