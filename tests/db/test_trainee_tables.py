"""The migration of trainees and sending units: back and forth with rows, and what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from migrating import run_migration
from zhupei.db.connection import Database
from zhupei.db.identifiers import uuid7

BEFORE, AFTER = "zhupei.0006_jobs", "zhupei.0007_trainees"
NOW = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
TABLES = ("sending_unit", "sending_unit_person", "trainee", "trainee_payment")
INDEXES = (
    "role_grant_in_force",
    "sending_unit_person_confirmed",
    "sending_unit_person_open",
    "trainee_payment_once",
)
CHECKS = (
    "ban_lifted",
    "role_grant_specialty_of_base",
    "sending_unit_name",
    "sending_unit_person_answered",
    "sending_unit_person_ended",
    "sending_unit_person_place",
    "sending_unit_place",
    "trainee_end_reason",
    "trainee_ended",
    "trainee_length",
    "trainee_payment_amount",
    "trainee_payment_cancelled",
    "trainee_payment_first_of_month",
    "trainee_payment_funding",
    "trainee_reduction",
)


async def insert(connection: Any, table: str, **values: Any) -> UUID:
    id_ = uuid7()
    values = {"id": id_, **values}
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    await connection.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values()
    )
    return id_


async def fill_people(connection: Any) -> None:
    """Put a row into every table of the migration, and two grants for specialties of one base."""
    code = "0" * 64
    application = await insert(
        connection, "application", applicant_id=uuid7(), base_code="b", program_code="p",
        root_program_code="p", opening_code="p/0100", round_code="r", preference=1,
        channel="BATCH", state="REGISTERED", revision=1, catalogue_hash=code, details="{}",
        completed_steps="[]", seat_scopes="[]", created_at=NOW, record_hash=code,
    )  # fmt: skip
    await insert(
        connection, "ban", applicant_id=uuid7(), program_code="p", starts_on=NOW.date(),
        until=NOW.date(), reason="r", decided_by="a", decided_at=NOW, lifted_at=NOW,
        lifted_by="b", lift_reason="r",
    )  # fmt: skip
    account = await insert(
        connection, "account", kind="person", login="unit", tokens_valid_from=NOW, created_at=NOW
    )
    applicant = await insert(
        connection, "applicant", name="x", name_key="x", identity_kind="RESIDENT_ID",
        identity_ciphertext="1.k.x", facts="{}", created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    for specialty in (None, "0100", "0200"):
        await insert(
            connection, "role_grant", account_id=account, role="specialty_base", base_code="b",
            specialty_code=specialty, granted_by="a", granted_at=NOW,
        )  # fmt: skip
    unit = await insert(
        connection, "sending_unit", account_id=account, name="县医院", province="620000",
        prefecture="620100", recorded_by="a", recorded_at=NOW,
    )  # fmt: skip
    await insert(
        connection, "sending_unit_person", unit_id=unit, applicant_id=applicant, state="NAMED",
        asked_by="a", asked_at=NOW,
    )  # fmt: skip
    trainee = await insert(
        connection, "trainee", application_id=application, applicant_id=applicant, base_code="b",
        program_code="p", root_program_code="p", opening_code="p/0100", specialty_code="0100",
        year=2026, channel="BATCH", state="IN_TRAINING", profile="{}",
        started_on=date(2026, 9, 1), months=36, least_months=24, ends_on=date(2029, 8, 31),
        registered_at=NOW, registered_by="a", catalogue_hash="0" * 64,
    )  # fmt: skip
    await insert(
        connection, "trainee_payment", trainee_id=trainee, batch_id=uuid7(),
        month=date(2026, 9, 1), line="stipend",
        amount=6000, payer="base", funding_source="central_fiscal", recorded_by="a",
        recorded_at=NOW,
    )  # fmt: skip


async def test_back_and_forth_with_rows_in_every_table(database_url: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database_url)
    await fill_people(connection)
    for table in TABLES:
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 1, table
    await run_migration(database_url, "backward", BEFORE)
    gone = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE tablename = ANY($1)", TABLES
    )
    assert gone == []
    # A grant for one specialty does not become one for the whole base: it is revoked.
    grants = await connection.fetch("SELECT revoked_by FROM role_grant ORDER BY id")
    assert [row["revoked_by"] for row in grants] == [None, "migration", "migration"]
    await run_migration(database_url, "forward", AFTER)
    found = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE tablename = ANY($1) ORDER BY 1", TABLES
    )
    assert tuple(row["tablename"] for row in found) == TABLES
    assert await connection.fetchval("SELECT count(*) FROM ban") == 1
    await connection.close()
    database = Database(data_dir=tmp_path, url=database_url)
    await database.start()
    await database.stop()


async def test_indexes_and_checks_exist(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    indexes = await connection.fetch(
        "SELECT indexname FROM pg_indexes WHERE indexname = ANY($1) ORDER BY 1", INDEXES
    )
    assert tuple(row["indexname"] for row in indexes) == INDEXES
    checks = await connection.fetch(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conname = ANY($1) ORDER BY 1",
        CHECKS,
    )
    assert tuple(row["conname"] for row in checks) == CHECKS
    unindexed = await connection.fetch(
        "SELECT conrelid::regclass::text AS relation, conname FROM pg_constraint AS c "
        "WHERE contype = 'f' AND conrelid::regclass::text = ANY($1) AND NOT EXISTS ("
        "SELECT 1 FROM pg_index WHERE indrelid = conrelid AND indkey[0] = conkey[1])",
        TABLES,
    )
    assert unindexed == []
    await connection.close()


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE trainee SET state = 'WITHDRAWN'", "trainee_ended"),
        ("UPDATE trainee SET reduced_months = 13", "trainee_reduction"),
        ("UPDATE trainee SET reduced_months = 1, least_months = NULL", "trainee_reduction"),
        ("UPDATE trainee SET months = NULL", "trainee_length"),
        ("UPDATE trainee_payment SET amount = 0", "trainee_payment_amount"),
        ("UPDATE trainee_payment SET month = '2026-09-02'", "trainee_payment_first_of_month"),
        ("UPDATE trainee_payment SET funding_source = NULL", "trainee_payment_funding"),
        ("UPDATE ban SET lifted_at = NULL", "ban_lifted"),
        ("UPDATE sending_unit_person SET state = 'CONFIRMED'", "sending_unit_person_answered"),
        ("UPDATE sending_unit SET province = NULL", "sending_unit_place"),
        ("UPDATE role_grant SET base_code = NULL", "role_grant_specialty_of_base"),
    ],
)
async def test_impossible_rows_are_refused(database_url: str, statement: str, name: str) -> None:
    connection = await asyncpg.connect(database_url)
    await fill_people(connection)
    with pytest.raises(asyncpg.CheckViolationError, match=name):
        await connection.execute(statement)
    await connection.close()
