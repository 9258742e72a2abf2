"""Overviews of many applications at once, each in a number of statements that is always the same.

They take cases that the actor may see, and answer by the ids of these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise import connections

from zhupei.db.reading import Condition, among, read_rows
from zhupei.db.tables import RowView
from zhupei.domain.admission_case import AdmissionCase, AllowedAction, RankedApplication, Way
from zhupei.domain.admission_process import EXITS, SEAT_STATES, Channel, path_of
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.merit import COMPETING, RANKED, ranked_cases
from zhupei.services.admissions.questions import actions_in, way_from
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.register_rows import PROPOSED_LISTS, ROUND_FREEZES
from zhupei.services.admissions.row_sources import APPLICATIONS, TRANSITIONS
from zhupei.services.admissions.situations import (
    Situation,
    permitted_for,
    specialty_of,
    surroundings,
)
from zhupei.services.admissions.standing import read_surroundings
from zhupei.services.seats import SeatQuota, opening_scope, quotas_of, usage_of

__all__ = [
    "READ_BY_ACTIONS",
    "READ_BY_STANDINGS",
    "READ_BY_WAYS",
    "Standing",
    "actions_of",
    "standings_of",
    "ways_of",
]

READ_BY_WAYS = frozenset({"channel", "id", "opening", "publicity", "report_by", "round", "state"})
"""What `ways_of` looks at of an application."""

READ_BY_ACTIONS = frozenset(
    {
        *("applicant", "base", "channel", "completed_steps", "direction", "id", "invitation"),
        *("opening", "publicity", "report_by", "root_program", "round", "state"),
        *("trainee_type", "transferred_from"),
    }
)
"""What `actions_of` looks at of an application."""

READ_BY_STANDINGS = frozenset(
    {
        *("applicant", "base", "channel", "direction", "id", "opening", "program", "round"),
        "state",
    }
)
"""What `standings_of` looks at of an application."""

_STATES_REACHED = frozenset({"application", "at", "from_state", "to_state"})
_IN_ROUNDS = "(a.opening_code, a.round_code) IN (SELECT * FROM unnest(?::text[], ?::text[]))"
_GROUPED = RANKED | {"direction", "opening", "round"}


async def ways_of(desk: Desk, cases: Sequence[AdmissionCase]) -> Mapping[UUID, Way]:
    """Return the way of each application; none for one whose opening left the catalogue."""
    records: dict[UUID, list[RowView]] = {}
    with desk.database.use():
        of_these = among("r.application_id", tuple(case.id for case in cases), "uuid")
        is_over = any(case.state in EXITS for case in cases)
        names = _STATES_REACHED | {"reason"} if is_over else _STATES_REACHED
        for row in await read_rows(TRANSITIONS, names, of_these, "application", "revision"):
            records.setdefault(row.application, []).append(row)
        ends = await _ends_of({case.publicity for case in cases if case.publicity is not None})
    return {
        at.case.id: way_from(
            at,
            records.get(at.case.id, ()),
            None if at.case.publicity is None else ends.get(at.case.publicity),
        )
        for at in _situations(desk, cases)
    }


async def _ends_of(publicities: Collection[UUID]) -> Mapping[UUID, datetime]:
    """Return when the publicity of lists ends."""
    if not publicities:
        return {}
    named = among("l.id", tuple(publicities), "uuid")
    rows = await read_rows(PROPOSED_LISTS, frozenset({"ends_at", "id"}), named)
    return {row.id: row.ends_at for row in rows}


async def actions_of(
    desk: Desk, cases: Sequence[AdmissionCase]
) -> Mapping[UUID, tuple[AllowedAction, ...]]:
    """Return what the actor may do with each application now, and what stands against the rest."""
    with desk.database.use():
        roots = tuple({case.root_program for case in cases})
        holds = Condition("f.root_program_code = ANY(?::text[]) AND f.lifted_at IS NULL", (roots,))
        rows = await read_rows(ROUND_FREEZES, frozenset({"root_program", "round"}), holds)
        frozen = {(row.root_program, row.round) for row in rows}
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
    programs = tuple({case.program for case in cases})
    if not programs:
        return set()
    stands = Condition("l.program_code = ANY(?::text[]) AND l.withdrawn_at IS NULL", (programs,))
    rows = await read_rows(PROPOSED_LISTS, frozenset({"program", "round"}), stands)
    return {(row.program, row.round or "") for row in rows}


async def _may_know(desk: Desk, case: AdmissionCase, published: set[tuple[str, str]]) -> bool:
    if desk.applicant == case.applicant and (case.program, case.round or "") in published:
        return True
    specialty = specialty_of(case.opening)
    return await permitted_for(desk, "scores.read", base=case.base, specialty=specialty) is None


async def _groups(cases: Sequence[AdmissionCase]) -> Mapping[_Group, list[RowView]]:
    """Return everybody who competes with these, by opening, round and direction."""
    wanted = {(case.opening, case.round or "", case.direction) for case in cases}
    openings, rounds = zip(*sorted({(opening, code) for opening, code, _ in wanted}), strict=True)
    competing = Condition(
        f"{_IN_ROUNDS} AND {COMPETING.text}",
        (openings, rounds, *COMPETING.values),
    )
    found: dict[_Group, list[RowView]] = {}
    for row in await read_rows(APPLICATIONS, _GROUPED, competing, "id"):
        group = (row.opening, row.round or "", row.direction)
        if group in wanted:
            found.setdefault(group, []).append(row)
    return found


def _own_quota(desk: Desk, opening: str) -> list[SeatQuota]:
    entry = desk.catalogue.openings.get(opening)
    if entry is None:
        return []
    quotas = quotas_of(desk.catalogue, entry, None, None)
    if isinstance(quotas, Refusal):
        return []
    return [quota for quota in quotas if quota.scope == opening_scope(opening)]
