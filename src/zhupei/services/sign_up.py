"""Signing up: a person makes an account with a password, which is an applicant's and no more."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.roles import Role
from zhupei.domain.text import Text
from zhupei.security.passwords import Passwords
from zhupei.services.accounts import AccountRecord, add_account

__all__ = ["SignUp"]

_BY = "sign-up"
_PER_HOUR = 10
_OF_FORM = frozenset({AccessCode.LOGIN_INVALID, AccessCode.NAME_INVALID, AccessCode.PASSWORD_WEAK})
"""What is wrong with what was typed: told before any login is looked up."""
_TAKEN = Text(
    "该账号名已被使用：请另取一个；如为本人账号，请直接登录",
    "this login is taken: choose another one, or sign in if it is yours",
)
_HOUR = timedelta(hours=1)
_REMEMBERED = 10_000


class SignUp:
    """Makes accounts for one process, a limited number in an hour from one address."""

    def __init__(
        self,
        *,
        passwords: Passwords,
        now: Callable[[], datetime],
        per_hour: int = _PER_HOUR,
    ) -> None:
        """Hash with ``passwords``; ``now`` returns aware times."""
        self._passwords, self._now, self._per_hour = passwords, now, per_hour
        self._tried: OrderedDict[str, list[datetime]] = OrderedDict()

    async def by_password(
        self, login: str, password: str, *, name: str | None, address: str
    ) -> AccountRecord | AccessRefusal:
        """Make an account with the role of an applicant, or say why not.

        Every try counts by which a login would be guessed, whether an account came of it or not.
        ``address`` is that of who asks.
        """
        now = self._now()
        if self._is_busy(address, now):
            return AccessRefusal(
                code=AccessCode.LOCKED_OUT,
                message=Text(
                    "该地址注册过于频繁，请一小时后再试",
                    "too many accounts were asked for from this address; try again in an hour",
                ),
            )
        made = await add_account(
            login,
            passwords=self._passwords,
            password=password,
            by=_BY,
            at=now,
            name=name,
            role=Role.APPLICANT,
        )
        if isinstance(made, AccessRefusal):
            if made.code in _OF_FORM:
                self._forget(address, now)
            elif made.code is AccessCode.LOGIN_TAKEN:
                return replace(made, message=_TAKEN)
        return made

    def _forget(self, address: str, tried_at: datetime) -> None:
        tried = self._tried.get(address, [])
        if tried_at in tried:
            tried.remove(tried_at)

    def _is_busy(self, address: str, now: datetime) -> bool:
        tried = [at for at in self._tried.pop(address, []) if now - at < _HOUR]
        busy = len(tried) >= self._per_hour
        self._tried[address] = tried if busy else [*tried, now]
        while len(self._tried) > _REMEMBERED:
            self._tried.popitem(last=False)
        return busy
