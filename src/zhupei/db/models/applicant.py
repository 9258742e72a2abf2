"""Applicants: one person who applies, found by identity document, with the facts rules ask for."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7
from zhupei.db.models.account import Account

__all__ = ["Applicant", "ApplicantIdentity"]


class Applicant(Model):
    """A person who applies.

    Identity number, phone and e-mail are ciphertexts; their hashes look them up. ``facts`` are
    those of `zhupei.domain.people.Candidate`. ``revision`` counts changes, so that two that cross
    are noticed. ``entered_base`` is the base whose office entered somebody without an account.
    ``name_key`` sorts by pinyin. After ``erased_at`` nothing that tells who it was is
    left, only that records belong to one person.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyNullableRelation[Account] = fields.OneToOneField(
        "zhupei.Account", related_name="applicant", on_delete=fields.RESTRICT, null=True
    )
    name = fields.CharField(max_length=100)
    name_key = fields.CharField(max_length=600, db_index=True)
    identity_kind = fields.CharField(max_length=40)
    identity_state = fields.CharField(max_length=3, null=True)
    identity_ciphertext = fields.TextField()
    phone_ciphertext = fields.TextField(null=True)
    phone_hash = fields.CharField(max_length=80, null=True, db_index=True)
    email_ciphertext = fields.TextField(null=True)
    email_hash = fields.CharField(max_length=80, null=True, db_index=True)
    facts: fields.Field[Any] = fields.JSONField()
    entered_base = fields.CharField(max_length=100, null=True)
    revision = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    erased_at = fields.DatetimeField(null=True)

    class Meta:
        table = "applicant"
        constraints = (
            CheckConstraint(
                check="(phone_ciphertext IS NULL) = (phone_hash IS NULL)", name="applicant_phone"
            ),
            CheckConstraint(
                check="(email_ciphertext IS NULL) = (email_hash IS NULL)", name="applicant_email"
            ),
            CheckConstraint(
                check="(identity_kind = 'PASSPORT') = (identity_state IS NOT NULL)",
                name="applicant_identity_state",
            ),
            CheckConstraint(check="jsonb_typeof(facts) = 'object'", name="applicant_facts"),
            CheckConstraint(check="revision >= 1", name="applicant_revision"),
        )


class ApplicantIdentity(Model):
    """The keyed hash of an applicant's identity document, under each key of the keyring.

    A table of its own, so that one person stays one applicant while keys are exchanged.
    """

    hash = fields.CharField(max_length=80, primary_key=True)
    applicant: fields.ForeignKeyRelation[Applicant] = fields.ForeignKeyField(
        "zhupei.Applicant", related_name="identities", on_delete=fields.CASCADE, db_index=True
    )

    class Meta:
        table = "applicant_identity"
