"""Invitations: bases that ask people who were not admitted."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7

__all__ = ["InvitationRow"]


class InvitationRow(Model):
    """One invitation of a round (R150); ``slot`` counts those that the person accepted.

    Indexes keep one open invitation to an opening, and each slot of a round filled once.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    applicant_id = fields.UUIDField()
    base_code = fields.CharField(max_length=100)
    program_code = fields.CharField(max_length=200)
    root_program_code = fields.CharField(max_length=200)
    opening_code = fields.CharField(max_length=250)
    round_code = fields.CharField(max_length=100)
    state = fields.CharField(max_length=16)
    slot = fields.SmallIntField(null=True)
    invited_by = fields.CharField(max_length=255)
    invited_at = fields.DatetimeField()
    answered_at = fields.DatetimeField(null=True)
    application_id = fields.UUIDField(null=True)

    class Meta:
        table = "invitation"
        indexes = (("applicant_id", "root_program_code", "round_code"),)
        constraints = (
            CheckConstraint(
                check="(state = 'ACCEPTED') = (slot IS NOT NULL)", name="invitation_slot"
            ),
        )
