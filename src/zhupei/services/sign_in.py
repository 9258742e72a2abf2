"""Signing in: a password becomes a token, and a token becomes the actor of a request.

What an actor may do is looked up, never carried by a token: a role that is taken back, or an
account that is locked, takes effect at once in the process that does it, and within a second in
every other one.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from tortoise.context import get_current_context
from tortoise.exceptions import BaseORMException
from tortoise.transactions import in_transaction

from zhupei.db.connection import DatabaseUnavailableError
from zhupei.db.models import Account, RoleGrant
from zhupei.db.reading import select
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.actors import Actor, ActorKind, Grant, SignInRefusedError
from zhupei.domain.roles import Role
from zhupei.domain.text import Text
from zhupei.security.built_in_issuer import BUILT_IN_ISSUER, BuiltInIssuer
from zhupei.security.passwords import Attempt, LockOut, LockOutPolicy, Passwords, locked_until
from zhupei.security.tokens import (
    IssuerUnavailableError,
    TokenError,
    TokenIssuer,
    TokenVerifier,
    VerifiedToken,
    bearer_token,
)
from zhupei.services.account_changes import account_changed, changes_of_accounts
from zhupei.services.account_guards import erased_login, is_login
from zhupei.services.accounts import hashed_password, next_second
from zhupei.services.remembered_actors import RememberedActors, digest_of

__all__ = ["SignIn", "SignedIn"]

_log = logging.getLogger("zhupei.sign_in")

_DATABASE_FAILURES = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    BaseORMException,
    DatabaseUnavailableError,
)

_LONGEST_LOGIN = 200
# Logins that do not exist are locked out like those that do, so that a lock tells nothing.
_REMEMBERED_UNKNOWN = 10_000
_LONGEST_NAME = 100
_LONGEST_SUBJECT = 255
# Of another issuer every token counts until the account is locked here.
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)

_WRONG = AccessRefusal(
    code=AccessCode.CREDENTIALS_WRONG,
    message=Text("账号或密码有误", "login or password is wrong"),
)
_SAME = AccessRefusal(
    code=AccessCode.PASSWORD_WEAK,
    message=Text("新密码与现用密码相同", "the new password is the present one"),
    field="newPassword",
)
_NO_DATABASE = Text("数据库暂不可用", "the database is not available now")
_ACCOUNT_ERASED = "ACCOUNT_ERASED"
# One text for a locked account, one that is gone, and a token that was ended: which it is, is not
# told to whoever may have found a token.
_ENDED = Text(
    "此次登录已失效，或账号已停用：请重新登录，仍不能登录的请联系账号管理员",
    "this sign-in was ended, or the account was locked: sign in again, and where that fails ask "
    "whoever manages the account",
)
_ERASED = Text(
    "该账号已按本人要求删除", "this account was erased, as the person whose it was had asked"
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A token, and when it ends."""

    token: str
    expires_at: datetime


class _Opened(NamedTuple):
    """An account as it was when its password was right; whether that is to be hashed anew."""

    account: Account
    needs_rehash: bool


class SignIn:
    """Signs in by password and by token, for one process."""

    def __init__(
        self,
        built_in: BuiltInIssuer,
        issuers: Iterable[TokenIssuer] = (),
        *,
        passwords: Passwords,
        now: Callable[[], datetime],
        lifetime: timedelta = timedelta(hours=8),
        policy: LockOutPolicy | None = None,
    ) -> None:
        """Trust the built-in issuer and these others; ``now`` returns aware times.

        ``lifetime`` is that of tokens given for a password.
        """
        self._built_in = built_in
        self._verifier = TokenVerifier([built_in, *issuers])
        self._passwords, self._now, self._lifetime = passwords, now, lifetime
        self._policy = policy or LockOutPolicy()
        self._remembered = RememberedActors(now=now)
        self._unknown: OrderedDict[str, list[Attempt]] = OrderedDict()

    async def by_password(self, login: str, password: str) -> SignedIn | AccessRefusal:
        """Return a token for the right password, else why not; the refusals name no account.

        Each attempt counts as a failure before the password is looked at, so that attempts made
        at the same time cannot outrun the lock. An attempt while locked is not counted. Raises
        `SignInRefusedError` without a database.
        """
        with _database():
            return await self._by_password(login, password)

    async def change_password(
        self, login: str, password: str, new_password: str
    ) -> SignedIn | AccessRefusal:
        """Give an account the password that whoever knows the present one wants.

        Tokens of before end; the one that is returned counts. Refusals are those of `by_password`,
        and once the present password was right PASSWORD_WEAK. Raises as `by_password` does.
        """
        with _database():
            return await self._change_password(login, password, new_password)

    async def _change_password(
        self, login: str, password: str, new_password: str
    ) -> SignedIn | AccessRefusal:
        opened = await self._opened(login, password)
        if isinstance(opened, AccessRefusal):
            return opened
        account = opened.account
        if new_password == password:
            return _SAME
        hashed = await hashed_password(
            new_password, account.login or "", account.name, passwords=self._passwords
        )
        if isinstance(hashed, AccessRefusal):
            return hashed
        # Of now: the hash took its time, in which nobody else may have ended what is changed here.
        since = next_second(self._now())
        done = await Account.filter(
            id=account.id,
            password_hash=account.password_hash,
            tokens_valid_from=account.tokens_valid_from,
            disabled_at=None,
        ).update(password_hash=hashed.hash, tokens_valid_from=since)
        if not done:
            return _WRONG
        account_changed()
        _log.info("password changed", extra={"account": str(account.id)})
        return self.token_for(account.id, self._lifetime, since=since)

    async def _by_password(self, login: str, password: str) -> SignedIn | AccessRefusal:
        opened = await self._opened(login, password)
        if isinstance(opened, AccessRefusal):
            return opened
        account = opened.account
        signed_in = self.token_for(account.id, self._lifetime, since=account.tokens_valid_from)
        if opened.needs_rehash:
            await Account.filter(id=account.id, password_hash=account.password_hash).update(
                password_hash=await self._passwords.hash(password)
            )
        return signed_in

    async def _opened(self, login: str, password: str) -> _Opened | AccessRefusal:
        """Return the account that a login and its password open."""
        login = login.strip().casefold()[:_LONGEST_LOGIN]
        async with in_transaction():
            account = None
            if is_login(login):
                # Attempts on one account wait here for each other.
                account = await Account.filter(login=login).select_for_update().first()
            now = self._now()
            if account is None:
                lock = self._counted_unknown(login, now)
            else:
                lock = self._lock_of(account, now)
                if lock is None:
                    await Account.filter(id=account.id).update(
                        failed_attempts=self._failures(account, now) + 1, last_failed_at=now
                    )
        if lock is not None:
            _log.warning("sign-in while locked out")
            return AccessRefusal(code=AccessCode.LOCKED_OUT, message=lock.message)
        # A locked account is checked like one that does not exist.
        known = account is not None and account.disabled_at is None
        stored = account.password_hash if account is not None and known else None
        check = await self._passwords.check(password, stored)
        if account is None or not check.matches:
            _log.warning("sign-in with a wrong login or password")
            return _WRONG
        # Where many sign in a check waits for its turn: meanwhile the account may have been locked,
        # or got another password, which ends what the old one opened.
        still = await Account.filter(
            id=account.id, tokens_valid_from=account.tokens_valid_from, disabled_at=None
        ).update(failed_attempts=0, last_failed_at=None, last_signed_in_at=now)
        if not still:
            _log.warning("sign-in with a wrong login or password")
            return _WRONG
        return _Opened(account, check.needs_rehash)

    def token_for(
        self,
        account: UUID,
        lifetime: timedelta,
        scopes: Iterable[str] = (),
        *,
        since: datetime | None = None,
    ) -> SignedIn:
        """Return a token of the built-in issuer for an account that exists.

        ``since`` is the moment from which its tokens count.
        """
        token = self._built_in.issue(str(account), lifetime=lifetime, scopes=scopes, since=since)
        return SignedIn(token, self._now() + lifetime)

    def remembered(self, authorization: str) -> Actor | None:
        """Return whose header this is, where `by_header` would not have to look anything up.

        None says nothing: that has to be asked then.
        """
        digest = self.digest_in(authorization)
        return None if digest is None else self._remembered.actor_of(digest)

    def remembered_by(self, digest: bytes) -> Actor | None:
        """Return what `remembered` does, of a header that has this digest."""
        return self._remembered.actor_of(digest)

    @staticmethod
    def digest_in(authorization: str) -> bytes | None:
        """Return what the token of a header is remembered by; None where there is none."""
        try:
            token = bearer_token(authorization)
        except TokenError:
            return None
        return None if token is None else digest_of(token)

    async def by_header(self, authorization: str | None) -> Actor | None:
        """Return the actor of a request by its ``Authorization`` header; None without a token.

        Of a token that was seen before, less is done anew (`zhupei.services.remembered_actors`).

        Raises `SignInRefusedError` for a token that is not accepted.
        """
        try:
            token = bearer_token(authorization)
            return None if token is None else await self._by_token(token)
        except TokenError as error:
            # Whichever way it fails, tokens cannot be verified now.
            unavailable = isinstance(error, IssuerUnavailableError)
            code = "ISSUER_UNAVAILABLE" if unavailable else error.code
            raise SignInRefusedError(error.message, code=code) from None

    async def _by_token(self, token: str) -> Actor:
        actor = self._remembered.actor(token)
        if actor is not None:
            return actor
        # Counted first: a change meanwhile makes what is read now one of before.
        changes = changes_of_accounts()
        verified = self._remembered.verified(token, self._verifier.keys_of)
        if verified is not None:
            with _database():
                actor = await self._actor(verified, self._remembered.before(token))
            return self._remembered.renew(token, actor, changes)
        verified = await self._verifier.verify(token)
        with _database():
            actor = await self._actor(verified, self._remembered.before(token))
        keys = self._verifier.keys_of(verified.issuer)
        self._remembered.keep(token, verified, keys, actor, changes)
        return actor

    async def _actor(self, token: VerifiedToken, before: Actor | None) -> Actor:
        """Return whose token this is; ``before`` is whose it was when it was seen last."""
        account = await _found(token)
        if account is None and token.issuer != BUILT_IN_ISSUER and _is_subject(token.subject):
            if before is not None:
                # Nothing else parts an account from its subject, and a token that meant one
                # person's record opens no new one.
                raise SignInRefusedError(_ERASED, code=_ACCOUNT_ERASED)
            await self._first_seen(token)
            account = await _found(token)
        if account is not None and account["login"] == erased_login(account["id"]):
            raise SignInRefusedError(_ERASED, code=_ACCOUNT_ERASED)
        if account is None or account["disabled_at"] is not None or _is_ended(token, account):
            raise SignInRefusedError(_ENDED)
        return Actor(
            id=str(account["id"]),
            kind=ActorKind(account["kind"]),
            name=account["name"] or account["login"],
            issuer=token.issuer,
            grants=frozenset(
                Grant(role, base=base, jurisdiction=jurisdiction, specialty=specialty)
                for role, base, jurisdiction, specialty in json.loads(account["grants"])
            ),
            scopes=_scopes(token, account["scopes"]),
        )

    async def _first_seen(self, token: VerifiedToken) -> None:
        """Make the account of somebody whom another issuer vouches for: an applicant, no more."""
        now = self._now()
        name = token.claims.get("name")
        async with in_transaction():
            account, is_new = await Account.get_or_create(
                issuer=token.issuer,
                subject=token.subject,
                defaults={
                    "kind": ActorKind.PERSON.value,
                    "name": _shown_name(name) if isinstance(name, str) else None,
                    "tokens_valid_from": _ALWAYS,
                    "created_at": now,
                },
            )
            if is_new:
                await RoleGrant.create(
                    account=account,
                    role=Role.APPLICANT.value,
                    granted_by="first sign-in",
                    granted_at=now,
                )

    def _lock_of(self, account: Account, now: datetime) -> LockOut | None:
        last = account.last_failed_at
        if last is None:
            return None
        # The clock of another server may be ahead: its failures count all the same.
        now = max(now, last)
        return locked_until([Attempt(last, False)] * account.failed_attempts, now, self._policy)

    def _failures(self, account: Account, now: datetime) -> int:
        last = account.last_failed_at
        return account.failed_attempts if last and now - last < self._policy.window else 0

    def _counted_unknown(self, login: str, now: datetime) -> LockOut | None:
        attempts = self._unknown.pop(login, [])
        lock = locked_until(attempts, now, self._policy)
        if lock is None:
            attempts = [*attempts, Attempt(now, False)]
        self._unknown[login] = attempts
        while len(self._unknown) > _REMEMBERED_UNKNOWN:
            self._unknown.popitem(last=False)
        return lock


@contextmanager
def _database() -> Iterator[None]:
    """Turn the failures of the database into a refusal that tells nothing of it."""
    try:
        if get_current_context() is None:
            raise ConnectionError
        yield
    except _DATABASE_FAILURES as error:
        # Not the error itself: it may repeat the query with what was asked for.
        _log.warning("no database to sign in with", extra={"error": type(error).__name__})
        raise SignInRefusedError(_NO_DATABASE, code="DATABASE_UNAVAILABLE") from None


def _shown_name(name: str) -> str | None:
    """Return a name as another issuer states it, without what no name holds."""
    return "".join(each for each in name if each.isprintable()).strip()[:_LONGEST_NAME] or None


_ACCOUNT = """SELECT a.id, a.kind, a.login, a.name, a.scopes, a.disabled_at, a.tokens_valid_from,
    (SELECT coalesce(json_agg(json_build_array(
        g.role, g.base_code, g.jurisdiction_code, g.specialty_code)), '[]')
     FROM role_grant g WHERE g.account_id = a.id AND g.revoked_at IS NULL) AS grants
FROM account a WHERE """
_OURS = f"{_ACCOUNT}a.id = $1 AND a.issuer IS NULL"
_OF_ANOTHER = f"{_ACCOUNT}a.issuer = $1 AND a.subject = $2"


def _is_subject(text: str) -> bool:
    return len(text) <= _LONGEST_SUBJECT and "\0" not in text


async def _found(token: VerifiedToken) -> Mapping[str, Any] | None:
    """Return the account of a token with its grants; None where there is none."""
    if not _is_subject(token.subject):
        return None
    if token.issuer != BUILT_IN_ISSUER:
        rows = await select(_OF_ANOTHER, [token.issuer, token.subject])
    else:
        try:
            rows = await select(_OURS, [UUID(token.subject)])
        except ValueError:
            return None
    return rows[0] if rows else None


def _is_ended(token: VerifiedToken, account: Mapping[str, Any]) -> bool:
    """Return whether a token was made before the moment from which tokens count."""
    return token.issued_at is None or token.issued_at < account["tokens_valid_from"]


def _scopes(token: VerifiedToken, held: str | None) -> frozenset[str] | None:
    """Return what a service is limited to: its own scopes, fewer where its token names some.

    A person's token of another issuer carries scopes of that issuer (``openid``), which mean
    nothing here; one that was made here with scopes is limited to them.
    """
    listed = None if held is None else json.loads(held)
    own = None if listed is None else frozenset[str](listed)
    if token.issuer != BUILT_IN_ISSUER or not token.scopes:
        return own
    return token.scopes if own is None else own & token.scopes
