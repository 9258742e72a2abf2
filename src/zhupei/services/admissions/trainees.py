"""Questions about trainees: who may be seen, page by page, with what they were and will be paid."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import connections

from zhupei.db.models import TraineeRow
from zhupei.domain.benefits import BenefitEstimate
from zhupei.domain.people import TraineeType
from zhupei.domain.registrations import (
    Registration,
    TraineePayment,
    TraineeState,
    training_year,
)
from zhupei.domain.trainees import Month, Trainee
from zhupei.domain.training import ProgramKind
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.payments import payments_of
from zhupei.services.admissions.searching import Place, seen_by
from zhupei.services.admissions.training_rows import registration_of
from zhupei.services.benefits import estimate

__all__ = [
    "READ_REGISTRATIONS",
    "TraineeOrder",
    "TraineeSearch",
    "count_trainees",
    "ledgers_of",
    "pay_of",
    "place_of",
    "search_trainees",
    "trainee_of",
    "trainees_of_applications",
]

READ_REGISTRATIONS = "registrations.read"
_LONGEST_YEAR = 10


class TraineeOrder(StrEnum):
    """What trainees are ordered by; equal ones, and unknown ones, by their registration."""

    REGISTERED = "REGISTERED"
    STARTED = "STARTED"
    ENDS = "ENDS"
    OPENING = "OPENING"


_COLUMNS = {
    TraineeOrder.REGISTERED: "t.id",
    TraineeOrder.STARTED: "to_char(t.started_on, 'YYYY-MM-DD')",
    TraineeOrder.ENDS: "to_char(t.ends_on, 'YYYY-MM-DD')",
    TraineeOrder.OPENING: "t.opening_code",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TraineeSearch:
    """Which trainees are asked for; an empty collection and None do not limit.

    ``programs`` include those below them. ``registered`` limits to the registration list (R156):
    residents, without those whose admission was cancelled.
    """

    ids: Collection[UUID] | None = None
    applicant: UUID | None = None
    bases: Collection[str] = ()
    programs: Collection[str] = ()
    openings: Collection[str] = ()
    specialties: Collection[str] = ()
    years: Collection[int] = ()
    trainee_types: Collection[TraineeType] = ()
    states: Collection[TraineeState] = ()
    registered: bool = False
    order: TraineeOrder = TraineeOrder.REGISTERED
    descending: bool = False


async def trainee_of(desk: Desk, trainee: UUID) -> Registration | None:
    """Return a trainee, None where there is none or the actor may not see them."""
    found = await search_trainees(desk, TraineeSearch(ids=(trainee,)), first=1)
    return found[0] if found else None


async def trainees_of_applications(
    desk: Desk, applications: Collection[UUID]
) -> Mapping[UUID, Registration]:
    """Return the trainees that applications became, as far as the actor may see them."""
    with desk.database.use():
        rows = await TraineeRow.filter(application_id__in=list(applications)).values_list(
            "id", flat=True
        )
    ids = tuple(UUID(str(each)) for each in rows)
    found = await search_trainees(desk, TraineeSearch(ids=ids), first=len(ids))
    return {each.application: each for each in found}


async def search_trainees(
    desk: Desk,
    search: TraineeSearch,
    *,
    first: int,
    after: Place | None = None,
    backwards: bool = False,
) -> list[Registration]:
    """Return the ``first`` trainees in the order asked for that come ``after`` a place.

    ``backwards`` returns the last ones before that place, or of all; still in the order.
    """
    with desk.database.use():
        where, values = await _where(desk, search)
        beyond = _beyond(search, after, values, backwards=backwards)
        column = _COLUMNS[search.order]
        turn = "ASC" if search.descending is backwards else "DESC"
        nulls = "FIRST" if backwards else "LAST"
        by_id = "DESC" if backwards else "ASC"
        order = f"{column} {turn} NULLS {nulls}, t.id {by_id}"
        if search.order is TraineeOrder.REGISTERED:
            order = f"t.id {turn}"
        values.append(first)
        rows = await connections.get("default").execute_query_dict(
            # Made of constants and numbered places; what was asked for is in the values.
            f"SELECT t.id FROM trainee t WHERE {where}{beyond} ORDER BY {order} "  # noqa: S608
            f"LIMIT ${len(values)}",
            values,
        )
        ids = [row["id"] for row in rows]
        found = {row.id: row for row in await TraineeRow.filter(id__in=ids)}
    trainees = [registration_of(found[each]) for each in ids if each in found]
    return trainees[::-1] if backwards else trainees


async def count_trainees(desk: Desk, search: TraineeSearch) -> int:
    """Return how many trainees are asked for."""
    with desk.database.use():
        where, values = await _where(desk, search)
        (row,) = await connections.get("default").execute_query_dict(
            f"SELECT count(*) AS number FROM trainee t WHERE {where}",  # noqa: S608 - as above
            values,
        )
        return int(row["number"])


def place_of(search: TraineeSearch, trainee: Registration) -> Place:
    """Return the place of a trainee in the order of a search."""
    ends = trainee.ends_on
    value = {
        TraineeOrder.REGISTERED: None,
        TraineeOrder.STARTED: trainee.started_on.isoformat(),
        TraineeOrder.ENDS: None if ends is None else ends.isoformat(),
        TraineeOrder.OPENING: trainee.opening,
    }[search.order]
    return Place(value=value, id=trainee.id)


async def _where(desk: Desk, search: TraineeSearch) -> tuple[str, list[Any]]:
    seen = await seen_by(desk, READ_REGISTRATIONS)
    values: list[Any] = [list(seen.bases), list(seen.openings), list(seen.applicants)]
    reach = (
        "(t.base_code = ANY($1::text[]) OR t.opening_code = ANY($2::text[]) "
        "OR t.applicant_id = ANY($3::uuid[]))"
    )
    conditions = [reach]
    programs = _with_below(desk, search.programs)
    residencies = [
        code
        for code, program in desk.catalogue.programs.items()
        if program.kind is ProgramKind.RESIDENCY
    ]
    for condition, value in (
        ("t.id = ANY(?::uuid[])", None if search.ids is None else list(search.ids)),
        ("t.applicant_id = ?", search.applicant),
        ("t.base_code = ANY(?::text[])", list(search.bases) or None),
        ("t.program_code = ANY(?::text[])", programs),
        ("t.opening_code = ANY(?::text[])", list(search.openings) or None),
        ("t.specialty_code = ANY(?::text[])", list(search.specialties) or None),
        ("t.year = ANY(?::int[])", list(search.years) or None),
        (
            "t.trainee_type = ANY(?::text[])",
            [each.value for each in search.trainee_types] or None,
        ),
        ("t.state = ANY(?::text[])", [each.value for each in search.states] or None),
        ("t.state <> ?", TraineeState.CANCELLED.value if search.registered else None),
        ("t.program_code = ANY(?::text[])", residencies if search.registered else None),
    ):
        if value is not None:
            values.append(value)
            conditions.append(condition.replace("?", f"${len(values)}", 1))
    return " AND ".join(conditions), values


def _beyond(
    search: TraineeSearch, place: Place | None, values: list[Any], *, backwards: bool
) -> str:
    """Return the condition of lying on one side of a place; its values are appended."""
    if place is None:
        return ""
    column = _COLUMNS[search.order]
    up = search.descending is backwards
    values.append(place.id)
    by_id = f"t.id {'<' if backwards else '>'} ${len(values)}"
    if search.order is TraineeOrder.REGISTERED:
        return f" AND t.id {'>' if up else '<'} ${len(values)}"
    if place.value is None:
        known = f"{column} IS NOT NULL OR " if backwards else ""
        return f" AND ({known}({column} IS NULL AND {by_id}))"
    values.append(str(place.value))
    at = f"${len(values)}"
    unknown = "" if backwards else f" OR {column} IS NULL"
    return f" AND ({column} {'>' if up else '<'} {at} OR ({column} = {at} AND {by_id}){unknown})"


def _with_below(desk: Desk, programs: Collection[str]) -> list[str] | None:
    if not programs:
        return None
    wanted = set(programs)
    for code, program in desk.catalogue.programs.items():
        above = program
        while above.parent is not None and above.parent in desk.catalogue.programs:
            above = desk.catalogue.programs[above.parent]
            if above.code in programs:
                wanted.add(code)
    return sorted(wanted)


async def ledgers_of(
    desk: Desk, trainees: Sequence[Registration]
) -> Mapping[UUID, tuple[TraineePayment, ...]]:
    """Return what trainees were paid by month; callers ask for the permission of each."""
    with desk.database.use():
        return await payments_of([each.id for each in trainees])


async def pay_of(desk: Desk, trainee: Registration, month: Month) -> BenefitEstimate | None:
    """Estimate the pay of a trainee in a month of training (hook 21); None outside of training."""
    year = training_year(trainee.started_on, month)
    ends = trainee.ended_on or trainee.ends_on
    over = ends is not None and month.first_day > ends
    if not 1 <= year <= _LONGEST_YEAR or over or trainee.opening not in desk.catalogue.openings:
        return None
    profile = replace(trainee.profile, training_year=year)
    return await estimate(
        desk.catalogue,
        desk.dispatcher,
        trainee.opening,
        profile,
        months=1,
        trainee=Trainee(
            id=str(trainee.id),
            base=trainee.base,
            program=trainee.program,
            opening=trainee.opening,
            specialty=trainee.specialty,
            profile=profile,
            started_on=trainee.started_on,
            ends_on=trainee.ends_on,
        ),
        month=month,
    )
