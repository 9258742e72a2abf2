"""Sending units: which account is which employer, and whom it sends."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7
from zhupei.db.models.account import Account
from zhupei.db.models.applicant import Applicant

__all__ = ["SendingUnitPersonRow", "SendingUnitRow"]


class SendingUnitRow(Model):
    """One unit that sends people (选送单位), and the account that acts for it.

    ``province`` and ``prefecture`` are codes of GB/T 2260, as whoever recorded the unit found
    them; null where they are not known.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.OneToOneRelation[Account] = fields.OneToOneField(
        "zhupei.Account", related_name="sending_unit", on_delete=fields.RESTRICT
    )
    name = fields.CharField(max_length=200)
    tier = fields.CharField(max_length=16, null=True)
    province = fields.CharField(max_length=6, null=True)
    prefecture = fields.CharField(max_length=6, null=True)
    recorded_by = fields.CharField(max_length=255)
    recorded_at = fields.DatetimeField()

    class Meta:
        table = "sending_unit"
        constraints = (
            CheckConstraint(check="name <> ''", name="sending_unit_name"),
            CheckConstraint(
                check="prefecture IS NULL OR province IS NOT NULL", name="sending_unit_place"
            ),
        )


class SendingUnitPersonRow(Model):
    """That a unit sends a person (R123): both sides have to say so.

    ``NAMED`` by the person, ``CLAIMED`` by the unit, ``CONFIRMED`` by the other side, ``REFUSED``
    by it, or ``ENDED`` by either. Indexes keep one confirmed unit of a person, and one open
    request of the two.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    unit: fields.ForeignKeyRelation[SendingUnitRow] = fields.ForeignKeyField(
        "zhupei.SendingUnitRow", related_name="people", on_delete=fields.RESTRICT, db_index=True
    )
    applicant: fields.ForeignKeyRelation[Applicant] = fields.ForeignKeyField(
        "zhupei.Applicant", related_name="sent_by", on_delete=fields.RESTRICT, db_index=True
    )
    state = fields.CharField(max_length=16)
    base_code = fields.CharField(max_length=100, null=True)
    specialty_code = fields.CharField(max_length=100, null=True)
    asked_by = fields.CharField(max_length=255)
    asked_at = fields.DatetimeField()
    answered_by = fields.CharField(max_length=255, null=True)
    answered_at = fields.DatetimeField(null=True)
    ended_by = fields.CharField(max_length=255, null=True)
    ended_at = fields.DatetimeField(null=True)
    end_reason = fields.TextField(null=True)

    class Meta:
        table = "sending_unit_person"
        constraints = (
            CheckConstraint(
                check="(state IN ('NAMED', 'CLAIMED')) = (answered_at IS NULL)",
                name="sending_unit_person_answered",
            ),
            CheckConstraint(
                check="(state = 'ENDED') = (ended_at IS NOT NULL)",
                name="sending_unit_person_ended",
            ),
            CheckConstraint(
                check="specialty_code IS NULL OR base_code IS NOT NULL",
                name="sending_unit_person_place",
            ),
        )
