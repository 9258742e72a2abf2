"""Accounts as those see them who manage accounts; never a password or a hash of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import strawberry

from zhupei.domain.actors import ActorKind
from zhupei.graphql.account_access import grants_told, is_told_all
from zhupei.graphql.connections import PageInfo
from zhupei.graphql.context import GraphContext
from zhupei.graphql.listed_rows import ReadEdge, ReadPage
from zhupei.graphql.sources import Attribute, FieldSource, Reader, declares, field
from zhupei.graphql.types.viewer import Grant
from zhupei.services import accounts
from zhupei.services.account_lists import ACCOUNTS

__all__ = ["Account", "AccountConnection", "AccountEdge", "HeldGrant"]


@declares(accounts.GrantRecord, description="A grant in force, with who gave it (生效的授权).")
class HeldGrant:
    """A grant."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    grant: Grant = field(Attribute(), description="Role and place (授权).")
    granted_by: str = field(
        Attribute(), description="Account that gave it, or `command line` (授权人)."
    )
    granted_at: datetime = field(Attribute(), description="When (授权时间).")


_PLACES = frozenset({"grants", "home_base", "home_jurisdiction"})


@dataclass(frozen=True)
class _Grants(FieldSource):
    """The grants at the places of whoever asks."""

    is_noted: ClassVar[bool] = True

    def reader(self, name: str) -> Reader:
        """Leave out those elsewhere."""

        async def read(account: Any, context: GraphContext, _given: Mapping[str, Any]) -> Any:
            return await grants_told(context, account)

        return read

    def needs(self, name: str) -> frozenset[str]:
        """Return what the places are."""
        return frozenset({"grants"})


@dataclass(frozen=True)
class _OfAll(FieldSource):
    """What is told to whoever reaches all of the account, and is null for others."""

    is_noted: ClassVar[bool] = True

    def reader(self, name: str) -> Reader:
        """Read the attribute, a set in order."""

        async def read(account: Any, context: GraphContext, _given: Mapping[str, Any]) -> Any:
            if not await is_told_all(context, account):
                return None
            value = getattr(account, name)
            return sorted(value) if isinstance(value, frozenset) else value

        return read

    def needs(self, name: str) -> frozenset[str]:
        """Return the attribute, and where the account is."""
        return _PLACES | {name}


@declares(
    accounts.AccountRecord,
    ACCOUNTS.shown,
    description=(
        "An account (账号): of a person or of a program, of our own or of another issuer."
    ),
)
class Account:
    """An account."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    kind: ActorKind = field(Attribute(), description="A person or a program (账号类型).")
    login: str | None = field(
        Attribute(), description="Login (账号名); null for an account of another issuer."
    )
    issuer: str | None = field(
        Attribute(), description="Issuer that vouches for it; null for our own (签发者)."
    )
    name: str | None = field(Attribute(), description="Name to show (名称).")
    scopes: list[str] | None = field(
        _OfAll(),
        description=(
            "Permissions that a program is limited to (权限范围); null for a person, and to whom "
            "not all of its places are within reach."
        ),
    )
    locked_at: datetime | None = field(
        _OfAll(),
        description=(
            "Since when it is locked (锁定时间); null where it is not, and to whom not all of its "
            "places are within reach."
        ),
    )
    created_at: datetime = field(Attribute(), description="When it was made (创建时间).")
    last_signed_in_at: datetime | None = field(
        _OfAll(),
        description=(
            "When it last signed in with a password (最近登录时间); null also to whom not all of "
            "its places are within reach."
        ),
    )
    grants: list[HeldGrant] = field(
        _Grants(), description="Roles in force at the places of whoever asks (授权)."
    )


@declares(ReadEdge, description="One account of a page (分页中的一行).")
class AccountEdge:
    """An edge."""

    cursor: str = field(Attribute(), description="Opaque place of this row (游标).")
    node: Account = field(Attribute(), description="The account (账号).")


@declares(ReadPage, description="One page of accounts (账号列表).")
class AccountConnection:
    """A connection."""

    total_count: int = field(
        Attribute(), description="Number of accounts on all pages together (总数)."
    )
    edges: list[AccountEdge] = field(
        Attribute(), description="The accounts of this page (本页各行)."
    )
    page_info: PageInfo = field(
        Attribute(), description="Where the page lies within the list (分页信息)."
    )
