"""Where accounts belong: whoever manages accounts there may give them a password."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0018_unsettled_indexes")]

    operations = [
        ops.AddField(
            model_name="Account",
            name="home_base_code",
            field=fields.CharField(max_length=100, null=True, db_index=True),
        ),
        ops.AddField(
            model_name="Account",
            name="home_jurisdiction_code",
            field=fields.CharField(max_length=100, null=True, db_index=True),
        ),
        ops.AddConstraint(
            model_name="Account",
            constraint=CheckConstraint(
                check="home_base_code IS NULL OR home_jurisdiction_code IS NULL",
                name="account_one_home",
            ),
        ),
        # Those with roles belong where the oldest of these is, as nobody noted where they were
        # made; those without to the nation.
        ops.RunSQL(
            "UPDATE account SET home_base_code = g.base_code, "
            "home_jurisdiction_code = g.jurisdiction_code FROM (SELECT DISTINCT ON (account_id) "
            "account_id, base_code, jurisdiction_code FROM role_grant WHERE revoked_at IS NULL "
            "ORDER BY account_id, id) g WHERE g.account_id = account.id",
            "SELECT 1",
        ),
    ]
