"""Tests of zhupei.services.sign_in that need a moment of their own; the rest is in tests/web."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zhupei.db.connection import Database
from zhupei.db.models import Account
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.actors import SignInRefusedError
from zhupei.security.built_in_issuer import BuiltInIssuer
from zhupei.security.passwords import PasswordCheck, Passwords
from zhupei.services.accounts import add_account, lock_account, set_password
from zhupei.services.sign_in import SignedIn, SignIn

_OLD, _NEW = "correct horse battery", "another long password"
_BEGIN = datetime(2026, 6, 18, 4, 0, 0, 250_000, tzinfo=UTC)


class _Busy(Passwords):
    """Passwords with a queue: what is to happen meanwhile is done before an answer is given."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_kib=8, parallelism=1)
        self.checking: Callable[[], Awaitable[object]] | None = None
        self.hashing: Callable[[], Awaitable[object]] | None = None

    async def check(self, password: str, stored: str | None) -> PasswordCheck:
        found = await super().check(password, stored)
        meanwhile, self.checking = self.checking, None
        if meanwhile is not None:
            await meanwhile()
        return found

    async def hash(self, password: str) -> str:
        meanwhile, self.hashing = self.hashing, None
        if meanwhile is not None:
            await meanwhile()
        return await super().hash(password)


class _Place:
    """One account, the clock, and how it signs in."""

    def __init__(self, folder: Path) -> None:
        self.now = _BEGIN
        self.passwords = _Busy()
        issuer = BuiltInIssuer(folder / "tokens", now=self.clock)
        self.sign_in = SignIn(issuer, passwords=self.passwords, now=self.clock)

    def clock(self) -> datetime:
        return self.now

    async def account(self) -> None:
        made = await add_account(
            "office", passwords=self.passwords, password=_OLD, by="a test", at=self.now
        )
        assert not isinstance(made, AccessRefusal)
        self.now += timedelta(minutes=1)

    async def renew(self) -> None:
        done = await set_password(
            "office", _NEW, passwords=self.passwords, by="a test", clock=self.clock
        )
        assert not isinstance(done, AccessRefusal)

    async def opens(self, password: str) -> SignedIn | AccessRefusal:
        return await self.sign_in.by_password("office", password)


@pytest.mark.parametrize("change", ["password", "lock"])
async def test_a_password_that_ends_while_it_is_checked_opens_nothing(
    database: Database, tmp_path: Path, change: str
) -> None:
    """A crowd that signs in waits for seconds: long enough for the owner to be quicker."""
    place = _Place(tmp_path)

    async def meanwhile() -> None:
        if change == "password":
            await place.renew()
        else:
            await lock_account("office", by="a test", at=place.now)
        place.now += timedelta(seconds=5)

    with database.use():
        await place.account()
        place.passwords.checking = meanwhile
        refused = await place.opens(_OLD)
        assert isinstance(refused, AccessRefusal)
        assert refused.code is AccessCode.CREDENTIALS_WRONG
        assert (await Account.get()).last_signed_in_at is None
        again = await place.opens(_NEW)
        assert isinstance(again, SignedIn) is (change == "password")


async def test_a_new_password_ends_what_the_old_one_opened_while_it_was_hashed(
    database: Database, tmp_path: Path
) -> None:
    place = _Place(tmp_path)
    opened: list[SignedIn | AccessRefusal] = []

    async def meanwhile() -> None:
        place.now += timedelta(seconds=5)
        opened.append(await place.opens(_OLD))
        place.now += timedelta(seconds=5)

    with database.use():
        await place.account()
        place.passwords.hashing = meanwhile
        await place.renew()
        (old,) = opened
        assert isinstance(old, SignedIn)
        place.now += timedelta(seconds=1)
        with pytest.raises(SignInRefusedError):
            await place.sign_in.by_header(f"Bearer {old.token}")
        new = await place.opens(_NEW)
        assert isinstance(new, SignedIn)
        actor = await place.sign_in.by_header(f"Bearer {new.token}")
        assert actor is not None
        assert actor.name == "office"


async def test_a_new_password_opens_the_account_within_the_very_second(
    database: Database, tmp_path: Path
) -> None:
    """Tokens tell whole seconds: those of this one end, but for what the new password opens."""
    place = _Place(tmp_path)
    with database.use():
        await place.account()
        old = await place.opens(_OLD)
        await place.renew()
        new = await place.opens(_NEW)
        assert isinstance(old, SignedIn)
        assert isinstance(new, SignedIn)
        actor = await place.sign_in.by_header(f"Bearer {new.token}")
        assert actor is not None
        with pytest.raises(SignInRefusedError):
            await place.sign_in.by_header(f"Bearer {old.token}")


@pytest.mark.parametrize("change", ["password", "lock", "changed here"])
async def test_a_password_is_not_changed_that_ended_meanwhile(
    database: Database, tmp_path: Path, change: str
) -> None:
    """Two who know a password: the second does not take the account from the first."""
    place = _Place(tmp_path)
    mine = "a third, long password"

    async def meanwhile() -> None:
        if change == "password":
            await place.renew()
        elif change == "lock":
            await lock_account("office", by="a test", at=place.now)
        else:
            done = await place.sign_in.change_password("office", _OLD, _NEW)
            assert isinstance(done, SignedIn)

    with database.use():
        await place.account()
        place.passwords.hashing = meanwhile
        refused = await place.sign_in.change_password("office", _OLD, mine)
        assert isinstance(refused, AccessRefusal)
        assert refused.code is AccessCode.CREDENTIALS_WRONG
        assert isinstance(await place.opens(mine), AccessRefusal)
        assert isinstance(await place.opens(_NEW), SignedIn) is (change != "lock")


async def test_a_change_is_logged_without_either_password(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = _Place(tmp_path)
    with database.use(), caplog.at_level(logging.INFO, logger="zhupei"):
        await place.account()
        assert isinstance(await place.sign_in.change_password("office", _OLD, _NEW), SignedIn)
        account = await Account.get()
    (record,) = [each for each in caplog.records if each.message == "password changed"]
    assert record.__dict__["account"] == str(account.id)
    assert not any(
        secret in str(each.__dict__) for each in caplog.records for secret in (_OLD, _NEW)
    )
