"""Registers beside the applications: increases, objections, invitations, freezes, seats.

Each asks only for what the actor may see, the newest first, with some attributes or, for None, all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tortoise import connections

from zhupei.db.reading import Condition, Order, PageQuery, among, any_of
from zhupei.db.tables import RowSource
from zhupei.domain.admission_case import (
    InvitationState,
    PlanIncreaseState,
)
from zhupei.domain.training import Opening
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.register_rows import (
    INVITATIONS,
    OBJECTIONS,
    PLAN_INCREASES,
    ROUND_FREEZES,
)
from zhupei.services.admissions.searching import seen_among, seen_by
from zhupei.services.admissions.situations import permitted_for, specialty_of
from zhupei.services.seats import quotas_of, root_program, usage_of

__all__ = [
    "QuotaUsage",
    "freeze_query",
    "invitation_query",
    "objection_query",
    "plan_increase_query",
    "seats_of",
]


async def plan_increase_query(
    desk: Desk,
    names: Iterable[str] | None,
    *,
    opening: str | None = None,
    states: Collection[PlanIncreaseState] | None = None,
) -> PageQuery:
    """Ask for requests for more seats, for those who ask for them and those who decide."""
    reach = {
        *(await seen_by(desk, "plans.request")).bases,
        *(await seen_by(desk, "plans.approve")).bases,
    }
    return _newest(
        PLAN_INCREASES,
        names,
        among("n.base_code", sorted(reach), "text"),
        *_equal(("n.opening_code", opening)),
        *_states("n.state", states),
    )


async def objection_query(
    desk: Desk,
    names: Iterable[str] | None,
    *,
    program: str | None = None,
    round_code: str | None = None,
    is_open: bool | None = None,
) -> PageQuery:
    """Ask for objections, for those who decide on them, and one's own."""
    reach = await seen_by(desk, "objections.decide")
    query = _newest(
        OBJECTIONS,
        names,
        any_of(
            [
                among("l.base_code", reach.bases, "text"),
                Condition("o.filed_by = ?", (desk.actor.id,)),
            ]
        ),
        *_equal(("l.program_code", program), ("l.round_code", round_code)),
        *_is_null("o.upheld", is_open),
    )
    query.joins = "JOIN publicity l ON l.id = o.publicity_id "
    return query


async def invitation_query(
    desk: Desk,
    names: Iterable[str] | None,
    *,
    opening: str | None = None,
    round_code: str | None = None,
    states: Collection[InvitationState] | None = None,
) -> PageQuery:
    """Ask for invitations: those of the actor's bases, and one's own."""
    seen = await seen_by(desk)
    return _newest(
        INVITATIONS,
        names,
        seen_among(seen, base="i.base_code", opening="i.opening_code", person="i.applicant_id"),
        *_equal(("i.opening_code", opening), ("i.round_code", round_code)),
        *_states("i.state", states),
    )


def freeze_query(
    desk: Desk,
    names: Iterable[str] | None,
    *,
    program: str | None = None,
    holds: bool | None = None,
) -> PageQuery:
    """Ask for freezes of rounds; everybody who is signed in may know of them."""
    root = program
    if program is not None and program in desk.catalogue.programs:
        root = root_program(desk.catalogue, desk.catalogue.programs[program]).code
    return _newest(
        ROUND_FREEZES,
        names,
        *_equal(("f.root_program_code", root)),
        *_is_null("f.lifted_at", holds),
    )


def _newest(source: RowSource, names: Iterable[str] | None, *conditions: Condition) -> PageQuery:
    order = Order(source.sql_of("id"), descending=True)
    return PageQuery(source=source, conditions=conditions, order=order, view=source.view(names))


def _equal(*wanted: tuple[str, str | None]) -> Iterator[Condition]:
    for expression, value in wanted:
        if value is not None:
            yield Condition(f"{expression} = ?", (value,))


def _states(expression: str, states: Collection[StrEnum] | None) -> Iterator[Condition]:
    if states is not None:
        yield among(expression, [state.value for state in states], "text")


def _is_null(expression: str, holds: bool | None) -> Iterator[Condition]:
    if holds is not None:
        yield Condition(f"{expression} IS {'' if holds else 'NOT '}NULL")


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
