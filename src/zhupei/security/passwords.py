"""Passwords: Argon2id hashes, what a password must be, and when an account is locked.

Hashing takes about 0.1 s and 64 MiB on purpose, so it runs in threads, at most two at a
time: a crowd that signs in waits instead of filling the memory.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from zhupei.domain.text import Text
from zhupei.security.common_passwords import is_common_password

__all__ = [
    "LONGEST_PASSWORD",
    "SHORTEST_PASSWORD",
    "Attempt",
    "LockOut",
    "LockOutPolicy",
    "PasswordCheck",
    "Passwords",
    "locked_until",
    "password_problems",
]

SHORTEST_PASSWORD = 12
"""Characters that a password has at least."""
LONGEST_PASSWORD = 256
"""Characters that a password has at most, so that nobody makes us hash megabytes."""

_TIME_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """Whether a password is right, and whether its hash should be made anew while it is known."""

    matches: bool
    needs_rehash: bool = False


class Passwords:
    """Makes and checks hashes of passwords; one instance for a process."""

    __slots__ = ("_decoy", "_hasher", "_turns")

    def __init__(
        self, *, time_cost: int = 3, memory_kib: int = 65536, parallelism: int = 4, at_once: int = 2
    ) -> None:
        """Take the costs of new hashes; the defaults are the second choice of RFC 9106."""
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism, type=Type.ID
        )
        self._turns = asyncio.Semaphore(at_once)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """Return a salted hash that carries its own parameters (PHC format)."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, _prepared(password))

    async def check(self, password: str, stored: str | None) -> PasswordCheck:
        """Return whether ``password`` belongs to the stored hash.

        Without a stored hash (no such account, or one that signs in elsewhere) the same work is
        done for nothing, so that the time does not tell which accounts exist. A stored text that
        is no hash matches nothing.
        """
        if len(password) > LONGEST_PASSWORD:
            return PasswordCheck(matches=False)
        if stored is None:
            # Making a hash and checking one cost the same.
            if self._decoy is None:
                self._decoy = await self.hash("nobody has this password")
            else:
                await self._verified(self._decoy, password)
            return PasswordCheck(matches=False)
        if not await self._verified(stored, password):
            return PasswordCheck(matches=False)
        return PasswordCheck(matches=True, needs_rehash=self._hasher.check_needs_rehash(stored))

    async def _verified(self, stored: str, password: str) -> bool:
        async with self._turns:
            try:
                return await asyncio.to_thread(self._hasher.verify, stored, _prepared(password))
            except (VerifyMismatchError, VerificationError, InvalidHashError):
                return False


def password_problems(password: str, *, personal: Iterable[str] = ()) -> tuple[Text, ...]:
    """Return everything that is wrong with a new password; empty where it may be used.

    Length counts, not kinds of characters, and what is tried first is refused (NIST SP 800-63B).
    ``personal`` is what must not be in it: account name, phone, identity number, name; parts of
    less than four characters are ignored.
    """
    prepared = _prepared(password)
    problems: list[Text] = []
    if len(prepared) < SHORTEST_PASSWORD:
        problems.append(
            Text(
                f"密码至少 {SHORTEST_PASSWORD} 个字符",
                f"a password has at least {SHORTEST_PASSWORD} characters",
            )
        )
    if len(prepared) > LONGEST_PASSWORD:
        problems.append(
            Text(
                f"密码至多 {LONGEST_PASSWORD} 个字符",
                f"a password has at most {LONGEST_PASSWORD} characters",
            )
        )
    if len(set(prepared)) < 5 or _is_run(prepared):
        problems.append(
            Text("密码过于简单（重复或连续字符）", "the password repeats or counts characters")
        )
    elif is_common_password(prepared[:LONGEST_PASSWORD]):
        problems.append(
            Text(
                "密码由常用词、常用数字或键盘上相邻的键组成，容易被猜中",
                "the password consists of common words, numbers or rows of keys, which are guessed "
                "first",
            )
        )
    folded = prepared.casefold()
    parts = (_prepared(part).casefold() for part in personal)
    if any(len(part) >= 4 and part in folded for part in parts):
        problems.append(
            Text(
                "密码不得包含账号、姓名、电话或证件号码",
                "a password holds no account name, name, phone or identity number",
            )
        )
    return tuple(problems)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to sign in that was decided by the password; refused ones are not recorded."""

    at: datetime
    succeeded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LockOutPolicy:
    """How failures lock: after ``failures`` within ``window``, for longer with each one more."""

    failures: int = 5
    window: timedelta = timedelta(hours=24)
    first: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class LockOut:
    """A lock: until when, and after how many failures."""

    until: datetime
    failures: int

    @property
    def message(self) -> Text:
        """What the person is told; says nothing of whether the account exists."""
        moment = self.until.astimezone(_TIME_ZONE).strftime("%H:%M:%S")
        return Text(
            f"登录失败次数过多，请在 {moment} 后重试",
            f"too many failed attempts: try again after {moment}",
        )


def locked_until(
    attempts: Iterable[Attempt], now: datetime, policy: LockOutPolicy | None = None
) -> LockOut | None:
    """Return the lock that the recorded attempts put on an account or address at ``now``.

    Failures since the last success and within the policy's window count, in any order of records.
    The policy's number of them locks for its first duration from the last failure, each further
    one for twice as long, up to the longest. An attempt that is refused because of the lock must
    not be recorded: it would let anybody keep somebody else out for ever. Times are aware.
    """
    rules = policy or LockOutPolicy()
    counted = (attempt for attempt in attempts if now - rules.window < attempt.at <= now)
    failures: list[datetime] = []
    for attempt in sorted(counted, key=lambda attempt: attempt.at):
        if attempt.succeeded:
            failures.clear()
        else:
            failures.append(attempt.at)
    excess = len(failures) - rules.failures
    if excess < 0:
        return None
    # Doubling stops where it would overflow; the longest is reached far earlier.
    length = min(rules.longest, rules.first * 2 ** min(excess, 30))
    until = failures[-1] + length
    return LockOut(until, len(failures)) if now < until else None


def _prepared(password: str) -> str:
    """Return the password in the one form in which every keyboard gives it (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def _is_run(text: str) -> bool:
    """Return whether each character follows the one before by the same step: ``abcdef…``."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return len(steps) == 1
