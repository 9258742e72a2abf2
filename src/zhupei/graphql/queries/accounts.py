"""Queries about accounts, for administrators and auditors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import strawberry
from strawberry.types.arguments import StrawberryArgument

from zhupei.db.reading import PageQuery
from zhupei.db.tables import RowSource
from zhupei.domain.permissions import Target
from zhupei.domain.roles import Role
from zhupei.domain.text import Text
from zhupei.graphql.account_access import reached
from zhupei.graphql.asked import reads
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import signed_in
from zhupei.graphql.errors import bad_input
from zhupei.graphql.found_rows import Found, Names
from zhupei.graphql.listed_rows import ListedRows
from zhupei.graphql.permissions import permitted_inside, require
from zhupei.graphql.row_pages import RowRequest, row_arguments
from zhupei.graphql.sources import field
from zhupei.graphql.types.accounts import Account, AccountConnection
from zhupei.services.account_lists import (
    ACCOUNTS,
    AccountReach,
    account_named_query,
    account_query,
    reach_of_accounts,
)

__all__ = ["AccountQueries"]

_READ = "accounts.read"


@strawberry.input(
    description=(
        "Which accounts to list; all parts must hold, and an empty list holds for none (筛选条件)."
    )
)
class AccountFilter:
    """A filter."""

    role_in: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Codes of roles, one of which is held (角色代码)."
    )
    login: str | None = strawberry.field(
        default=strawberry.UNSET, description="How the login begins (账号名开头)."
    )


@dataclass(frozen=True)
class _Accounts(ListedRows):
    """The accounts that whoever asks may read."""

    rows: ClassVar[RowSource] = ACCOUNTS
    default_order: ClassVar[str] = "CREATED"

    def arguments(self) -> list[StrawberryArgument]:
        """Return the filter and the arguments of Relay."""
        return row_arguments(AccountFilter, None, self.default_order)

    async def query(
        self,
        context: GraphContext,
        request: RowRequest,
        given: Mapping[str, Any],
        names: Names,
    ) -> PageQuery:
        """Return which accounts are listed."""
        signed_in(context)
        if context.actor is None or context.dispatcher is None:
            raise RuntimeError("accounts need the loaded plugins")
        reach = await reach_of_accounts(context.actor, context.catalogue, context.dispatcher)
        if reach == AccountReach(everybody=False):
            await require(context, _READ, (Target(),))
        wanted = given.get("filter")
        return account_query(
            reach,
            names,
            roles=_roles(getattr(wanted, "role_in", None), context),
            login=getattr(wanted, "login", None) or None,
            after=None if request.place is None else request.place.id,
            backwards=request.backwards,
        )


def _roles(codes: Sequence[str] | None, context: GraphContext) -> tuple[Role, ...] | None:
    if codes is None or codes is strawberry.UNSET:
        return None
    unknown = sorted({*codes} - {*Role})
    if unknown:
        listed = ", ".join(unknown)
        problem = Text(f"没有这些角色：{listed}", f"no such role: {listed}")
        raise bad_input("filter.roleIn", problem, context.language)
    return tuple(Role(code) for code in codes)


async def _account(
    context: GraphContext,
    names: Names,
    id: Annotated[  # noqa: A002 - the argument's name in the graph
        strawberry.ID, strawberry.argument(description="Identifier or login (标识或账号名).")
    ],
) -> PageQuery | None:
    query = account_named_query(id, names)
    if query is None:
        await reached(context, None, _READ)
    return query


@reads("grants", "home_base", "home_jurisdiction")
async def _reached(context: GraphContext, _given: Mapping[str, Any], account: Any) -> Any:
    return await reached(context, account, _READ)


@strawberry.type
class AccountQueries:
    """Fields of the root type about accounts."""

    account: Account | None = permitted_inside(
        field(
            Found(ACCOUNTS, _account, single=True, allowed=_reached),
            description="An account by its identifier or login (账号).",
        ),
        _READ,
    )
    accounts: AccountConnection | None = permitted_inside(
        field(_Accounts(), description="Accounts, in the order of their making (账号列表)."),
        _READ,
    )
