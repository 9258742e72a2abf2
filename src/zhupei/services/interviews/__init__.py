"""The use cases of interviews: slots, and who has a place in them (S2:66, R141, R142).

| use case | input | answers |
|---|---|---|
| open_interview_slots | OpenInterviewSlotsInput | tuple[InterviewSlot, ...] |
| move_interview_slot | MoveInterviewSlotInput | InterviewSlot |
| cancel_interview_slot | CancelInterviewSlotInput | InterviewSlot |
| assign_interviews | AssignInterviewsInput | tuple[InterviewBooking, ...] |
| choose_interview_slot | ChooseInterviewSlotInput | InterviewBooking |
| release_interview | ReleaseInterviewInput | InterviewBooking |

Each may answer a `Refusal` instead, after which nothing has changed. Nobody is in two interviews
at once, whichever base makes them; no slot has more people than places.
"""

from __future__ import annotations

from zhupei.services.interviews.bookings import (
    assign_interviews,
    choose_interview_slot,
    release_interview,
)
from zhupei.services.interviews.questions import (
    FoundSlots,
    SearchSlotsInput,
    booking_of,
    bookings_of_slots,
    interview_slots,
    slot_query,
)
from zhupei.services.interviews.rows import BOOKINGS, SLOTS
from zhupei.services.interviews.slots import (
    cancel_interview_slot,
    move_interview_slot,
    open_interview_slots,
)

__all__ = [
    "BOOKINGS",
    "SLOTS",
    "FoundSlots",
    "SearchSlotsInput",
    "assign_interviews",
    "booking_of",
    "bookings_of_slots",
    "cancel_interview_slot",
    "choose_interview_slot",
    "interview_slots",
    "move_interview_slot",
    "open_interview_slots",
    "release_interview",
    "slot_query",
]
