"""Accounts and their roles: made, granted, revoked, locked and listed.

Every function works on the database that is in use (`Database.use`). ``by`` says who does it: an
account's id, or ``command line``; it is kept with what was done. Nothing here returns or logs a
password or a hash of one.

An account belongs somewhere: to the base or jurisdiction in whose name it was made, or to the
nation. Whoever manages accounts of one place gives roles there to anybody, but a password only to
whom nobody else may answer for: all of whose roles are theirs, and who belongs to them. So nobody
gets hold of an account, and of what it may be given later, by giving it a role. It follows its
roles where those change by whoever manages all of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from zhupei.db.models import Account, RoleGrant
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.actors import ActorKind, Grant
from zhupei.domain.permissions import PERMISSIONS, Target
from zhupei.domain.roles import Role
from zhupei.domain.text import Text
from zhupei.security.passwords import Passwords
from zhupei.services.account_changes import account_changed
from zhupei.services.account_guards import (
    grant_refusal,
    is_login,
    login_refusal,
    name_refusal,
    password_refusal,
    scopes_refusal,
)

__all__ = [
    "AccountRecord",
    "GrantRecord",
    "HashedPassword",
    "account_record",
    "add_account",
    "find_account",
    "grant_role",
    "hashed_password",
    "list_accounts",
    "lock_account",
    "next_second",
    "revoke_role",
    "set_password",
    "unlock_account",
]

_log = logging.getLogger("zhupei.accounts")

_ACCOUNT = Text("没有这个账号", "there is no such account")
_NATION = Target()


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRecord:
    """A grant in force, with who gave it and when."""

    id: UUID
    grant: Grant
    granted_by: str
    granted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """An account as those see it who manage accounts.

    ``login`` is None for an account of another issuer. ``locked_at`` is set while an administrator
    has locked it; a lock-out after wrong passwords ends by itself and is not shown.
    ``home_base`` or ``home_jurisdiction`` is where it belongs; neither for the nation.
    """

    id: UUID
    kind: ActorKind
    login: str | None
    issuer: str | None
    name: str | None
    scopes: frozenset[str] | None
    locked_at: datetime | None
    created_at: datetime
    last_signed_in_at: datetime | None
    grants: tuple[GrantRecord, ...] = ()
    home_base: str | None = None
    home_jurisdiction: str | None = None


@dataclass(frozen=True, slots=True)
class HashedPassword:
    """A new password with its hash, made before the transaction that keeps the hash."""

    text: str = field(repr=False)
    hash: str = field(repr=False)


async def hashed_password(
    text: str, login: str, name: str | None, *, passwords: Passwords
) -> HashedPassword | AccessRefusal:
    """Hash a new password for who has this login and name; refuse a weak one.

    Hashing takes long. Nobody should do it inside a transaction, which would keep a connection of
    the pool waiting for it, with what it has locked.
    """
    refusal = password_refusal(text, login, name)
    return refusal or HashedPassword(text, await passwords.hash(text))


async def add_account(
    login: str,
    *,
    passwords: Passwords,
    password: str | HashedPassword | None,
    by: str,
    at: datetime,
    kind: ActorKind = ActorKind.PERSON,
    name: str | None = None,
    scopes: Collection[str] | None = None,
    permissions: Collection[str] = PERMISSIONS,
    role: Role | None = None,
    home: Target = _NATION,
) -> AccountRecord | AccessRefusal:
    """Make an account of our own issuer; without password it signs in with given tokens only.

    It belongs to ``home``: to a base, a jurisdiction, or the nation.

    ``scopes`` limit a service to these of the known ``permissions``; a person has none. ``role``
    is given with it, in one transaction: one that is limited to no base and no jurisdiction.

    Inside a transaction the password is to be given with its hash (`hashed_password`).
    """
    login = login.strip().casefold()
    refusal = (
        login_refusal(login) or name_refusal(name) or scopes_refusal(kind, scopes, permissions)
    )
    if refusal is not None:
        return refusal
    hashed = None if password is None else await _hashed(password, login, name, passwords)
    if isinstance(hashed, AccessRefusal):
        return hashed
    try:
        async with in_transaction():
            account = await Account.create(
                kind=kind.value,
                login=login,
                password_hash=None if hashed is None else hashed.hash,
                name=name,
                scopes=None if scopes is None else sorted(set(scopes)),
                # Tokens tell seconds only: one of this very second is younger than the account.
                tokens_valid_from=at.replace(microsecond=0),
                created_at=at,
                home_base_code=home.base,
                home_jurisdiction_code=home.jurisdiction,
            )
            if role is not None:
                grant = Grant(role)
                given = await grant_role(
                    str(account.id),
                    grant,
                    bases={},
                    jurisdictions={},
                    by=by,
                    at=at,
                    settles=False,
                )
                if isinstance(given, AccessRefusal):
                    raise RuntimeError(f"{role} is not for everybody: {given.code}")
    except IntegrityError:
        return AccessRefusal(
            code=AccessCode.LOGIN_TAKEN,
            message=Text("该账号名已被使用", "this login is taken"),
            field="login",
        )
    _log.info("account made", extra={"account": str(account.id), "by": by})
    return account_record(account, ())


async def find_account(login_or_id: str) -> AccountRecord | None:
    """Return the account with this login or id, None where there is none."""
    account = await _found(login_or_id)
    if account is None:
        return None
    return account_record(account, await RoleGrant.filter(account=account, revoked_at=None))


async def list_accounts() -> tuple[AccountRecord, ...]:
    """Return all accounts with their grants in force, in the order in which they were made."""
    grants: dict[UUID, list[RoleGrant]] = {}
    for row in await RoleGrant.filter(revoked_at=None).order_by("id"):
        grants.setdefault(_owner(row), []).append(row)
    return tuple(
        account_record(account, grants.get(account.id, ()))
        for account in await Account.all().order_by("id")
    )


async def grant_role(
    login_or_id: str,
    grant: Grant,
    *,
    bases: Mapping[str, object],
    jurisdictions: Mapping[str, object],
    by: str,
    at: datetime,
    specialties: Collection[tuple[str, str]] = (),
    settles: bool = True,
) -> GrantRecord | AccessRefusal:
    """Give an account a role; codes must be those of the catalogue's bases and jurisdictions.

    ``specialties`` are pairs of a base's and a specialty's code, to which a grant may be limited.
    ``settles`` tells that whoever does it manages the account wherever it belongs and has roles:
    then it belongs from now on where its roles are.
    """
    refusal = grant_refusal(grant, bases, jurisdictions, specialties)
    if refusal is not None:
        return refusal
    account = await _found(login_or_id)
    if account is None:
        return _no_account()
    if account.scopes is not None and grant.role != Role.INTEGRATOR:
        return AccessRefusal(
            code=AccessCode.GRANT_INVALID,
            message=Text(
                f"服务账号只能授予 {Role.INTEGRATOR} 角色",
                f"a service account is given the role {Role.INTEGRATOR} only",
            ),
            field="role",
        )
    try:
        async with in_transaction():
            row = await RoleGrant.create(
                account=account,
                role=grant.role,
                base_code=grant.base,
                jurisdiction_code=grant.jurisdiction,
                specialty_code=grant.specialty,
                granted_by=by,
                granted_at=at,
            )
            if settles:
                await _settle(account.id)
    except IntegrityError:
        return AccessRefusal(
            code=AccessCode.GRANT_DUPLICATE,
            message=Text("该账号已有此授权", "the account has this grant already"),
            field="role",
        )
    account_changed()
    _log.info("role granted", extra={"account": str(account.id), "role": grant.role, "by": by})
    return _grant_record(row)


async def revoke_role(
    login_or_id: str, grant: Grant, *, by: str, at: datetime, settles: bool = True
) -> AccountRecord | AccessRefusal:
    """Take a role back at once; that it was held stays on record. ``settles`` as in `grant_role`.

    Who holds no role any more belongs where they did.
    """
    account = await _found(login_or_id)
    if account is None:
        return _no_account()
    async with in_transaction():
        revoked = await RoleGrant.filter(
            account=account,
            role=grant.role,
            base_code=grant.base,
            jurisdiction_code=grant.jurisdiction,
            specialty_code=grant.specialty,
            revoked_at=None,
        ).update(revoked_at=at, revoked_by=by)
        if revoked and settles:
            await _settle(account.id)
    if not revoked:
        return AccessRefusal(
            code=AccessCode.NOT_FOUND,
            message=Text("该账号没有此授权", "the account has no such grant"),
            field="role",
        )
    account_changed()
    _log.info("role revoked", extra={"account": str(account.id), "role": grant.role, "by": by})
    return await _again(account)


async def lock_account(login_or_id: str, *, by: str, at: datetime) -> AccountRecord | AccessRefusal:
    """Lock an account until it is unlocked; its tokens end with this moment."""
    account = await _found(login_or_id)
    if account is None:
        return _no_account()
    await Account.filter(id=account.id, disabled_at=None).update(
        disabled_at=at, tokens_valid_from=next_second(at)
    )
    account_changed()
    _log.info("account locked", extra={"account": str(account.id), "by": by})
    return await _again(account)


async def unlock_account(
    login_or_id: str, *, by: str, at: datetime
) -> AccountRecord | AccessRefusal:
    """Unlock an account, also one that wrong passwords locked out; its old tokens stay ended."""
    account = await _found(login_or_id)
    if account is None:
        return _no_account()
    await Account.filter(id=account.id).update(
        disabled_at=None, failed_attempts=0, last_failed_at=None
    )
    account_changed()
    _log.info("account unlocked", extra={"account": str(account.id), "by": by, "at": str(at)})
    return await _again(account)


async def set_password(
    login_or_id: str,
    password: str | HashedPassword,
    *,
    passwords: Passwords,
    by: str,
    clock: Callable[[], datetime],
) -> AccountRecord | AccessRefusal:
    """Give an account of ours a new password; tokens made before end with this moment.

    Inside a transaction it is to be given with its hash (`hashed_password`).
    """
    account = await _found(login_or_id)
    if account is None or account.login is None:
        return _no_account()
    hashed = await _hashed(password, account.login, account.name, passwords)
    if isinstance(hashed, AccessRefusal):
        return hashed
    await Account.filter(id=account.id).update(
        password_hash=hashed.hash,
        # Of now: while this one was hashed the old one still opened the account.
        tokens_valid_from=next_second(clock()),
        failed_attempts=0,
        last_failed_at=None,
    )
    account_changed()
    _log.info("password set", extra={"account": str(account.id), "by": by})
    return await _again(account)


async def _settle(account_id: UUID) -> None:
    """Let an account belong where its oldest role is, unless it has one where it belongs."""
    account = await Account.select_for_update().get(id=account_id)
    held = [
        (row.base_code, row.jurisdiction_code)
        for row in await RoleGrant.filter(account_id=account_id, revoked_at=None).order_by("id")
    ]
    home = (account.home_base_code, account.home_jurisdiction_code)
    if held and home not in held:
        base, jurisdiction = held[0]
        await Account.filter(id=account_id).update(
            home_base_code=base, home_jurisdiction_code=jurisdiction
        )


async def _hashed(
    password: str | HashedPassword, login: str, name: str | None, passwords: Passwords
) -> HashedPassword | AccessRefusal:
    if isinstance(password, str):
        return await hashed_password(password, login, name, passwords=passwords)
    # What it must not hold may have become another since it was hashed.
    return password_refusal(password.text, login, name) or password


async def _found(login_or_id: str) -> Account | None:
    try:
        return await Account.get_or_none(id=UUID(login_or_id))
    except ValueError:
        login = login_or_id.strip().casefold()
        return await Account.get_or_none(login=login) if is_login(login) else None


async def _again(account: Account) -> AccountRecord | AccessRefusal:
    return await find_account(str(account.id)) or _no_account()


def _no_account() -> AccessRefusal:
    return AccessRefusal(code=AccessCode.NOT_FOUND, message=_ACCOUNT, field="account")


def next_second(at: datetime) -> datetime:
    """Return the next whole second: a token tells only seconds, and one of this second must end."""
    return at.replace(microsecond=0) + timedelta(seconds=1)


def _owner(row: RoleGrant) -> UUID:
    owner: UUID = row.account_id  # type: ignore[attr-defined]  # Tortoise adds it
    return owner


def _grant_record(row: RoleGrant) -> GrantRecord:
    return GrantRecord(
        id=row.id,
        grant=Grant(
            row.role,
            base=row.base_code,
            jurisdiction=row.jurisdiction_code,
            specialty=row.specialty_code,
        ),
        granted_by=row.granted_by,
        granted_at=row.granted_at,
    )


def account_record(account: Account, grants: Collection[RoleGrant]) -> AccountRecord:
    """Return an account with these grants."""
    return AccountRecord(
        id=account.id,
        kind=ActorKind(account.kind),
        login=account.login,
        issuer=account.issuer,
        name=account.name,
        scopes=None if account.scopes is None else frozenset(account.scopes),
        locked_at=account.disabled_at,
        created_at=account.created_at,
        last_signed_in_at=account.last_signed_in_at,
        grants=tuple(_grant_record(row) for row in sorted(grants, key=lambda row: row.id)),
        home_base=account.home_base_code,
        home_jurisdiction=account.home_jurisdiction_code,
    )
