"""The tables of accounts, applicants, files and repeated requests, on real PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import IntegrityError
from tortoise.migrations.autodetector import MigrationAutodetector

from migrating import run_migration, schema_of
from postgres_server import PostgresServer
from zhupei.db.connection import Database, orm_config
from zhupei.db.identifiers import uuid7
from zhupei.db.models import (
    Account,
    Applicant,
    ApplicantFile,
    ApplicantIdentity,
    Idempotency,
    RoleGrant,
)

_AT = datetime(2026, 6, 18, 4, 0, tzinfo=UTC)
_TABLES = (
    "account",
    "applicant",
    "applicant_file",
    "applicant_identity",
    "idempotency",
    "role_grant",
)


async def an_account(**changes: Any) -> Account:
    values: dict[str, Any] = {
        "kind": "person",
        "login": f"user-{uuid7().hex[-8:]}",
        "created_at": _AT,
        "tokens_valid_from": _AT,
    }
    return await Account.create(**{**values, **changes})


async def an_applicant(**changes: Any) -> Applicant:
    values: dict[str, Any] = {
        "name": "王小明",
        "name_key": "wangxiaoming",
        "identity_kind": "RESIDENT_ID",
        "identity_ciphertext": "1.k.xxxx",
        "facts": {"licensed": True},
        "created_at": _AT,
        "updated_at": _AT,
    }
    return await Applicant.create(**{**values, **changes})


async def a_file(applicant: Applicant, **changes: Any) -> ApplicantFile:
    values: dict[str, Any] = {
        "applicant": applicant,
        "document": "degree",
        "media_type": "application/pdf",
        "size": 12,
        "sha256": "a" * 64,
        "uploaded_by": "me",
        "uploaded_at": _AT,
    }
    return await ApplicantFile.create(**{**values, **changes})


async def a_grant(account: Account, **changes: Any) -> RoleGrant:
    values: dict[str, Any] = {
        "account": account,
        "role": "base_office",
        "granted_by": "command line",
        "granted_at": _AT,
    }
    return await RoleGrant.create(**{**values, **changes})


async def a_request(**changes: Any) -> Idempotency:
    values: dict[str, Any] = {
        "actor": "a",
        "key": "k",
        "operation": "o",
        "request_hash": "0" * 64,
        "created_at": _AT,
    }
    return await Idempotency.create(**{**values, **changes})


async def one_row_each() -> None:
    account = await an_account()
    applicant = await an_applicant(account=account)
    await ApplicantIdentity.create(hash="k.hash", applicant=applicant)
    await a_file(applicant)
    await a_grant(account)
    await a_request()


def test_keys_of_one_process_increase_and_are_of_version_7() -> None:
    made = [uuid7() for _ in range(10_000)]
    assert made == sorted(made)
    assert len(set(made)) == 10_000
    assert {(each.version, each.variant) for each in made} == {(7, "specified in RFC 4122")}
    milliseconds = made[0].int >> 80
    assert abs(milliseconds / 1000 - datetime.now(UTC).timestamp()) < 5


async def test_the_migrations_are_the_models() -> None:
    config = orm_config({"host": "/", "port": 1, "user": "", "password": "", "database": ""})
    async with TortoiseContext() as context:
        await context.init(config=config, init_connections=False)
        changes = await MigrationAutodetector(context.apps, config["apps"]).changes()  # type: ignore[arg-type]  # apps are set by init
    assert [operation.describe() for each in changes for operation in each.operations] == []


async def test_a_row_of_each_table_is_kept_whole(database: Database) -> None:
    with database.use():
        await one_row_each()
        applicant = await Applicant.get().prefetch_related("account", "files", "identities")
        assert (applicant.name, applicant.facts, applicant.revision) == (
            "王小明",
            {"licensed": True},
            1,
        )
        assert applicant.created_at == _AT
        account = await Account.get().prefetch_related("grants")
        assert (account.failed_attempts, account.id.version) == (0, 7)


Refused = Callable[[], Awaitable[object]]


async def _refused(name: str, make: Refused) -> None:
    with pytest.raises(IntegrityError, match=name):
        await make()


async def test_what_the_tables_refuse(database: Database) -> None:
    """Each refusal by the name of the constraint; the rows are those that were there before."""
    with database.use():
        await one_row_each()
        account, applicant = await Account.get(), await Applicant.get()
        counts = await _counts()
        refused: dict[str, Refused] = {
            "account_kind": lambda: an_account(kind="robot"),
            "account_signs_in_one_way": lambda: an_account(login=None),
            "account_login": lambda: an_account(login=account.login),
            "account_password_is_ours": lambda: an_account(
                login=None, issuer="https://i", subject="s", password_hash="$argon2"
            ),
            "account_failed_attempts": lambda: an_account(failed_attempts=-1),
            "role_grant_one_scope": lambda: a_grant(
                account, role="x", base_code="b", jurisdiction_code="j"
            ),
            "role_grant_revoked_by": lambda: a_grant(account, role="x", revoked_at=_AT),
            "role_grant_in_force": lambda: a_grant(account),
            "applicant_account_id": lambda: an_applicant(account=account),
            "applicant_phone": lambda: an_applicant(phone_hash="h"),
            "applicant_email": lambda: an_applicant(email_ciphertext="c"),
            "applicant_identity_state": lambda: an_applicant(identity_kind="PASSPORT"),
            "applicant_facts": lambda: an_applicant(facts=[]),
            "applicant_revision": lambda: an_applicant(revision=0),
            "applicant_identity_pkey": lambda: ApplicantIdentity.create(
                hash="k.hash", applicant=applicant
            ),
            "applicant_file_size": lambda: a_file(applicant, size=0, document="x"),
            "applicant_file_sha256": lambda: a_file(applicant, sha256="A" * 64),
            "applicant_file_once": lambda: a_file(applicant),
            "idempotency_actor_key": a_request,
            "idempotency_key": lambda: a_request(key=""),
        }
        for name, make in refused.items():
            await _refused(name, make)
        with pytest.raises(IntegrityError):
            await account.delete()
        assert await _counts() == counts


async def _counts() -> dict[str, int]:
    client = get_connection("default")
    return {
        table: (await client.execute_query_dict(f"SELECT count(*) AS n FROM {table}"))[0]["n"]
        for table in _TABLES
    }


async def test_a_revoked_grant_and_a_removed_file_may_come_again(database: Database) -> None:
    with database.use():
        await one_row_each()
        await RoleGrant.all().update(revoked_at=_AT, revoked_by="auditor")
        await a_grant(await Account.get())
        await ApplicantFile.all().update(removed_at=_AT)
        await a_file(await Applicant.get())
        assert await _counts() == {
            "account": 1,
            "applicant": 1,
            "applicant_file": 2,
            "applicant_identity": 1,
            "idempotency": 1,
            "role_grant": 2,
        }


async def test_every_foreign_key_has_an_index(database_url: str) -> None:
    connection: Any = await asyncpg.connect(dsn=database_url)
    try:
        rows = await connection.fetch(
            "SELECT conrelid::regclass::text AS relation, attname FROM pg_constraint c "
            "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] "
            "WHERE contype = 'f' AND NOT EXISTS (SELECT 1 FROM pg_index i "
            "WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])"
        )
    finally:
        await connection.close()
    assert [tuple(row) for row in rows if row["relation"] in _TABLES] == []


async def test_the_migration_goes_back_and_forth_with_rows_in_every_table(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    name = postgres_server.new_database()
    url = postgres_server.url(name)
    database = Database(data_dir=tmp_path, url=url, pool_size=2)
    try:
        await database.start()
        before = await schema_of(url)
        with database.use():
            await one_row_each()
        await database.stop()

        await run_migration(url, "backward", "zhupei.0001_catalogue_version")
        assert await _tables(url) & set(_TABLES) == set()
        assert "catalogue_version" in await _tables(url)

        await database.start()
        assert await schema_of(url) == before
    finally:
        await database.stop()
        postgres_server.drop_database(name)


async def _tables(url: str) -> set[str]:
    return {re.split(r"[ .]", line)[0] for line in await schema_of(url)}
