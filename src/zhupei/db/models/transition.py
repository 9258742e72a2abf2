"""Transitions: the appended, hash-chained records of what was done with applications."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from zhupei.db.identifiers import uuid7
from zhupei.db.models.application import ApplicationRow

__all__ = ["AuditHeadRow", "TransitionRow"]


class TransitionRow(Model):
    """One record: who did what to an application, when and why, under which rules.

    ``sequence`` numbers the records of all applications without gaps; ``anchor`` chains them all,
    ``previous_hash`` those of one application. ``case_digest`` is the digest of the application
    as the action left it. A trigger refuses every update and deletion.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    application: fields.ForeignKeyRelation[ApplicationRow] = fields.ForeignKeyField(
        "zhupei.ApplicationRow", related_name="transitions", on_delete=fields.RESTRICT
    )
    sequence = fields.BigIntField(unique=True)
    revision = fields.IntField()
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=255)
    action = fields.CharField(max_length=32)
    reason = fields.TextField(null=True)
    from_state = fields.CharField(max_length=24, null=True)
    to_state = fields.CharField(max_length=24)
    rule_version = fields.CharField(max_length=32)
    catalogue_hash = fields.CharField(max_length=64)
    bulk_operation_id = fields.UUIDField(null=True, db_index=True)
    idempotency_key = fields.CharField(max_length=255, null=True)
    data: fields.Field[dict[str, object]] = fields.JSONField()
    case_digest = fields.CharField(max_length=64)
    previous_hash = fields.CharField(max_length=64)
    hash = fields.CharField(max_length=64)
    anchor = fields.CharField(max_length=64)

    class Meta:
        table = "application_transition"
        unique_together = (("application", "revision"),)


class AuditHeadRow(Model):
    """The one row that numbers the records and holds the anchor of the last one."""

    name = fields.CharField(max_length=16, primary_key=True)
    sequence = fields.BigIntField()
    anchor = fields.CharField(max_length=64)

    class Meta:
        table = "audit_head"
