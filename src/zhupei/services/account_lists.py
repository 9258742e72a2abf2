"""Lists of accounts, page by page, limited to what an administrator or auditor reaches."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.models import Account
from zhupei.db.reading import Condition, Order, PageQuery, among, any_of
from zhupei.db.tables import RowSource, RowView, column, columns, listed_from, member
from zhupei.domain.actors import Actor, ActorKind
from zhupei.domain.permissions import Target
from zhupei.domain.roles import Role
from zhupei.hooks.dispatch import Dispatcher
from zhupei.services.account_guards import is_login
from zhupei.services.accounts import AccountRecord, GrantRecord
from zhupei.services.permissions import Allowed, allowed

__all__ = [
    "ACCOUNTS",
    "AccountReach",
    "account_named_query",
    "account_query",
    "reach_of_accounts",
    "targets_of",
]


ACCOUNTS = RowSource(
    described=AccountRecord,
    model=Account,
    alias="c",
    attributes={
        **columns("id", "login", "issuer", "name", "created_at", "last_signed_in_at"),
        "kind": member(ActorKind, "kind"),
        "scopes": column("scopes", lambda text: frozenset(json.loads(text))),
        "locked_at": column("disabled_at"),
        "home_base": column("home_base_code"),
        "home_jurisdiction": column("home_jurisdiction_code"),
        "grants": listed_from(
            GrantRecord,
            """(SELECT coalesce(json_agg(json_build_object('id', g.id, 'grant',
            json_build_object('role', g.role, 'base', g.base_code, 'jurisdiction',
            g.jurisdiction_code, 'specialty', g.specialty_code), 'granted_by', g.granted_by,
            'granted_at', g.granted_at) ORDER BY g.id), '[]')
            FROM role_grant g WHERE g.account_id = {t}.id AND g.revoked_at IS NULL)""",
        ),
    },
)
"""Accounts, as `AccountRecord` has them, with their grants in force."""


@dataclass(frozen=True, slots=True)
class AccountReach:
    """Whose accounts may be seen: everybody's, or those with a role at some places.

    Who has no role at all is seen where they belong.
    """

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


def targets_of(account: AccountRecord | RowView) -> tuple[Target, ...]:
    """Return the places that an account belongs to or holds roles at.

    Who manages it reaches all of them. An account that belongs to the nation, or has a role that is
    limited to no place, is nobody's but those who manage everything.
    """
    home = Target(base=account.home_base, jurisdiction=account.home_jurisdiction)
    held = [
        Target(base=each.grant.base, jurisdiction=each.grant.jurisdiction)
        for each in account.grants
    ]
    return (home, *(place for place in held if place != home))


def account_query(
    reach: AccountReach,
    names: Iterable[str] | None,
    *,
    roles: Collection[Role] | None = None,
    login: str | None = None,
    after: UUID | None = None,
    backwards: bool = False,
) -> PageQuery:
    """Ask for accounts in the order in which they were made; for all attributes with None.

    ``login`` is the beginning of a login. ``backwards`` asks for the last ones before a place.
    """
    conditions = []
    role = None if roles is None else among("g.role", [each.value for each in roles], "text")
    if not reach.everybody:
        places = any_of(
            [
                among("g.base_code", reach.bases, "text"),
                among("g.jurisdiction_code", reach.jurisdictions, "text"),
            ]
        )
        homes = any_of(
            [
                among("c.home_base_code", reach.bases, "text"),
                among("c.home_jurisdiction_code", reach.jurisdictions, "text"),
            ]
        )
        without_role = Condition(f"({homes.text} AND NOT {_HAS_ROLES})", homes.values)
        conditions.append(any_of([_holds(places), without_role]))
        if role is not None:
            # Of a role elsewhere nobody learns by asking for it.
            role = Condition(f"{places.text} AND {role.text}", places.values + role.values)
    if role is not None:
        conditions.append(_holds(role))
    if login is not None:
        conditions.append(Condition("starts_with(c.login, ?)", (login.casefold(),)))
    order = Order("c.id")
    return PageQuery(
        source=ACCOUNTS,
        conditions=tuple(conditions),
        order=order,
        view=ACCOUNTS.view(names),
        beyond=None if after is None else order.beyond(None, after, backwards=backwards),
        backwards=backwards,
    )


def account_named_query(login_or_id: str, names: Iterable[str] | None) -> PageQuery | None:
    """Ask for the account with this login or id; None for what can be neither."""
    try:
        named = Condition("c.id = ?", (UUID(login_or_id),))
    except ValueError:
        login = login_or_id.strip().casefold()
        if not is_login(login):
            return None
        named = Condition("c.login = ?", (login,))
    return PageQuery(
        source=ACCOUNTS, conditions=(named,), order=Order("c.id"), view=ACCOUNTS.view(names)
    )


_HAS_ROLES = "EXISTS (SELECT FROM role_grant g WHERE g.account_id = c.id AND g.revoked_at IS NULL)"


def _holds(grant: Condition) -> Condition:
    text = f"SELECT g.account_id FROM role_grant g WHERE {grant.text} AND g.revoked_at IS NULL"  # noqa: S608 - constants
    return Condition(f"c.id IN ({text})", grant.values)
