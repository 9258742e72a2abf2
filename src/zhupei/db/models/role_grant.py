"""Grants: which role an account holds, where, who gave it, and when it was taken back."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7
from zhupei.db.models.account import Account

__all__ = ["RoleGrant"]


class RoleGrant(Model):
    """A role of an account for one base, for a jurisdiction, or for the nation (both null).

    ``specialty_code`` limits a grant for a base to one specialty of it.
    Grants are revoked, never deleted: who could do what, and when, stays known. Of those in force
    an index keeps each at most once.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "zhupei.Account", related_name="grants", on_delete=fields.RESTRICT, db_index=True
    )
    role = fields.CharField(max_length=40)
    base_code = fields.CharField(max_length=100, null=True, db_index=True)
    jurisdiction_code = fields.CharField(max_length=100, null=True, db_index=True)
    specialty_code = fields.CharField(max_length=100, null=True)
    granted_by = fields.CharField(max_length=255)
    granted_at = fields.DatetimeField()
    revoked_by = fields.CharField(max_length=255, null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "role_grant"
        constraints = (
            CheckConstraint(
                check="base_code IS NULL OR jurisdiction_code IS NULL", name="role_grant_one_scope"
            ),
            CheckConstraint(
                check="specialty_code IS NULL OR base_code IS NOT NULL",
                name="role_grant_specialty_of_base",
            ),
            CheckConstraint(
                check="(revoked_at IS NULL) = (revoked_by IS NULL)", name="role_grant_revoked_by"
            ),
        )
