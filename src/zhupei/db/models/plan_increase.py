"""Plan increases: requests for more seats and what was decided."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7

__all__ = ["PlanIncreaseRow"]


class PlanIncreaseRow(Model):
    """One request (R153); approved seats are laid over the published quota."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    base_code = fields.CharField(max_length=100)
    program_code = fields.CharField(max_length=200)
    opening_code = fields.CharField(max_length=250, db_index=True)
    round_code = fields.CharField(max_length=100)
    direction = fields.CharField(max_length=100, null=True)
    seats = fields.IntField()
    reason = fields.TextField()
    state = fields.CharField(max_length=16)
    requested_by = fields.CharField(max_length=255)
    requested_at = fields.DatetimeField()
    decided_by = fields.CharField(max_length=255, null=True)
    decided_at = fields.DatetimeField(null=True)
    decision_reason = fields.TextField(null=True)
    # Of earlier versions; keys are kept, and forgotten in time, by `Idempotency`.
    idempotency_key = fields.CharField(max_length=255, null=True)

    class Meta:
        table = "plan_increase"
        unique_together = (("requested_by", "idempotency_key"),)
        constraints = (
            CheckConstraint(check="seats >= 1", name="plan_increase_seats"),
            CheckConstraint(
                check="(state = 'REQUESTED') = (decided_at IS NULL)", name="plan_increase_decided"
            ),
        )
