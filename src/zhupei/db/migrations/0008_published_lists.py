"""Lists of proposed admissions as they were signed."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations.constraints import CheckConstraint

from zhupei.db.identifiers import uuid7
from zhupei.db.migration_operations import CreateModel


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0007_trainees")]

    operations = [
        CreateModel(
            name="PublishedListRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "publicity",
                    fields.OneToOneField(
                        "zhupei.PublicityRow",
                        source_field="publicity_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="signed",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("content", fields.TextField(unique=False)),
                ("sha256", fields.CharField(max_length=64)),
                ("key_id", fields.CharField(max_length=16)),
                ("signed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "published_list",
                "app": "zhupei",
                "constraints": [
                    CheckConstraint(
                        check="sha256 = encode(sha256(convert_to(content, 'UTF8')), 'hex')",
                        name="published_list_sha256",
                    )
                ],
                "pk_attr": "id",
                "table_description": (
                    "The signed file of one list, kept so that neither a change of a name nor of a "
                    "key alters it."
                ),
            },
            bases=["Model"],
        ),
    ]
