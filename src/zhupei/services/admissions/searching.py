"""Searching applications: what the actor may see, as conditions of the query, page by page."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from zhupei.db.reading import Condition, Order, PageQuery, among, any_of, read_pages
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import ApplicationState, Channel
from zhupei.domain.sending_units import SENT_TYPES
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.row_sources import APPLICATIONS
from zhupei.services.admissions.situations import permitted_for
from zhupei.services.permissions import allowed_reach, has_say

__all__ = [
    "ApplicationOrder",
    "ApplicationSearch",
    "Place",
    "Seen",
    "application_query",
    "programs_with_below",
    "search_applications",
    "seen_among",
    "seen_applications",
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


_VALUES = {
    ApplicationOrder.CREATED: None,
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
    """Which applications are asked for; None does not limit, an empty collection finds none.

    ``programs`` include those below them. ``name`` is a part of the applicant's name: with it only
    applicants are found whom the actor may read.
    """

    ids: Collection[UUID] | None = None
    applicant: UUID | None = None
    bases: Collection[str] | None = None
    programs: Collection[str] | None = None
    openings: Collection[str] | None = None
    specialties: Collection[str] | None = None
    rounds: Collection[str] | None = None
    states: Collection[ApplicationState] | None = None
    channels: Collection[Channel] | None = None
    submitted_from: datetime | None = None
    submitted_before: datetime | None = None
    name: str | None = None
    order: ApplicationOrder = ApplicationOrder.CREATED
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What an actor may see: applications of whole bases, of openings, and of applicants.

    A draft that a person files belongs to the person alone. Of the people whom it ``sent`` a unit
    sees what they file as sent ones. ``whole`` are ``bases`` to look a code up in.
    """

    bases: tuple[str, ...]
    whole: Collection[str]
    openings: tuple[str, ...]
    applicants: tuple[UUID, ...]
    sent: tuple[UUID, ...] = ()


async def seen_by(desk: Desk, permission: str = "applications.read") -> Seen:
    """Return what the actor may see with a permission; plugins are asked for each base."""
    catalogue, dispatcher = desk.catalogue, desk.dispatcher
    reach, bases = await allowed_reach(desk.actor, permission, catalogue, dispatcher)
    # Made once for all who reach as much; where plugins have a say, they may allow less each time.
    whole = reach.bases if bases is reach.ordered else frozenset(bases)
    openings: list[str] = []
    if reach.specialties:
        refused = {
            base
            for base, specialty in sorted(reach.specialties)
            if has_say(catalogue, dispatcher, base)
            and await permitted_for(desk, permission, base=base, specialty=specialty) is not None
        }
        known = {*refused, *bases}
        openings = [
            code for code in reach.openings(catalogue) if catalogue.openings[code].base not in known
        ]
    if desk.applicant is None and not desk.sends:
        return Seen(tuple(bases), whole, tuple(sorted(openings)), ())
    own = () if desk.applicant is None else (desk.applicant,)
    against = await permitted_for(desk, permission, owners=frozenset({desk.actor.id}))
    if against is not None:
        return Seen(tuple(bases), whole, tuple(sorted(openings)), ())
    return Seen(tuple(bases), whole, tuple(sorted(openings)), own, tuple(sorted(desk.sends)))


def seen_among(
    seen: Seen, *, base: str | None = None, opening: str | None = None, person: str | None = None
) -> Condition:
    """Return the condition that rows belong to what is seen, by the expressions of their codes."""
    return any_of(
        [
            among(expression, values, kind)
            for expression, kind, values in (
                (base, "text", seen.bases),
                (opening, "text", seen.openings),
                (person, "uuid", seen.applicants),
            )
            if expression is not None and values
        ]
    )


async def seen_applications(desk: Desk) -> Condition:
    """Return the condition that the actor may see an application of `APPLICATIONS`."""
    return _reach(await seen_by(desk), None)


async def visible_cases(desk: Desk, applications: Collection[UUID]) -> list[AdmissionCase]:
    """Return those of some applications that the actor may see, in the order of their ids."""
    ids = tuple(applications)
    return await search_applications(desk, ApplicationSearch(ids=ids), first=len(ids))


async def search_applications(
    desk: Desk, search: ApplicationSearch, *, first: int, after: Place | None = None
) -> list[AdmissionCase]:
    """Return the ``first`` applications in the order asked for that come ``after`` a place."""
    with desk.database.use():
        query = await application_query(desk, search, after=after)
        query.first = first
        (page,) = await read_pages([query])
    return [APPLICATIONS.whole(row) for row in page.rows]


async def application_query(
    desk: Desk,
    search: ApplicationSearch,
    *,
    names: Iterable[str] | None = None,
    after: Place | None = None,
    backwards: bool = False,
) -> PageQuery:
    """Return what is asked of the database: rows with these attributes, with all for None."""
    order = Order("a.id", _VALUES[search.order], search.descending)
    beyond = None
    if after is not None:
        beyond = order.beyond(after.value, after.id, backwards=backwards)
    named = search.name is not None or search.order is ApplicationOrder.NAME
    return PageQuery(
        source=APPLICATIONS,
        conditions=tuple(await _conditions(desk, search, named=named)),
        order=order,
        view=APPLICATIONS.view(names),
        joins="JOIN applicant p ON p.id = a.applicant_id " if named else "",
        beyond=beyond,
        backwards=backwards,
    )


async def _conditions(desk: Desk, search: ApplicationSearch, *, named: bool) -> list[Condition]:
    """Return the conditions of a search together with what the actor may see."""
    conditions = [_reach(await seen_by(desk), search.bases)]
    if named:
        # A name is a fact of the applicant: who may not read it, does not find by it either.
        conditions.append(_reach(await seen_by(desk, "applicants.read"), search.bases))
    if search.ids is not None:
        conditions.append(among("a.id", tuple(search.ids), "uuid"))
    for expression, wanted in (
        ("a.base_code", search.bases),
        ("a.program_code", _with_below(desk, search.programs)),
        ("a.opening_code", search.openings),
        ("a.round_code", search.rounds),
        ("a.state", search.states),
        ("a.channel", search.channels),
        ("substring(a.opening_code from '[^/]*$')", search.specialties),
    ):
        if wanted is not None:
            conditions.append(among(expression, tuple(map(str, wanted)), "text"))
    for text, value in (
        ("a.applicant_id = ?", search.applicant),
        ("a.submitted_at >= ?", search.submitted_from),
        ("a.submitted_at < ?", search.submitted_before),
        ("strpos(lower(p.name), lower(?)) > 0", search.name),
    ):
        if value is not None:
            conditions.append(Condition(text, (value,)))
    return conditions


def _reach(seen: Seen, bases: Collection[str] | None) -> Condition:
    """Return the condition of what the actor may see, of these bases or, for None, of all."""
    visible = seen.bases if bases is None else [base for base in bases if base in seen.whole]
    alternatives: list[Condition] = []
    if seen.applicants:
        alternatives.append(among("a.applicant_id", seen.applicants, "uuid"))
    if seen.sent:
        person = among("a.applicant_id", seen.sent, "uuid")
        kind = "a.details->'candidate'->>'trainee_type' = ANY(?::text[])"
        alternatives.append(Condition(f"({person.text} AND {kind})", (*person.values, _SENT)))
    places = any_of(
        [
            among(expression, codes, "text")
            for expression, codes in (
                ("a.base_code", visible),
                ("a.opening_code", seen.openings),
            )
            if codes
        ]
    )
    if places.values:
        handed_in = "(a.submitted_at IS NOT NULL OR a.channel <> 'BATCH')"
        alternatives.append(Condition(f"({handed_in} AND {places.text})", places.values))
    return any_of(alternatives)


_SENT = tuple(sorted(each.value for each in SENT_TYPES))


def _with_below(desk: Desk, programs: Collection[str] | None) -> Collection[str] | None:
    return None if programs is None else programs_with_below(desk, programs)


def programs_with_below(desk: Desk, programs: Collection[str]) -> tuple[str, ...]:
    """Return the codes of programs with those of all below them."""
    if not programs:
        return ()
    wanted = set(programs)
    for code, program in desk.catalogue.programs.items():
        above = program
        while above.parent is not None and above.parent in desk.catalogue.programs:
            above = desk.catalogue.programs[above.parent]
            if above.code in programs:
                wanted.add(code)
    return tuple(sorted(wanted))
