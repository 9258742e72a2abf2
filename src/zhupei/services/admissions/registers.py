"""Registers beside the applications: increases, objections, invitations, freezes, bulk steps.

Each answers only what the actor may see, the newest first, at most ``first`` entries.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import connections
from tortoise.expressions import Q

from zhupei.db.models import (
    BulkOperationRow,
    InvitationRow,
    ObjectionRow,
    PlanIncreaseRow,
    RoundFreezeRow,
)
from zhupei.domain.admission_case import (
    AdmissionCase,
    BulkOutcome,
    Effect,
    Invitation,
    InvitationState,
    Objection,
    PlanIncrease,
    PlanIncreaseState,
    ProposedList,
    RoundFreeze,
)
from zhupei.domain.admission_process import Action
from zhupei.domain.plain_values import restored
from zhupei.domain.training import Opening
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.invitations import invitation_of
from zhupei.services.admissions.objections import objection_of
from zhupei.services.admissions.plans import freeze_of, plan_increase_of
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.searching import seen_by
from zhupei.services.admissions.situations import permitted_for, specialty_of
from zhupei.services.seats import quotas_of, root_program, usage_of

__all__ = [
    "KeptOutcome",
    "QuotaUsage",
    "bulk_operation_of",
    "freezes_of",
    "invitations_of",
    "objections_of",
    "plan_increases_of",
    "seats_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOutcome:
    """A bulk step that was carried out, as it is on record."""

    action: Action
    dry_run: bool
    effects: tuple[Effect, ...]
    operation: UUID | None
    publicity: ProposedList | None
    reverted_at: datetime | None


async def plan_increases_of(
    desk: Desk,
    *,
    first: int,
    bases: Collection[str] = (),
    opening: str | None = None,
    states: Collection[PlanIncreaseState] = (),
) -> tuple[PlanIncrease, ...]:
    """Return requests for more seats, for those who ask for them and those who decide."""
    with desk.database.use():
        reach = {
            *(await seen_by(desk, "plans.request")).bases,
            *(await seen_by(desk, "plans.approve")).bases,
        }
        query = PlanIncreaseRow.filter(base_code__in=sorted(reach & set(bases or reach)))
        if opening is not None:
            query = query.filter(opening_code=opening)
        if states:
            query = query.filter(state__in=[state.value for state in states])
        return tuple(plan_increase_of(row) for row in await query.order_by("-id").limit(first))


async def objections_of(
    desk: Desk,
    *,
    first: int,
    program: str | None = None,
    round_code: str | None = None,
    is_open: bool | None = None,
) -> tuple[Objection, ...]:
    """Return objections, for those who decide on them, and one's own."""
    with desk.database.use():
        reach = await seen_by(desk, "objections.decide")
        query = ObjectionRow.filter(
            Q(publicity__base_code__in=list(reach.bases)) | Q(filed_by=desk.actor.id)
        )
        if program is not None:
            query = query.filter(publicity__program_code=program)
        if round_code is not None:
            query = query.filter(publicity__round_code=round_code)
        if is_open is not None:
            query = query.filter(upheld__isnull=is_open)
        return tuple(objection_of(row) for row in await query.order_by("-id").limit(first))


async def invitations_of(
    desk: Desk,
    *,
    first: int,
    opening: str | None = None,
    round_code: str | None = None,
    states: Collection[InvitationState] = (),
) -> tuple[Invitation, ...]:
    """Return invitations: those of the actor's bases, and one's own."""
    with desk.database.use():
        reach = await seen_by(desk)
        query = InvitationRow.filter(
            Q(base_code__in=list(reach.bases))
            | Q(opening_code__in=list(reach.openings))
            | Q(applicant_id__in=list(reach.applicants))
        )
        if opening is not None:
            query = query.filter(opening_code=opening)
        if round_code is not None:
            query = query.filter(round_code=round_code)
        if states:
            query = query.filter(state__in=[state.value for state in states])
        return tuple(invitation_of(row) for row in await query.order_by("-id").limit(first))


async def freezes_of(
    desk: Desk, *, first: int, program: str | None = None, holds: bool | None = None
) -> tuple[RoundFreeze, ...]:
    """Return freezes of rounds; everybody who is signed in may know of them."""
    with desk.database.use():
        query = RoundFreezeRow.all()
        if program is not None:
            found = desk.catalogue.programs.get(program)
            root = program if found is None else root_program(desk.catalogue, found).code
            query = query.filter(root_program_code=root)
        if holds is not None:
            query = query.filter(lifted_at__isnull=holds)
        return tuple(freeze_of(row) for row in await query.order_by("-id").limit(first))


async def bulk_operation_of(desk: Desk, operation: UUID) -> KeptOutcome | None:
    """Return a bulk step, for whoever did it and for those who may take it back."""
    with desk.database.use():
        row = await BulkOperationRow.get_or_none(id=operation)
        if row is None:
            return None
        details: Mapping[str, Any] = row.details
        if row.actor != desk.actor.id:
            before = (
                restored(AdmissionCase, value)
                for value in details["before"].values()
                if value is not None
            )
            for base in sorted({case.base for case in before}):
                if await permitted_for(desk, "rounds.manage", base=base) is not None:
                    return None
        outcome = restored(BulkOutcome, details["outcome"])
        return KeptOutcome(
            action=Action(row.action),
            dry_run=False,
            effects=outcome.effects,
            operation=row.id,
            publicity=outcome.publicity,
            reverted_at=row.reverted_at,
        )


@dataclass(frozen=True, slots=True)
class QuotaUsage:
    """How one quota stands: what it limits, its seats with increases, and the seats held."""

    scope: str
    seats: int
    taken: int
    left: int


async def seats_of(
    desk: Desk, opening: Opening, round_code: str | None, direction: str | None
) -> tuple[QuotaUsage, ...] | Refusal:
    """Return how every quota around an opening stands, for those who read its statistics."""
    with desk.database.use():
        against = await permitted_for(
            desk, "statistics.read", base=opening.base, specialty=specialty_of(opening.code)
        )
        if against is not None:
            return against
        quotas = quotas_of(desk.catalogue, opening, round_code, direction)
        if isinstance(quotas, Refusal):
            return quotas
        usage = await usage_of(connections.get("default"), quotas)
        found = ((quota.scope, usage[quota.scope]) for quota in quotas)
        return tuple(QuotaUsage(scope, used.seats, used.taken, used.left) for scope, used in found)
