"""The migration of state records takes over what exists, and goes back with rows in every table."""

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
from zhupei.services.audit import verify_audit_chain
from zhupei.services.state_records import StateSubject

BEFORE, AFTER = "zhupei.0016_swept_files", "zhupei.0017_state_records"
NOW = datetime(2026, 5, 11, 2, 0, 0, 123456, tzinfo=UTC)
CODE = "0" * 64


async def insert(connection: Any, table: str, **values: Any) -> UUID:
    id_ = uuid7()
    values = {"id": id_, **values}
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    await connection.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values()
    )
    return id_


async def fill(connection: Any) -> None:
    """Put a row into the table of every subject, and what they refer to."""
    account = await insert(
        connection, "account", kind="person", login="unit", tokens_valid_from=NOW, created_at=NOW
    )
    person = await insert(
        connection, "applicant", account_id=account, name="x", name_key="x",
        identity_kind="RESIDENT_ID", identity_ciphertext="1.k.x", facts="{}", created_at=NOW,
        updated_at=NOW,
    )  # fmt: skip
    await insert(
        connection, "applicant_claim", applicant_id=person, code_hash="h", issued_by="a",
        issued_at=NOW, expires_at=NOW.replace(day=25),
    )  # fmt: skip
    unit = await insert(
        connection, "sending_unit", account_id=account, name="样例医院", recorded_by="a",
        recorded_at=NOW,
    )  # fmt: skip
    await insert(
        connection, "sending_unit_person", unit_id=unit, applicant_id=person, state="NAMED",
        asked_by="a", asked_at=NOW,
    )  # fmt: skip
    where = {"base_code": "b", "program_code": "p"}
    application = await insert(
        connection, "application", applicant_id=person, **where, root_program_code="p",
        opening_code="p/0100", round_code="r", preference=1, channel="BATCH", state="REGISTERED",
        revision=1, catalogue_hash=CODE, details="{}", completed_steps="[]", seat_scopes="[]",
        created_at=NOW, record_hash=CODE,
    )  # fmt: skip
    await insert(
        connection, "trainee", application_id=application, applicant_id=person, **where,
        root_program_code="p", opening_code="p/0100", specialty_code="0100", year=2026,
        channel="BATCH", state="IN_TRAINING", profile="{}", started_on=date(2026, 9, 1),
        registered_at=NOW, registered_by="a", catalogue_hash=CODE,
    )  # fmt: skip
    await insert(
        connection, "invitation", applicant_id=person, **where, root_program_code="p",
        opening_code="o", round_code="r", state="OPEN", invited_by="a", invited_at=NOW,
    )  # fmt: skip
    await insert(
        connection, "ban", applicant_id=person, program_code="p", starts_on=NOW.date(),
        until=NOW.date(), reason="r", decided_by="a", decided_at=NOW, lifted_at=NOW,
        lifted_by="b", lift_reason="r",
    )  # fmt: skip
    publicity = await insert(
        connection, "publicity", **where, round_code="r", published_at=NOW, published_by="a",
        ends_on=date(2026, 5, 20), ends_at=NOW.replace(day=20), working_days=7,
        counts_first_day=False, catalogue_hash=CODE,
    )  # fmt: skip
    await insert(
        connection, "objection", publicity_id=publicity, application_id=application, text="t",
        filed_by="a", filed_at=NOW, upheld=False, resolved_at=NOW,
    )  # fmt: skip
    await insert(
        connection, "plan_increase", **where, opening_code="o", round_code="", seats=1,
        reason="r", state="REQUESTED", requested_by="a", requested_at=NOW,
    )  # fmt: skip
    await insert(
        connection, "round_freeze", root_program_code="p", round_code="r", reason="r",
        frozen_by="a", frozen_at=NOW,
    )  # fmt: skip


async def test_back_and_forth_with_rows_in_every_table(database_url: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT anchor FROM audit_head WHERE name = 'states'") == CODE
    await run_migration(database_url, "backward", BEFORE)
    await fill(connection)
    await run_migration(database_url, "forward", AFTER)
    rows = await connection.fetch("SELECT * FROM state_record ORDER BY sequence")
    assert [row["sequence"] for row in rows] == list(range(1, 11))
    assert [row["subject"] for row in rows] == [subject.value for subject in StateSubject]
    assert {row["subject"]: row["to_state"] for row in rows} == {
        "APPLICANT": "CLAIMED",
        "CLAIM": "OPEN",
        "SENT_PERSON": "NAMED",
        "TRAINEE": "IN_TRAINING",
        "INVITATION": "OPEN",
        "BAN": "LIFTED",
        "PUBLICITY": "PUBLISHED",
        "OBJECTION": "DISMISSED",
        "PLAN_INCREASE": "REQUESTED",
        "ROUND_FREEZE": "FROZEN",
    }
    assert {(row["action"], row["actor"], row["revision"]) for row in rows} == {
        ("TAKE_OVER", "migration", 1)
    }
    for statement in ("UPDATE state_record SET reason = 'x'", "DELETE FROM state_record"):
        with pytest.raises(asyncpg.RaiseError, match="never changed or deleted"):
            await connection.execute(statement)
    # Their application was made without the records that ours have.
    await connection.execute(
        "SET session_replication_role = replica; DELETE FROM application; "
        "SET session_replication_role = origin"
    )
    database = Database(data_dir=tmp_path, url=database_url, pool_size=1)
    await database.start()
    with database.use():
        report = await verify_audit_chain()
    await database.stop()
    assert (report.broken, report.state_records) == (None, 10)
    await run_migration(database_url, "backward", BEFORE)
    assert await connection.fetchval("SELECT to_regclass('state_record')") is None
    assert await connection.fetchval("SELECT count(*) FROM audit_head") == 1
    assert await connection.fetchval("SELECT count(*) FROM ban") == 1
    await run_migration(database_url, "forward", AFTER)
    assert await connection.fetchval("SELECT count(*) FROM state_record") == 10
    await connection.close()
