"""Trainees: people in training, and what was paid for each of them."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7
from zhupei.db.models.application import ApplicationRow

__all__ = ["TraineePaymentRow", "TraineeRow"]


class TraineeRow(Model):
    """One registered person (R156), made with the registration of the application.

    ``months`` is the planned length, ``least_months`` the shortest after an assessment, null
    where no document gives it. ``profile`` holds the facts that decide pay. What was done with a
    trainee is recorded with the application's transitions, and the trainee's own state beside.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    application: fields.OneToOneRelation[ApplicationRow] = fields.OneToOneField(
        "zhupei.ApplicationRow", related_name="trainee", on_delete=fields.RESTRICT
    )
    applicant_id = fields.UUIDField(db_index=True)
    base_code = fields.CharField(max_length=100)
    program_code = fields.CharField(max_length=200)
    root_program_code = fields.CharField(max_length=200)
    opening_code = fields.CharField(max_length=250)
    specialty_code = fields.CharField(max_length=100)
    direction = fields.CharField(max_length=100, null=True)
    year = fields.SmallIntField()
    trainee_type = fields.CharField(max_length=32, null=True)
    channel = fields.CharField(max_length=24)
    state = fields.CharField(max_length=24)
    degree_level = fields.CharField(max_length=24, null=True)
    degree_type = fields.CharField(max_length=24, null=True)
    profile: fields.Field[dict[str, object]] = fields.JSONField()
    started_on = fields.DateField()
    months = fields.SmallIntField(null=True)
    least_months = fields.SmallIntField(null=True)
    reduced_months = fields.SmallIntField(default=0, db_default=0)
    ends_on = fields.DateField(null=True)
    agreement = fields.CharField(max_length=32, null=True)
    registered_at = fields.DatetimeField()
    registered_by = fields.CharField(max_length=255)
    catalogue_hash = fields.CharField(max_length=64)
    ended_on = fields.DateField(null=True)
    end_reason = fields.TextField(null=True)
    file_moved_on = fields.DateField(null=True)
    file_keeper = fields.TextField(null=True)

    class Meta:
        table = "trainee"
        indexes = (
            ("base_code", "state"),
            ("base_code", "id"),
            ("opening_code", "id"),
            ("root_program_code", "specialty_code"),
            ("program_code", "specialty_code"),
        )
        constraints = (
            CheckConstraint(
                check="(state = 'IN_TRAINING') = (ended_on IS NULL)", name="trainee_ended"
            ),
            CheckConstraint(
                check="(ended_on IS NULL) = (end_reason IS NULL)", name="trainee_end_reason"
            ),
            CheckConstraint(
                check="reduced_months >= 0 AND (reduced_months = 0 OR "
                "coalesce(reduced_months <= months - least_months, false))",
                name="trainee_reduction",
            ),
            CheckConstraint(check="(months IS NULL) = (ends_on IS NULL)", name="trainee_length"),
            CheckConstraint(
                check="(file_moved_on IS NULL) = (file_keeper IS NULL)", name="trainee_file"
            ),
        )


class TraineePaymentRow(Model):
    """One payment of one month (T44): which line, how much, by whom, out of which funds.

    ``month`` is its first day, ``batch_id`` what was recorded together. ``funding_source`` is null
    where nobody says which; then ``funding_note`` tells why. A payment is never changed: a wrong
    one is cancelled, and an index keeps each line of a month once per payer and source.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    trainee: fields.ForeignKeyRelation[TraineeRow] = fields.ForeignKeyField(
        "zhupei.TraineeRow", related_name="payments", on_delete=fields.RESTRICT, db_index=True
    )
    batch_id = fields.UUIDField(db_index=True)
    month = fields.DateField()
    line = fields.CharField(max_length=100)
    amount = fields.DecimalField(max_digits=12, decimal_places=2)
    payer = fields.CharField(max_length=24)
    funding_source = fields.CharField(max_length=32, null=True)
    funding_note = fields.TextField(null=True)
    recorded_by = fields.CharField(max_length=255)
    recorded_at = fields.DatetimeField()
    cancelled_by = fields.CharField(max_length=255, null=True)
    cancelled_at = fields.DatetimeField(null=True)
    cancel_reason = fields.TextField(null=True)

    class Meta:
        table = "trainee_payment"
        constraints = (
            CheckConstraint(check="amount > 0", name="trainee_payment_amount"),
            CheckConstraint(
                check="extract(day from month) = 1", name="trainee_payment_first_of_month"
            ),
            CheckConstraint(
                check="funding_source IS NOT NULL OR funding_note IS NOT NULL",
                name="trainee_payment_funding",
            ),
            CheckConstraint(
                check="(cancelled_at IS NULL) = (cancel_reason IS NULL)"
                " AND (cancelled_at IS NULL) = (cancelled_by IS NULL)",
                name="trainee_payment_cancelled",
            ),
        )
