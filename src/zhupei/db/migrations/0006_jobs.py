"""Events, deadlines, notices with their deliveries, and long work."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from zhupei.db.identifiers import uuid7
from zhupei.db.migration_operations import CreateModel


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0005_office")]

    operations = [
        CreateModel(
            name="DeadlineRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("kind", fields.CharField(max_length=32)),
                ("subject", fields.CharField(max_length=400)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("done_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("event_id", fields.UUIDField(null=True)),
            ],
            options={
                "table": "deadline",
                "app": "zhupei",
                "unique_together": (("kind", "subject", "due_at"),),
                "pk_attr": "id",
                "table_description": "One instant of one subject that was noticed: ``subject`` "
                "is a round's window, a list, a case.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="OperationRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("kind", fields.CharField(max_length=64)),
                ("state", fields.CharField(max_length=16)),
                ("base_code", fields.CharField(null=True, max_length=100)),
                ("program_code", fields.CharField(null=True, max_length=200)),
                ("started_by", fields.CharField(max_length=255)),
                ("stage", fields.CharField(null=True, max_length=64)),
                ("done", fields.IntField(default=0, db_default=0)),
                ("total", fields.IntField(null=True)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "finished_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("result", fields.JSONField(null=True)),
                ("problem", fields.JSONField(null=True)),
            ],
            options={
                "table": "operation",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(
                        check="done >= 0 AND (total IS NULL OR total >= done)",
                        name="operation_done",
                    ),
                    CheckConstraint(
                        check="(state = 'RUNNING') = (finished_at IS NULL)",
                        name="operation_finished",
                    ),
                ],
                "indexes": [Index(fields=["base_code", "id"]), Index(fields=["started_by", "id"])],
                "pk_attr": "id",
                "table_description": "One piece of long work; ``total`` is null while nobody "
                "knows how much there is.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="OutboxRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("name", fields.CharField(max_length=64)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("subject", fields.CharField(db_index=True, max_length=255)),
                ("base_code", fields.CharField(null=True, max_length=100)),
                ("program_code", fields.CharField(null=True, max_length=200)),
                ("opening_code", fields.CharField(null=True, max_length=250)),
                ("actor", fields.CharField(null=True, max_length=255)),
                ("data", fields.JSONField()),
                ("catalogue_hash", fields.CharField(null=True, max_length=64)),
                ("noticed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "outbox",
                "app": "zhupei",
                "indexes": [Index(fields=["base_code", "id"])],
                "pk_attr": "id",
                "table_description": "One event (`zhupei.domain.events.Event`), written in the "
                "transaction that it tells of.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="NoticeRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "event",
                    fields.ForeignKeyField(
                        "zhupei.OutboxRow",
                        source_field="event_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="notices",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(max_length=32)),
                ("recipient_kind", fields.CharField(max_length=16)),
                ("recipient", fields.CharField(max_length=100)),
                ("application_id", fields.UUIDField(null=True)),
                ("base_code", fields.CharField(null=True, max_length=100)),
                ("program_code", fields.CharField(null=True, max_length=200)),
                ("facts", fields.JSONField()),
                ("state", fields.CharField(max_length=16)),
                ("attempts", fields.SmallIntField(default=0, db_default=0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("next_attempt_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "leased_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("settled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "notice",
                "app": "zhupei",
                "unique_together": (("event", "kind", "recipient_kind", "recipient"),),
                "constraints": [
                    CheckConstraint(check="attempts >= 0", name="notice_attempts"),
                    CheckConstraint(
                        check="(state IN ('WAITING', 'NOT_CONFIGURED')) = (settled_at IS NULL)",
                        name="notice_settled",
                    ),
                ],
                "indexes": [
                    Index(fields=["application_id", "id"]),
                    Index(fields=["base_code", "id"]),
                ],
                "pk_attr": "id",
                "table_description": "One message to one recipient; its words and the address "
                "are made when it is delivered.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="NoticeDeliveryRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "notice",
                    fields.ForeignKeyField(
                        "zhupei.NoticeRow",
                        source_field="notice_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="deliveries",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("attempt", fields.SmallIntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("outcome", fields.CharField(max_length=16)),
                ("code", fields.SmallIntField(null=True)),
                ("response", fields.CharField(null=True, max_length=500)),
                ("message_id", fields.CharField(null=True, max_length=255)),
            ],
            options={
                "table": "notice_delivery",
                "app": "zhupei",
                "unique_together": (("notice", "attempt"),),
                "pk_attr": "id",
                "table_description": "One attempt: when, with what outcome, and what the server "
                "answered, addresses taken out.",
            },
            bases=["Model"],
        ),
        # What is still to be done is found without reading what was done.
        ops.RunSQL(
            "CREATE INDEX outbox_to_notice ON outbox (id) WHERE noticed_at IS NULL",
            "DROP INDEX outbox_to_notice",
        ),
        ops.RunSQL(
            "CREATE INDEX notice_waiting ON notice (next_attempt_at) "
            "WHERE state IN ('WAITING', 'NOT_CONFIGURED')",
            "DROP INDEX notice_waiting",
        ),
        ops.RunSQL(
            "CREATE INDEX operation_running ON operation (seen_at) WHERE state = 'RUNNING'",
            "DROP INDEX operation_running",
        ),
    ]
