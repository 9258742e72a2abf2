"""Tests of zhupei.services.accounts, on real PostgreSQL; what commands show is in tests/cli."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from zhupei.db.connection import Database
from zhupei.db.models import Account, RoleGrant
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.actors import ActorKind, Grant
from zhupei.security.passwords import Passwords
from zhupei.services.account_guards import is_login
from zhupei.services.accounts import (
    AccountRecord,
    GrantRecord,
    add_account,
    find_account,
    grant_role,
    list_accounts,
    lock_account,
    revoke_role,
)

_AT = datetime(2026, 6, 18, 4, 0, 0, 250_000, tzinfo=UTC)
_PASSWORD = "correct horse battery"
_QUICK = Passwords(time_cost=1, memory_kib=8, parallelism=1)


async def add(login: str = "office", **changes: Any) -> AccountRecord | AccessRefusal:
    values: dict[str, Any] = {"password": _PASSWORD, "by": "me", "at": _AT, **changes}
    return await add_account(login, passwords=_QUICK, **values)


async def grant(login: str, given: Grant) -> GrantRecord | AccessRefusal:
    return await grant_role(login, given, bases={"b": 1}, jurisdictions={"j": 1}, by="me", at=_AT)


async def test_a_login_is_taken_once_however_many_ask(database: Database) -> None:
    with database.use():
        made = await asyncio.gather(*(add(login) for login in ("office", "Office", " OFFICE ")))
        assert sum(isinstance(each, AccountRecord) for each in made) == 1
        refused = [each.code for each in made if isinstance(each, AccessRefusal)]
        assert refused == [AccessCode.LOGIN_TAKEN] * 2
        assert [account.login for account in await list_accounts()] == ["office"]


async def test_a_password_is_kept_as_a_hash_only(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with database.use():
        made = await add()
        row = await Account.get()
    assert row.password_hash.startswith("$argon2id$")
    assert (row.tokens_valid_from, row.created_at) == (_AT.replace(microsecond=0), _AT)
    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    for text in (repr(made), logged):
        assert _PASSWORD not in text
        assert row.password_hash not in text


async def test_a_grant_is_given_once_and_its_history_is_kept(database: Database) -> None:
    given = Grant("base_office", base="b")
    with database.use():
        await add()
        made = await asyncio.gather(*(grant("office", given) for _ in range(3)))
        assert sum(isinstance(each, GrantRecord) for each in made) == 1
        await revoke_role("office", given, by="you", at=_AT)
        assert isinstance(await grant("office", given), GrantRecord)
        rows = await RoleGrant.all().order_by("id")
        assert [(row.granted_by, row.revoked_by) for row in rows] == [("me", "you"), ("me", None)]
        found = await find_account("office")
        assert found is not None
        assert [each.grant for each in found.grants] == [given]


async def test_revoking_one_scope_leaves_the_others(database: Database) -> None:
    with database.use():
        await add()
        for one in (
            Grant("auditor"),
            Grant("auditor", base="b"),
            Grant("auditor", jurisdiction="j"),
        ):
            assert isinstance(await grant("office", one), GrantRecord)
        left = await revoke_role("office", Grant("auditor"), by="me", at=_AT)
        assert isinstance(left, AccountRecord)
        assert {each.grant for each in left.grants} == {
            Grant("auditor", base="b"),
            Grant("auditor", jurisdiction="j"),
        }


async def test_a_service_is_an_integrator_within_scopes(database: Database) -> None:
    with database.use():
        made = await add("gateway", kind=ActorKind.SERVICE, password=None, scopes=["events.read"])
        assert isinstance(made, AccountRecord)
        assert made.scopes == frozenset({"events.read"})
        refused = await grant("gateway", Grant("administrator"))
        assert isinstance(refused, AccessRefusal)
        assert refused.code is AccessCode.GRANT_INVALID
        assert isinstance(await grant("gateway", Grant("integrator")), GrantRecord)
        person = await add("person", scopes=["events.read"])
        assert isinstance(person, AccessRefusal)
        assert (person.code, person.field) == (AccessCode.SCOPE_UNKNOWN, "scopes")


async def test_locking_twice_keeps_the_first_moment(database: Database) -> None:
    later = _AT.replace(hour=6)
    with database.use():
        await add()
        await lock_account("office", by="me", at=_AT)
        again = await lock_account("office", by="me", at=later)
        assert isinstance(again, AccountRecord)
        assert again.locked_at == _AT
        # Tokens tell seconds: one of the second of the lock has ended too.
        assert (await Account.get()).tokens_valid_from == _AT.replace(second=1, microsecond=0)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("a", True),
        ("wang.xiao-ming_2", True),
        ("office123456", True),
        ("office1234567", False),
        ("-a", False),
        ("a.", False),
        ("王", False),
        ("a b", False),
        ("", False),
        ("a" * 65, False),
        ("a\x00", False),
        ("a\n", False),
    ],
)
def test_what_a_login_may_be(text: str, allowed: bool) -> None:
    assert is_login(text) is allowed
