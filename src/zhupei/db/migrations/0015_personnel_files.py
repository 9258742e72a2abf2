"""Where the personnel file of a trainee went, and when (R155)."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0014_entered_by_office")]

    operations = [
        ops.AddField(
            model_name="TraineeRow",
            name="file_moved_on",
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name="TraineeRow",
            name="file_keeper",
            field=fields.TextField(null=True),
        ),
        ops.AddConstraint(
            model_name="TraineeRow",
            constraint=CheckConstraint(
                check="(file_moved_on IS NULL) = (file_keeper IS NULL)", name="trainee_file"
            ),
        ),
    ]
