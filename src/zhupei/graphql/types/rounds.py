"""Rounds that are frozen."""

from datetime import datetime

import strawberry

from zhupei.domain import admission_case
from zhupei.graphql.sources import Attribute, One, declares, field
from zhupei.graphql.types.references import ProgramRef
from zhupei.services.admissions.register_rows import ROUND_FREEZES

__all__ = ["RoundFreeze"]


@declares(
    admission_case.RoundFreeze,
    ROUND_FREEZES.shown,
    description="That nothing may change in a round of a program until it is lifted (批次冻结).",
)
class RoundFreeze:
    """A freeze."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    program: ProgramRef | None = field(
        One("programs", by="root_program"),
        description="The topmost program, whose round is frozen with all below it (项目).",
    )
    program_code: str = field(Attribute("root_program"), description="Its code (项目代码).")
    round: str = field(Attribute(), description="Code of the round (批次).")
    reason: str = field(Attribute(), description="Why (原因).")
    frozen_at: datetime = field(Attribute(), description="Since when (冻结时间).")
    lifted_at: datetime | None = field(
        Attribute(), description="When it was lifted; null while it holds (解冻时间)."
    )
