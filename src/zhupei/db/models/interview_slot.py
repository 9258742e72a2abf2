"""Interview slots: when and where people are interviewed, by whom, and who is expected."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7
from zhupei.db.models.account import Account
from zhupei.db.models.application import ApplicationRow

__all__ = ["InterviewBookingRow", "InterviewPanelRow", "InterviewSlotRow"]


class InterviewSlotRow(Model):
    """One slot, half-open from ``starts_at`` to ``ends_at``, for ``capacity`` people.

    ``opening_code`` is empty where the slot is for every opening of the base's program,
    ``round_code`` where the program has no rounds. ``taken`` counts bookings in force. ``moves``
    lists where it was before, when and why it was moved.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    base_code = fields.CharField(max_length=100)
    program_code = fields.CharField(max_length=200)
    opening_code = fields.CharField(max_length=250)
    round_code = fields.CharField(max_length=100)
    mode = fields.CharField(max_length=16)
    place = fields.CharField(max_length=500)
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    capacity = fields.IntField()
    taken = fields.IntField()
    choosable = fields.BooleanField()
    revision = fields.IntField()
    moves: fields.Field[Any] = fields.JSONField()
    catalogue_hash = fields.CharField(max_length=64)
    created_by = fields.CharField(max_length=255)
    created_at = fields.DatetimeField()
    cancelled_by = fields.CharField(max_length=255, null=True)
    cancelled_at = fields.DatetimeField(null=True)
    cancel_reason = fields.TextField(null=True)

    class Meta:
        table = "interview_slot"
        indexes = (("base_code", "starts_at"), ("program_code", "round_code", "starts_at"))
        constraints = (
            CheckConstraint(check="ends_at > starts_at", name="interview_slot_in_order"),
            CheckConstraint(
                check="taken >= 0 AND taken <= capacity", name="interview_slot_within_capacity"
            ),
            CheckConstraint(check="revision >= 1", name="interview_slot_revision"),
            CheckConstraint(check="mode IN ('ON_SITE', 'VIDEO')", name="interview_slot_mode"),
            CheckConstraint(
                check="(cancelled_at IS NULL) = (cancelled_by IS NULL)"
                " AND (cancelled_at IS NULL) = (cancel_reason IS NULL)"
                " AND (cancelled_at IS NULL OR taken = 0)",
                name="interview_slot_cancelled",
            ),
        )


class InterviewPanelRow(Model):
    """One interviewer of one slot."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    slot: fields.ForeignKeyRelation[InterviewSlotRow] = fields.ForeignKeyField(
        "zhupei.InterviewSlotRow", related_name="panel", on_delete=fields.RESTRICT
    )
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "zhupei.Account", related_name="panels", on_delete=fields.RESTRICT, db_index=True
    )

    class Meta:
        table = "interview_panel"
        unique_together = (("slot", "account"),)


class InterviewBookingRow(Model):
    """That somebody is expected in a slot; an index keeps one in force for each application.

    ``chosen`` tells that the applicant chose it, else the office assigned it.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    slot: fields.ForeignKeyRelation[InterviewSlotRow] = fields.ForeignKeyField(
        "zhupei.InterviewSlotRow",
        related_name="bookings",
        on_delete=fields.RESTRICT,
        db_index=True,
    )
    application: fields.ForeignKeyRelation[ApplicationRow] = fields.ForeignKeyField(
        "zhupei.ApplicationRow",
        related_name="interview_bookings",
        on_delete=fields.RESTRICT,
        db_index=True,
    )
    applicant_id = fields.UUIDField(db_index=True)
    chosen = fields.BooleanField()
    booked_by = fields.CharField(max_length=255)
    booked_at = fields.DatetimeField()
    released_by = fields.CharField(max_length=255, null=True)
    released_at = fields.DatetimeField(null=True)
    release_reason = fields.TextField(null=True)

    class Meta:
        table = "interview_booking"
        constraints = (
            CheckConstraint(
                check="(released_at IS NULL) = (released_by IS NULL)",
                name="interview_booking_released",
            ),
        )
