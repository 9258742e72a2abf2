"""Allocation runs with their places and choices, which nothing changes once they are written."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from zhupei.db.identifiers import uuid7
from zhupei.db.migration_operations import CreateModel


def _run(related_name: str) -> fields.Field[object]:
    return fields.ForeignKeyField(
        "zhupei.AllocationRunRow",
        source_field="run_id",
        db_constraint=True,
        to_field="id",
        related_name=related_name,
        on_delete=OnDelete.RESTRICT,
    )


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0008_published_lists")]

    operations = [
        CreateModel(
            name="AllocationRunRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("root_program_code", fields.CharField(max_length=200)),
                ("round_code", fields.CharField(max_length=100)),
                ("actor", fields.CharField(max_length=255)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("catalogue_hash", fields.CharField(max_length=64)),
                ("market", fields.CharField(max_length=64)),
                ("certificate", fields.CharField(max_length=64)),
                ("fingerprint", fields.CharField(max_length=64)),
                ("details", fields.JSONField()),
                ("idempotency_key", fields.CharField(null=True, max_length=255)),
                ("operation_id", fields.UUIDField(null=True)),
                (
                    "proposed_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "allocation_run",
                "app": "zhupei",
                "unique_together": (("actor", "idempotency_key"),),
                "constraints": [
                    CheckConstraint(
                        check="(operation_id IS NULL) = (proposed_at IS NULL)",
                        name="allocation_run_proposed",
                    )
                ],
                "indexes": [Index(fields=["root_program_code", "round_code"])],
                "pk_attr": "id",
                "table_description": "One run: the digests of what it saw and of its result, and "
                "the bulk step that proposed it.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="AllocationPlaceRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("run", _run("places")),
                ("code", fields.CharField(max_length=360)),
                ("opening_code", fields.CharField(max_length=250)),
                ("direction", fields.CharField(null=True, max_length=100)),
                ("quota", fields.IntField()),
                ("taken", fields.IntField()),
                ("ranked", fields.IntField()),
                ("last_applicant_id", fields.UUIDField(null=True)),
                ("cut_off", fields.DecimalField(null=True, max_digits=14, decimal_places=9)),
                ("tie_rule", fields.CharField(max_length=32)),
                ("tie_seed", fields.TextField(null=True, unique=False)),
                ("criteria", fields.JSONField()),
            ],
            options={
                "table": "allocation_place",
                "app": "zhupei",
                "unique_together": (("run", "code"),),
                "constraints": [
                    CheckConstraint(
                        check="taken >= 0 AND taken <= quota AND taken <= ranked",
                        name="allocation_place_within_quota",
                    )
                ],
                "pk_attr": "id",
                "table_description": "An opening, or one direction of it, in a run; a trigger "
                "refuses every change.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="AllocationChoiceRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("run", _run("choices")),
                ("application_id", fields.UUIDField(db_index=True)),
                ("applicant_id", fields.UUIDField()),
                ("place", fields.CharField(max_length=360)),
                ("preference", fields.SmallIntField()),
                ("value", fields.DecimalField(max_digits=14, decimal_places=9)),
                ("singles", fields.JSONField()),
                ("submitted_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("rank", fields.IntField()),
                ("verdict", fields.CharField(max_length=16)),
            ],
            options={
                "table": "allocation_choice",
                "app": "zhupei",
                "unique_together": (("run", "applicant_id", "preference"),),
                "constraints": [CheckConstraint(check="rank >= 1", name="allocation_choice_rank")],
                "pk_attr": "id",
                "table_description": "One application in a run: what decided, and what came of "
                "it; never changed.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            "CREATE FUNCTION refuse_change_of_run() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'allocation runs are never changed or deleted'; END $$",
            "DROP FUNCTION refuse_change_of_run()",
        ),
        ops.RunSQL(
            "CREATE TRIGGER allocation_place_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON allocation_place FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_run()",
            "DROP TRIGGER allocation_place_append_only ON allocation_place",
        ),
        ops.RunSQL(
            "CREATE TRIGGER allocation_choice_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON allocation_choice FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_run()",
            "DROP TRIGGER allocation_choice_append_only ON allocation_choice",
        ),
        ops.RunSQL(
            "CREATE TRIGGER allocation_run_kept BEFORE DELETE OR TRUNCATE ON allocation_run "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_run()",
            "DROP TRIGGER allocation_run_kept ON allocation_run",
        ),
        # Only whether it was proposed is written later, once.
        ops.RunSQL(
            "CREATE TRIGGER allocation_run_unchanged BEFORE UPDATE ON allocation_run FOR EACH ROW "
            "WHEN (OLD.operation_id IS NOT NULL OR (to_jsonb(OLD) - 'operation_id' - "
            "'proposed_at') IS DISTINCT FROM (to_jsonb(NEW) - 'operation_id' - 'proposed_at')) "
            "EXECUTE FUNCTION refuse_change_of_run()",
            "DROP TRIGGER allocation_run_unchanged ON allocation_run",
        ),
    ]
