"""Mutations of administrators: accounts, their roles, their locks and passwords."""

from typing import Annotated, Any, TypeAlias

import strawberry
from strawberry import UNSET

from zhupei.domain.access_refusals import AccessRefusal
from zhupei.domain.actors import ActorKind
from zhupei.domain.actors import Grant as DomainGrant
from zhupei.domain.permissions import PERMISSIONS, Target, grants_with
from zhupei.graphql.account_access import place_of, reachable_account
from zhupei.graphql.context import GraphContext
from zhupei.graphql.mutations.declaration import Repeatable, mutation, once
from zhupei.graphql.permissions import refused_by, require
from zhupei.graphql.sources import GraphInfo
from zhupei.graphql.types.accounts import Account
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.security.passwords import Passwords
from zhupei.services import accounts
from zhupei.services.account_changes import account_changed
from zhupei.services.account_lists import targets_of
from zhupei.services.accounts import AccountRecord, GrantRecord, HashedPassword
from zhupei.services.admissions.situations import not_found

__all__ = ["AccountMutations", "AccountPayload"]

_MANAGE = "accounts.manage"
_PASSWORDS = Passwords()

AccountPayload: TypeAlias = Annotated[
    Account | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("AccountPayload", description="The account, or why not (账号结果)."),
]


def _left_out(description: str) -> Any:
    return strawberry.field(default=UNSET, description=description)


@strawberry.input(description="What making an account needs (新建账号).")
class AddAccountInput(Repeatable):
    """Adding."""

    login: str = strawberry.field(description="Login, unique; no phone or number (账号名).")
    password: str | None = _left_out(
        "Password (密码); without it the account signs in with given tokens only."
    )
    kind: ActorKind | None = _left_out("A person, by default, or a program (账号类型).")
    name: str | None = _left_out("Name to show (名称).")
    scopes: list[str] | None = _left_out(
        "Permissions that a program is limited to (权限范围); a person has none."
    )


@strawberry.input(description="Which account is meant (账号).")
class _AccountInput(Repeatable):
    """An account."""

    account: str = strawberry.field(description="Identifier or login (标识或账号名).")


@strawberry.input(description="What giving a role needs (授予角色).")
class GrantRoleInput(_AccountInput):
    """Granting."""

    role: str = strawberry.field(description="Code of the role, such as `base_office` (角色代码).")
    base: str | None = _left_out("Code of the base that it is for (培训基地代码).")
    jurisdiction: str | None = _left_out("Code of the jurisdiction that it is for (辖区代码).")
    specialty: str | None = _left_out(
        "Code of the one specialty of the base that it is limited to (限定专业)."
    )


@strawberry.input(description="What taking a role back needs (收回角色): the same role and place.")
class RevokeRoleInput(GrantRoleInput):
    """Revoking."""


@strawberry.input(description="What locking an account needs (锁定账号).")
class LockAccountInput(_AccountInput):
    """Locking."""


@strawberry.input(description="What unlocking an account needs (解锁账号).")
class UnlockAccountInput(_AccountInput):
    """Unlocking."""


@strawberry.input(description="What giving a new password needs (重置密码).")
class SetPasswordInput(_AccountInput):
    """A new password."""

    password: str = strawberry.field(description="The new password (新密码).")


def _by(context: GraphContext) -> str:
    return "" if context.actor is None else context.actor.id


async def _own_place(context: GraphContext) -> Target:
    """Return where a new account belongs: to the nation, or where whoever makes it manages some.

    Who manages accounts nowhere is refused.
    """
    held = () if context.actor is None else grants_with(PERMISSIONS[_MANAGE], context.actor.grants)
    places = [Target(base=each.base, jurisdiction=each.jurisdiction) for each in held]
    for place in (Target(), *places):
        if await _manages(context, place):
            return place
    await require(context, _MANAGE, (Target(), *places))
    return Target()


async def _manages(context: GraphContext, place: Target) -> bool:
    return await refused_by(context, _MANAGE, (place_of(context, place),)) is None


async def _manages_all(context: GraphContext, account: AccountRecord) -> bool:
    return all([await _manages(context, place) for place in targets_of(account)])


async def _settles(context: GraphContext, login_or_id: str) -> bool:
    """Return whether whoever changes roles manages the account wherever it belongs and has some."""
    found = await accounts.find_account(login_or_id)
    return found is not None and await _manages_all(context, found)


async def _add(info: GraphInfo, input: AddAccountInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    home = await _own_place(context)
    # Before the transaction: it would hold its connection and its locks all the while.
    password = None
    if input.password:
        password = await accounts.hashed_password(
            input.password, input.login, input.name or None, passwords=_PASSWORDS
        )
    if isinstance(password, AccessRefusal):
        return password

    async def work() -> Any:
        made = await accounts.add_account(
            input.login,
            passwords=_PASSWORDS,
            password=password,
            by=_by(context),
            at=context.clock(),
            kind=input.kind or ActorKind.PERSON,
            name=input.name or None,
            scopes=None if input.scopes is UNSET else input.scopes,
            home=home,
        )
        return str(made.id) if isinstance(made, AccountRecord) else made

    return await _shown(await once(context, input, "addAccount", work, personal=True))


async def _shown(answer: Any) -> Any:
    """Return the account whose id the work answered, or the refusal.

    It is noted again that it changed: whoever asked before the transaction ended was looked up as
    they were.
    """
    if not isinstance(answer, str):
        return answer
    account_changed()
    return await accounts.find_account(answer) or not_found("account", answer)


def _grant(given: GrantRoleInput) -> DomainGrant:
    return DomainGrant(
        given.role,
        base=given.base or None,
        jurisdiction=given.jurisdiction or None,
        specialty=given.specialty or None,
    )


def _place(grant: DomainGrant, context: GraphContext) -> Target:
    """Return where a role is given."""
    return place_of(context, Target(base=grant.base, jurisdiction=grant.jurisdiction))


async def _granted(info: GraphInfo, input: GrantRoleInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    grant = _grant(input)
    # Who manages accounts of one place gives roles there only.
    await require(context, _MANAGE, (_place(grant, context),))

    async def work() -> Any:
        given = await accounts.grant_role(
            input.account,
            grant,
            bases=context.catalogue.bases,
            jurisdictions=context.catalogue.jurisdictions,
            specialties=context.catalogue.departments,
            by=_by(context),
            at=context.clock(),
            settles=await _settles(context, input.account),
        )
        return input.account if isinstance(given, GrantRecord) else given

    return await _shown(await once(context, input, "grantRole", work))


async def _revoked(info: GraphInfo, input: RevokeRoleInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    grant = _grant(input)
    await require(context, _MANAGE, (_place(grant, context),))

    async def work() -> Any:
        done = await accounts.revoke_role(
            input.account,
            grant,
            by=_by(context),
            at=context.clock(),
            settles=await _settles(context, input.account),
        )
        return str(done.id) if isinstance(done, AccountRecord) else done

    return await _shown(await once(context, input, "revokeRole", work))


async def _locked(info: GraphInfo, input: LockAccountInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context

    async def work() -> Any:
        done = await accounts.lock_account(input.account, by=_by(context), at=context.clock())
        return str(done.id) if isinstance(done, AccountRecord) else done

    await reachable_account(context, input.account, _MANAGE)
    return await _shown(await once(context, input, "lockAccount", work))


async def _unlocked(info: GraphInfo, input: UnlockAccountInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context

    async def work() -> Any:
        done = await accounts.unlock_account(input.account, by=_by(context), at=context.clock())
        return str(done.id) if isinstance(done, AccountRecord) else done

    await reachable_account(context, input.account, _MANAGE)
    return await _shown(await once(context, input, "unlockAccount", work))


async def _password(info: GraphInfo, input: SetPasswordInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    account = await reachable_account(context, input.account, _MANAGE)
    password: str | HashedPassword | AccessRefusal = input.password
    if account is not None and account.login is not None:
        # Before the transaction: it would hold its connection and its locks all the while.
        password = await accounts.hashed_password(
            input.password, account.login, account.name, passwords=_PASSWORDS
        )
    if isinstance(password, AccessRefusal):
        return password

    async def work() -> Any:
        # That took its time: meanwhile the account may have got roles at other places.
        await reachable_account(context, input.account, _MANAGE)
        done = await accounts.set_password(
            input.account,
            password,
            passwords=_PASSWORDS,
            by=_by(context),
            clock=context.clock,
        )
        return str(done.id) if isinstance(done, AccountRecord) else done

    return await _shown(await once(context, input, "setPassword", work, personal=True))


@strawberry.type
class AccountMutations:
    """What administrators do with accounts; who has one place only, with accounts there only."""

    add_account: AccountPayload | None = mutation(
        _add, _MANAGE, description="Make an account of our own (新建账号), without roles yet."
    )
    grant_role: AccountPayload | None = mutation(
        _granted,
        _MANAGE,
        description="Give an account a role at a place (授予角色); it counts at once.",
    )
    revoke_role: AccountPayload | None = mutation(
        _revoked, _MANAGE, description="Take a role back (收回角色); it ends at once."
    )
    lock_account: AccountPayload | None = mutation(
        _locked,
        _MANAGE,
        description="Lock an account until it is unlocked (锁定账号); its tokens end at once.",
    )
    unlock_account: AccountPayload | None = mutation(
        _unlocked,
        _MANAGE,
        description="Unlock an account (解锁账号), also one that wrong passwords locked out.",
    )
    set_password: AccountPayload | None = mutation(
        _password,
        _MANAGE,
        description="Give an account a new password (重置密码); its tokens end at once.",
    )
