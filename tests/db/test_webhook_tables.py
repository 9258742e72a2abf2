"""The tables of webhooks and calendars: made and taken back with rows, and what they refuse."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from migrating import run_migration
from postgres_server import STILL_NAMED
from zhupei.db.connection import Database
from zhupei.db.identifiers import uuid7
from zhupei.db.models import WebhookDeliveryRow

BEFORE, AFTER = "zhupei.0010_applicant_claims", "zhupei.0011_webhooks"
NOW = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)
TABLES = (
    "calendar_token",
    "webhook",
    "webhook_attempt",
    "webhook_delivery",
    "webhook_secret",
)


async def fill(connection: Any) -> None:
    """Put a row into every table of the migration."""
    account, person, webhook, event, delivery = (uuid7() for _ in range(5))

    async def insert(table: str, **values: Any) -> None:
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        await connection.execute(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values()
        )

    await insert(
        "account", id=account, kind="service", login="hook", tokens_valid_from=NOW, created_at=NOW
    )
    await insert(
        "applicant", id=person, name="x", name_key="x", identity_kind="RESIDENT_ID",
        identity_ciphertext="1.k.x", facts="{}", created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    await insert("outbox", id=event, name="round.opened", at=NOW, subject="s", data="{}")
    await insert(
        "webhook", id=webhook, account_id=account, url="https://example.org", event_types="[]",
        state="ACTIVE", created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    await insert("webhook_secret", id=uuid7(), webhook_id=webhook, ciphertext="c", created_at=NOW)
    await insert(
        "webhook_delivery", id=delivery, webhook_id=webhook, event_id=event, state="WAITING",
        queued_at=NOW, next_attempt_at=NOW,
    )  # fmt: skip
    await insert(
        "webhook_attempt", id=uuid7(), delivery_id=delivery, number=1, at=NOW, outcome="REFUSED"
    )
    await insert("calendar_token", id=uuid7(), applicant_id=person, token_hash="h", created_at=NOW)


async def test_back_and_forth_with_rows(database_url: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    await run_migration(database_url, "backward", BEFORE)
    for table in TABLES:
        assert await connection.fetchval("SELECT to_regclass($1)", table) is None, table
    assert await connection.fetchval("SELECT count(*) FROM outbox") == 1
    await run_migration(database_url, "forward", AFTER)
    for table in ("account", "applicant", "outbox"):
        await connection.execute(f"DELETE FROM {table}")
    await fill(connection)
    await connection.close()
    database = Database(data_dir=tmp_path, url=database_url, pool_size=1)
    await database.start()
    with database.use():
        assert (await WebhookDeliveryRow.get()).attempts == 0
    await database.stop()


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE webhook SET state = 'GONE'", "webhook_state"),
        ("UPDATE webhook SET base_code = 'b', jurisdiction_code = 'j'", "webhook_one_limit"),
        ("UPDATE webhook SET revision = 0", "webhook_revision"),
        (
            "UPDATE webhook_secret SET expires_at = created_at - interval '1 s'",
            "webhook_secret_expires",
        ),
        ("UPDATE webhook_delivery SET attempts = 1", "webhook_delivery_attempts"),
        ("UPDATE webhook_delivery SET state = 'DEAD'", "webhook_delivery_settled"),
    ],
)
async def test_rows_that_cannot_be_are_refused(
    database_url: str, statement: str, name: str
) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    with pytest.raises(asyncpg.CheckViolationError, match=name):
        await connection.execute(statement)
    await connection.close()


async def test_one_present_secret_and_one_live_token(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await fill(connection)
    with pytest.raises(asyncpg.UniqueViolationError, match="webhook_secret_present"):
        await connection.execute(
            "INSERT INTO webhook_secret (id, webhook_id, ciphertext, created_at) "
            "SELECT gen_random_uuid(), webhook_id, ciphertext, created_at FROM webhook_secret"
        )
    with pytest.raises(asyncpg.UniqueViolationError, match="webhook_id"):
        await connection.execute(
            "INSERT INTO webhook_delivery (id, webhook_id, event_id, state, queued_at, "
            "next_attempt_at) SELECT gen_random_uuid(), webhook_id, event_id, state, queued_at, "
            "next_attempt_at FROM webhook_delivery"
        )
    with pytest.raises(asyncpg.UniqueViolationError, match="calendar_token_live"):
        await connection.execute(
            "INSERT INTO calendar_token (id, applicant_id, token_hash, created_at) "
            "SELECT gen_random_uuid(), applicant_id, 'other', created_at FROM calendar_token"
        )
    for table in ("webhook", "outbox", "account"):
        with pytest.raises(STILL_NAMED):
            await connection.execute(f"DELETE FROM {table}")
    await connection.close()
