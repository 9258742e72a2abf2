"""The audit chain on real rows: every kind of tampering is found and named."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from admissions_office import Office
from zhupei.cli import main
from zhupei.domain.text import Language
from zhupei.services.audit import AuditReport, verify_audit_chain

_OFF = "ALTER TABLE application_transition DISABLE TRIGGER ALL"
# What somebody with all rights on the database might do, and what is then said.
TAMPERINGS = {
    "a reason is rewritten": (
        "UPDATE application_transition SET reason = 'x' WHERE sequence = 3",
        "record 3: its content does not match its hash",
    ),
    "an actor is rewritten with its hash": (
        "UPDATE application_transition SET hash = repeat('a', 64) WHERE sequence = 4",
        "record 4: its content does not match its hash",
    ),
    "a record is deleted": (
        "DELETE FROM application_transition WHERE sequence = 5",
        "record 5 is missing",
    ),
    "the last record is deleted": (
        "DELETE FROM application_transition WHERE sequence = 16",
        "record 16 is missing",
    ),
    "a record is moved to another place": (
        "UPDATE application_transition SET sequence = 100 - sequence WHERE sequence IN (2, 98)",
        "record 2 is missing",
    ),
    "an anchor is rewritten": (
        "UPDATE application_transition SET anchor = repeat('b', 64) WHERE sequence = 6",
        "record 6: it does not follow the chain of all records",
    ),
    "the head is turned back": (
        "UPDATE audit_head SET sequence = 2",
        "the head does not match the last record",
    ),
    "a state is changed beside the process": (
        "UPDATE application SET state = 'REGISTERED'",
        "is not as its last record left it",
    ),
    "a score is changed beside the process": (
        "UPDATE application_score SET points = 99 WHERE assessment = 'interview'",
        "is not as its last record left it",
    ),
    "a seat disappears": (
        "UPDATE seat SET taken = 0 WHERE scope LIKE 'opening:%'",
        "the seats taken of opening:",
    ),
}


async def _verify(office: Office, head: str | None = None) -> AuditReport:
    with office.database.use():
        return await verify_audit_chain(head)


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_tampering_is_found(office: Office, database_url: str, name: str) -> None:
    await office.published(90, 80)
    sound = await _verify(office)
    assert (sound.broken, sound.records) == (None, 16)
    statement, said = TAMPERINGS[name]
    connection = await asyncpg.connect(database_url)
    await connection.execute(_OFF)
    await connection.execute(statement)
    await connection.close()
    broken = (await _verify(office)).broken
    assert broken is not None
    assert said in broken.reason.get(Language.EN)


async def test_records_cannot_be_changed_or_deleted(office: Office, database_url: str) -> None:
    await office.submitted()
    connection = await asyncpg.connect(database_url)
    for statement in (
        "UPDATE application_transition SET reason = 'x'",
        "DELETE FROM application_transition",
        "TRUNCATE application_transition",
    ):
        with pytest.raises(asyncpg.RaiseError, match="never changed or deleted"):
            await connection.execute(statement)
    await connection.close()


async def test_a_head_that_was_noted_has_to_be_passed(office: Office) -> None:
    await office.submitted()
    noted = (await _verify(office)).head
    await office.submitted()
    assert (await _verify(office, noted)).broken is None
    other = f"{noted.split(':')[0]}:{'0' * 64}"
    broken = (await _verify(office, other)).broken
    assert broken is not None
    assert broken.reason.en == "the chain does not pass through the head noted before"


async def test_the_command_tells_and_fails(
    office: Office,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    await office.submitted()
    monkeypatch.setenv("ZHUPEI_DATABASE_URL", database_url)
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    head = (await _verify(office)).head
    assert await asyncio.to_thread(main, ["audit", "verify", "--head", head]) == 0
    assert capfd.readouterr().out == (
        "2 records of 1 applications and 0 of people, lists, plans and the like hold; "
        f"head {head}\n"
    )
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"{_OFF}; DELETE FROM application_transition WHERE sequence = 1")
    await connection.close()
    assert await asyncio.to_thread(main, ["audit", "verify"]) == 1
    assert capfd.readouterr().err == "the records do not hold: record 1 is missing\n"
    assert await asyncio.to_thread(main, ["audit", "verify", "--head", "x"]) == 2
