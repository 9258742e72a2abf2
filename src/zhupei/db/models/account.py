"""Accounts: who may sign in, by a password of ours or by a token of another issuer."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7

__all__ = ["Account"]


class Account(Model):
    """A person or a program that signs in.

    ``login`` names accounts of our own issuer, ``issuer`` and ``subject`` those of another one.
    Tokens issued before ``tokens_valid_from`` no longer sign in. ``scopes`` are the permissions
    that a service is limited to; null for a person.

    It belongs to a base or to a jurisdiction, whose administrators may give it a password, or to
    the nation (both null): see `zhupei.services.accounts`.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    kind = fields.CharField(max_length=16)
    login = fields.CharField(max_length=64, null=True, unique=True)
    password_hash = fields.TextField(null=True)
    issuer = fields.CharField(max_length=255, null=True)
    subject = fields.CharField(max_length=255, null=True)
    name = fields.CharField(max_length=100, null=True)
    scopes: fields.Field[Any] = fields.JSONField(null=True)
    failed_attempts = fields.IntField(default=0, db_default=0)
    last_failed_at = fields.DatetimeField(null=True)
    disabled_at = fields.DatetimeField(null=True)
    tokens_valid_from = fields.DatetimeField()
    last_signed_in_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    home_base_code = fields.CharField(max_length=100, null=True, db_index=True)
    home_jurisdiction_code = fields.CharField(max_length=100, null=True, db_index=True)

    class Meta:
        table = "account"
        constraints = (
            UniqueConstraint(fields=("issuer", "subject"), name="account_issuer_subject"),
            CheckConstraint(check="kind IN ('person', 'service')", name="account_kind"),
            CheckConstraint(
                check="(login IS NOT NULL AND issuer IS NULL AND subject IS NULL)"
                " OR (login IS NULL AND issuer IS NOT NULL AND subject IS NOT NULL)",
                name="account_signs_in_one_way",
            ),
            CheckConstraint(
                check="issuer IS NULL OR password_hash IS NULL", name="account_password_is_ours"
            ),
            CheckConstraint(check="failed_attempts >= 0", name="account_failed_attempts"),
            CheckConstraint(
                check="home_base_code IS NULL OR home_jurisdiction_code IS NULL",
                name="account_one_home",
            ),
        )
