"""Bulk steps, and rounds in which nothing may change."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from zhupei.db.identifiers import uuid7

__all__ = ["BulkOperationRow", "RoundFreezeRow"]


class BulkOperationRow(Model):
    """One bulk step that was carried out: what it did to whom, and whether it was taken back."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    action = fields.CharField(max_length=32)
    actor = fields.CharField(max_length=255)
    at = fields.DatetimeField()
    catalogue_hash = fields.CharField(max_length=64)
    idempotency_key = fields.CharField(max_length=255, null=True)
    details: fields.Field[dict[str, object]] = fields.JSONField()
    reverted_at = fields.DatetimeField(null=True)
    reverted_by = fields.CharField(max_length=255, null=True)

    class Meta:
        table = "bulk_operation"


class RoundFreezeRow(Model):
    """The freeze of one round of a program and all below it; an index keeps one in force."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    root_program_code = fields.CharField(max_length=200)
    round_code = fields.CharField(max_length=100)
    reason = fields.TextField()
    frozen_by = fields.CharField(max_length=255)
    frozen_at = fields.DatetimeField()
    lifted_by = fields.CharField(max_length=255, null=True)
    lifted_at = fields.DatetimeField(null=True)
    lift_reason = fields.TextField(null=True)

    class Meta:
        table = "round_freeze"
