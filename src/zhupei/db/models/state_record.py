"""State records: the appended, hash-chained records of what has a state beside applications."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from zhupei.db.identifiers import uuid7

__all__ = ["StateRecordRow"]


class StateRecordRow(Model):
    """One record: who brought a person, a trainee, a ban or a plan into a state, when and why.

    ``sequence`` numbers the records without gaps; ``anchor`` chains them all, ``previous_hash``
    those of one subject. ``digest`` is taken over what the subject's row held afterwards, so that
    whoever changes the row beside the process is found. A trigger refuses every update and
    deletion. ``catalogue_hash`` is null where no rule of the catalogue was asked.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    subject = fields.CharField(max_length=32)
    subject_id = fields.UUIDField()
    sequence = fields.BigIntField(unique=True)
    revision = fields.IntField()
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=255)
    action = fields.CharField(max_length=32)
    reason = fields.TextField(null=True)
    from_state = fields.CharField(max_length=24, null=True)
    to_state = fields.CharField(max_length=24)
    rule_version = fields.CharField(max_length=32)
    catalogue_hash = fields.CharField(max_length=64, null=True)
    data: fields.Field[dict[str, object]] = fields.JSONField()
    digest = fields.CharField(max_length=64)
    previous_hash = fields.CharField(max_length=64)
    hash = fields.CharField(max_length=64)
    anchor = fields.CharField(max_length=64)

    class Meta:
        table = "state_record"
        unique_together = (("subject", "subject_id", "revision"),)
