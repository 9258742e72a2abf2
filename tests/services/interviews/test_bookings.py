"""Tests of zhupei.services.interviews: who has a place in which slot."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any
from uuid import uuid4

from admissions_office import done, moment
from base_offices import (
    CLINIC,
    CLINIC_MEDICINE,
    CLINIC_PROGRAM,
    MEDICINE,
    PAEDIATRICS,
    PROGRAM,
    BaseOffices,
)
from freezing_rounds import frozen_during
from zhupei.domain.admission_process import ApplicationState
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.interviews import InterviewMode, InterviewSlot, SlotPeriod
from zhupei.domain.text import Text
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.interviews import (
    SearchSlotsInput,
    assign_interviews,
    booking_of,
    bookings,
    bookings_of_slots,
    choose_interview_slot,
    interview_slots,
    open_interview_slots,
    release_interview,
)
from zhupei.services.interviews.inputs import (
    AssignInterviewsInput,
    ChooseInterviewSlotInput,
    OpenInterviewSlotsInput,
    ReleaseInterviewInput,
)


async def slot(
    office: BaseOffices, hour: int = 9, *, capacity: int = 1, base: str | None = None, **more: Any
) -> InterviewSlot:
    asked: dict[str, Any] = {"program": PROGRAM, "round": "batch-1", **more}
    given = OpenInterviewSlotsInput(
        mode=InterviewMode.ON_SITE,
        place="301",
        periods=(
            SlotPeriod(
                starts_at=moment(f"2026-04-27T{hour:02}:00"),
                ends_at=moment(f"2026-04-27T{hour + 1:02}:00"),
                capacity=capacity,
            ),
        ),
        **asked,
    )
    (made,) = done(await open_interview_slots(office.at(base) if base else office.at(), given))
    return made


def assigned(made: InterviewSlot, *cases: Any, key: str | None = None) -> AssignInterviewsInput:
    return AssignInterviewsInput(
        slot=made.id, applications=tuple(case.id for case in cases), idempotency_key=key
    )


def chosen(made: InterviewSlot, case: Any) -> ChooseInterviewSlotInput:
    return ChooseInterviewSlotInput(application=case.id, slot=made.id)


async def taken(office: BaseOffices, made: InterviewSlot) -> int:
    wanted = SearchSlotsInput(id=made.id, cancelled=True)
    (found,) = (await interview_slots(office.at(made.base), wanted)).slots
    return found.taken


async def test_an_office_assigns_and_everybody_sees_their_own(office: BaseOffices) -> None:
    made = await slot(office, capacity=2)
    one, two = await office.waiting(), await office.waiting(PAEDIATRICS)
    bookings = done(await assign_interviews(office.at(), assigned(made, one, two, key="a")))
    assert [each.application for each in bookings] == [one.id, two.id]
    assert not any(each.chosen for each in bookings)
    assert await taken(office, made) == 2
    found = await booking_of(office.own(one.applicant), one.id)
    assert found is not None
    assert found[1] == bookings[0]
    assert await booking_of(office.own(two.applicant), one.id) is None
    seen = await interview_slots(office.own(one.applicant), SearchSlotsInput())
    assert [each.id for each in seen.slots] == [made.id]
    names = await bookings_of_slots(office.at(), seen.slots)
    assert names == {made.id: bookings}
    assert await bookings_of_slots(office.own(one.applicant), seen.slots) == {}
    # Repeated, nothing is done twice; without a key, who is there stays there.
    assert done(await assign_interviews(office.at(), assigned(made, one, two, key="a"))) == bookings
    assert done(await assign_interviews(office.at(), assigned(made, one, two))) == bookings
    assert await taken(office, made) == 2
    told = [row for row in (await office.rows())["OutboxRow"] if row["name"] == "interview.booked"]
    assert [row["data"]["starts_at"] for row in told] == ["2026-04-27T01:00:00+00:00"] * 2


async def test_who_has_another_place_leaves_it(office: BaseOffices) -> None:
    first, second = await slot(office, 9), await slot(office, 9)
    case = await office.waiting()
    done(await assign_interviews(office.at(), assigned(first, case)))
    done(await assign_interviews(office.at(), assigned(second, case)))
    assert (await taken(office, first), await taken(office, second)) == (0, 1)
    old, new = (await office.rows())["InterviewBookingRow"]
    assert (old["release_reason"], new["released_at"]) == ("moved to another slot", None)


async def test_a_dry_run_shows_the_places_and_keeps_nothing(office: BaseOffices) -> None:
    first, second = await slot(office, 9), await slot(office, capacity=1)
    one, two = await office.waiting(), await office.waiting()
    done(await assign_interviews(office.at(), assigned(first, one)))
    before = await office.rows()
    given = dataclasses.replace(assigned(second, one, key="k"), dry_run=True)
    (shown,) = done(await assign_interviews(office.at(), given))
    assert (shown.slot, shown.application, shown.released_at) == (second.id, one.id, None)
    full = dataclasses.replace(assigned(second, one, two), dry_run=True)
    await office.refuses(RefusalCode.SLOT_FULL, await assign_interviews(office.at(), full))
    assert await office.rows() == before
    # Its key is free for what is meant.
    (kept,) = done(await assign_interviews(office.at(), dataclasses.replace(given, dry_run=False)))
    assert kept.slot == second.id
    assert (await taken(office, first), await taken(office, second)) == (0, 1)


async def test_nobody_is_in_two_interviews_at_once(office: BaseOffices) -> None:
    """Two preferences of one person, at two bases that know nothing of each other."""
    one = await office.waiting()
    other = await office.waiting(CLINIC_MEDICINE, one.applicant, preference=2)
    here = await slot(office)
    there = await slot(office, base=CLINIC, program=CLINIC_PROGRAM)
    done(await assign_interviews(office.at(), assigned(here, one)))
    before = await office.rows()
    refusal = await office.refuses(
        RefusalCode.APPLICANT_BUSY,
        await assign_interviews(office.at(CLINIC), assigned(there, other)),
    )
    assert [each.application for each in refusal.problems] == [other.id]
    # It does not tell where else the person applied.
    assert refusal.message.en == "the applicant has another interview at 2026-04-27 09:00-10:00"
    assert await office.rows() == before
    later = await slot(office, 10, base=CLINIC, program=CLINIC_PROGRAM)
    done(await assign_interviews(office.at(CLINIC), assigned(later, other)))


async def test_two_offices_at_once_do_not_both_find_somebody_free(office: BaseOffices) -> None:
    one = await office.waiting()
    other = await office.waiting(CLINIC_MEDICINE, one.applicant, preference=2)
    here = await slot(office)
    there = await slot(office, base=CLINIC, program=CLINIC_PROGRAM)
    answers = await asyncio.gather(
        assign_interviews(office.at(), assigned(here, one)),
        assign_interviews(office.at(CLINIC), assigned(there, other)),
    )
    refused = [each.code for each in answers if isinstance(each, Refusal)]
    assert refused == [RefusalCode.APPLICANT_BUSY]
    assert await taken(office, here) + await taken(office, there) == 1


async def test_one_person_with_two_applications_is_not_twice_in_a_slot(
    office: BaseOffices,
) -> None:
    one = await office.waiting()
    other = await office.waiting(PAEDIATRICS, one.applicant, preference=2)
    made = await slot(office, capacity=2)
    before = await office.rows()
    refusal = await office.refuses(
        RefusalCode.APPLICANT_BUSY, await assign_interviews(office.at(), assigned(made, one, other))
    )
    assert [each.application for each in refusal.problems] == [one.id, other.id]
    assert await office.rows() == before


async def test_a_slot_has_no_more_people_than_places(office: BaseOffices) -> None:
    """Ten choose at once among two places: two get one."""
    made = await slot(office, capacity=2, choosable=True)
    cases = [await office.waiting() for _ in range(6)]
    answers = await asyncio.gather(
        *(choose_interview_slot(office.own(c.applicant), chosen(made, c)) for c in cases)
    )
    refused = [each for each in answers if isinstance(each, Refusal)]
    assert [each.code for each in refused] == [RefusalCode.SLOT_FULL] * 4
    assert {each.message for each in refused} == {
        Text(
            "该时段还有 0 个名额，需要 1 个：请另选时段",
            "the slot has 0 places left, and 1 are needed: choose another slot",
        )
    }
    assert await taken(office, made) == 2
    held = [row for row in (await office.rows())["InterviewBookingRow"] if not row["released_at"]]
    assert len(held) == 2
    assert all(row["chosen"] for row in held)


async def test_an_applicant_chooses_and_chooses_anew(office: BaseOffices) -> None:
    first, second = await slot(office, 9, choosable=True), await slot(office, 10, choosable=True)
    case = await office.waiting()
    desk = office.own(case.applicant)
    seen = await interview_slots(desk, SearchSlotsInput())
    assert [each.id for each in seen.slots] == [first.id, second.id]
    done(await choose_interview_slot(desk, chosen(first, case)))
    booking = done(await choose_interview_slot(desk, chosen(second, case)))
    assert (booking.slot, booking.chosen) == (second.id, True)
    assert (await taken(office, first), await taken(office, second)) == (0, 1)
    released = done(
        await release_interview(desk, ReleaseInterviewInput(application=case.id, reason="有事"))
    )
    assert (released.id, released.release_reason) == (booking.id, "有事")
    assert await taken(office, second) == 0
    before = await office.rows()
    await office.refuses(
        RefusalCode.NOT_FOUND,
        await release_interview(desk, ReleaseInterviewInput(application=case.id, reason="有事")),
    )
    assert await office.rows() == before


async def test_what_applicants_cannot_choose(office: BaseOffices) -> None:
    case, other = await office.waiting(), await office.waiting()
    desk = office.own(case.applicant)
    closed = await slot(office, 9)
    elsewhere = await slot(office, 10, choosable=True, opening=PAEDIATRICS)
    open_ = await slot(office, 11, choosable=True)
    before = await office.rows()
    for made, who, code, field in (
        (closed, case, RefusalCode.SLOT_NOT_CHOOSABLE, "slot"),
        # Of one's own application there is one: it is no bulk step.
        (elsewhere, case, RefusalCode.INTERVIEW_NOT_FORESEEN, "application"),
        # Another person's application.
        (open_, other, RefusalCode.NOT_FOUND, "application"),
    ):
        refusal = await office.refuses(code, await choose_interview_slot(desk, chosen(made, who)))
        assert refusal.field == field
    await office.refuses(
        RefusalCode.NOT_PERMITTED, await choose_interview_slot(office.at(), chosen(open_, case))
    )
    assert await office.rows() == before
    done(await assign_interviews(office.at(), assigned(closed, case)))
    before = await office.rows()
    # What the office assigned only the office changes.
    await office.refuses(
        RefusalCode.SLOT_NOT_CHOOSABLE, await choose_interview_slot(desk, chosen(open_, case))
    )
    await office.refuses(
        RefusalCode.SLOT_NOT_CHOOSABLE,
        await release_interview(desk, ReleaseInterviewInput(application=case.id, reason="r")),
    )
    office.go("2026-04-27T11:00")
    refusal = await office.refuses(
        RefusalCode.SLOT_STARTED,
        await choose_interview_slot(office.own(other.applicant), chosen(open_, other)),
    )
    assert refusal.message == Text(
        "该时段已经开始：请另选时段，或与培训基地联系",
        "the slot has begun already: choose another one, or ask the base's office",
    )
    assert await office.rows() == before


async def test_all_or_none_are_assigned(office: BaseOffices) -> None:
    made = await slot(office, capacity=9, opening=MEDICINE)
    fits, wrong = await office.waiting(), await office.waiting(PAEDIATRICS)
    assessed = await office.waiting()
    office.go("2026-04-26T09:00")
    done(
        await admissions.reject_application(
            office.at(), inputs.ReasonedInput(application=assessed.id, reason="r")
        )
    )
    before = await office.rows()
    nobody = uuid4()
    given = AssignInterviewsInput(
        slot=made.id, applications=(fits.id, wrong.id, assessed.id, nobody)
    )
    refusal = await office.refuses(
        RefusalCode.BULK_REFUSED, await assign_interviews(office.at(), given)
    )
    assert [(each.application, each.refusal.message.en) for each in refusal.problems] == [
        (wrong.id, "the slot is not for this application"),
        (assessed.id, "the application does not wait for an interview"),
        (nobody, f"there is no application {nobody}"),
    ]
    assert refusal.message.zh == "4 份申请中有 3 份不能安排，均未安排"
    await office.refuses(
        RefusalCode.INPUT_INVALID,
        await assign_interviews(office.at(), AssignInterviewsInput(slot=made.id, applications=())),
    )
    assert await office.rows() == before


async def test_an_application_that_ends_gives_its_place_up(office: BaseOffices) -> None:
    made = await slot(office)
    case = await office.waiting()
    done(await assign_interviews(office.at(), assigned(made, case)))
    ended = done(
        await admissions.withdraw_application(
            office.own(case.applicant), inputs.ReasonedInput(application=case.id, reason="r")
        )
    )
    assert ended.state is ApplicationState.WITHDRAWN
    assert await taken(office, made) == 0
    assert await booking_of(office.own(case.applicant), case.id) is None


async def test_an_interview_that_was_stays_on_record(office: BaseOffices) -> None:
    made = await slot(office)
    case = await office.waiting()
    done(await assign_interviews(office.at(), assigned(made, case)))
    office.go("2026-04-28T09:00")
    done(
        await admissions.reject_application(
            office.at(), inputs.ReasonedInput(application=case.id, reason="r")
        )
    )
    assert await taken(office, made) == 1
    found = await booking_of(office.own(case.applicant), case.id)
    assert found is not None


async def test_a_frozen_round_changes_in_nothing(office: BaseOffices) -> None:
    made = await slot(office, choosable=True)
    case = await office.waiting()
    done(
        await admissions.freeze_round(
            office.province(),
            inputs.FreezeRoundInput(
                program="office-residency-2026", round="batch-1", reason="核查"
            ),
        )
    )
    before = await office.rows()
    await office.refuses(
        RefusalCode.ROUND_FROZEN, await assign_interviews(office.at(), assigned(made, case))
    )
    await office.refuses(
        RefusalCode.ROUND_FROZEN,
        await choose_interview_slot(office.own(case.applicant), chosen(made, case)),
    )
    assert await office.rows() == before


async def test_a_freeze_waits_for_a_place_that_is_being_given(office: BaseOffices) -> None:
    made, other = await slot(office), await slot(office, 11)
    case, late = await office.waiting(), await office.waiting()
    async with frozen_during(
        bookings, "_take", office.province(), "office-residency-2026", "batch-1"
    ):
        done(await assign_interviews(office.at(), assigned(made, case)))
    before = await office.rows()
    await office.refuses(
        RefusalCode.ROUND_FROZEN, await assign_interviews(office.at(), assigned(other, late))
    )
    given = ReleaseInterviewInput(application=case.id, reason="另有安排")
    await office.refuses(RefusalCode.ROUND_FROZEN, await release_interview(office.at(), given))
    assert await office.rows() == before
