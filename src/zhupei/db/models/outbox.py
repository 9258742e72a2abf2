"""The outbox: events that were committed with what they tell, until everybody was told."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.models import Model

from zhupei.db.identifiers import uuid7

__all__ = ["OutboxRow"]


class OutboxRow(Model):
    """One event (`zhupei.domain.events.Event`), written in the transaction that it tells of.

    ``noticed_at`` is set once its notices were made, ``dispatched_at`` once its deliveries to
    webhooks were. Rows stay: whoever delivers events keeps its own account of what was delivered,
    and may deliver them anew.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=64)
    at = fields.DatetimeField()
    subject = fields.CharField(max_length=255, db_index=True)
    base_code = fields.CharField(max_length=100, null=True)
    program_code = fields.CharField(max_length=200, null=True)
    opening_code = fields.CharField(max_length=250, null=True)
    actor = fields.CharField(max_length=255, null=True)
    data: fields.Field[dict[str, Any]] = fields.JSONField()
    catalogue_hash = fields.CharField(max_length=64, null=True)
    noticed_at = fields.DatetimeField(null=True)
    dispatched_at = fields.DatetimeField(null=True)

    class Meta:
        table = "outbox"
        indexes = (("base_code", "id"),)
