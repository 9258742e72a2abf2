"""Deadlines across programs: what closes next."""

from datetime import datetime

from zhupei.graphql import openness
from zhupei.graphql.sources import Attribute, declares, field
from zhupei.graphql.types.programs import Program, Round, Window

__all__ = ["Deadline"]


@declares(
    openness.Deadline,
    description="A window that is still to close, with its round and program (即将截止的时段).",
)
class Deadline:
    """A deadline."""

    closes_at: datetime = field(Attribute(), description="When it closes (截止时间).")
    window: Window = field(Attribute(), description="The window (时段).")
    round: Round = field(Attribute(), description="Its round (批次).")
    program: Program = field(Attribute(), description="Its program (项目).")
