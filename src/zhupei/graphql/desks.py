"""The desk of an operation: what the use cases of admissions need, for the actor who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from zhupei.domain.actors import Actor
from zhupei.domain.roles import Role
from zhupei.domain.text import Text
from zhupei.graphql.errors import Code, GraphRefusal
from zhupei.services.admissions import Desk
from zhupei.services.applicants import applicant_id_of
from zhupei.services.sending_units import sent_by

if TYPE_CHECKING:
    from zhupei.graphql.context import GraphContext

__all__ = ["account_of", "desk_of", "desk_or_public", "signed_in"]


def signed_in(context: GraphContext) -> None:
    """Refuse the public: UNAUTHENTICATED."""
    if context.actor is None:
        raise GraphRefusal(
            Code.UNAUTHENTICATED, Text("请先登录", "sign in first"), context.language
        )


def account_of(context: GraphContext) -> UUID | None:
    """Return the id of the actor's account; None for the public and for actors of plugins."""
    try:
        return None if context.actor is None else UUID(context.actor.id)
    except ValueError:
        return None


async def _sends(context: GraphContext, account: UUID) -> frozenset[UUID]:
    """Return whom the actor's unit sends; nobody is looked up for actors who are no unit."""
    grants = () if context.actor is None else context.actor.grants
    is_unit = any(grant.role == Role.SENDING_UNIT.value for grant in grants)
    return await sent_by(account) if is_unit else frozenset()


async def desk_of(context: GraphContext) -> Desk:
    """Return the desk of whoever asks, made once in an operation.

    Raises:
        GraphRefusal: UNAUTHENTICATED where nobody is signed in.

    """
    kept = context.kept.get(Desk)
    if isinstance(kept, Desk):
        return kept
    signed_in(context)
    if context.actor is None or context.database is None or context.dispatcher is None:
        raise RuntimeError("admissions need the database and the loaded plugins")
    account = account_of(context)
    desk = Desk(
        database=context.database,
        catalogue=context.catalogue,
        dispatcher=context.dispatcher,
        clock=context.clock,
        actor=context.actor,
        applicant=None if account is None else await applicant_id_of(account),
        sends=frozenset() if account is None else await _sends(context, account),
    )
    context.kept[Desk] = desk
    return desk


async def desk_or_public(context: GraphContext) -> Desk:
    """Return the desk of whoever asks; for the public one that holds no role."""
    if context.actor is not None:
        return await desk_of(context)
    if context.database is None or context.dispatcher is None:
        raise RuntimeError("admissions need the database and the loaded plugins")
    return Desk(
        database=context.database,
        catalogue=context.catalogue,
        dispatcher=context.dispatcher,
        clock=context.clock,
        actor=Actor(id="public"),
    )
