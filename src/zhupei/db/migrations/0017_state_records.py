"""Records of what has a state beside applications, and one record of each that exists already."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from zhupei.db.identifiers import uuid7
from zhupei.db.migration_operations import CreateModel
from zhupei.domain.audit_chain import GENESIS, anchor_of, canonical, hash_of

# State and bound columns of each subject's rows as they were when this migration was written.
_TABLES: Mapping[str, tuple[str, str, str]] = {
    "APPLICANT": (
        "applicant",
        (
            "CASE WHEN erased_at IS NOT NULL THEN 'ERASED' "
            "WHEN account_id IS NOT NULL THEN 'CLAIMED' ELSE 'UNCLAIMED' END"
        ),
        "account_id, entered_base, extract(epoch FROM created_at), extract(epoch FROM erased_at)",
    ),
    "CLAIM": (
        "applicant_claim",
        "coalesce(ended_as, 'OPEN')",
        "applicant_id, issued_by, extract(epoch FROM expires_at), used_by",
    ),
    "SENT_PERSON": (
        "sending_unit_person",
        "state",
        "unit_id, applicant_id, base_code, specialty_code, asked_by, answered_by",
    ),
    "TRAINEE": (
        "trainee",
        "state",
        (
            "application_id, applicant_id, opening_code, direction, trainee_type, agreement, "
            "started_on, months, least_months, reduced_months, ends_on, ended_on, end_reason, "
            "file_moved_on, file_keeper"
        ),
    ),
    "INVITATION": (
        "invitation",
        "state",
        "applicant_id, opening_code, round_code, slot, application_id",
    ),
    "BAN": (
        "ban",
        "CASE WHEN lifted_at IS NULL THEN 'IN_FORCE' ELSE 'LIFTED' END",
        (
            "applicant_id, program_code, starts_on, until, reason, application_id, decided_by, "
            "lifted_by"
        ),
    ),
    "PUBLICITY": (
        "publicity",
        "CASE WHEN withdrawn_at IS NULL THEN 'PUBLISHED' ELSE 'WITHDRAWN' END",
        (
            "program_code, round_code, extract(epoch FROM published_at), ends_on, "
            "extract(epoch FROM ends_at), working_days, counts_first_day"
        ),
    ),
    "OBJECTION": (
        "objection",
        "CASE WHEN upheld IS NULL THEN 'OPEN' WHEN upheld THEN 'UPHELD' ELSE 'DISMISSED' END",
        "publicity_id, application_id, text, filed_by, resolution, resolved_by",
    ),
    "PLAN_INCREASE": (
        "plan_increase",
        "state",
        "opening_code, round_code, direction, seats, requested_by, decided_by",
    ),
    "ROUND_FREEZE": (
        "round_freeze",
        "CASE WHEN lifted_at IS NULL THEN 'FROZEN' ELSE 'LIFTED' END",
        "root_program_code, round_code, frozen_by, lifted_by",
    ),
}


async def _take_over(_apps: Any, editor: Any) -> None:
    """Record once what is there: from now on every change of it follows on that record."""
    sequence, anchor, now = 0, GENESIS, datetime.now(UTC)
    for subject, (table, state, bound) in _TABLES.items():
        rows = await editor.client.execute_query_dict(
            f"SELECT id, {state} AS state, encode(sha256(convert_to("  # noqa: S608 - our own names
            f"jsonb_build_array({state}, {bound})::text, 'UTF8')), 'hex') AS digest "
            f"FROM {table} ORDER BY id"
        )
        for row in rows:
            sequence += 1
            content = {
                "id": str(uuid7()),
                "subject": subject,
                "subject_id": str(row["id"]),
                "sequence": sequence,
                "revision": 1,
                "at": now.isoformat(),
                "actor": "migration",
                "action": "TAKE_OVER",
                "reason": None,
                "from_state": None,
                "to_state": row["state"],
                "rule_version": "1",
                "catalogue_hash": None,
                "data": {},
                "digest": row["digest"],
                "previous_hash": GENESIS,
            }
            record = hash_of(content)
            anchor = anchor_of(anchor, record)
            await editor.client.execute_query(
                "INSERT INTO state_record SELECT * FROM "
                "jsonb_populate_record(NULL::state_record, $1::jsonb)",
                [canonical({**content, "hash": record, "anchor": anchor})],
            )
    await editor.client.execute_query(
        "INSERT INTO audit_head (name, sequence, anchor) VALUES ('states', $1, $2)",
        [sequence, anchor],
    )


async def _let_go(_apps: Any, editor: Any) -> None:
    await editor.client.execute_query("DELETE FROM audit_head WHERE name = 'states'")


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0016_swept_files")]

    operations = [
        CreateModel(
            name="StateRecordRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("subject", fields.CharField(max_length=32)),
                ("subject_id", fields.UUIDField()),
                ("sequence", fields.BigIntField(unique=True)),
                ("revision", fields.IntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("actor", fields.CharField(max_length=255)),
                ("action", fields.CharField(max_length=32)),
                ("reason", fields.TextField(null=True, unique=False)),
                ("from_state", fields.CharField(null=True, max_length=24)),
                ("to_state", fields.CharField(max_length=24)),
                ("rule_version", fields.CharField(max_length=32)),
                ("catalogue_hash", fields.CharField(null=True, max_length=64)),
                ("data", fields.JSONField()),
                ("digest", fields.CharField(max_length=64)),
                ("previous_hash", fields.CharField(max_length=64)),
                ("hash", fields.CharField(max_length=64)),
                ("anchor", fields.CharField(max_length=64)),
            ],
            options={
                "table": "state_record",
                "app": "zhupei",
                "unique_together": (("subject", "subject_id", "revision"),),
                "pk_attr": "id",
                "table_description": "One record: who brought a person, a trainee, a ban or a plan "
                "into a state, when and why.",
            },
            bases=["Model"],
        ),
        ops.RunPython(_take_over, _let_go),
        ops.RunSQL(
            "CREATE TRIGGER state_record_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON state_record FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_record()",
            "DROP TRIGGER state_record_append_only ON state_record",
        ),
    ]
