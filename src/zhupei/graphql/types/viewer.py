"""Who asks, with roles and permissions."""

from typing import Any

import strawberry

from zhupei.domain import actors
from zhupei.domain.actors import ActorKind
from zhupei.domain.roles import Role
from zhupei.graphql.listed_applications import ListedApplications
from zhupei.graphql.sources import Attribute, GraphInfo, OfRows, One, declares, field
from zhupei.graphql.types.application_lists import ApplicationConnection
from zhupei.graphql.types.references import BaseRef, JurisdictionRef
from zhupei.services.permissions import permissions_of

__all__ = ["Grant", "Viewer"]


def _label(root: strawberry.Parent[actors.Grant], info: GraphInfo) -> str:
    known = root.role in set(Role)
    return Role(root.role).label.get(info.context.language) if known else root.role


@declares(
    actors.Grant,
    description=(
        "A role and where it is held (授权): for a base, for a jurisdiction with the bases below "
        "it, or, without either, for the nation or for what belongs to the account itself."
    ),
)
class Grant:
    """A grant."""

    role: str = field(
        Attribute(), description="Code of the role, such as `base_office` (角色代码)."
    )
    label: str = field(OfRows(_label), description="Name of the role (角色名称).")
    base: BaseRef | None = field(One("bases"), description="The base that it is for (培训基地).")
    specialty: str | None = field(
        Attribute(),
        description=(
            "Code of the one specialty of the base that it is limited to (限定专业); null for "
            "the whole base."
        ),
    )
    jurisdiction: JurisdictionRef | None = field(
        One("jurisdictions"), description="The jurisdiction that it is for (辖区)."
    )


def _grants(root: strawberry.Parent[actors.Actor]) -> list[Grant]:
    found: Any = sorted(
        root.grants,
        key=lambda each: (
            each.role,
            each.base or "",
            each.jurisdiction or "",
            each.specialty or "",
        ),
    )
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


def _permissions(root: strawberry.Parent[actors.Actor], info: GraphInfo) -> list[str]:
    dispatcher = info.context.dispatcher
    return [] if dispatcher is None else list(permissions_of(root, dispatcher.host))


def _scopes(root: strawberry.Parent[actors.Actor]) -> list[str] | None:
    return None if root.scopes is None else sorted(root.scopes)


@declares(actors.Actor, description="Who asks: an account, signed in by a token (当前用户).")
class Viewer:
    """The actor of the request."""

    account_id: strawberry.ID = field(
        Attribute("id"), description="Identifier of the account, for support and audit (账号标识)."
    )
    id: str = field(
        Attribute(),
        description="The same as `accountId` (账号标识).",
        deprecation_reason=(
            "use `accountId`: clients' caches take an `id` for unique in the whole graph; "
            "removed in 2.0"
        ),
    )
    kind: ActorKind = field(Attribute(), description="A person or a program (账号类型).")
    name: str | None = field(Attribute(), description="Name to show, where one is known (名称).")
    grants: list[Grant] = field(
        OfRows(_grants), description="Roles, and where they are held (角色)."
    )
    permissions: list[str] = field(
        OfRows(_permissions),
        description=(
            "Permissions that the roles hold somewhere (权限); whether one holds for a base "
            "depends on the grants, and a plugin may still refuse."
        ),
    )
    applications: ApplicationConnection | None = field(
        ListedApplications(own=True),
        description="One's own applications (我的报名); null for an account that is no applicant.",
    )
    scopes: list[str] | None = field(
        OfRows(_scopes),
        description="Permissions that the token is limited to (权限范围); null without limit.",
    )
