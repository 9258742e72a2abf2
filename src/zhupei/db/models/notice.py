"""Notices to people and offices, and the log of every attempt to deliver one."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7
from zhupei.db.models.outbox import OutboxRow

__all__ = ["NoticeDeliveryRow", "NoticeRow"]


class NoticeRow(Model):
    """One message to one recipient; its words and the address are made when it is delivered.

    ``recipient`` is an applicant's id or a base's code, by ``recipient_kind``. ``leased_until`` is
    how long the worker that delivers it may take before another one tries. ``facts`` are dates and
    codes for the words, nothing personal. After ``expires_at`` it is not sent any more.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    event: fields.ForeignKeyRelation[OutboxRow] = fields.ForeignKeyField(
        "zhupei.OutboxRow", related_name="notices", on_delete=fields.RESTRICT
    )
    kind = fields.CharField(max_length=32)
    recipient_kind = fields.CharField(max_length=16)
    recipient = fields.CharField(max_length=100)
    application_id = fields.UUIDField(null=True)
    base_code = fields.CharField(max_length=100, null=True)
    program_code = fields.CharField(max_length=200, null=True)
    facts: fields.Field[dict[str, Any]] = fields.JSONField()
    state = fields.CharField(max_length=16)
    attempts = fields.SmallIntField(default=0, db_default=0)
    created_at = fields.DatetimeField()
    next_attempt_at = fields.DatetimeField()
    leased_until = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)
    settled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notice"
        unique_together = (("event", "kind", "recipient_kind", "recipient"),)
        indexes = (("application_id", "id"), ("base_code", "id"))
        constraints = (
            CheckConstraint(check="attempts >= 0", name="notice_attempts"),
            CheckConstraint(
                check="(state IN ('WAITING', 'NOT_CONFIGURED')) = (settled_at IS NULL)",
                name="notice_settled",
            ),
        )


class NoticeDeliveryRow(Model):
    """One attempt: when, with what outcome, and what the server answered, addresses taken out."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    notice: fields.ForeignKeyRelation[NoticeRow] = fields.ForeignKeyField(
        "zhupei.NoticeRow", related_name="deliveries", on_delete=fields.RESTRICT
    )
    attempt = fields.SmallIntField()
    at = fields.DatetimeField()
    outcome = fields.CharField(max_length=16)
    code = fields.SmallIntField(null=True)
    response = fields.CharField(max_length=500, null=True)
    message_id = fields.CharField(max_length=255, null=True)

    class Meta:
        table = "notice_delivery"
        unique_together = (("notice", "attempt"),)
