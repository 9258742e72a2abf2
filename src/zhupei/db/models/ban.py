"""Bans: who may not apply, until when, and who decided it."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7

__all__ = ["BanRow"]


class BanRow(Model):
    """One ban, from ``starts_on`` to ``until``, both included (T43); lifted, it binds no more.

    ``application_id`` names the case that it followed from, ``evidence`` what it rests on.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    applicant_id = fields.UUIDField(db_index=True)
    program_code = fields.CharField(max_length=200)
    starts_on = fields.DateField()
    until = fields.DateField()
    reason = fields.TextField()
    application_id = fields.UUIDField(null=True)
    evidence = fields.TextField(null=True)
    decided_by = fields.CharField(max_length=255)
    decided_at = fields.DatetimeField()
    # Of earlier versions; keys are kept, and forgotten in time, by `Idempotency`.
    idempotency_key = fields.CharField(max_length=255, null=True)
    lifted_by = fields.CharField(max_length=255, null=True)
    lifted_at = fields.DatetimeField(null=True)
    lift_reason = fields.TextField(null=True)

    class Meta:
        table = "ban"
        unique_together = (("decided_by", "idempotency_key"),)
        constraints = (
            CheckConstraint(check="until >= starts_on", name="ban_in_order"),
            CheckConstraint(
                check="(lifted_at IS NULL) = (lift_reason IS NULL)"
                " AND (lifted_at IS NULL) = (lifted_by IS NULL)",
                name="ban_lifted",
            ),
        )
