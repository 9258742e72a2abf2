"""Searching applications: what the actor may see, as conditions of the query, page by page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import connections

from zhupei.db.models import ApplicationRow
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import ApplicationState, Channel
from zhupei.domain.sending_units import SENT_TYPES
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.situations import permitted_for
from zhupei.services.admissions.store import cases_of
from zhupei.services.permissions import allowed_bases, reach_of

__all__ = [
    "ApplicationOrder",
    "ApplicationSearch",
    "FoundApplication",
    "Place",
    "Seen",
    "count_applications",
    "found_applications",
    "search_applications",
    "seen_by",
    "visible_cases",
]


class ApplicationOrder(StrEnum):
    """What applications are ordered by; equal ones, and unknown ones, by their making."""

    CREATED = "CREATED"
    SUBMITTED = "SUBMITTED"
    OPENING = "OPENING"
    STATE = "STATE"
    NAME = "NAME"


_COLUMNS = {
    ApplicationOrder.CREATED: "a.id",
    ApplicationOrder.SUBMITTED: "a.submitted_at",
    ApplicationOrder.OPENING: "a.opening_code",
    ApplicationOrder.STATE: "a.state",
    ApplicationOrder.NAME: "p.name_key",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The place of a row in an order: its value there (None is unknown), and its id."""

    value: str | datetime | None
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationSearch:
    """Which applications are asked for; an empty collection and None do not limit.

    ``programs`` include those below them. ``name`` is a part of the applicant's name: with it only
    applicants are found whom the actor may read.
    """

    ids: Collection[UUID] | None = None
    applicant: UUID | None = None
    bases: Collection[str] = ()
    programs: Collection[str] = ()
    openings: Collection[str] = ()
    specialties: Collection[str] = ()
    rounds: Collection[str] = ()
    states: Collection[ApplicationState] = ()
    channels: Collection[Channel] = ()
    submitted_from: datetime | None = None
    submitted_before: datetime | None = None
    name: str | None = None
    order: ApplicationOrder = ApplicationOrder.CREATED
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What an actor may see: applications of whole bases, of openings, and of applicants.

    A draft that a person files belongs to the person alone. Of the people whom it ``sent`` a unit
    sees what they file as sent ones.
    """

    bases: tuple[str, ...]
    openings: tuple[str, ...]
    applicants: tuple[UUID, ...]
    sent: tuple[UUID, ...] = ()


async def seen_by(desk: Desk, permission: str = "applications.read") -> Seen:
    """Return what the actor may see with a permission; plugins are asked for each base."""
    catalogue = desk.catalogue
    reach = reach_of(desk.actor, permission, catalogue, desk.dispatcher.host)
    bases = await allowed_bases(desk.actor, permission, catalogue, desk.dispatcher)
    refused: set[str] = set()
    for base, specialty in sorted(reach.specialties):
        if await permitted_for(desk, permission, base=base, specialty=specialty) is not None:
            refused.add(base)
    openings = [
        code
        for code in reach.openings(catalogue)
        if catalogue.openings[code].base not in {*refused, *bases}
    ]
    own = () if desk.applicant is None else (desk.applicant,)
    against = await permitted_for(desk, permission, owners=frozenset({desk.actor.id}))
    if against is not None:
        return Seen(tuple(bases), tuple(sorted(openings)), ())
    return Seen(tuple(bases), tuple(sorted(openings)), own, tuple(sorted(desk.sends)))


async def visible_cases(desk: Desk, applications: Collection[UUID]) -> list[AdmissionCase]:
    """Return those of some applications that the actor may see, in the order of their ids."""
    ids = tuple(applications)
    return await search_applications(desk, ApplicationSearch(ids=ids), first=len(ids))


async def search_applications(
    desk: Desk, search: ApplicationSearch, *, first: int, after: Place | None = None
) -> list[AdmissionCase]:
    """Return the ``first`` applications in the order asked for that come ``after`` a place."""
    found = await found_applications(desk, search, first=first, after=after)
    return [each.case for each in found]


@dataclass(frozen=True, slots=True)
class FoundApplication:
    """An application, and its place in the order of the search."""

    case: AdmissionCase
    place: Place


async def found_applications(
    desk: Desk,
    search: ApplicationSearch,
    *,
    first: int,
    after: Place | None = None,
    backwards: bool = False,
) -> list[FoundApplication]:
    """Return what `search_applications` returns, with places.

    ``backwards`` returns the last ones before that place, or of all; still in the order.
    """
    with desk.database.use():
        query = await _query(desk, search)
        query.follow(search, after, backwards=backwards)
        places = await query.places(search, first, backwards=backwards)
        rows = {row.id: row for row in await ApplicationRow.filter(id__in=list(places))}
        cases = await cases_of(rows[each] for each in places if each in rows)
    found = [FoundApplication(case, places[case.id]) for case in cases]
    return found[::-1] if backwards else found


async def count_applications(desk: Desk, search: ApplicationSearch) -> int:
    """Return how many applications are asked for."""
    with desk.database.use():
        return await (await _query(desk, search)).count()


class _Query:
    """A statement that grows: conditions, and their values in the order of their numbers."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self._values: list[Any] = []
        self._named = False

    def where(self, condition: str, *values: Any) -> None:
        """Add a condition; each ``?`` in it stands for one of the values."""
        for value in values:
            self._values.append(value)
            condition = condition.replace("?", f"${len(self._values)}", 1)
        self._conditions.append(condition)

    def with_names(self) -> None:
        """Join the applicants, for their names."""
        self._named = True

    def follow(self, search: ApplicationSearch, place: Place | None, *, backwards: bool) -> None:
        """Limit the rows to those on one side of a place."""
        if search.order is ApplicationOrder.NAME:
            self.with_names()
        if place is None:
            return
        column = _COLUMNS[search.order]
        up = search.descending is backwards
        by_id = f"a.id {'<' if backwards else '>'} ?"
        if search.order is ApplicationOrder.CREATED:
            self.where(f"a.id {'>' if up else '<'} ?", place.id)
        elif place.value is None:
            known = f"{column} IS NOT NULL OR " if backwards else ""
            self.where(f"({known}({column} IS NULL AND {by_id}))", place.id)
        else:
            unknown = "" if backwards else f" OR {column} IS NULL"
            self.where(
                f"({column} {'>' if up else '<'} ? OR ({column} = ? AND {by_id}){unknown})",
                place.value,
                place.value,
                place.id,
            )

    async def places(
        self, search: ApplicationSearch, first: int, *, backwards: bool
    ) -> dict[UUID, Place]:
        """Return the places of the first rows by their ids, in their order."""
        column = _COLUMNS[search.order]
        up = search.descending is backwards
        turn = "ASC" if up else "DESC"
        by_id = "DESC" if backwards else "ASC"
        order = f"{column} {turn} NULLS {'FIRST' if backwards else 'LAST'}, a.id {by_id}"
        if search.order is ApplicationOrder.CREATED:
            order = f"a.id {turn}"
        found = await connections.get("default").execute_query_dict(
            f"SELECT a.id, {column} AS value {self._body()} ORDER BY {order} "
            f"LIMIT ${len(self._values) + 1}",
            [*self._values, first],
        )
        by_id_alone = search.order is ApplicationOrder.CREATED
        return {
            row["id"]: Place(value=None if by_id_alone else row["value"], id=row["id"])
            for row in found
        }

    async def count(self) -> int:
        """Return how many rows there are."""
        (row,) = await connections.get("default").execute_query_dict(
            f"SELECT count(*) AS number {self._body()}", self._values
        )
        return int(row["number"])

    def _body(self) -> str:
        people = "JOIN applicant p ON p.id = a.applicant_id " if self._named else ""
        where = " AND ".join(self._conditions)
        return f"FROM application a {people}WHERE {where}"


async def _query(desk: Desk, search: ApplicationSearch) -> _Query:
    """Return the conditions of a search together with what the actor may see."""
    query = _Query()
    _limit_to(query, await seen_by(desk))
    for condition, value in (
        ("a.id = ANY(?::uuid[])", None if search.ids is None else list(search.ids)),
        ("a.applicant_id = ?", search.applicant),
        ("a.base_code = ANY(?::text[])", list(search.bases) or None),
        ("a.program_code = ANY(?::text[])", _with_below(desk, search.programs)),
        ("a.opening_code = ANY(?::text[])", list(search.openings) or None),
        ("a.round_code = ANY(?::text[])", list(search.rounds) or None),
        ("a.state = ANY(?::text[])", [state.value for state in search.states] or None),
        ("a.channel = ANY(?::text[])", [channel.value for channel in search.channels] or None),
        ("a.submitted_at >= ?", search.submitted_from),
        ("a.submitted_at < ?", search.submitted_before),
        (
            "substring(a.opening_code from '[^/]*$') = ANY(?::text[])",
            list(search.specialties) or None,
        ),
    ):
        if value is not None:
            query.where(condition, value)
    if search.name is not None or search.order is ApplicationOrder.NAME:
        query.with_names()
        # A name is a fact of the applicant: who may not read it, does not find by it either.
        _limit_to(query, await seen_by(desk, "applicants.read"))
    if search.name is not None:
        query.where("strpos(lower(p.name), lower(?)) > 0", search.name)
    return query


def _limit_to(query: _Query, seen: Seen) -> None:
    query.where(
        "(a.applicant_id = ANY(?::uuid[]) OR (a.applicant_id = ANY(?::uuid[]) "
        "AND a.details->'candidate'->>'trainee_type' = ANY(?::text[])) "
        "OR ((a.submitted_at IS NOT NULL OR a.channel <> 'BATCH') "
        "AND (a.base_code = ANY(?::text[]) OR a.opening_code = ANY(?::text[]))))",
        list(seen.applicants),
        list(seen.sent),
        sorted(each.value for each in SENT_TYPES),
        list(seen.bases),
        list(seen.openings),
    )


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
