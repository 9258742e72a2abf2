"""Webhooks with their secrets, deliveries and attempts, and tokens of calendars."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from zhupei.db.identifiers import uuid7
from zhupei.db.migration_operations import CreateModel


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0010_applicant_claims")]

    operations = [
        ops.AddField(
            model_name="OutboxRow",
            name="dispatched_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        CreateModel(
            name="WebhookRow",
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
                        db_constraint=True,
                        db_index=True,
                        to_field="id",
                        related_name="webhooks",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("url", fields.CharField(max_length=2000)),
                ("name", fields.CharField(null=True, max_length=100)),
                ("event_types", fields.JSONField()),
                ("base_code", fields.CharField(null=True, max_length=100)),
                ("jurisdiction_code", fields.CharField(null=True, max_length=100)),
                ("contact_ciphertext", fields.TextField(null=True, unique=False)),
                ("state", fields.CharField(max_length=16)),
                ("state_reason", fields.JSONField(null=True)),
                (
                    "failing_since",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("revision", fields.IntField(default=1, db_default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("deleted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhook",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('ACTIVE', 'PAUSED', 'DISABLED')",
                        name="webhook_state",
                    ),
                    CheckConstraint(
                        check="base_code IS NULL OR jurisdiction_code IS NULL",
                        name="webhook_one_limit",
                    ),
                    CheckConstraint(
                        check="revision >= 1",
                        name="webhook_revision",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One endpoint of a service account, and which events go "
                "there.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="WebhookSecretRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "webhook",
                    fields.ForeignKeyField(
                        "zhupei.WebhookRow",
                        source_field="webhook_id",
                        db_constraint=True,
                        db_index=True,
                        to_field="id",
                        related_name="secrets",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("ciphertext", fields.TextField(unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhook_secret",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(
                        check="expires_at IS NULL OR expires_at >= created_at",
                        name="webhook_secret_expires",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One secret of an endpoint, as a ciphertext; null "
                "``expires_at`` is the present one.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="WebhookDeliveryRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "webhook",
                    fields.ForeignKeyField(
                        "zhupei.WebhookRow",
                        source_field="webhook_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="deliveries",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "event",
                    fields.ForeignKeyField(
                        "zhupei.OutboxRow",
                        source_field="event_id",
                        db_constraint=True,
                        db_index=True,
                        to_field="id",
                        related_name="webhook_deliveries",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(max_length=16)),
                ("attempts", fields.SmallIntField(default=0, db_default=0)),
                ("attempted", fields.IntField(default=0, db_default=0)),
                ("queued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("next_attempt_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "leased_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("settled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhook_delivery",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(
                        check="attempts >= 0 AND attempted >= attempts",
                        name="webhook_delivery_attempts",
                    ),
                    CheckConstraint(
                        check="(state = 'WAITING') = (settled_at IS NULL)",
                        name="webhook_delivery_settled",
                    ),
                ],
                "unique_together": (("webhook", "event"),),
                "pk_attr": "id",
                "table_description": "The delivery of one event to one endpoint.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="WebhookAttemptRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "delivery",
                    fields.ForeignKeyField(
                        "zhupei.WebhookDeliveryRow",
                        source_field="delivery_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="log",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.IntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("outcome", fields.CharField(max_length=16)),
                ("status", fields.SmallIntField(null=True)),
                ("milliseconds", fields.IntField(null=True)),
            ],
            options={
                "table": "webhook_attempt",
                "app": "zhupei",
                "unique_together": (("delivery", "number"),),
                "pk_attr": "id",
                "table_description": "One attempt: when, how it ended, with which status, how "
                "long it took; no content of either.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="CalendarTokenRow",
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
                        related_name="calendar_tokens",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "calendar_token",
                "app": "zhupei",
                "pk_attr": "id",
                "table_description": "One token of one applicant; of the token a hash is kept. "
                "One at a time is live.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            "CREATE INDEX outbox_undispatched ON outbox (id) WHERE dispatched_at IS NULL",
            "DROP INDEX outbox_undispatched",
        ),
        ops.RunSQL(
            "CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, next_attempt_at) "
            "WHERE state = 'WAITING'",
            "DROP INDEX webhook_delivery_due",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX webhook_secret_present ON webhook_secret (webhook_id) "
            "WHERE expires_at IS NULL",
            "DROP INDEX webhook_secret_present",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX calendar_token_live ON calendar_token (applicant_id) "
            "WHERE ended_at IS NULL",
            "DROP INDEX calendar_token_live",
        ),
    ]
