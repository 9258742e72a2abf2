"""Keep the versions of the catalogue that were served."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="CatalogueVersion",
            fields=[
                (
                    "hash",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                ("first_loaded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_loaded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("bases", fields.IntField()),
                ("programs", fields.IntField()),
                ("openings", fields.IntField()),
            ],
            options={
                "table": "catalogue_version",
                "app": "zhupei",
                "pk_attr": "hash",
                "table_description": "One content hash of the catalogue: when it was served, "
                "and how much it held.",
            },
            bases=["Model"],
        ),
    ]
