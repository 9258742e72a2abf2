"""Allocation runs: what a round of preference lists was matched to, and from what."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7

__all__ = ["AllocationChoiceRow", "AllocationPlaceRow", "AllocationRunRow"]


class AllocationRunRow(Model):
    """One run: the digests of what it saw and of its result, and the bulk step that proposed it.

    A trigger lets nothing change but ``operation_id`` and ``proposed_at``.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    root_program_code = fields.CharField(max_length=200)
    round_code = fields.CharField(max_length=100)
    actor = fields.CharField(max_length=255)
    at = fields.DatetimeField()
    catalogue_hash = fields.CharField(max_length=64)
    market = fields.CharField(max_length=64)
    certificate = fields.CharField(max_length=64)
    fingerprint = fields.CharField(max_length=64)
    details: fields.Field[dict[str, object]] = fields.JSONField()
    idempotency_key = fields.CharField(max_length=255, null=True)
    operation_id = fields.UUIDField(null=True)
    proposed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "allocation_run"
        unique_together = (("actor", "idempotency_key"),)
        indexes = (("root_program_code", "round_code"),)
        constraints = (
            CheckConstraint(
                check="(operation_id IS NULL) = (proposed_at IS NULL)",
                name="allocation_run_proposed",
            ),
        )


class AllocationPlaceRow(Model):
    """An opening, or one direction of it, in a run; a trigger refuses every change."""

    id = fields.BigIntField(primary_key=True, generated=True)
    run: fields.ForeignKeyRelation[AllocationRunRow] = fields.ForeignKeyField(
        "zhupei.AllocationRunRow", related_name="places", on_delete=fields.RESTRICT
    )
    code = fields.CharField(max_length=360)
    opening_code = fields.CharField(max_length=250)
    direction = fields.CharField(max_length=100, null=True)
    quota = fields.IntField()
    taken = fields.IntField()
    ranked = fields.IntField()
    last_applicant_id = fields.UUIDField(null=True)
    cut_off = fields.DecimalField(max_digits=14, decimal_places=9, null=True)
    tie_rule = fields.CharField(max_length=32)
    tie_seed = fields.TextField(null=True)
    criteria: fields.Field[list[str]] = fields.JSONField()

    class Meta:
        table = "allocation_place"
        unique_together = (("run", "code"),)
        constraints = (
            CheckConstraint(
                check="taken >= 0 AND taken <= quota AND taken <= ranked",
                name="allocation_place_within_quota",
            ),
        )


class AllocationChoiceRow(Model):
    """One application in a run: what decided, and what came of it; never changed.

    ``value`` is the weighted total out of 100, ``singles`` the scores out of 100 that decide
    between equal totals, as texts in the order of the place's criteria.
    """

    id = fields.BigIntField(primary_key=True, generated=True)
    run: fields.ForeignKeyRelation[AllocationRunRow] = fields.ForeignKeyField(
        "zhupei.AllocationRunRow", related_name="choices", on_delete=fields.RESTRICT
    )
    application_id = fields.UUIDField(db_index=True)
    applicant_id = fields.UUIDField()
    place = fields.CharField(max_length=360)
    preference = fields.SmallIntField()
    value = fields.DecimalField(max_digits=14, decimal_places=9)
    singles: fields.Field[list[str]] = fields.JSONField()
    submitted_at = fields.DatetimeField()
    rank = fields.IntField()
    verdict = fields.CharField(max_length=16)

    class Meta:
        table = "allocation_choice"
        unique_together = (("run", "applicant_id", "preference"),)
        constraints = (CheckConstraint(check="rank >= 1", name="allocation_choice_rank"),)
