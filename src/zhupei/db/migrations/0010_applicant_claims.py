"""Codes with which people take over their records, and attempts that were refused."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from zhupei.db.identifiers import uuid7
from zhupei.db.migration_operations import CreateModel


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0009_allocation")]

    operations = [
        CreateModel(
            name="ApplicantClaim",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "applicant",
                    fields.ForeignKeyField(
                        "zhupei.Applicant",
                        source_field="applicant_id",
                        db_constraint=True,
                        db_index=True,
                        to_field="id",
                        related_name="claims",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("code_hash", fields.CharField(max_length=80)),
                ("issued_by", fields.CharField(max_length=255)),
                ("issued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("failures", fields.SmallIntField(default=0, db_default=0)),
                ("ended_as", fields.CharField(null=True, max_length=16)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("used_by", fields.CharField(null=True, max_length=255)),
            ],
            options={
                "table": "applicant_claim",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(
                        check="(ended_as IS NULL) = (ended_at IS NULL)",
                        name="applicant_claim_ended",
                    ),
                    CheckConstraint(
                        check="(used_by IS NOT NULL) = (ended_as IS NOT DISTINCT FROM 'USED')",
                        name="applicant_claim_used",
                    ),
                    CheckConstraint(check="expires_at > issued_at", name="applicant_claim_expires"),
                ],
                "pk_attr": "id",
                "table_description": "One code that was given out for one applicant; of the code a "
                "keyed hash is kept.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ApplicantClaimFailure",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("account", fields.CharField(max_length=255, db_index=True)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "applicant_claim_failure",
                "app": "zhupei",
                "pk_attr": "id",
                "table_description": "One attempt of an account that was refused; nothing of what "
                "it stated is kept.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX applicant_claim_open ON applicant_claim (applicant_id) "
            "WHERE ended_as IS NULL",
            "DROP INDEX applicant_claim_open",
        ),
    ]
