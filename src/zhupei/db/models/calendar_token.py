"""Tokens with which a calendar program fetches a person's deadlines."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from zhupei.db.identifiers import uuid7
from zhupei.db.models.applicant import Applicant

__all__ = ["CalendarTokenRow"]


class CalendarTokenRow(Model):
    """One token of one applicant; of the token a hash is kept. One at a time is live."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    applicant: fields.ForeignKeyRelation[Applicant] = fields.ForeignKeyField(
        "zhupei.Applicant", related_name="calendar_tokens", on_delete=fields.RESTRICT,
        db_index=True,
    )  # fmt: skip
    token_hash = fields.CharField(max_length=64, unique=True)
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "calendar_token"
