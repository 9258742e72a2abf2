"""Whether somebody may have webhooks at all; what each receives is decided event by event."""

from __future__ import annotations

from zhupei.domain.permissions import PERMISSIONS, Target, grants_with
from zhupei.graphql.context import GraphContext
from zhupei.graphql.permissions import require

__all__ = ["held_somewhere"]


async def held_somewhere(context: GraphContext, permission: str) -> None:
    """Refuse whoever holds a permission nowhere.

    Raises:
        GraphRefusal: UNAUTHENTICATED or FORBIDDEN.

    """
    held = (
        () if context.actor is None else grants_with(PERMISSIONS[permission], context.actor.grants)
    )
    places = [Target(base=each.base, jurisdiction=each.jurisdiction) for each in held]
    await require(context, permission, (Target(), *places))
