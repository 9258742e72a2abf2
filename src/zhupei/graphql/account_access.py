"""What of an account is within the reach of whoever asks about it."""

from __future__ import annotations

from typing import TypeVar

from zhupei.db.tables import RowView
from zhupei.domain.permissions import Target
from zhupei.graphql.context import GraphContext
from zhupei.graphql.permissions import refused_by, require
from zhupei.services.account_lists import targets_of
from zhupei.services.accounts import AccountRecord, GrantRecord, find_account

__all__ = ["grants_told", "is_told_all", "place_of", "reachable_account", "reached"]

_Account = TypeVar("_Account", bound="AccountRecord | RowView | None")


async def reachable_account(
    context: GraphContext, login_or_id: str, permission: str
) -> AccountRecord | None:
    """Return an account that belongs, with all of its roles, where the actor has the permission.

    One that does not exist is refused as one that is out of reach, but to those who reach all.

    Raises:
        GraphRefusal: UNAUTHENTICATED or FORBIDDEN.

    """
    return await reached(context, await find_account(login_or_id), permission)


async def reached(context: GraphContext, found: _Account, permission: str) -> _Account:
    """Return an account that was found, or None, where it is within reach, as above.

    Of a row it looks at the grants and at where it belongs.

    Raises:
        GraphRefusal: as above.

    """
    for target in (Target(),) if found is None else targets_of(found):
        await require(context, permission, (place_of(context, target),))
    return found


def place_of(context: GraphContext, named: Target) -> Target:
    """Return a place that the catalogue has; any other one is for those who reach all."""
    catalogue = context.catalogue
    if named.base is not None and named.base not in catalogue.bases:
        return Target()
    if named.jurisdiction is not None and named.jurisdiction not in catalogue.jurisdictions:
        return Target()
    return named


async def grants_told(
    context: GraphContext, account: AccountRecord | RowView
) -> tuple[GrantRecord, ...]:
    """Return the grants at places where the actor reads or manages accounts.

    What somebody may do elsewhere is not for who works with them here, or gave them a role.
    """
    return tuple(
        [
            each
            for each in account.grants
            if await _is_told_of(
                context, Target(base=each.grant.base, jurisdiction=each.grant.jurisdiction)
            )
        ]
    )


async def is_told_all(context: GraphContext, account: AccountRecord | RowView) -> bool:
    """Return whether the account belongs, with all of its roles, where the actor is told of it."""
    return all([await _is_told_of(context, place) for place in targets_of(account)])


async def _is_told_of(context: GraphContext, place: Target) -> bool:
    for permission in ("accounts.read", "accounts.manage"):
        if await refused_by(context, permission, (place_of(context, place),)) is None:
            return True
    return False
