"""Lists of accounts, page by page, limited to what an administrator or auditor reaches."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.models import Account, RoleGrant
from zhupei.domain.actors import Actor
from zhupei.domain.permissions import Target
from zhupei.domain.roles import Role
from zhupei.hooks.dispatch import Dispatcher
from zhupei.services.accounts import AccountRecord, account_record
from zhupei.services.permissions import Allowed, allowed

__all__ = ["AccountReach", "count_accounts", "found_accounts", "reach_of_accounts", "targets_of"]


@dataclass(frozen=True, slots=True)
class AccountReach:
    """Whose accounts may be seen: everybody's, or those with a role at some places."""

    everybody: bool
    bases: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()


async def reach_of_accounts(
    actor: Actor, catalogue: Catalogue, dispatcher: Dispatcher
) -> AccountReach:
    """Return whose accounts an actor may read."""

    async def may(base: str | None, jurisdiction: str | None = None) -> bool:
        answer = await allowed(
            actor, "accounts.read", base, catalogue, dispatcher, jurisdiction=jurisdiction
        )
        return isinstance(answer, Allowed)

    if await may(None):
        return AccountReach(everybody=True)
    return AccountReach(
        everybody=False,
        bases=tuple([code for code in catalogue.bases if await may(code)]),
        jurisdictions=tuple([code for code in catalogue.jurisdictions if await may(None, code)]),
    )


def targets_of(account: AccountRecord) -> tuple[Target, ...]:
    """Return the places that an account holds roles at; who manages it reaches all of them.

    An account without roles, or with one that is limited to no place, is nobody's but those who
    manage everything.
    """
    return tuple(
        Target(base=held.grant.base, jurisdiction=held.grant.jurisdiction)
        for held in account.grants
    ) or (Target(),)


async def found_accounts(
    reach: AccountReach,
    *,
    first: int,
    after: UUID | None = None,
    backwards: bool = False,
    roles: Collection[Role] = (),
    login: str | None = None,
) -> list[AccountRecord]:
    """Return accounts with their grants in force, in the order in which they were made.

    ``login`` is the beginning of a login. ``backwards`` returns the last ones before a place.
    """
    query = _asked(reach, roles, login)
    if after is not None:
        query = query.filter(id__lt=after) if backwards else query.filter(id__gt=after)
    rows = await query.order_by("-id" if backwards else "id").limit(first)
    grants: dict[UUID, list[RoleGrant]] = {row.id: [] for row in rows}
    for grant in await RoleGrant.filter(account_id__in=list(grants), revoked_at=None):
        owner: UUID = grant.account_id  # type: ignore[attr-defined]  # Tortoise adds it
        grants[owner].append(grant)
    found = [account_record(row, grants[row.id]) for row in rows]
    return found[::-1] if backwards else found


async def count_accounts(
    reach: AccountReach, *, roles: Collection[Role] = (), login: str | None = None
) -> int:
    """Return how many accounts there are."""
    return await _asked(reach, roles, login).count()


def _asked(reach: AccountReach, roles: Collection[Role], login: str | None) -> QuerySet[Account]:
    query = Account.all()
    if not reach.everybody:
        held = RoleGrant.filter(
            Q(base_code__in=list(reach.bases)) | Q(jurisdiction_code__in=list(reach.jurisdictions)),
            revoked_at=None,
        )
        query = query.filter(id__in=_owners(held))
    if roles:
        held = RoleGrant.filter(role__in=[role.value for role in roles], revoked_at=None)
        query = query.filter(id__in=_owners(held))
    return query if login is None else query.filter(login__startswith=login.casefold())


def _owners(held: QuerySet[RoleGrant]) -> Subquery:
    return Subquery(held.values("account_id"))
