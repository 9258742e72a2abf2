"""Long work and how far it is: imports, publications of many, allocations."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7

__all__ = ["OperationRow"]


class OperationRow(Model):
    """One piece of long work; ``total`` is null while nobody knows how much there is.

    ``seen_at`` is when it last told of itself: work that fell silent was interrupted.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    kind = fields.CharField(max_length=64)
    state = fields.CharField(max_length=16)
    base_code = fields.CharField(max_length=100, null=True)
    program_code = fields.CharField(max_length=200, null=True)
    started_by = fields.CharField(max_length=255)
    stage = fields.CharField(max_length=64, null=True)
    done = fields.IntField(default=0, db_default=0)
    total = fields.IntField(null=True)
    started_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)
    result: fields.Field[dict[str, Any]] = fields.JSONField(null=True)
    problem: fields.Field[dict[str, Any]] = fields.JSONField(null=True)

    class Meta:
        table = "operation"
        indexes = (("base_code", "id"), ("started_by", "id"))
        constraints = (
            CheckConstraint(
                check="done >= 0 AND (total IS NULL OR total >= done)", name="operation_done"
            ),
            CheckConstraint(
                check="(state = 'RUNNING') = (finished_at IS NULL)", name="operation_finished"
            ),
        )
