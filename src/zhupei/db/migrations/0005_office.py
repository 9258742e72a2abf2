"""Interview slots, score sheets that wait for a second person, and brochures on their way."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from zhupei.db.identifiers import uuid7
from zhupei.db.migration_operations import CreateModel


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0004_admissions")]

    operations = [
        CreateModel(
            name="BrochureContentRow",
            fields=[
                (
                    "sha256",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                ("media_type", fields.CharField(max_length=100)),
                ("content", fields.BinaryField()),
            ],
            options={
                "table": "brochure_content",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(
                        check="sha256 = encode(sha256(content), 'hex')",
                        name="brochure_content_sha256",
                    )
                ],
                "pk_attr": "sha256",
                "table_description": "The bytes of a page, by their SHA-256; they never change.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="BrochureRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("base_code", fields.CharField(db_index=True, max_length=100)),
                ("program_code", fields.CharField(max_length=200)),
                ("version", fields.IntField()),
                ("state", fields.CharField(max_length=16)),
                (
                    "html",
                    fields.ForeignKeyField(
                        "zhupei.BrochureContentRow",
                        source_field="html_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="sha256",
                        related_name="html_of",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "pdf",
                    fields.ForeignKeyField(
                        "zhupei.BrochureContentRow",
                        source_field="pdf_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="sha256",
                        related_name="pdf_of",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("checks", fields.JSONField()),
                ("attested", fields.JSONField()),
                ("catalogue_hash", fields.CharField(max_length=64)),
                ("submitted_by", fields.CharField(max_length=255)),
                ("submitted_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("due_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("late_reason", fields.TextField(null=True, unique=False)),
                ("decided_by", fields.CharField(null=True, max_length=255)),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("reason", fields.TextField(null=True, unique=False)),
                (
                    "published_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "brochure",
                "app": "zhupei",
                "constraints": [
                    UniqueConstraint(
                        fields=("program_code", "version"), name="brochure_version_once"
                    ),
                    CheckConstraint(
                        check="state IN ('SUBMITTED', 'RETURNED', 'APPROVED', 'PUBLISHED')",
                        name="brochure_state",
                    ),
                    CheckConstraint(check="version >= 1", name="brochure_version"),
                    CheckConstraint(
                        check="(state = 'PUBLISHED') = (published_at IS NOT NULL)",
                        name="brochure_published",
                    ),
                    CheckConstraint(
                        check=(
                            "(decided_at IS NULL) = (decided_by IS NULL) AND (state <> "
                            "'SUBMITTED' OR decided_at IS NULL) AND (state <> 'RETURNED' OR "
                            "reason IS NOT NULL)"
                        ),
                        name="brochure_decided",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One version of a program's brochure, from its submission on.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="BrochurePublicationRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "brochure",
                    fields.ForeignKeyField(
                        "zhupei.BrochureRow",
                        source_field="brochure_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="publications",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("place", fields.CharField(max_length=500)),
                ("address", fields.CharField(max_length=2000)),
                ("published_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("recorded_by", fields.CharField(max_length=255)),
                ("recorded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "brochure_publication",
                "app": "zhupei",
                "unique_together": (("brochure", "place"),),
                "pk_attr": "id",
                "table_description": (
                    "That a version stands in one of the places where it has to be published "
                    "(R136)."
                ),
            },
            bases=["Model"],
        ),
        CreateModel(
            name="InterviewSlotRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("base_code", fields.CharField(max_length=100)),
                ("program_code", fields.CharField(max_length=200)),
                ("opening_code", fields.CharField(max_length=250)),
                ("round_code", fields.CharField(max_length=100)),
                ("mode", fields.CharField(max_length=16)),
                ("place", fields.CharField(max_length=500)),
                ("starts_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ends_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("capacity", fields.IntField()),
                ("taken", fields.IntField()),
                ("choosable", fields.BooleanField()),
                ("revision", fields.IntField()),
                ("moves", fields.JSONField()),
                ("catalogue_hash", fields.CharField(max_length=64)),
                ("created_by", fields.CharField(max_length=255)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("cancelled_by", fields.CharField(null=True, max_length=255)),
                (
                    "cancelled_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("cancel_reason", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "interview_slot",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(check="ends_at > starts_at", name="interview_slot_in_order"),
                    CheckConstraint(
                        check="taken >= 0 AND taken <= capacity",
                        name="interview_slot_within_capacity",
                    ),
                    CheckConstraint(check="revision >= 1", name="interview_slot_revision"),
                    CheckConstraint(
                        check="mode IN ('ON_SITE', 'VIDEO')", name="interview_slot_mode"
                    ),
                    CheckConstraint(
                        check=(
                            "(cancelled_at IS NULL) = (cancelled_by IS NULL) AND (cancelled_at "
                            "IS NULL) = (cancel_reason IS NULL) AND (cancelled_at IS NULL OR "
                            "taken = 0)"
                        ),
                        name="interview_slot_cancelled",
                    ),
                ],
                "indexes": [
                    Index(fields=["base_code", "starts_at"]),
                    Index(fields=["program_code", "round_code", "starts_at"]),
                ],
                "pk_attr": "id",
                "table_description": (
                    "One slot, half-open from ``starts_at`` to ``ends_at``, for ``capacity`` "
                    "people."
                ),
            },
            bases=["Model"],
        ),
        CreateModel(
            name="InterviewBookingRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "slot",
                    fields.ForeignKeyField(
                        "zhupei.InterviewSlotRow",
                        source_field="slot_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="bookings",
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
                        related_name="interview_bookings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("applicant_id", fields.UUIDField(db_index=True)),
                ("chosen", fields.BooleanField()),
                ("booked_by", fields.CharField(max_length=255)),
                ("booked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("released_by", fields.CharField(null=True, max_length=255)),
                (
                    "released_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("release_reason", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "interview_booking",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(
                        check="(released_at IS NULL) = (released_by IS NULL)",
                        name="interview_booking_released",
                    )
                ],
                "pk_attr": "id",
                "table_description": (
                    "That somebody is expected in a slot; an index keeps one in force for each "
                    "application."
                ),
            },
            bases=["Model"],
        ),
        CreateModel(
            name="InterviewPanelRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "slot",
                    fields.ForeignKeyField(
                        "zhupei.InterviewSlotRow",
                        source_field="slot_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="panel",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "zhupei.Account",
                        source_field="account_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="panels",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "interview_panel",
                "app": "zhupei",
                "unique_together": (("slot", "account"),),
                "pk_attr": "id",
                "table_description": "One interviewer of one slot.",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ScoreSheetRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("base_code", fields.CharField(max_length=100)),
                ("program_code", fields.CharField(max_length=200)),
                ("opening_code", fields.CharField(max_length=250)),
                ("round_code", fields.CharField(max_length=100)),
                ("assessments", fields.CharField(max_length=100)),
                ("state", fields.CharField(max_length=16)),
                ("rows", fields.JSONField()),
                ("low", fields.JSONField()),
                ("sha256", fields.CharField(max_length=64)),
                ("catalogue_hash", fields.CharField(max_length=64)),
                ("entered_by", fields.CharField(max_length=255)),
                ("entered_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("decided_by", fields.CharField(null=True, max_length=255)),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("reason", fields.TextField(null=True, unique=False)),
                ("operation_id", fields.UUIDField(null=True)),
            ],
            options={
                "table": "score_sheet",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PENDING', 'SIGNED', 'REJECTED')", name="score_sheet_state"
                    ),
                    CheckConstraint(
                        check=(
                            "(state = 'PENDING') = (decided_at IS NULL) AND (decided_at IS "
                            "NULL) = (decided_by IS NULL)"
                        ),
                        name="score_sheet_decided",
                    ),
                    CheckConstraint(
                        check="state <> 'SIGNED' OR decided_by <> entered_by",
                        name="score_sheet_second_person",
                    ),
                    CheckConstraint(check="sha256 ~ '^[0-9a-f]{64}$'", name="score_sheet_sha256"),
                ],
                "indexes": [
                    Index(fields=["base_code", "state"]),
                    Index(fields=["program_code", "round_code", "state"]),
                ],
                "pk_attr": "id",
                "table_description": "One sheet whose rows were all right when it came.",
            },
            bases=["Model"],
        ),
        # What holds among those still in force; the rest is history.
        ops.RunSQL(
            "CREATE UNIQUE INDEX interview_booking_in_force ON interview_booking (application_id) "
            "WHERE released_at IS NULL",
            "DROP INDEX interview_booking_in_force",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX score_sheet_pending_once ON score_sheet (base_code, program_code, "
            "round_code, opening_code, assessments) WHERE state = 'PENDING'",
            "DROP INDEX score_sheet_pending_once",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX brochure_submitted_once ON brochure (program_code) "
            "WHERE state = 'SUBMITTED'",
            "DROP INDEX brochure_submitted_once",
        ),
    ]
