"""Scores: points of one assessment of one application, with the full mark beside them."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7
from zhupei.db.models.application import ApplicationRow

__all__ = ["ScoreRow"]


class ScoreRow(Model):
    """Points in their own column, of ``full_mark``; there is no column for a rank here."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    application: fields.ForeignKeyRelation[ApplicationRow] = fields.ForeignKeyField(
        "zhupei.ApplicationRow", related_name="scores", on_delete=fields.RESTRICT
    )
    assessment = fields.CharField(max_length=100)
    points = fields.DecimalField(max_digits=8, decimal_places=3)
    full_mark = fields.IntField()
    recorded_by = fields.CharField(max_length=255)
    recorded_at = fields.DatetimeField()

    class Meta:
        table = "application_score"
        unique_together = (("application", "assessment"),)
        constraints = (
            CheckConstraint(
                check="full_mark >= 1 AND points >= 0 AND points <= full_mark",
                name="application_score_in_range",
            ),
        )
