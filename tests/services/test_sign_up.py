"""Tests of zhupei.services.sign_up: what signing up holds while a password is hashed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from zhupei.db.connection import Database
from zhupei.db.models import Account, RoleGrant
from zhupei.security.passwords import Passwords
from zhupei.services.accounts import AccountRecord
from zhupei.services.sign_up import SignUp

_AT = datetime(2026, 6, 18, 4, 0, tzinfo=UTC)


class _Slow(Passwords):
    """Real hashes, which wait until they may begin."""

    __slots__ = ("begun", "may_end")

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_kib=8, parallelism=1)
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def hash(self, password: str) -> str:
        self.begun.set()
        await self.may_end.wait()
        return await super().hash(password)


async def test_no_connection_is_held_while_a_password_is_hashed(
    database_url: str, tmp_path: Path
) -> None:
    """One connection for all: others use it although somebody is signing up."""
    database = Database(data_dir=tmp_path, url=database_url, pool_size=1)
    await database.start()
    passwords = _Slow()
    sign_up = SignUp(passwords=passwords, now=lambda: _AT)
    try:
        with database.use():
            made = asyncio.create_task(
                sign_up.by_password("zhang", "correct horse battery", name=None, address="x")
            )
            async with asyncio.timeout(10):
                await passwords.begun.wait()
                assert await Account.all().count() == 0
            passwords.may_end.set()
            account = await made
            assert isinstance(account, AccountRecord)
            grants = await RoleGrant.filter(account_id=account.id).values_list("role", "granted_by")
            assert list(grants) == [("applicant", "sign-up")]
    finally:
        await database.stop()
