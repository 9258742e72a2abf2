"""Passwords: real Argon2id hashes, what a password must be, and locks as a function of attempts."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.text import Text
from zhupei.security.passwords import (
    Attempt,
    LockOut,
    LockOutPolicy,
    PasswordCheck,
    Passwords,
    locked_until,
    password_problems,
)

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
PHRASE = "correct horse 电池 staple"


def cheap() -> Passwords:
    return Passwords(time_cost=1, memory_kib=64, parallelism=1)


async def test_a_hash_matches_its_password_only() -> None:
    passwords = cheap()
    stored = await passwords.hash(PHRASE)
    assert stored.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert PHRASE not in stored
    assert await passwords.check(PHRASE, stored) == PasswordCheck(matches=True)
    assert await passwords.check(PHRASE + " ", stored) == PasswordCheck(matches=False)
    assert await passwords.hash(PHRASE) != stored


async def test_the_defaults_are_the_second_choice_of_rfc_9106() -> None:
    passwords = Passwords()
    stored = await passwords.hash(PHRASE)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert (await passwords.check(PHRASE, stored)).matches


async def test_a_hash_with_other_costs_is_to_be_made_anew() -> None:
    old = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1).hash(PHRASE)
    passwords = cheap()
    assert await passwords.check(PHRASE, old) == PasswordCheck(matches=True, needs_rehash=True)
    assert await passwords.check("wrong", old) == PasswordCheck(matches=False)


async def test_every_keyboard_gives_the_same_password() -> None:
    passwords = cheap()
    stored = await passwords.hash("caf\u00e9 ＡＢＣ１２３ long")
    assert (await passwords.check("cafe\u0301 ABC123 long", stored)).matches


@pytest.mark.parametrize("stored", ["", "nonsense", "$argon2id$v=19$m=64,t=1,p=1$AAAA"])
async def test_what_is_no_hash_matches_nothing(stored: str) -> None:
    assert await cheap().check(PHRASE, stored) == PasswordCheck(matches=False)


async def test_an_account_that_does_not_exist_takes_as_long() -> None:
    passwords = Passwords(time_cost=4, memory_kib=8192, parallelism=1)
    stored = await passwords.hash(PHRASE)

    async def fastest(against: str | None) -> float:
        times = []
        for _ in range(5):
            began = time.perf_counter()
            assert not (await passwords.check("wrong password", against)).matches
            times.append(time.perf_counter() - began)
        return min(times)

    with_account, without = await fastest(stored), await fastest(None)
    # Without the work it would be a thousandth.
    assert 0.2 < without / with_account < 5


async def test_an_endless_password_is_not_hashed() -> None:
    passwords = Passwords(time_cost=1, memory_kib=64, parallelism=1)
    stored = await passwords.hash("x" * 300)
    assert not (await passwords.check("x" * 300, stored)).matches


async def test_no_more_are_hashed_at_once_than_allowed() -> None:
    passwords = Passwords(time_cost=1, memory_kib=64, parallelism=1, at_once=2)
    running, most = 0, 0
    hasher = passwords._hasher

    class Counting:
        def hash(self, password: str) -> str:
            nonlocal running, most
            running += 1
            most = max(most, running)
            time.sleep(0.01)
            running -= 1
            return hasher.hash(password)

    passwords._hasher = Counting()  # type: ignore[assignment]  # counts, then does the real work
    await asyncio.gather(*(passwords.hash(PHRASE) for _ in range(8)))
    assert most == 2


SHORT = Text("密码至少 12 个字符", "a password has at least 12 characters")
LONG = Text("密码至多 256 个字符", "a password has at most 256 characters")
SIMPLE = Text("密码过于简单（重复或连续字符）", "the password repeats or counts characters")
COMMON = Text(
    "密码由常用词、常用数字或键盘上相邻的键组成，容易被猜中",
    "the password consists of common words, numbers or rows of keys, which are guessed first",
)
PERSONAL = Text(
    "密码不得包含账号、姓名、电话或证件号码",
    "a password holds no account name, name, phone or identity number",
)


@pytest.mark.parametrize(
    ("password", "problems"),
    [
        (PHRASE, ()),
        ("住培管理员的密码很长很长", ()),
        ("short", (SHORT,)),
        ("", (SHORT, SIMPLE)),
        ("aaaaaaaaaaaaaaa", (SIMPLE,)),
        ("abababababababab", (SIMPLE,)),
        ("abcdefghijklmnop", (SIMPLE,)),
        ("987654321098", (COMMON,)),
        ("password123456", (COMMON,)),
        ("1234567", (SHORT, SIMPLE)),
        ("ab" * 200, (LONG, SIMPLE)),
        ("my phone 13800138000!", (PERSONAL,)),
        ("ZhangSan-2026-password", (PERSONAL,)),
    ],
)
def test_all_that_is_wrong_with_a_password_is_told(
    password: str, problems: tuple[Text, ...]
) -> None:
    assert password_problems(password, personal=("zhangsan", "13800138000", "三")) == problems


def failures(count: int, *, every: timedelta = timedelta(seconds=1)) -> list[Attempt]:
    return [Attempt(NOW - every * number, succeeded=False) for number in range(count)]


@pytest.mark.parametrize(
    ("count", "minutes"),
    [(0, None), (4, None), (5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 30), (500, 30)],
)
def test_each_failure_more_locks_for_longer(count: int, minutes: int | None) -> None:
    expected = None if minutes is None else LockOut(NOW + timedelta(minutes=minutes), count)
    assert locked_until(failures(count), NOW) == expected


def test_a_lock_ends_at_its_moment() -> None:
    attempts = failures(5)
    assert locked_until(attempts, NOW + timedelta(seconds=59)) is not None
    assert locked_until(attempts, NOW + timedelta(seconds=60)) is None


def test_a_success_forgets_the_failures_before_it() -> None:
    attempts = [*failures(9), Attempt(NOW - timedelta(milliseconds=500), succeeded=True)]
    assert locked_until(attempts, NOW) is None
    # Failures after a success count from one.
    later = [Attempt(NOW - timedelta(seconds=90), succeeded=True), *failures(5)]
    assert locked_until(later, NOW) == LockOut(NOW + timedelta(minutes=1), 5)


def test_failures_outside_the_window_do_not_count() -> None:
    assert locked_until(failures(5, every=timedelta(hours=6)), NOW) is None
    policy = LockOutPolicy(failures=2, window=timedelta(days=3), first=timedelta(hours=1))
    assert locked_until(failures(2, every=timedelta(hours=30)), NOW, policy) == LockOut(
        NOW + timedelta(minutes=30), 2
    )


def test_attempts_after_now_do_not_count() -> None:
    future = [Attempt(NOW + timedelta(hours=1), succeeded=True)]
    assert locked_until([*failures(5), *future], NOW) is not None


@given(st.permutations(failures(7)), st.integers(0, 3600))
def test_the_order_of_records_does_not_matter(attempts: list[Attempt], seconds: int) -> None:
    now = NOW + timedelta(seconds=seconds)
    assert locked_until(attempts, now) == locked_until(failures(7), now)


@given(st.lists(st.booleans(), max_size=40))
def test_a_lock_is_never_longer_than_the_longest(outcomes: list[bool]) -> None:
    attempts = [
        Attempt(NOW - timedelta(seconds=len(outcomes) - index), succeeded=succeeded)
        for index, succeeded in enumerate(outcomes)
    ]
    lock = locked_until(attempts, NOW)
    trailing = next((count for count, ok in enumerate(reversed(outcomes)) if ok), len(outcomes))
    assert (lock is not None) is (trailing >= 5)
    if lock is not None:
        assert lock.until <= NOW + timedelta(minutes=30)


def test_the_message_tells_the_time_in_china() -> None:
    assert LockOut(NOW, 5).message == Text(
        "登录失败次数过多，请在 16:00:00 后重试",
        "too many failed attempts: try again after 16:00:00",
    )
