"""Which base's office entered a person: it may give out the code that hands the record over."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0013_pages")]

    operations = [
        ops.AddField(
            model_name="Applicant",
            name="entered_base",
            field=fields.CharField(null=True, max_length=100),
        ),
    ]
