"""Score sheets: filled-in tables of scores that wait for a second person, or were decided."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7

__all__ = ["ScoreSheetRow"]


class ScoreSheetRow(Model):
    """One sheet whose rows were all right when it came.

    ``rows`` holds for each application its points, full marks and what was missed. ``assessments``
    are the kinds that it is about, joined by commas in their order; ``low`` those whose points look
    like ranks. Of sheets about the same an index keeps one pending. ``operation_id`` is the bulk
    step that recorded the scores.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    base_code = fields.CharField(max_length=100)
    program_code = fields.CharField(max_length=200)
    opening_code = fields.CharField(max_length=250)
    round_code = fields.CharField(max_length=100)
    assessments = fields.CharField(max_length=100)
    state = fields.CharField(max_length=16)
    rows: fields.Field[Any] = fields.JSONField()
    low: fields.Field[Any] = fields.JSONField()
    sha256 = fields.CharField(max_length=64)
    catalogue_hash = fields.CharField(max_length=64)
    entered_by = fields.CharField(max_length=255)
    entered_at = fields.DatetimeField()
    decided_by = fields.CharField(max_length=255, null=True)
    decided_at = fields.DatetimeField(null=True)
    reason = fields.TextField(null=True)
    operation_id = fields.UUIDField(null=True)

    class Meta:
        table = "score_sheet"
        indexes = (("base_code", "state"), ("program_code", "round_code", "state"))
        constraints = (
            CheckConstraint(
                check="state IN ('PENDING', 'SIGNED', 'REJECTED')", name="score_sheet_state"
            ),
            CheckConstraint(
                check="(state = 'PENDING') = (decided_at IS NULL)"
                " AND (decided_at IS NULL) = (decided_by IS NULL)",
                name="score_sheet_decided",
            ),
            CheckConstraint(
                check="state <> 'SIGNED' OR decided_by <> entered_by",
                name="score_sheet_second_person",
            ),
            CheckConstraint(check="sha256 ~ '^[0-9a-f]{64}$'", name="score_sheet_sha256"),
        )
