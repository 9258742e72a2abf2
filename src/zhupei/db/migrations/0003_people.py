"""Accounts with their grants, applicants with their files, and answers kept for repetition."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from zhupei.db.identifiers import uuid7
from zhupei.db.migration_operations import CreateModel


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0001_catalogue_version")]

    operations = [
        CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("kind", fields.CharField(max_length=16)),
                ("login", fields.CharField(null=True, unique=True, max_length=64)),
                ("password_hash", fields.TextField(null=True, unique=False)),
                ("issuer", fields.CharField(null=True, max_length=255)),
                ("subject", fields.CharField(null=True, max_length=255)),
                ("name", fields.CharField(null=True, max_length=100)),
                ("scopes", fields.JSONField(null=True)),
                ("failed_attempts", fields.IntField(default=0, db_default=0)),
                (
                    "last_failed_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "disabled_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("tokens_valid_from", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "last_signed_in_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "account",
                "app": "zhupei",
                "constraints": [
                    UniqueConstraint(fields=("issuer", "subject"), name="account_issuer_subject"),
                    CheckConstraint(check="kind IN ('person', 'service')", name="account_kind"),
                    CheckConstraint(
                        check="(login IS NOT NULL AND issuer IS NULL AND subject IS NULL)"
                        " OR (login IS NULL AND issuer IS NOT NULL AND subject IS NOT NULL)",
                        name="account_signs_in_one_way",
                    ),
                    CheckConstraint(
                        check="issuer IS NULL OR password_hash IS NULL",
                        name="account_password_is_ours",
                    ),
                    CheckConstraint(check="failed_attempts >= 0", name="account_failed_attempts"),
                ],
                "pk_attr": "id",
                "table_description": "A person or a program that signs in.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Applicant",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "account",
                    fields.OneToOneField(
                        "zhupei.Account",
                        source_field="account_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="applicant",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("name_key", fields.CharField(db_index=True, max_length=600)),
                ("identity_kind", fields.CharField(max_length=40)),
                ("identity_state", fields.CharField(null=True, max_length=3)),
                ("identity_ciphertext", fields.TextField(unique=False)),
                ("phone_ciphertext", fields.TextField(null=True, unique=False)),
                ("phone_hash", fields.CharField(null=True, db_index=True, max_length=80)),
                ("email_ciphertext", fields.TextField(null=True, unique=False)),
                ("email_hash", fields.CharField(null=True, db_index=True, max_length=80)),
                ("facts", fields.JSONField()),
                ("revision", fields.IntField(default=1, db_default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "applicant",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(
                        check="(phone_ciphertext IS NULL) = (phone_hash IS NULL)",
                        name="applicant_phone",
                    ),
                    CheckConstraint(
                        check="(email_ciphertext IS NULL) = (email_hash IS NULL)",
                        name="applicant_email",
                    ),
                    CheckConstraint(
                        check="(identity_kind = 'PASSPORT') = (identity_state IS NOT NULL)",
                        name="applicant_identity_state",
                    ),
                    CheckConstraint(check="jsonb_typeof(facts) = 'object'", name="applicant_facts"),
                    CheckConstraint(check="revision >= 1", name="applicant_revision"),
                ],
                "pk_attr": "id",
                "table_description": "A person who applies.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ApplicantFile",
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
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="files",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("document", fields.CharField(max_length=100)),
                ("media_type", fields.CharField(max_length=100)),
                ("size", fields.BigIntField()),
                ("sha256", fields.CharField(db_index=True, max_length=64)),
                ("uploaded_by", fields.CharField(max_length=255)),
                ("uploaded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("removed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "applicant_file",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(check="size > 0", name="applicant_file_size"),
                    CheckConstraint(
                        check="sha256 ~ '^[0-9a-f]{64}$'", name="applicant_file_sha256"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One file for one required document.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ApplicantIdentity",
            fields=[
                (
                    "hash",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=80),
                ),
                (
                    "applicant",
                    fields.ForeignKeyField(
                        "zhupei.Applicant",
                        source_field="applicant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="identities",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "applicant_identity",
                "app": "zhupei",
                "pk_attr": "hash",
                "table_description": "The keyed hash of an applicant's identity document, "
                "under each key of the keyring.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Idempotency",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("actor", fields.CharField(max_length=255)),
                ("key", fields.CharField(max_length=128)),
                ("operation", fields.CharField(max_length=100)),
                ("request_hash", fields.CharField(max_length=64)),
                ("answer", fields.JSONField(null=True)),
                (
                    "created_at",
                    fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "idempotency",
                "app": "zhupei",
                "constraints": [
                    UniqueConstraint(fields=("actor", "key"), name="idempotency_actor_key"),
                    CheckConstraint(check="key <> ''", name="idempotency_key"),
                ],
                "pk_attr": "id",
                "table_description": "One request of one actor under one key: a hash of it, "
                "and what it was answered.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="RoleGrant",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "zhupei.Account",
                        source_field="account_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="grants",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("role", fields.CharField(max_length=40)),
                ("base_code", fields.CharField(null=True, db_index=True, max_length=100)),
                ("jurisdiction_code", fields.CharField(null=True, db_index=True, max_length=100)),
                ("granted_by", fields.CharField(max_length=255)),
                ("granted_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_by", fields.CharField(null=True, max_length=255)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "role_grant",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(
                        check="base_code IS NULL OR jurisdiction_code IS NULL",
                        name="role_grant_one_scope",
                    ),
                    CheckConstraint(
                        check="(revoked_at IS NULL) = (revoked_by IS NULL)",
                        name="role_grant_revoked_by",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "A role of an account for one base, for a jurisdiction, "
                "or for the nation (both null).",
            },
            bases=["Model"],
        ),
        # Each grant in force once; a plain unique constraint would let two nulls stand apart.
        ops.RunSQL(
            "CREATE UNIQUE INDEX role_grant_in_force ON role_grant (account_id, role, "
            "coalesce(base_code, ''), coalesce(jurisdiction_code, '')) WHERE revoked_at IS NULL",
            "DROP INDEX role_grant_in_force",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX applicant_file_once ON applicant_file (applicant_id, document, "
            "sha256) WHERE removed_at IS NULL",
            "DROP INDEX applicant_file_once",
        ),
    ]
