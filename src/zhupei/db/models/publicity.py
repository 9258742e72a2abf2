"""Published lists of proposed admissions, and objections against them."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7
from zhupei.db.models.application import ApplicationRow

__all__ = ["ObjectionRow", "PublicityRow"]


class PublicityRow(Model):
    """One list: it is public from ``published_at`` to ``ends_at``, the 24:00 of ``ends_on``."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    base_code = fields.CharField(max_length=100)
    program_code = fields.CharField(max_length=200, db_index=True)
    round_code = fields.CharField(max_length=100)
    published_at = fields.DatetimeField()
    published_by = fields.CharField(max_length=255)
    ends_on = fields.DateField()
    ends_at = fields.DatetimeField()
    working_days = fields.SmallIntField()
    counts_first_day = fields.BooleanField()
    catalogue_hash = fields.CharField(max_length=64)
    withdrawn_at = fields.DatetimeField(null=True)

    class Meta:
        table = "publicity"
        constraints = (
            CheckConstraint(check="ends_at > published_at", name="publicity_in_order"),
            CheckConstraint(check="working_days >= 1", name="publicity_length"),
        )


class ObjectionRow(Model):
    """One objection; ``upheld`` is null while nobody has decided."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    publicity: fields.ForeignKeyRelation[PublicityRow] = fields.ForeignKeyField(
        "zhupei.PublicityRow",
        related_name="objections",
        on_delete=fields.RESTRICT,
        db_index=True,
    )
    application: fields.ForeignKeyRelation[ApplicationRow] = fields.ForeignKeyField(
        "zhupei.ApplicationRow",
        related_name="objections",
        on_delete=fields.RESTRICT,
        db_index=True,
    )
    text = fields.TextField()
    filed_by = fields.CharField(max_length=255)
    filed_at = fields.DatetimeField()
    upheld = fields.BooleanField(null=True)
    resolution = fields.TextField(null=True)
    resolved_by = fields.CharField(max_length=255, null=True)
    resolved_at = fields.DatetimeField(null=True)
    idempotency_key = fields.CharField(max_length=255, null=True)

    class Meta:
        table = "objection"
        unique_together = (("filed_by", "idempotency_key"),)
        constraints = (
            CheckConstraint(
                check="(upheld IS NULL) = (resolved_at IS NULL)", name="objection_resolved"
            ),
        )
