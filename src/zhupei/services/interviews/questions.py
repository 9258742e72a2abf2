"""Which slots there are, for those who may see them, and which one an application has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from zhupei.db.models import InterviewBookingRow
from zhupei.db.reading import Condition, Order, PageQuery, any_of, read_pages
from zhupei.domain.admission_process import EXITS, ApplicationState
from zhupei.domain.interviews import InterviewBooking, InterviewSlot
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.searching import seen_among, seen_by
from zhupei.services.admissions.situations import situation_of
from zhupei.services.interviews.rows import SLOTS, booking_record, load_slot
from zhupei.services.interviews.slot_guards import MANAGE, may_manage

__all__ = [
    "FoundSlots",
    "SearchSlotsInput",
    "booking_of",
    "bookings_of_slots",
    "interview_slots",
    "slot_query",
]

_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSlotsInput:
    """Which slots are asked for; None does not limit.

    ``free`` are those with a place left, ``after`` the start and the id of the last one seen.
    """

    id: UUID | None = None
    base: str | None = None
    program: str | None = None
    opening: str | None = None
    round: str | None = None
    starts_from: datetime | None = None
    starts_before: datetime | None = None
    free: bool = False
    cancelled: bool = False
    first: int = 50
    after: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSlots:
    """Slots in the order of their times, how many there are in all, and whether more follow."""

    slots: tuple[InterviewSlot, ...]
    total: int
    more: bool


async def interview_slots(desk: Desk, given: SearchSlotsInput) -> FoundSlots:
    """Return the slots that the actor may see, with how many there are in all."""
    first = max(0, min(given.first, _MOST))
    query = await slot_query(desk, given, None, after=given.after)
    query.first, query.counted = first + 1, True
    with desk.database.use():
        (found,) = await read_pages([query])
    slots = tuple(map(SLOTS.whole, found.rows))
    return FoundSlots(slots=slots[:first], total=found.total or 0, more=len(slots) > first)


async def slot_query(
    desk: Desk,
    given: SearchSlotsInput,
    names: Iterable[str] | None,
    *,
    after: tuple[datetime, UUID] | None = None,
    backwards: bool = False,
) -> PageQuery:
    """Ask for slots in the order of their times, with some attributes or, for None, all.

    Staff see those of their base and specialty. Applicants see the slots that they may choose now
    and the one that they have.
    """
    order = Order("s.id", "s.starts_at")
    conditions = [await _visible(desk), *_limits(given)]
    beyond = None if after is None else order.beyond(*after, backwards=backwards)
    return PageQuery(
        source=SLOTS,
        conditions=tuple(conditions),
        order=order,
        view=SLOTS.view(names),
        beyond=beyond,
        backwards=backwards,
    )


def _limits(given: SearchSlotsInput) -> Iterator[Condition]:
    for text, value in (
        ("s.id = ?", given.id),
        ("s.base_code = ?", given.base),
        ("s.program_code = ?", given.program),
        ("s.opening_code = ?", given.opening),
        ("s.round_code = ?", given.round),
        ("s.starts_at >= ?", given.starts_from),
        ("s.starts_at < ?", given.starts_before),
    ):
        if value is not None:
            yield Condition(text, (value,))
    if given.free:
        yield Condition("s.capacity > s.taken")
    if not given.cancelled:
        yield Condition("s.cancelled_at IS NULL")


async def _visible(desk: Desk) -> Condition:
    """Return the condition of what the actor may see."""
    seen = seen_among(await seen_by(desk, MANAGE), base="s.base_code", opening="s.opening_code")
    if desk.applicant is None:
        return seen
    own = Condition(_OWN, (desk.applicant,))
    return any_of([seen, own, Condition(_CHOOSABLE, (desk.clock(), desk.applicant, _NOT_WAITING))])


_OWN = """s.id IN (SELECT k.slot_id FROM interview_booking k
    WHERE k.applicant_id = ? AND k.released_at IS NULL)"""
_CHOOSABLE = """(s.choosable AND s.cancelled_at IS NULL AND s.starts_at > ? AND EXISTS (
    SELECT 1 FROM application p WHERE p.applicant_id = ? AND p.base_code = s.base_code
    AND p.program_code = s.program_code AND p.round_code = s.round_code
    AND s.opening_code IN ('', p.opening_code) AND p.state <> ALL(?::text[])))"""
_NOT_WAITING = (ApplicationState.DRAFT.value, *sorted(state.value for state in EXITS))


async def booking_of(
    desk: Desk, application: UUID
) -> tuple[InterviewSlot, InterviewBooking] | None:
    """Return the slot and the place of an application that the actor may see, None without."""
    with desk.database.use():
        at = await situation_of(desk, application)
        if isinstance(at, Refusal):
            return None
        row = await InterviewBookingRow.get_or_none(application_id=application, released_at=None)
        if row is None:
            return None
        booking = booking_record(row)
        slot = await load_slot(booking.slot)
        return None if slot is None else (slot, booking)


async def bookings_of_slots(
    desk: Desk, slots: Collection[InterviewSlot]
) -> dict[UUID, tuple[InterviewBooking, ...]]:
    """Return who is expected in slots; only of those that the actor arranges."""
    with desk.database.use():
        seen = [slot.id for slot in slots if await may_manage(desk, slot) is None]
        rows = await InterviewBookingRow.filter(slot_id__in=seen, released_at=None).order_by("id")
        found: dict[UUID, list[InterviewBooking]] = {each: [] for each in seen}
        for booking in map(booking_record, rows):
            found[booking.slot].append(booking)
        return {slot: tuple(bookings) for slot, bookings in found.items()}
