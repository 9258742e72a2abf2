"""Which slots there are, for those who may see them, and which one an application has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.expressions import Q, RawSQL
from tortoise.queryset import QuerySet

from zhupei.db.models import ApplicationRow, InterviewBookingRow, InterviewSlotRow
from zhupei.domain.admission_process import EXITS, ApplicationState
from zhupei.domain.interviews import InterviewBooking, InterviewSlot
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.searching import seen_by
from zhupei.services.admissions.situations import situation_of
from zhupei.services.interviews.rows import (
    booking_record,
    load_slot,
    load_slots,
    slot_records,
)
from zhupei.services.interviews.slots import MANAGE, may_manage

__all__ = [
    "FoundSlots",
    "SearchSlotsInput",
    "booking_of",
    "bookings_of_applications",
    "bookings_of_slots",
    "count_slots",
    "found_slots",
    "interview_slot_of",
    "interview_slots",
    "slots_of",
]

_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSlotsInput:
    """Which slots are asked for; None does not limit.

    ``free`` are those with a place left, ``after`` the start and the id of the last one seen.
    """

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
    rows = await found_slots(desk, given, first=first + 1, after=given.after)
    return FoundSlots(
        slots=rows[:first], total=await count_slots(desk, given), more=len(rows) > first
    )


async def count_slots(desk: Desk, given: SearchSlotsInput) -> int:
    """Return how many slots the actor may see, by one statement (staff) or three."""
    with desk.database.use():
        return await (await _query(desk, given)).count()


async def found_slots(
    desk: Desk,
    given: SearchSlotsInput,
    *,
    first: int,
    after: tuple[datetime, UUID] | None,
    backwards: bool = False,
) -> tuple[InterviewSlot, ...]:
    """Return slots in the order of their times, from a place on or, ``backwards``, before it.

    Staff see those of their base and specialty. Applicants see the slots that they may choose now
    and the one that they have. Four statements at most, however many slots there are.
    """
    with desk.database.use():
        query = await _query(desk, given)
        if after is not None:
            at, last = after
            beyond = (
                Q(starts_at__lt=at) | Q(starts_at=at, id__lt=last)
                if backwards
                else Q(starts_at__gt=at) | Q(starts_at=at, id__gt=last)
            )
            query = query.filter(beyond)
        order = ("-starts_at", "-id") if backwards else ("starts_at", "id")
        rows = await query.order_by(*order).limit(first)
        return await slot_records(reversed(rows) if backwards else rows)


async def _query(desk: Desk, given: SearchSlotsInput) -> QuerySet[InterviewSlotRow]:
    query = InterviewSlotRow.filter(await _visible(desk), **_limits(given))
    if given.free:
        query = query.annotate(left=RawSQL("capacity - taken")).filter(left__gt=0)
    return query


def _limits(given: SearchSlotsInput) -> dict[str, Any]:
    asked = {
        "base_code": given.base,
        "program_code": given.program,
        "opening_code": given.opening,
        "round_code": given.round,
        "starts_at__gte": given.starts_from,
        "starts_at__lt": given.starts_before,
        "cancelled_at__isnull": None if given.cancelled else True,
    }
    return {name: value for name, value in asked.items() if value is not None}


async def _visible(desk: Desk) -> Q:
    """Return the condition of what the actor may see."""
    staff = await seen_by(desk, MANAGE)
    seen = Q(base_code__in=list(staff.bases)) | Q(opening_code__in=list(staff.openings))
    if desk.applicant is None:
        return seen
    own = await InterviewBookingRow.filter(
        applicant_id=desk.applicant, released_at=None
    ).values_list("slot_id", flat=True)
    waiting = ApplicationRow.filter(applicant_id=desk.applicant).exclude(
        state__in=[ApplicationState.DRAFT.value, *(state.value for state in EXITS)]
    )
    seen |= Q(id__in=list(own))
    for row in await waiting.values("base_code", "program_code", "round_code", "opening_code"):
        seen |= Q(
            base_code=row["base_code"],
            program_code=row["program_code"],
            round_code=row["round_code"],
            opening_code__in=["", row["opening_code"]],
            choosable=True,
            cancelled_at__isnull=True,
            starts_at__gt=desk.clock(),
        )
    return seen


async def interview_slot_of(desk: Desk, slot: UUID) -> InterviewSlot | None:
    """Return one slot, None where there is none or the actor may not see it."""
    with desk.database.use():
        if not await InterviewSlotRow.filter(await _visible(desk), id=slot).exists():
            return None
        return await load_slot(slot)


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


async def bookings_of_applications(
    desk: Desk, applications: Collection[UUID]
) -> dict[UUID, InterviewBooking]:
    """Return the place in force of each of some applications, which the actor may see."""
    with desk.database.use():
        rows = await InterviewBookingRow.filter(
            application_id__in=list(applications), released_at=None
        )
        return {each.application: each for each in map(booking_record, rows)}


async def slots_of(desk: Desk, slots: Collection[UUID]) -> dict[UUID, InterviewSlot]:
    """Return slots by id: those of places that the actor may see."""
    with desk.database.use():
        return {slot.id: slot for slot in await load_slots(slots)}


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
