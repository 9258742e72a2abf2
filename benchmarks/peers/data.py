"""The data: a fictional country as files for zhupei and as tables for everybody.

zhupei reads its catalogue from the files and its people from its own tables; the peers find all of
it in tables of the schema ``peer``, with the columns that are asked for, keys, foreign keys and
indexes. Both are in one database, and one is filled out of the other.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.generate import OPENINGS, YEAR, generate
from benchmarks.peers.workload import Keys

from zhupei.catalogue.catalogue import Catalogue
from zhupei.catalogue.load import load_catalogue
from zhupei.db.connection import Database
from zhupei.domain.actors import Grant
from zhupei.domain.people import Candidate, OriginRegion, Profile, TraineeType
from zhupei.domain.plain_values import plain
from zhupei.security.passwords import Passwords
from zhupei.services.access import prepare_access
from zhupei.services.accounts import (
    AccountRecord,
    GrantRecord,
    add_account,
    find_account,
    grant_role,
)
from zhupei.settings import Settings

__all__ = ["TRAINEES_OF_BASE", "Country", "prepare"]

TRAINEES_OF_BASE = 300
_RECORDED_EVERY = 10
"""Of so many applications one has its records, which would be most of the database else."""
_OFFICES = 16
_MARK = "benchmark.json"
_FORMAT = 1
"""Counts changes of what is written below; older data is made anew."""


@dataclass(frozen=True, slots=True)
class Country:
    """Generated data on disk, ready to be served.

    ``tokens`` are bearer tokens by login, valid for a day.
    """

    folder: Path
    bases: int
    keys: Keys
    tokens: dict[str, str]

    @property
    def files(self) -> Path:
        """The configuration."""
        return self.folder / "bases"

    @property
    def data_dir(self) -> Path:
        """zhupei's data directory; the database's files are in it."""
        return self.folder / "data"


async def prepare(folder: Path, bases: int) -> tuple[Country, Database]:
    """Return the data of ``bases`` bases below ``folder``, and its running database.

    What was made before is used again. The caller stops the database.
    """
    files = _files(folder, bases)
    settings = Settings(bases=(files,), plugins=(), data_dir=folder / "data")
    database = Database(data_dir=settings.data_dir)
    await database.start()
    try:
        known = _known(folder)
        if known is None:
            known = await _fill(database, files)
            _note(folder, bases, known)
        known["recorded"] = await _recorded(database)
        keys = Keys(**{name: tuple(values) for name, values in known.items()})
        tokens = await _tokens(settings, database, keys)
    except BaseException:
        await database.stop()
        raise
    return Country(folder, bases, keys, tokens), database


def _files(folder: Path, bases: int) -> Path:
    """Return the folder of the configuration; whatever is of another format or size is removed."""
    files = folder / "bases"
    mark = folder / _MARK
    if mark.exists():
        noted = json.loads(mark.read_text())
        if noted["format"] == _FORMAT and noted["bases"] == bases:
            return files
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return generate(files, bases)


def _known(folder: Path) -> dict[str, list[str]] | None:
    mark = folder / _MARK
    return json.loads(mark.read_text())["keys"] if mark.exists() else None


def _note(folder: Path, bases: int, keys: dict[str, list[str]]) -> None:
    text = json.dumps({"format": _FORMAT, "bases": bases, "keys": keys})
    (folder / _MARK).write_text(text)


async def _fill(database: Database, files: Path) -> dict[str, list[str]]:
    loaded = await load_catalogue([files])
    catalogue = loaded.catalogue
    if catalogue is None or len(catalogue.openings) != len(catalogue.bases) * OPENINGS:
        raise RuntimeError(f"the generated files do not load:\n{loaded.problems}")
    connection = await database.own_connection()
    try:
        await connection.execute(_PEER_TABLES)
        for table, rows in _catalogue_rows(catalogue):
            await connection.copy_records_to_table(table, schema_name="peer", records=rows)
        for statement in _people(catalogue, len(catalogue.bases) * TRAINEES_OF_BASE):
            await connection.execute(statement)
        await connection.execute(_PEER_PEOPLE)
        await connection.execute("VACUUM (ANALYZE)")
        applications = await connection.fetch(
            "SELECT DISTINCT application_id::text AS id FROM peer.transition ORDER BY id LIMIT 2000"
        )
    finally:
        await connection.close()
    codes = sorted(catalogue.bases)
    return {
        "bases": codes,
        "specialties": sorted({o.specialty for o in catalogue.openings.values()}),
        "offices": codes[:: max(1, len(codes) // _OFFICES)][:_OFFICES],
        "applications": [row["id"] for row in applications],
    }


async def _recorded(database: Database) -> list[str]:
    connection = await database.own_connection()
    try:
        rows = await connection.fetch("SELECT DISTINCT application_id::text FROM peer.transition")
    finally:
        await connection.close()
    return sorted(row[0] for row in rows)


def _catalogue_rows(catalogue: Catalogue) -> Iterable[tuple[str, list[tuple[Any, ...]]]]:
    yield (
        "province",
        [(code, province.name.zh) for code, province in catalogue.provinces.items()],
    )
    yield (
        "base",
        [
            (base.code, base.name.zh, base.tier and base.tier.name, base.province)
            for base in catalogue.bases.values()
        ],
    )
    yield (
        "opening",
        [
            (
                opening.code,
                opening.base,
                opening.specialty,
                opening.specialty_name.zh,
                opening.year,
                opening.kind.name,
                opening.quota,
                opening.capacity,
                opening.post_type,
                opening.duration_months,
            )
            for opening in catalogue.openings.values()
        ],
    )


_PEER_TABLES = """
DROP SCHEMA IF EXISTS peer CASCADE;
CREATE SCHEMA peer;
CREATE TABLE peer.province (code text PRIMARY KEY, name text NOT NULL);
CREATE TABLE peer.base (
    code text PRIMARY KEY, name text NOT NULL, tier text,
    province_code text REFERENCES peer.province
);
CREATE TABLE peer.opening (
    code text PRIMARY KEY, base_code text NOT NULL REFERENCES peer.base,
    specialty_code text NOT NULL, specialty_name text NOT NULL, year int NOT NULL,
    kind text NOT NULL, quota int, capacity int, post_type text, duration_months int
);
CREATE INDEX ON peer.base (province_code);
CREATE INDEX ON peer.opening (base_code, code);
CREATE INDEX ON peer.opening (specialty_code, year, code);
CREATE INDEX ON peer.opening (year);
"""

# Filled out of zhupei's own rows, so that both hold the same.
_PEER_PEOPLE = """
CREATE TABLE peer.trainee AS
    SELECT id, base_code::text, opening_code::text, specialty_code::text, state::text,
        year::int, trainee_type::text, started_on, months::int, ends_on
    FROM public.trainee ORDER BY id;
CREATE TABLE peer.application AS
    SELECT id, base_code::text, opening_code::text, state::text, preference::int, submitted_at
    FROM public.application ORDER BY id;
CREATE TABLE peer.transition AS
    SELECT application_id, revision, at, actor::text, action::text, reason,
        from_state::text, to_state::text
    FROM public.application_transition ORDER BY application_id, revision;
ALTER TABLE peer.trainee ADD PRIMARY KEY (id),
    ALTER base_code SET NOT NULL, ALTER opening_code SET NOT NULL,
    ADD FOREIGN KEY (base_code) REFERENCES peer.base,
    ADD FOREIGN KEY (opening_code) REFERENCES peer.opening;
ALTER TABLE peer.application ADD PRIMARY KEY (id),
    ADD FOREIGN KEY (base_code) REFERENCES peer.base,
    ADD FOREIGN KEY (opening_code) REFERENCES peer.opening;
ALTER TABLE peer.transition ADD PRIMARY KEY (application_id, revision),
    ADD FOREIGN KEY (application_id) REFERENCES peer.application;
CREATE INDEX ON peer.trainee (base_code, id);
CREATE INDEX ON peer.trainee (base_code, state);
CREATE INDEX ON peer.trainee (opening_code);
CREATE INDEX ON peer.trainee (state);
CREATE INDEX ON peer.application (base_code);
CREATE INDEX ON peer.application (opening_code);
"""


def _identifier(kind: int, number: str) -> str:
    """Return SQL for an identifier that sorts by its number, as those of version 7 do by time."""
    return f"('01990000-{kind:04d}-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def _people(catalogue: Catalogue, trainees: int) -> Iterable[str]:
    """Return the statements that fill zhupei's tables: one application for each trainee."""
    details = json.dumps(
        {
            "candidate": plain(
                Candidate(origin=OriginRegion.MAINLAND, trainee_type=TraineeType.SOCIAL)
            ),
            "eligibility": None,
            "documents": [],
            "answers": {},
            "packet": [],
            "opinion": None,
        }
    )
    profile = json.dumps(plain(Profile(trainee_type=TraineeType.SOCIAL)))
    begun = datetime(YEAR, 4, 8, tzinfo=UTC)
    # Round robin over the openings: neighbours in time are of different bases, as in life.
    yield f"""
CREATE TEMPORARY TABLE placed AS
SELECT n, o.code, o.base_code, o.specialty_code,
    'fictional-' || b.province_code || '-residency-{YEAR}' AS root_code,
    o.base_code || '-residency-{YEAR}' AS program_code
FROM generate_series(1, {trainees}) n
JOIN (SELECT *, row_number() OVER (ORDER BY md5(code)) - 1 AS place FROM peer.opening) o
    ON o.place = n % (SELECT count(*) FROM peer.opening)
JOIN peer.base b ON b.code = o.base_code
"""  # noqa: S608 - made of constants of ours
    yield f"""
INSERT INTO application (id, applicant_id, base_code, program_code, root_program_code,
    opening_code, round_code, preference, channel, state, revision, catalogue_hash, details,
    completed_steps, seat_scopes, created_at, submitted_at, record_hash)
SELECT {_identifier(1, "n")}, {_identifier(2, "n")}, base_code, program_code, root_code,
    code, 'batch-1', 1 + n % 2, 'BATCH', 'REGISTERED', 6, '{catalogue.hash}', '{details}'::jsonb,
    '[]', '[]', '{begun}'::timestamptz + n * interval '1 second',
    '{begun}'::timestamptz + n * interval '1 second' + interval '1 day', repeat('0', 64)
FROM placed
"""  # noqa: S608 - made of constants of ours
    yield f"""
INSERT INTO application_transition (id, application_id, sequence, revision, at, actor, action,
    reason, from_state, to_state, rule_version, catalogue_hash, data, case_digest,
    previous_hash, hash, anchor)
SELECT {_identifier(3, "n * 8 + step")}, {_identifier(1, "n")}, n * 8 + step, step,
    '{begun}'::timestamptz + n * interval '1 second' + step * interval '1 day',
    'office-' || base_code, action, reason, came, went, '1', '{catalogue.hash}', '{{}}'::jsonb,
    repeat('0', 64), repeat('0', 64), repeat('0', 64), repeat('0', 64)
FROM placed, (VALUES
    (1, 'CREATE', NULL, NULL, 'DRAFT'),
    (2, 'SUBMIT', NULL, 'DRAFT', 'SUBMITTED'),
    (3, 'CHECK_ELIGIBILITY', '材料齐全', 'SUBMITTED', 'CHECKED'),
    (4, 'RECORD_SCORES', NULL, 'CHECKED', 'ASSESSED'),
    (5, 'PROPOSE', '按总成绩排名', 'ASSESSED', 'PROPOSED'),
    (6, 'REGISTER', NULL, 'PROPOSED', 'REGISTERED')
) steps (step, action, reason, came, went)
WHERE n % {_RECORDED_EVERY} = 0
"""  # noqa: S608 - made of constants of ours
    yield f"""
INSERT INTO trainee (id, application_id, applicant_id, base_code, program_code,
    root_program_code, opening_code, specialty_code, year, trainee_type, channel, state, profile,
    started_on, months, least_months, ends_on, registered_at, registered_by, catalogue_hash,
    ended_on, end_reason)
SELECT {_identifier(4, "n")}, {_identifier(1, "n")}, {_identifier(2, "n")}, base_code,
    program_code, root_code, code, specialty_code, {YEAR},
    (ARRAY['SOCIAL', 'ENTRUSTED', 'PROFESSIONAL_MASTER'])[1 + n % 3], 'BATCH',
    CASE WHEN n % 11 = 0 THEN 'WITHDRAWN' ELSE 'IN_TRAINING' END, '{profile}'::jsonb,
    '{date(YEAR, 9, 1)}'::date + n % 30, 36, 24,
    ('{date(YEAR, 9, 1)}'::date + n % 30 + interval '36 months' - interval '1 day')::date,
    '{begun}'::timestamptz + interval '140 days' + n * interval '1 second',
    'office-' || base_code, '{catalogue.hash}',
    CASE WHEN n % 11 = 0 THEN '{date(YEAR, 11, 1)}'::date END,
    CASE WHEN n % 11 = 0 THEN '个人原因' END
FROM placed
"""  # noqa: S608 - made of constants of ours
    yield "DROP TABLE placed"


async def _tokens(settings: Settings, database: Database, keys: Keys) -> dict[str, str]:
    """Return tokens for the offices and the auditor; their accounts are made where missing."""
    now = datetime.now(UTC)
    wanted = {f"office-{code}": Grant("base_office", base=code) for code in keys.offices}
    wanted["auditor"] = Grant("auditor")
    access = prepare_access(settings)
    tokens = {}
    with database.use():
        for login, grant in wanted.items():
            account = await find_account(login)
            if account is None:
                made = await add_account(
                    login, passwords=Passwords(), password=None, by="benchmark", at=now
                )
                if not isinstance(made, AccountRecord):
                    raise RuntimeError(made.message.en)
                account = made
                given = await grant_role(
                    login,
                    grant,
                    bases=dict.fromkeys(keys.bases),
                    jurisdictions={},
                    by="benchmark",
                    at=now,
                )
                if not isinstance(given, GrantRecord):
                    raise RuntimeError(given.message.en)
            tokens[login] = access.sign_in.token_for(account.id, timedelta(days=1)).token
    await access.aclose()
    return tokens
