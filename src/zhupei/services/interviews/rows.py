"""Interview slots and bookings as rows and as records of the domain."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from zhupei.db.models import InterviewBookingRow, InterviewSlotRow
from zhupei.db.reading import Order, PageQuery, among, read_pages
from zhupei.db.tables import RowSource, column, columns, expressed, listed_from, member
from zhupei.domain.interviews import InterviewBooking, InterviewMode, InterviewSlot, SlotMove

__all__ = ["BOOKINGS", "SLOTS", "booking_record", "load_slot", "load_slots"]


def _known(code: str) -> str | None:
    return code or None


_PANEL = "ARRAY(SELECT w.account_id FROM interview_panel w WHERE w.slot_id = {t}.id ORDER BY 1)"

SLOTS = RowSource(
    described=InterviewSlot,
    model=InterviewSlotRow,
    alias="s",
    attributes={
        **columns("id", "place", "starts_at", "ends_at", "capacity", "taken", "choosable"),
        **columns("revision", "created_at", "cancelled_at", "cancel_reason"),
        **columns(base="base_code", program="program_code"),
        "opening": column("opening_code", _known),
        "round": column("round_code", _known),
        "mode": member(InterviewMode, "mode"),
        "interviewers": expressed(_PANEL, tuple),
        "moves": listed_from(SlotMove, "{t}.moves"),
    },
)
"""Interview slots, as `InterviewSlot` has them."""

BOOKINGS = RowSource(
    described=InterviewBooking,
    model=InterviewBookingRow,
    alias="k",
    attributes=columns(
        *("id", "chosen", "booked_at", "released_at", "release_reason"),
        slot="slot_id",
        application="application_id",
        applicant="applicant_id",
    ),
)
"""Places in slots, as `InterviewBooking` has them."""


async def load_slot(slot: UUID) -> InterviewSlot | None:
    """Return one slot, None where there is none."""
    found = await load_slots([slot])
    return found[0] if found else None


async def load_slots(slots: Collection[UUID]) -> tuple[InterviewSlot, ...]:
    """Return slots in the order of their times."""
    query = PageQuery(
        source=SLOTS,
        conditions=(among("s.id", tuple(slots), "uuid"),),
        order=Order("s.id", "s.starts_at"),
        view=SLOTS.view(None),
        first=len(slots),
    )
    (found,) = await read_pages([query])
    return tuple(map(SLOTS.whole, found.rows))


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
