"""Whether an account is within the reach of whoever asks about it."""

from __future__ import annotations

from typing import TypeVar

from zhupei.db.tables import RowView
from zhupei.domain.permissions import Target
from zhupei.graphql.context import GraphContext
from zhupei.graphql.permissions import require
from zhupei.services.account_lists import targets_of
from zhupei.services.accounts import AccountRecord, find_account

__all__ = ["reachable_account", "reached"]

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
        await require(context, permission, (target,))
    return found
