"""Whether an account is within the reach of whoever asks about it."""

from __future__ import annotations

from zhupei.domain.permissions import Target
from zhupei.graphql.context import GraphContext
from zhupei.graphql.permissions import require
from zhupei.services.account_lists import targets_of
from zhupei.services.accounts import AccountRecord, find_account

__all__ = ["reachable_account"]


async def reachable_account(
    context: GraphContext, login_or_id: str, permission: str
) -> AccountRecord | None:
    """Return an account all of whose roles lie where the actor holds the permission.

    One that does not exist is refused as one that is out of reach, but to those who reach all.

    Raises:
        GraphRefusal: UNAUTHENTICATED or FORBIDDEN.

    """
    found = await find_account(login_or_id)
    for target in (Target(),) if found is None else targets_of(found):
        await require(context, permission, (target,))
    return found
