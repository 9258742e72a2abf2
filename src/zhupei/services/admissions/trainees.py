"""Questions about trainees: who may be seen, page by page, with what they were and will be paid."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from zhupei.db.reading import Condition, Order, PageQuery, among, any_of, read_pages
from zhupei.db.tables import RowView
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
from zhupei.services.admissions.row_sources import TRAINEES
from zhupei.services.admissions.searching import Place, Seen, programs_with_below, seen_by
from zhupei.services.benefits import estimate

__all__ = [
    "READ_BY_PAY",
    "READ_REGISTRATIONS",
    "TraineeOrder",
    "TraineeSearch",
    "ledgers_of",
    "pay_of",
    "search_trainees",
    "seen_trainees",
    "trainee_of",
    "trainee_query",
    "trainee_row",
]

READ_REGISTRATIONS = "registrations.read"
_LONGEST_YEAR = 10


class TraineeOrder(StrEnum):
    """What trainees are ordered by; equal ones, and unknown ones, by their registration."""

    REGISTERED = "REGISTERED"
    STARTED = "STARTED"
    ENDS = "ENDS"
    OPENING = "OPENING"


_VALUES = {
    TraineeOrder.REGISTERED: None,
    TraineeOrder.STARTED: "to_char(t.started_on, 'YYYY-MM-DD')",
    TraineeOrder.ENDS: "to_char(t.ends_on, 'YYYY-MM-DD')",
    TraineeOrder.OPENING: "t.opening_code",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TraineeSearch:
    """Which trainees are asked for; None does not limit, an empty collection finds none.

    ``programs`` include those below them. ``registered`` limits to the registration list (R156):
    residents, without those whose admission was cancelled.
    """

    ids: Collection[UUID] | None = None
    applicant: UUID | None = None
    bases: Collection[str] | None = None
    programs: Collection[str] | None = None
    openings: Collection[str] | None = None
    specialties: Collection[str] | None = None
    years: Collection[int] | None = None
    trainee_types: Collection[TraineeType] | None = None
    states: Collection[TraineeState] | None = None
    registered: bool = False
    order: TraineeOrder = TraineeOrder.REGISTERED
    descending: bool = False


async def trainee_of(desk: Desk, trainee: UUID) -> Registration | None:
    """Return a trainee, None where there is none or the actor may not see them."""
    found = await search_trainees(desk, TraineeSearch(ids=(trainee,)), first=1)
    return found[0] if found else None


async def trainee_row(desk: Desk, trainee: UUID, names: frozenset[str]) -> RowView | None:
    """Return a trainee with these attributes, as `trainee_of` does."""
    with desk.database.use():
        query = await trainee_query(desk, TraineeSearch(ids=(trainee,)), names=names)
        query.first = 1
        (page,) = await read_pages([query])
    return page.rows[0] if page.rows else None


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
        query = await trainee_query(desk, search, after=after, backwards=backwards)
        query.first = first
        (page,) = await read_pages([query])
    return [TRAINEES.whole(row) for row in page.rows]


async def trainee_query(
    desk: Desk,
    search: TraineeSearch,
    *,
    names: Iterable[str] | None = None,
    after: Place | None = None,
    backwards: bool = False,
) -> PageQuery:
    """Return what is asked of the database: rows with these attributes, with all for None."""
    value = _VALUES[search.order]
    order = Order("t.id", value, search.descending)
    beyond = None
    if after is not None:
        known = None if after.value is None else str(after.value)
        beyond = order.beyond(known, after.id, backwards=backwards)
    return PageQuery(
        source=TRAINEES,
        conditions=tuple(await _conditions(desk, search)),
        order=order,
        view=TRAINEES.view(names),
        beyond=beyond,
        backwards=backwards,
    )


async def _conditions(desk: Desk, search: TraineeSearch) -> list[Condition]:
    seen = await seen_by(desk, READ_REGISTRATIONS)
    conditions = [_reach(seen, search.bases)]
    if search.bases is not None and (seen.openings or seen.applicants):
        conditions.append(among("t.base_code", tuple(search.bases), "text"))
    if search.registered:
        conditions.append(Condition("t.state <> ?", (TraineeState.CANCELLED.value,)))
        residencies = [
            code
            for code, program in desk.catalogue.programs.items()
            if program.kind is ProgramKind.RESIDENCY
        ]
        conditions.append(among("t.program_code", residencies, "text"))
    if search.applicant is not None:
        conditions.append(Condition("t.applicant_id = ?", (search.applicant,)))
    if search.ids is not None:
        conditions.append(among("t.id", tuple(search.ids), "uuid"))
    if search.programs is not None:
        below = programs_with_below(desk, search.programs)
        conditions.append(among("t.program_code", below, "text"))
    for expression, kind, wanted in (
        ("t.opening_code", "text", search.openings),
        ("t.specialty_code", "text", search.specialties),
        ("t.year", "int", search.years),
        ("t.trainee_type", "text", _values(search.trainee_types)),
        ("t.state", "text", _values(search.states)),
    ):
        if wanted is not None:
            conditions.append(among(expression, tuple(wanted), kind))
    return conditions


def _values(wanted: Collection[StrEnum] | None) -> Collection[str] | None:
    return None if wanted is None else [each.value for each in wanted]


def _reach(seen: Seen, bases: Collection[str] | None) -> Condition:
    """Return the condition of what the actor may see, of these bases or, for None, of all."""
    visible = seen.bases if bases is None else [base for base in bases if base in seen.whole]
    return any_of(
        [
            among(expression, values, kind)
            for expression, kind, values in (
                ("t.base_code", "text", visible),
                ("t.opening_code", "text", seen.openings),
                ("t.applicant_id", "uuid", seen.applicants),
            )
            if values
        ]
    )


async def seen_trainees(desk: Desk) -> Condition:
    """Return the condition that the actor may see a trainee of `TRAINEES`."""
    return _reach(await seen_by(desk, READ_REGISTRATIONS), None)


async def ledgers_of(
    desk: Desk, trainees: Sequence[Registration]
) -> Mapping[UUID, tuple[TraineePayment, ...]]:
    """Return what trainees were paid by month; callers ask for the permission of each."""
    with desk.database.use():
        return await payments_of([each.id for each in trainees])


READ_BY_PAY = frozenset(
    {
        *("base", "ended_on", "ends_on", "id", "opening", "profile", "program", "specialty"),
        "started_on",
    }
)
"""What `pay_of` looks at of a trainee."""


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
