"""When the bytes of a removed file were destroyed."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0015_personnel_files")]

    operations = [
        ops.AddField(
            model_name="ApplicantFile",
            name="swept_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddConstraint(
            model_name="ApplicantFile",
            constraint=CheckConstraint(
                check="swept_at IS NULL OR removed_at IS NOT NULL AND swept_at >= removed_at",
                name="applicant_file_swept",
            ),
        ),
    ]
