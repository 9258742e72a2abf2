"""Applications: one person's case for one opening, in its present state."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7

__all__ = ["ApplicationRow"]


class ApplicationRow(Model):
    """The present state of one application; how it came about is in its transitions.

    ``round_code`` is empty where the program has no rounds. ``record_hash`` is the hash of the
    last transition, ``revision`` the number of transitions. ``details`` holds what rules froze:
    facts, eligibility, documents, answers, packet.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    applicant_id = fields.UUIDField()
    base_code = fields.CharField(max_length=100)
    program_code = fields.CharField(max_length=200)
    root_program_code = fields.CharField(max_length=200)
    opening_code = fields.CharField(max_length=250)
    round_code = fields.CharField(max_length=100)
    direction = fields.CharField(max_length=100, null=True)
    preference = fields.SmallIntField()
    channel = fields.CharField(max_length=24)
    state = fields.CharField(max_length=24)
    revision = fields.IntField()
    catalogue_hash = fields.CharField(max_length=64)
    details: fields.Field[dict[str, object]] = fields.JSONField()
    completed_steps: fields.Field[list[str]] = fields.JSONField()
    seat_scopes: fields.Field[list[str]] = fields.JSONField()
    publicity_id = fields.UUIDField(null=True)
    invitation_id = fields.UUIDField(null=True)
    transferred_from = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    submitted_at = fields.DatetimeField(null=True)
    confirmed_at = fields.DatetimeField(null=True)
    report_by = fields.DateField(null=True)
    reported_on = fields.DateField(null=True)
    agreement = fields.CharField(max_length=32, null=True)
    agreement_by = fields.DateField(null=True)
    signed_on = fields.DateField(null=True)
    record_hash = fields.CharField(max_length=64)

    class Meta:
        table = "application"
        indexes = (
            ("applicant_id", "root_program_code"),
            ("opening_code", "round_code", "state"),
            ("base_code", "state"),
            ("base_code", "id"),
            ("program_code", "round_code", "state"),
            ("publicity_id",),
        )
        constraints = (
            CheckConstraint(check="revision >= 1", name="application_revision"),
            CheckConstraint(check="preference >= 1", name="application_preference_from_1"),
        )
