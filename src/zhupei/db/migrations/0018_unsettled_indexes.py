"""Indexes of what is not settled yet or was given up: `/metrics` counts by them."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("zhupei", "0017_state_records")]

    operations = [
        ops.RunSQL(
            "CREATE INDEX notice_unsent ON notice (state, next_attempt_at) "
            "WHERE state IN ('WAITING', 'NOT_CONFIGURED', 'UNDELIVERABLE', 'NO_ADDRESS')",
            "DROP INDEX notice_unsent",
        ),
        ops.RunSQL(
            "CREATE INDEX webhook_delivery_dead ON webhook_delivery (webhook_id, id) "
            "WHERE state = 'DEAD'",
            "DROP INDEX webhook_delivery_dead",
        ),
        ops.RunSQL(
            "CREATE INDEX operation_failed ON operation (id) WHERE state = 'FAILED'",
            "DROP INDEX operation_failed",
        ),
    ]
