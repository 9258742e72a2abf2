"""Overviews of many applications at once, each in a number of statements that is always the same.

They take cases that the actor may see, and answer by the ids of these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from tortoise import connections
from tortoise.expressions import Q

from zhupei.db.models import (
    ApplicationRow,
    PublicityRow,
    RoundFreezeRow,
    TransitionRow,
)
from zhupei.domain.admission_case import (
    AdmissionCase,
    AllowedAction,
    ProposedList,
    RankedApplication,
    Timeline,
    TransitionRecord,
)
from zhupei.domain.admission_process import EXITS, SEAT_STATES, Channel, path_of
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.merit import ranked_cases
from zhupei.services.admissions.questions import actions_in, timeline_from
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.situations import (
    Situation,
    permitted_for,
    specialty_of,
    surroundings,
)
from zhupei.services.admissions.standing import read_surroundings
from zhupei.services.admissions.store import cases_of, record_of
from zhupei.services.seats import SeatQuota, opening_scope, quotas_of, usage_of

__all__ = [
    "Standing",
    "actions_of",
    "lists_of",
    "records_of",
    "standings_of",
    "timelines_of",
]


async def records_of(
    desk: Desk, applications: Collection[UUID]
) -> Mapping[UUID, tuple[TransitionRecord, ...]]:
    """Return the records of applications, each in its order."""
    with desk.database.use():
        rows = await TransitionRow.filter(application_id__in=list(applications)).order_by(
            "application_id", "revision"
        )
    found: dict[UUID, tuple[TransitionRecord, ...]] = {}
    for row in rows:
        record = record_of(row)
        found[record.application] = (*found.get(record.application, ()), record)
    return found


async def lists_of(desk: Desk, publicities: Collection[UUID]) -> Mapping[UUID, ProposedList]:
    """Return published lists, without the applications on them."""
    with desk.database.use():
        rows = await PublicityRow.filter(id__in=list(publicities))
    return {
        row.id: ProposedList(
            id=row.id,
            program=row.program_code,
            base=row.base_code,
            round=row.round_code or None,
            published_at=row.published_at,
            ends_on=row.ends_on,
            ends_at=row.ends_at,
            working_days=row.working_days,
            counts_first_day=row.counts_first_day,
            applications=(),
        )
        for row in rows
    }


async def timelines_of(desk: Desk, cases: Sequence[AdmissionCase]) -> Mapping[UUID, Timeline]:
    """Return the way of each application; none for one whose opening left the catalogue."""
    records = await records_of(desk, [case.id for case in cases])
    lists = await lists_of(desk, {case.publicity for case in cases if case.publicity is not None})
    found = {}
    for at in _situations(desk, cases):
        listed = None if at.case.publicity is None else lists.get(at.case.publicity)
        ends_at = None if listed is None else listed.ends_at
        found[at.case.id] = timeline_from(at, records.get(at.case.id, ()), ends_at)
    return found


async def actions_of(
    desk: Desk, cases: Sequence[AdmissionCase]
) -> Mapping[UUID, tuple[AllowedAction, ...]]:
    """Return what the actor may do with each application now, and what stands against the rest."""
    with desk.database.use():
        rows = await RoundFreezeRow.filter(
            root_program_code__in=list({case.root_program for case in cases}), lifted_at=None
        )
        frozen = {(row.root_program_code, row.round_code) for row in rows}
        found = {}
        situations = _situations(desk, cases)
        known = await read_surroundings(desk, situations)
        for at in situations:
            is_frozen = (at.case.root_program, at.case.round or "") in frozen
            found[at.case.id] = await actions_in(desk, at, known, is_frozen=is_frozen)
        return found


def _situations(desk: Desk, cases: Iterable[AdmissionCase]) -> list[Situation]:
    found = (surroundings(desk, case) for case in cases)
    return [at for at in found if not isinstance(at, Refusal)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A place in the ranking of an opening and round, out of ``ranked``.

    ``reserve_place`` counts those without a seat, best first, None for who holds one. ``seats``
    are those of the opening with approved increases, None where they are not published.
    """

    rank: int
    ranked: int
    reserve_place: int | None
    seats: int | None
    seats_left: int | None


_Group = tuple[str, str, str | None]


async def standings_of(desk: Desk, cases: Sequence[AdmissionCase]) -> Mapping[UUID, Standing]:
    """Return where applications stand in their rankings, for those who may know.

    The person knows after the list of the program and round was published; staff who read scores
    always do.
    """
    batch = [case for case in cases if case.channel is Channel.BATCH and case.state not in EXITS]
    with desk.database.use():
        known = await _published(batch)
        asked = [case for case in batch if await _may_know(desk, case, known)]
        if not asked:
            return {}
        groups = await _groups(asked)
        usage = await usage_of(
            connections.get("default"),
            [
                quota
                for opening in sorted({case.opening for case in asked})
                for quota in _own_quota(desk, opening)
            ],
        )
    found = {}
    for (opening, round_code, _), members in groups.items():
        entry = desk.catalogue.openings.get(opening)
        if entry is None:
            continue
        program = desk.catalogue.program_of(entry)
        places = ranked_cases(program, path_of(program, round_code or None), members)
        if isinstance(places, Refusal):
            continue
        held = usage.get(opening_scope(opening))
        found.update(_standings(places, None if held is None else (held.seats, held.left)))
    return {case.id: found[case.id] for case in asked if case.id in found}


def _standings(
    places: Sequence[RankedApplication], seats: tuple[int, int] | None
) -> dict[UUID, Standing]:
    found, waiting = {}, 0
    for each in places:
        holds = each.state in SEAT_STATES
        waiting += not holds
        found[each.application] = Standing(
            rank=each.rank.place,
            ranked=len(places),
            reserve_place=None if holds else waiting,
            seats=None if seats is None else seats[0],
            seats_left=None if seats is None else seats[1],
        )
    return found


async def _published(cases: Sequence[AdmissionCase]) -> set[tuple[str, str]]:
    rows = await PublicityRow.filter(
        program_code__in=list({case.program for case in cases}), withdrawn_at=None
    )
    return {(row.program_code, row.round_code) for row in rows}


async def _may_know(desk: Desk, case: AdmissionCase, published: set[tuple[str, str]]) -> bool:
    if desk.applicant == case.applicant and (case.program, case.round or "") in published:
        return True
    specialty = specialty_of(case.opening)
    return await permitted_for(desk, "scores.read", base=case.base, specialty=specialty) is None


async def _groups(cases: Sequence[AdmissionCase]) -> Mapping[_Group, list[AdmissionCase]]:
    """Return everybody who competes with these, by opening, round and direction."""
    wanted = {(case.opening, case.round or "", case.direction) for case in cases}
    competing = Q()
    for opening, round_code in sorted({(opening, code) for opening, code, _ in wanted}):
        competing |= Q(opening_code=opening, round_code=round_code)
    rows = await ApplicationRow.filter(competing).exclude(
        state__in=[state.value for state in EXITS]
    )
    found: dict[_Group, list[AdmissionCase]] = {}
    for case in await cases_of(rows):
        group = (case.opening, case.round or "", case.direction)
        if group in wanted:
            found.setdefault(group, []).append(case)
    return found


def _own_quota(desk: Desk, opening: str) -> list[SeatQuota]:
    entry = desk.catalogue.openings.get(opening)
    if entry is None:
        return []
    quotas = quotas_of(desk.catalogue, entry, None, None)
    if isinstance(quotas, Refusal):
        return []
    return [quota for quota in quotas if quota.scope == opening_scope(opening)]
