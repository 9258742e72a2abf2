"""Deadlines that passed: each is acted on once, however many look and however late."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from zhupei.db.identifiers import uuid7

__all__ = ["DeadlineRow"]


class DeadlineRow(Model):
    """One instant of one subject that was noticed: ``subject`` is a round's window, a list, a case.

    ``event_id`` is the event that told of it. The one row of the kind WATCH has in ``due_at`` when
    this installation began to look: what lies before is told to nobody.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    kind = fields.CharField(max_length=32)
    subject = fields.CharField(max_length=400)
    due_at = fields.DatetimeField()
    done_at = fields.DatetimeField()
    event_id = fields.UUIDField(null=True)

    class Meta:
        table = "deadline"
        unique_together = (("kind", "subject", "due_at"),)
