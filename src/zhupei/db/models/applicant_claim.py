"""Claims: codes with which a person takes over the record that a unit or an office made."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7
from zhupei.db.models.applicant import Applicant

__all__ = ["ApplicantClaim", "ApplicantClaimFailure"]


class ApplicantClaim(Model):
    """One code that was given out for one applicant; of the code a keyed hash is kept.

    ``ended_as`` is null while it may be used, then ``USED``, ``REPLACED`` by a later one, or
    ``LOCKED`` after too many wrong attempts. ``used_by`` is the account that took the record over.
    Rows stay: they say who gave whom access to a person's record.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    applicant: fields.ForeignKeyRelation[Applicant] = fields.ForeignKeyField(
        "zhupei.Applicant", related_name="claims", on_delete=fields.RESTRICT, db_index=True
    )
    code_hash = fields.CharField(max_length=80)
    issued_by = fields.CharField(max_length=255)
    issued_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    failures = fields.SmallIntField(default=0, db_default=0)
    ended_as = fields.CharField(max_length=16, null=True)
    ended_at = fields.DatetimeField(null=True)
    used_by = fields.CharField(max_length=255, null=True)

    class Meta:
        table = "applicant_claim"
        constraints = (
            CheckConstraint(
                check="(ended_as IS NULL) = (ended_at IS NULL)", name="applicant_claim_ended"
            ),
            CheckConstraint(
                check="(used_by IS NOT NULL) = (ended_as IS NOT DISTINCT FROM 'USED')",
                name="applicant_claim_used",
            ),
            CheckConstraint(check="expires_at > issued_at", name="applicant_claim_expires"),
        )


class ApplicantClaimFailure(Model):
    """One attempt of an account that was refused; nothing of what it stated is kept."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account = fields.CharField(max_length=255, db_index=True)
    at = fields.DatetimeField()

    class Meta:
        table = "applicant_claim_failure"
