"""The desk of an operation: what the use cases of admissions need, for the actor who asks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

from zhupei.domain.actors import Actor
from zhupei.domain.roles import Role, RoleReach
from zhupei.domain.text import Text
from zhupei.graphql.errors import Code, GraphRefusal
from zhupei.services.admissions import Desk
from zhupei.services.applicants import applicant_id_of
from zhupei.services.permissions import FORBIDDEN
from zhupei.services.sending_units import sent_by

if TYPE_CHECKING:
    from zhupei.graphql.context import GraphContext

__all__ = ["account_of", "desk_of", "desk_or_public", "only_applicants", "signed_in"]


def signed_in(context: GraphContext) -> None:
    """Refuse the public: UNAUTHENTICATED."""
    if context.actor is None:
        raise GraphRefusal(
            Code.UNAUTHENTICATED, Text("请先登录", "sign in first"), context.language
        )


def only_applicants(context: GraphContext) -> None:
    """Refuse accounts that do not apply: FORBIDDEN.

    What makes an account that of a person is for people: a unit that entered somebody, and gave
    the code out itself, must not become them.
    """
    grants = () if context.actor is None else context.actor.grants
    if not any(grant.role == Role.APPLICANT.value for grant in grants):
        raise GraphRefusal(Code.FORBIDDEN, FORBIDDEN.message, context.language)


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
    actor = context.actor
    nothing = actor is None or _owns_nothing(actor)
    account = None if nothing else account_of(context)
    if account is None:
        desk = context.kept[Desk] = _desk(context, None, frozenset())
        return desk
    # Several fields ask at the same time: one of them looks, and the others wait for it.
    looking = context.kept.get(_LOOKING)
    if looking is None:
        looking = context.kept[_LOOKING] = asyncio.ensure_future(_own_desk(context, account))
    found: Desk = await asyncio.shield(looking)
    return found


_LOOKING = "zhupei.desk"


async def _own_desk(context: GraphContext, account: UUID) -> Desk:
    """Return the desk of somebody to whom something may belong."""
    try:
        applicant, sends = await applicant_id_of(account), await _sends(context, account)
        desk = context.kept[Desk] = _desk(context, applicant, sends)
    finally:
        # What failed is looked for again, by whoever asks later.
        context.kept.pop(_LOOKING, None)
    return desk


def _owns_nothing(actor: Actor) -> bool:
    """Return whether an actor has roles, and none that reaches what belongs to the account."""
    return bool(actor.grants) and _OWN_ROLES.isdisjoint(grant.role for grant in actor.grants)


_OWN_ROLES = frozenset(role.value for role in Role if role.reach is RoleReach.OWN)


def _desk(context: GraphContext, applicant: UUID | None, sends: frozenset[UUID]) -> Desk:
    if context.actor is None or context.database is None or context.dispatcher is None:
        raise RuntimeError("admissions need the database and the loaded plugins")
    return Desk(
        database=context.database,
        catalogue=context.catalogue,
        dispatcher=context.dispatcher,
        clock=context.clock,
        actor=context.actor,
        applicant=applicant,
        sends=sends,
    )


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
