"""Bans: who may not apply, until when, and why."""

from datetime import date, datetime

import strawberry

from zhupei.domain import admission_case
from zhupei.graphql.sources import Attribute, One, declares, field
from zhupei.graphql.types.references import ProgramRef
from zhupei.services.admissions.register_rows import BANS

__all__ = ["Ban"]


@declares(
    admission_case.Ban,
    BANS.shown,
    description=(
        "That a person may not apply until a day (禁报记录), decided by a person. Not to have "
        "reported is no ban by itself."
    ),
)
class Ban:
    """A ban."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    applicant_id: strawberry.ID = field(
        Attribute("applicant"), description="Identifier of the person (人员标识)."
    )
    program: ProgramRef | None = field(
        One("programs"), description="The program whose rules set its length (项目)."
    )
    program_code: str = field(Attribute("program"), description="Its code (项目代码).")
    starts_on: date = field(Attribute(), description="First day (起始日期).")
    until: date = field(Attribute(), description="Last day, included (截止日期).")
    reason: str = field(Attribute(), description="Why (原因).")
    evidence: str | None = field(Attribute(), description="What it rests on (依据).")
    application_id: strawberry.ID | None = field(
        Attribute("application"), description="The application that it followed from (相关报名)."
    )
    decided_at: datetime = field(Attribute(), description="When it was decided (决定时间).")
    lifted_at: datetime | None = field(
        Attribute(), description="When it was lifted; null while it stands (解除时间)."
    )
    lift_reason: str | None = field(Attribute(), description="Why it was lifted (解除原因).")
