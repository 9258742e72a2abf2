"""What addresses and accounts asked for lately, where several processes count together."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0011_webhooks")]

    operations = [
        # Not logged: what is lost with a crash is a minute of counting.
        ops.RunSQL(
            "CREATE UNLOGGED TABLE rate_window (key text PRIMARY KEY, number bigint NOT NULL, "
            "spent bigint NOT NULL, before bigint NOT NULL)",
            "DROP TABLE rate_window",
        ),
        ops.RunSQL(
            "CREATE INDEX rate_window_number ON rate_window (number)",
            "DROP INDEX rate_window_number",
        ),
    ]
