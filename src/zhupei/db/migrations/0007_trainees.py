"""Trainees and payments, sending units, lifted bans, grants for one specialty, erasure."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from zhupei.db.identifiers import uuid7
from zhupei.db.migration_operations import CreateModel

# On the way back a grant for one specialty is revoked: it must not become one for the whole base.
_GRANTS = (
    "UPDATE role_grant SET revoked_at = now(), revoked_by = 'migration' "
    "WHERE specialty_code IS NOT NULL AND revoked_at IS NULL; "
    "CREATE UNIQUE INDEX role_grant_in_force ON role_grant (account_id, role, "
    "coalesce(base_code, ''), coalesce(jurisdiction_code, '')) WHERE revoked_at IS NULL"
)


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0006_jobs")]

    operations = [
        CreateModel(
            name="SendingUnitRow",
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
                        db_constraint=True,
                        to_field="id",
                        related_name="sending_unit",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=200)),
                ("tier", fields.CharField(null=True, max_length=16)),
                ("province", fields.CharField(null=True, max_length=6)),
                ("prefecture", fields.CharField(null=True, max_length=6)),
                ("recorded_by", fields.CharField(max_length=255)),
                ("recorded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sending_unit",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(check="name <> ''", name="sending_unit_name"),
                    CheckConstraint(
                        check="prefecture IS NULL OR province IS NOT NULL",
                        name="sending_unit_place",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One unit that sends people (选送单位), and the "
                "account that acts for it.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="SendingUnitPersonRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "unit",
                    fields.ForeignKeyField(
                        "zhupei.SendingUnitRow",
                        source_field="unit_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="people",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "applicant",
                    fields.ForeignKeyField(
                        "zhupei.Applicant",
                        source_field="applicant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="sent_by",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(max_length=16)),
                ("base_code", fields.CharField(null=True, max_length=100)),
                ("specialty_code", fields.CharField(null=True, max_length=100)),
                ("asked_by", fields.CharField(max_length=255)),
                ("asked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("answered_by", fields.CharField(null=True, max_length=255)),
                (
                    "answered_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("ended_by", fields.CharField(null=True, max_length=255)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("end_reason", fields.TextField(null=True)),
            ],
            options={
                "table": "sending_unit_person",
                "app": "zhupei",
                "constraints": [
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
                ],
                "pk_attr": "id",
                "table_description": "That a unit sends a person (R123): both sides have to "
                "say so.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="TraineeRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "application",
                    fields.OneToOneField(
                        "zhupei.ApplicationRow",
                        source_field="application_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="trainee",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("applicant_id", fields.UUIDField(db_index=True)),
                ("base_code", fields.CharField(max_length=100)),
                ("program_code", fields.CharField(max_length=200)),
                ("root_program_code", fields.CharField(max_length=200)),
                ("opening_code", fields.CharField(max_length=250)),
                ("specialty_code", fields.CharField(max_length=100)),
                ("direction", fields.CharField(null=True, max_length=100)),
                ("year", fields.SmallIntField()),
                ("trainee_type", fields.CharField(null=True, max_length=32)),
                ("channel", fields.CharField(max_length=24)),
                ("state", fields.CharField(max_length=24)),
                ("degree_level", fields.CharField(null=True, max_length=24)),
                ("degree_type", fields.CharField(null=True, max_length=24)),
                ("profile", fields.JSONField()),
                ("started_on", fields.DateField()),
                ("months", fields.SmallIntField(null=True)),
                ("least_months", fields.SmallIntField(null=True)),
                ("reduced_months", fields.SmallIntField(default=0, db_default=0)),
                ("ends_on", fields.DateField(null=True)),
                ("agreement", fields.CharField(null=True, max_length=32)),
                ("registered_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("registered_by", fields.CharField(max_length=255)),
                ("catalogue_hash", fields.CharField(max_length=64)),
                ("ended_on", fields.DateField(null=True)),
                ("end_reason", fields.TextField(null=True)),
            ],
            options={
                "table": "trainee",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(
                        check="(state = 'IN_TRAINING') = (ended_on IS NULL)", name="trainee_ended"
                    ),
                    CheckConstraint(
                        check="(ended_on IS NULL) = (end_reason IS NULL)", name="trainee_end_reason"
                    ),
                    CheckConstraint(
                        check="reduced_months >= 0 AND (reduced_months = 0 OR "
                        "coalesce(reduced_months <= months - least_months, false))",
                        name="trainee_reduction",
                    ),
                    CheckConstraint(
                        check="(months IS NULL) = (ends_on IS NULL)", name="trainee_length"
                    ),
                ],
                "indexes": [
                    Index(fields=["base_code", "state"]),
                    Index(fields=["root_program_code", "specialty_code"]),
                    Index(fields=["program_code", "specialty_code"]),
                ],
                "pk_attr": "id",
                "table_description": "One registered person (R156), made with the "
                "registration of the application.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="TraineePaymentRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "trainee",
                    fields.ForeignKeyField(
                        "zhupei.TraineeRow",
                        source_field="trainee_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="payments",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("batch_id", fields.UUIDField(db_index=True)),
                ("month", fields.DateField()),
                ("line", fields.CharField(max_length=100)),
                ("amount", fields.DecimalField(max_digits=12, decimal_places=2)),
                ("payer", fields.CharField(max_length=24)),
                ("funding_source", fields.CharField(null=True, max_length=32)),
                ("funding_note", fields.TextField(null=True)),
                ("recorded_by", fields.CharField(max_length=255)),
                ("recorded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("cancelled_by", fields.CharField(null=True, max_length=255)),
                (
                    "cancelled_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("cancel_reason", fields.TextField(null=True)),
            ],
            options={
                "table": "trainee_payment",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(check="amount > 0", name="trainee_payment_amount"),
                    CheckConstraint(
                        check="extract(day from month) = 1", name="trainee_payment_first_of_month"
                    ),
                    CheckConstraint(
                        check="funding_source IS NOT NULL OR funding_note IS NOT NULL",
                        name="trainee_payment_funding",
                    ),
                    CheckConstraint(
                        check="(cancelled_at IS NULL) = (cancel_reason IS NULL) AND "
                        "(cancelled_at IS NULL) = (cancelled_by IS NULL)",
                        name="trainee_payment_cancelled",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One payment of one month (T44): which line, how much, "
                "by whom, out of which funds.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Applicant",
            name="erased_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AlterModelOptions(
            name="BanRow",
            options={
                "table": "ban",
                "app": "zhupei",
                "unique_together": (("decided_by", "idempotency_key"),),
                "constraints": [
                    CheckConstraint(check="until >= starts_on", name="ban_in_order"),
                    CheckConstraint(
                        check="(lifted_at IS NULL) = (lift_reason IS NULL) AND (lifted_at "
                        "IS NULL) = (lifted_by IS NULL)",
                        name="ban_lifted",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One ban, from ``starts_on`` to ``until``, both "
                "included (T43); lifted, it binds no more.",
            },
        ),
        ops.AddField(
            model_name="BanRow",
            name="application_id",
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name="BanRow",
            name="evidence",
            field=fields.TextField(null=True),
        ),
        ops.AddField(
            model_name="BanRow",
            name="lift_reason",
            field=fields.TextField(null=True),
        ),
        ops.AddField(
            model_name="BanRow",
            name="lifted_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="BanRow",
            name="lifted_by",
            field=fields.CharField(null=True, max_length=255),
        ),
        ops.AddConstraint(
            model_name="BanRow",
            constraint=CheckConstraint(
                check="(lifted_at IS NULL) = (lift_reason IS NULL) AND (lifted_at IS NULL) "
                "= (lifted_by IS NULL)",
                name="ban_lifted",
            ),
        ),
        ops.AddField(
            model_name="RoleGrant",
            name="specialty_code",
            field=fields.CharField(null=True, max_length=100),
        ),
        ops.AddConstraint(
            model_name="RoleGrant",
            constraint=CheckConstraint(
                check="specialty_code IS NULL OR base_code IS NOT NULL",
                name="role_grant_specialty_of_base",
            ),
        ),
        # A grant for one specialty stands beside one for the whole base.
        ops.RunSQL("DROP INDEX role_grant_in_force", _GRANTS),
        ops.RunSQL(
            "CREATE UNIQUE INDEX role_grant_in_force ON role_grant (account_id, role, "
            "coalesce(base_code, ''), coalesce(jurisdiction_code, ''), "
            "coalesce(specialty_code, '')) WHERE revoked_at IS NULL",
            "DROP INDEX role_grant_in_force",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX sending_unit_person_confirmed ON sending_unit_person "
            "(applicant_id) WHERE state = 'CONFIRMED'",
            "DROP INDEX sending_unit_person_confirmed",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX sending_unit_person_open ON sending_unit_person (unit_id, "
            "applicant_id) WHERE state IN ('NAMED', 'CLAIMED', 'CONFIRMED')",
            "DROP INDEX sending_unit_person_open",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX trainee_payment_once ON trainee_payment (trainee_id, month, line, "
            "payer, coalesce(funding_source, '')) WHERE cancelled_at IS NULL",
            "DROP INDEX trainee_payment_once",
        ),
    ]
