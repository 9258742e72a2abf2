"""Applications, their transitions, scores, seats, lists, invitations, bans and bulk steps."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from zhupei.db.identifiers import uuid7
from zhupei.db.migration_operations import CreateModel

_EXITS = "'REJECTED', 'DECLINED', 'WITHDRAWN', 'TRANSFERRED', 'EXPIRED', 'NO_SHOW', 'CANCELLED'"


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0003_people")]

    operations = [
        CreateModel(
            name="ApplicationRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("applicant_id", fields.UUIDField()),
                ("base_code", fields.CharField(max_length=100)),
                ("program_code", fields.CharField(max_length=200)),
                ("root_program_code", fields.CharField(max_length=200)),
                ("opening_code", fields.CharField(max_length=250)),
                ("round_code", fields.CharField(max_length=100)),
                ("direction", fields.CharField(null=True, max_length=100)),
                ("preference", fields.SmallIntField()),
                ("channel", fields.CharField(max_length=24)),
                ("state", fields.CharField(max_length=24)),
                ("revision", fields.IntField()),
                ("catalogue_hash", fields.CharField(max_length=64)),
                ("details", fields.JSONField()),
                ("completed_steps", fields.JSONField()),
                ("seat_scopes", fields.JSONField()),
                ("publicity_id", fields.UUIDField(null=True)),
                ("invitation_id", fields.UUIDField(null=True)),
                ("transferred_from", fields.UUIDField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "submitted_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "confirmed_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("report_by", fields.DateField(null=True)),
                ("reported_on", fields.DateField(null=True)),
                ("agreement", fields.CharField(null=True, max_length=32)),
                ("agreement_by", fields.DateField(null=True)),
                ("signed_on", fields.DateField(null=True)),
                ("record_hash", fields.CharField(max_length=64)),
            ],
            options={
                "table": "application",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(check="revision >= 1", name="application_revision"),
                    CheckConstraint(check="preference >= 1", name="application_preference_from_1"),
                ],
                "indexes": [
                    Index(fields=["applicant_id", "root_program_code"]),
                    Index(fields=["opening_code", "round_code", "state"]),
                    Index(fields=["base_code", "state"]),
                    Index(fields=["program_code", "round_code", "state"]),
                    Index(fields=["publicity_id"]),
                ],
                "pk_attr": "id",
                "table_description": "The present state of one application; how it came about is "
                "in its transitions.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="AuditHeadRow",
            fields=[
                (
                    "name",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=16),
                ),
                ("sequence", fields.BigIntField()),
                ("anchor", fields.CharField(max_length=64)),
            ],
            options={
                "table": "audit_head",
                "app": "zhupei",
                "pk_attr": "name",
                "table_description": "The one row that numbers the records and holds the anchor "
                "of the last one.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="BanRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("applicant_id", fields.UUIDField(db_index=True)),
                ("program_code", fields.CharField(max_length=200)),
                ("starts_on", fields.DateField()),
                ("until", fields.DateField()),
                ("reason", fields.TextField(unique=False)),
                ("decided_by", fields.CharField(max_length=255)),
                ("decided_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("idempotency_key", fields.CharField(null=True, max_length=255)),
            ],
            options={
                "table": "ban",
                "app": "zhupei",
                "unique_together": (("decided_by", "idempotency_key"),),
                "constraints": [CheckConstraint(check="until >= starts_on", name="ban_in_order")],
                "pk_attr": "id",
                "table_description": "One ban, from ``starts_on`` to ``until``, both included "
                "(T43).",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="BulkOperationRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("action", fields.CharField(max_length=32)),
                ("actor", fields.CharField(max_length=255)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("catalogue_hash", fields.CharField(max_length=64)),
                ("idempotency_key", fields.CharField(null=True, max_length=255)),
                ("details", fields.JSONField()),
                (
                    "reverted_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("reverted_by", fields.CharField(null=True, max_length=255)),
            ],
            options={
                "table": "bulk_operation",
                "app": "zhupei",
                "pk_attr": "id",
                "table_description": "One bulk step that was carried out: what it did to whom, "
                "and whether it was taken back.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="InvitationRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("applicant_id", fields.UUIDField()),
                ("base_code", fields.CharField(max_length=100)),
                ("program_code", fields.CharField(max_length=200)),
                ("root_program_code", fields.CharField(max_length=200)),
                ("opening_code", fields.CharField(max_length=250)),
                ("round_code", fields.CharField(max_length=100)),
                ("state", fields.CharField(max_length=16)),
                ("slot", fields.SmallIntField(null=True)),
                ("invited_by", fields.CharField(max_length=255)),
                ("invited_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "answered_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("application_id", fields.UUIDField(null=True)),
            ],
            options={
                "table": "invitation",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(
                        check="(state = 'ACCEPTED') = (slot IS NOT NULL)", name="invitation_slot"
                    )
                ],
                "indexes": [Index(fields=["applicant_id", "root_program_code", "round_code"])],
                "pk_attr": "id",
                "table_description": "One invitation of a round (R150); ``slot`` counts those "
                "that the person accepted.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="PlanIncreaseRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("base_code", fields.CharField(max_length=100)),
                ("program_code", fields.CharField(max_length=200)),
                ("opening_code", fields.CharField(db_index=True, max_length=250)),
                ("round_code", fields.CharField(max_length=100)),
                ("direction", fields.CharField(null=True, max_length=100)),
                ("seats", fields.IntField()),
                ("reason", fields.TextField(unique=False)),
                ("state", fields.CharField(max_length=16)),
                ("requested_by", fields.CharField(max_length=255)),
                ("requested_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("decided_by", fields.CharField(null=True, max_length=255)),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("decision_reason", fields.TextField(null=True, unique=False)),
                ("idempotency_key", fields.CharField(null=True, max_length=255)),
            ],
            options={
                "table": "plan_increase",
                "app": "zhupei",
                "unique_together": (("requested_by", "idempotency_key"),),
                "constraints": [
                    CheckConstraint(check="seats >= 1", name="plan_increase_seats"),
                    CheckConstraint(
                        check="(state = 'REQUESTED') = (decided_at IS NULL)",
                        name="plan_increase_decided",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One request (R153); approved seats are laid over the "
                "published quota.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="PublicityRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("base_code", fields.CharField(max_length=100)),
                ("program_code", fields.CharField(db_index=True, max_length=200)),
                ("round_code", fields.CharField(max_length=100)),
                ("published_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("published_by", fields.CharField(max_length=255)),
                ("ends_on", fields.DateField()),
                ("ends_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("working_days", fields.SmallIntField()),
                ("counts_first_day", fields.BooleanField()),
                ("catalogue_hash", fields.CharField(max_length=64)),
                (
                    "withdrawn_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "publicity",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(check="ends_at > published_at", name="publicity_in_order"),
                    CheckConstraint(check="working_days >= 1", name="publicity_length"),
                ],
                "pk_attr": "id",
                "table_description": "One list: it is public from ``published_at`` to "
                "``ends_at``, the 24:00 of ``ends_on``.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ObjectionRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "publicity",
                    fields.ForeignKeyField(
                        "zhupei.PublicityRow",
                        source_field="publicity_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="objections",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "application",
                    fields.ForeignKeyField(
                        "zhupei.ApplicationRow",
                        source_field="application_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="objections",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("text", fields.TextField(unique=False)),
                ("filed_by", fields.CharField(max_length=255)),
                ("filed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("upheld", fields.BooleanField(null=True)),
                ("resolution", fields.TextField(null=True, unique=False)),
                ("resolved_by", fields.CharField(null=True, max_length=255)),
                (
                    "resolved_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("idempotency_key", fields.CharField(null=True, max_length=255)),
            ],
            options={
                "table": "objection",
                "app": "zhupei",
                "unique_together": (("filed_by", "idempotency_key"),),
                "constraints": [
                    CheckConstraint(
                        check="(upheld IS NULL) = (resolved_at IS NULL)", name="objection_resolved"
                    )
                ],
                "pk_attr": "id",
                "table_description": "One objection; ``upheld`` is null while nobody has decided.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="RoundFreezeRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("root_program_code", fields.CharField(max_length=200)),
                ("round_code", fields.CharField(max_length=100)),
                ("reason", fields.TextField(unique=False)),
                ("frozen_by", fields.CharField(max_length=255)),
                ("frozen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("lifted_by", fields.CharField(null=True, max_length=255)),
                ("lifted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("lift_reason", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "round_freeze",
                "app": "zhupei",
                "pk_attr": "id",
                "table_description": "The freeze of one round of a program and all below it; an "
                "index keeps one in force.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ScoreRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "application",
                    fields.ForeignKeyField(
                        "zhupei.ApplicationRow",
                        source_field="application_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="scores",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("assessment", fields.CharField(max_length=100)),
                ("points", fields.DecimalField(max_digits=8, decimal_places=3)),
                ("full_mark", fields.IntField()),
                ("recorded_by", fields.CharField(max_length=255)),
                ("recorded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "application_score",
                "app": "zhupei",
                "unique_together": (("application", "assessment"),),
                "constraints": [
                    CheckConstraint(
                        check="full_mark >= 1 AND points >= 0 AND points <= full_mark",
                        name="application_score_in_range",
                    )
                ],
                "pk_attr": "id",
                "table_description": "Points in their own column, of ``full_mark``; there is no "
                "column for a rank here.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="SeatRow",
            fields=[
                (
                    "scope",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=400),
                ),
                ("published", fields.IntField()),
                ("increase", fields.IntField()),
                ("taken", fields.IntField()),
            ],
            options={
                "table": "seat",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(check="taken >= 0", name="seat_taken_not_negative"),
                    CheckConstraint(check="increase >= 0", name="seat_increase_not_negative"),
                    CheckConstraint(
                        check="taken <= published + increase", name="seat_within_quota"
                    ),
                ],
                "pk_attr": "scope",
                "table_description": "One quota: seats as published, approved increases, and "
                "seats taken.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="TransitionRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "application",
                    fields.ForeignKeyField(
                        "zhupei.ApplicationRow",
                        source_field="application_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="transitions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("sequence", fields.BigIntField(unique=True)),
                ("revision", fields.IntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("actor", fields.CharField(max_length=255)),
                ("action", fields.CharField(max_length=32)),
                ("reason", fields.TextField(null=True, unique=False)),
                ("from_state", fields.CharField(null=True, max_length=24)),
                ("to_state", fields.CharField(max_length=24)),
                ("rule_version", fields.CharField(max_length=32)),
                ("catalogue_hash", fields.CharField(max_length=64)),
                ("bulk_operation_id", fields.UUIDField(null=True, db_index=True)),
                ("idempotency_key", fields.CharField(null=True, max_length=255)),
                ("data", fields.JSONField()),
                ("case_digest", fields.CharField(max_length=64)),
                ("previous_hash", fields.CharField(max_length=64)),
                ("hash", fields.CharField(max_length=64)),
                ("anchor", fields.CharField(max_length=64)),
            ],
            options={
                "table": "application_transition",
                "app": "zhupei",
                "unique_together": (("application", "revision"),),
                "pk_attr": "id",
                "table_description": "One record: who did what to an application, when and why, "
                "under which rules.",
            },
            bases=["Model"],
        ),
        # Each of these holds among applications that are still open; drafts may be many.
        ops.RunSQL(
            "CREATE UNIQUE INDEX application_preference_once ON application (applicant_id, "
            "root_program_code, round_code, preference) WHERE channel = 'BATCH' "
            "AND invitation_id IS NULL AND transferred_from IS NULL AND state NOT IN ('DRAFT', "
            f"{_EXITS})",
            "DROP INDEX application_preference_once",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX application_opening_once ON application (applicant_id, "
            f"opening_code, round_code) WHERE state NOT IN ({_EXITS})",
            "DROP INDEX application_opening_once",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX application_admitted_once ON application (applicant_id, "
            "root_program_code) WHERE state IN ('CONFIRMED', 'ADMITTED', 'NOTIFIED', 'REPORTED', "
            "'CONTRACTED', 'REGISTERED')",
            "DROP INDEX application_admitted_once",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX application_transition_once ON application_transition (actor, "
            "idempotency_key) WHERE idempotency_key IS NOT NULL",
            "DROP INDEX application_transition_once",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX bulk_operation_once ON bulk_operation (actor, idempotency_key) "
            "WHERE idempotency_key IS NOT NULL",
            "DROP INDEX bulk_operation_once",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX invitation_open_once ON invitation (applicant_id, opening_code, "
            "round_code) WHERE state = 'OPEN'",
            "DROP INDEX invitation_open_once",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX invitation_accepted_once ON invitation (applicant_id, "
            "root_program_code, round_code, slot) WHERE state = 'ACCEPTED'",
            "DROP INDEX invitation_accepted_once",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX round_freeze_in_force ON round_freeze (root_program_code, "
            "round_code) WHERE lifted_at IS NULL",
            "DROP INDEX round_freeze_in_force",
        ),
        # Records are appended, never changed: not even by a statement of our own.
        ops.RunSQL(
            "CREATE FUNCTION refuse_change_of_record() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'records of applications are never changed or deleted'; END $$",
            "DROP FUNCTION refuse_change_of_record()",
        ),
        ops.RunSQL(
            "CREATE TRIGGER application_transition_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON application_transition FOR EACH STATEMENT EXECUTE FUNCTION "
            "refuse_change_of_record()",
            "DROP TRIGGER application_transition_append_only ON application_transition",
        ),
        ops.RunSQL(
            "INSERT INTO audit_head (name, sequence, anchor) "
            "VALUES ('records', 0, repeat('0', 64))",
            "DELETE FROM audit_head",
        ),
    ]
