"""Interview slots and bookings as rows and as records of the domain."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, cast
from uuid import UUID

from zhupei.db.models import InterviewBookingRow, InterviewPanelRow, InterviewSlotRow
from zhupei.domain.interviews import InterviewBooking, InterviewMode, InterviewSlot, SlotMove
from zhupei.domain.plain_values import restored

__all__ = ["booking_record", "load_slot", "load_slots", "slot_records"]


async def load_slot(slot: UUID) -> InterviewSlot | None:
    """Return one slot, None where there is none."""
    found = await load_slots([slot])
    return found[0] if found else None


async def load_slots(slots: Collection[UUID]) -> tuple[InterviewSlot, ...]:
    """Return slots in the order of their times."""
    rows = await InterviewSlotRow.filter(id__in=list(slots)).order_by("starts_at", "id")
    return await slot_records(rows)


async def slot_records(rows: Iterable[InterviewSlotRow]) -> tuple[InterviewSlot, ...]:
    """Return the records of rows, with their panels: one statement for all."""
    rows = list(rows)
    panels: dict[UUID, list[UUID]] = {}
    if rows:
        for seat in await InterviewPanelRow.filter(slot_id__in=[row.id for row in rows]):
            of: Any = cast("Any", seat)
            panels.setdefault(of.slot_id, []).append(of.account_id)
    return tuple(_slot(row, panels.get(row.id, [])) for row in rows)


def _slot(row: InterviewSlotRow, panel: Iterable[UUID]) -> InterviewSlot:
    return InterviewSlot(
        id=row.id,
        base=row.base_code,
        program=row.program_code,
        opening=row.opening_code or None,
        round=row.round_code or None,
        mode=InterviewMode(row.mode),
        place=row.place,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        capacity=row.capacity,
        taken=row.taken,
        choosable=row.choosable,
        interviewers=tuple(sorted(panel)),
        moves=tuple(restored(SlotMove, each) for each in row.moves),
        revision=row.revision,
        created_at=row.created_at,
        cancelled_at=row.cancelled_at,
        cancel_reason=row.cancel_reason,
    )


def booking_record(row: InterviewBookingRow) -> InterviewBooking:
    """Return the record of a booking."""
    of: Any = row
    return InterviewBooking(
        id=row.id,
        slot=of.slot_id,
        application=of.application_id,
        applicant=row.applicant_id,
        chosen=row.chosen,
        booked_at=row.booked_at,
        released_at=row.released_at,
        release_reason=row.release_reason,
    )
