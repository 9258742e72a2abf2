"""Indexes in whose order the pages of an office are read."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0012_rate_windows")]

    operations = [
        ops.AddIndex(model_name="TraineeRow", index=Index(fields=["base_code", "id"])),
        ops.AddIndex(model_name="TraineeRow", index=Index(fields=["opening_code", "id"])),
        ops.AddIndex(model_name="ApplicationRow", index=Index(fields=["base_code", "id"])),
    ]
