"""Tests of zhupei.services.interviews: slots are made, moved and cancelled."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from admissions_office import done, moment
from base_offices import (
    CLINIC,
    CLINIC_MEDICINE,
    CLINIC_PROGRAM,
    HOSPITAL,
    MEDICINE,
    PROGRAM,
    BaseOffices,
)
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.interviews import InterviewMode, InterviewSlot, SlotPeriod, mode_foreseen
from zhupei.domain.text import Text
from zhupei.services.interviews import (
    SearchSlotsInput,
    assign_interviews,
    booking_of,
    cancel_interview_slot,
    interview_slots,
    move_interview_slot,
    open_interview_slots,
)
from zhupei.services.interviews.inputs import (
    AssignInterviewsInput,
    CancelInterviewSlotInput,
    MoveInterviewSlotInput,
    OpenInterviewSlotsInput,
)

NINE, TEN, ELEVEN = (f"2026-04-27T{hour}:00" for hour in ("09", "10", "11"))


def period(starts: str, ends: str, capacity: int = 1) -> SlotPeriod:
    return SlotPeriod(starts_at=moment(starts), ends_at=moment(ends), capacity=capacity)


def wanted(*periods: SlotPeriod, **changes: Any) -> OpenInterviewSlotsInput:
    asked: dict[str, Any] = {
        "program": PROGRAM,
        "round": "batch-1",
        "mode": InterviewMode.ON_SITE,
        "place": "教学楼 3 层 301",
        "periods": periods or (period(NINE, TEN),),
        **changes,
    }
    return OpenInterviewSlotsInput(**asked)


async def slot(office: BaseOffices, *periods: SlotPeriod, **changes: Any) -> InterviewSlot:
    (made, *_) = done(await open_interview_slots(office.at(), wanted(*periods, **changes)))
    return made


async def test_one_slot_for_each_period_with_its_panel(office: BaseOffices) -> None:
    """R142: on site or by video, in a place, with a panel."""
    panel = (await office.interviewer(), await office.interviewer())
    given = wanted(
        period(NINE, TEN, 3), period(TEN, ELEVEN), opening=MEDICINE, interviewers=panel,
        choosable=True,
    )  # fmt: skip
    made = done(await open_interview_slots(office.at(), given))
    assert [(each.starts_at, each.capacity, each.taken) for each in made] == [
        (moment(NINE), 3, 0),
        (moment(TEN), 1, 0),
    ]
    first = made[0]
    assert (first.base, first.program, first.opening, first.round) == (
        HOSPITAL, PROGRAM, MEDICINE, "batch-1",
    )  # fmt: skip
    assert first.interviewers == tuple(sorted(panel))
    assert (first.choosable, first.place, first.revision) == (True, "教学楼 3 层 301", 1)
    rows = await office.rows()
    assert [row["name"] for row in rows["OutboxRow"]] == ["interview_slot.opened"] * 2
    assert {row["base_code"] for row in rows["OutboxRow"]} == {HOSPITAL}


@pytest.mark.parametrize(
    ("changes", "code", "field", "en"),
    [
        ({"program": "none"}, "NOT_FOUND", "program", "there is no program none"),
        ({"opening": "none"}, "NOT_FOUND", "opening", "there is no opening none"),
        ({"base": CLINIC}, "NOT_FOUND", "base", f"there is no base {CLINIC}"),
        ({"round": "batch-9"}, "NOT_FOUND", "round", "there is no round batch-9"),
        (
            {"round": None}, "ROUND_UNKNOWN", "round",
            "choose one of the program's rounds: First batch (batch-1), Second batch (batch-2)",
        ),
        (
            {"program": "office-residency-2026"}, "INPUT_INVALID", "base",
            "several bases recruit for this program: say which",
        ),
        (
            {"program": "office-hospital-residency-2025", "round": None},
            "INTERVIEW_NOT_FORESEEN", "program", "the program has no interview in this round",
        ),
        (
            {"place": " "}, "INPUT_INVALID", "place",
            "say the room or the address of the meeting, in 500 characters at most",
        ),
        ({"periods": ()}, "INPUT_INVALID", "periods", "1 to 500 slots are made at once"),
        (
            {"periods": (period(TEN, NINE),)}, "INPUT_INVALID", "periods.0",
            "a slot ends after it begins, within a day",
        ),
        (
            {"periods": (period(NINE, TEN, 0),)}, "INPUT_INVALID", "periods.0.capacity",
            "the capacity is 1 to 1000 people",
        ),
        (
            {"periods": (SlotPeriod(
                starts_at=datetime(2026, 4, 27, 9),  # noqa: DTZ001 - because it is refused
                ends_at=datetime(2026, 4, 27, 10),  # noqa: DTZ001 - because it is refused
            ),)},
            "INPUT_INVALID", "periods.0", "a time needs its zone",
        ),
        (
            {"periods": (period("2026-04-25T08:00", "2026-04-25T08:30"),)},
            "INPUT_INVALID", "periods.0", "the time has passed already",
        ),
        (
            {"periods": (period(NINE, TEN), period("2026-05-10T23:30", "2026-05-11T00:30"))},
            "WINDOW_CLOSED", "periods.1",
            (
                "2026-05-10 23:30-2026-05-11 00:30 is not within \"Interviews and examinations\": "
                "from 2026-04-24 00:00 until before 2026-05-11 00:00, China time"
            ),
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_opened(
    office: BaseOffices, changes: dict[str, Any], code: str, field: str, en: str
) -> None:
    """T11, R141: wholly inside the half-open window; hours of work are not assumed."""
    before = await office.rows()
    refusal = await office.refuses(
        RefusalCode(code),
        await open_interview_slots(office.at(), replace(wanted(), **changes)),
    )
    assert (refusal.field, refusal.message.en) == (field, en)
    assert await office.rows() == before


async def test_a_slot_may_end_with_the_window_on_a_sunday_night(office: BaseOffices) -> None:
    made = await slot(office, period("2026-05-10T23:00", "2026-05-11T00:00"))
    assert made.ends_at == moment("2026-05-11T00:00")


async def test_only_kinds_of_interviews_that_the_program_foresees(office: BaseOffices) -> None:
    """R142; where the words of the configuration are not understood nothing is refused."""
    program = office.loaded.catalogue.programs[PROGRAM]
    (step,) = [each for each in program.steps if each.kind == "interview"]
    assert mode_foreseen([step], InterviewMode.VIDEO) is None
    params = step.params.model_copy(update={"modes": step.params.modes[:1]})
    refusal = mode_foreseen([replace(step, params=params)], InterviewMode.VIDEO)
    assert refusal is not None
    assert (refusal.code, refusal.field) == (RefusalCode.MODE_NOT_ALLOWED, "mode")
    assert refusal.message == Text(
        "面试形式为现场，不能安排视频面试", "interviews by video are not foreseen"
    )
    assert refusal.source == step.source


async def test_interviewers_have_an_account_that_assesses_here(office: BaseOffices) -> None:
    nobody, elsewhere, idle = (
        uuid4(),
        await office.interviewer(CLINIC),
        await office.interviewer(None),
    )
    for account in (nobody, elsewhere, idle):
        before = await office.rows()
        refusal = await office.refuses(
            RefusalCode.INTERVIEWER_UNKNOWN,
            await open_interview_slots(office.at(), wanted(interviewers=(account,))),
        )
        assert refusal.field == "interviewers"
        assert str(account) in refusal.message.zh
        assert await office.rows() == before


async def test_an_interviewer_sits_in_one_slot_at_a_time(office: BaseOffices) -> None:
    who = await office.interviewer()
    await slot(office, period(NINE, TEN), interviewers=(who,))
    before = await office.rows()
    overlapping = wanted(period("2026-04-27T09:59", ELEVEN), interviewers=(who,))
    refusal = await office.refuses(
        RefusalCode.INTERVIEWER_BUSY, await open_interview_slots(office.at(), overlapping)
    )
    assert refusal.message == Text(
        "有考官在 2026-04-27 09:00-10:00 已安排其他面试",
        "an interviewer sits in another slot at 2026-04-27 09:00-10:00",
    )
    assert await office.rows() == before
    # Half-open: the next one begins when the first ends.
    assert (await slot(office, period(TEN, ELEVEN), interviewers=(who,))).starts_at == moment(TEN)
    two = wanted(period(ELEVEN, "2026-04-27T12:00"), period("2026-04-27T11:30", "2026-04-27T12:30"),
                 interviewers=(who,))  # fmt: skip
    await office.refuses(RefusalCode.INTERVIEWER_BUSY, await open_interview_slots(office.at(), two))


async def test_two_clients_seat_one_interviewer_once(office: BaseOffices) -> None:
    """The lock of the interviewer, not luck: of ten at once one is made."""
    who = await office.interviewer()
    answers = await asyncio.gather(
        *(open_interview_slots(office.at(), wanted(interviewers=(who,))) for _ in range(10))
    )
    refused = [each for each in answers if isinstance(each, Refusal)]
    assert [each.code for each in refused] == [RefusalCode.INTERVIEWER_BUSY] * 9
    assert len((await office.rows())["InterviewSlotRow"]) == 1


async def test_only_staff_of_the_base_open_slots(office: BaseOffices) -> None:
    before = await office.rows()
    for desk in (
        office.at(CLINIC),
        office.own(uuid4()),
        office.province(),
        office.for_role("national"),
        office.for_role("auditor"),
    ):
        await office.refuses(RefusalCode.NOT_PERMITTED, await open_interview_slots(desk, wanted()))
    assert await office.rows() == before


async def test_a_repeated_request_makes_nothing_twice(office: BaseOffices) -> None:
    given = wanted(idempotency_key="k")
    first = done(await open_interview_slots(office.at(), given))
    office.go("2026-04-28T09:00")  # the period has passed; the answer is still the first
    again = done(await open_interview_slots(office.at(), given))
    assert again == first
    other = await open_interview_slots(office.at(), replace(given, place="other"))
    refusal = await office.refuses(RefusalCode.CONFLICT, other)
    assert refusal.field == "idempotencyKey"
    assert len((await office.rows())["InterviewSlotRow"]) == 1


async def test_one_key_at_once_makes_one(office: BaseOffices) -> None:
    given = wanted(idempotency_key="k")
    answers = await asyncio.gather(*(open_interview_slots(office.at(), given) for _ in range(5)))
    assert len({done(each)[0].id for each in answers}) == 1
    assert len((await office.rows())["InterviewSlotRow"]) == 1


async def test_a_slot_is_moved_with_its_people(office: BaseOffices) -> None:
    made = await slot(office)
    case = await office.waiting()
    done(await assign_interviews(
        office.at(), AssignInterviewsInput(slot=made.id, applications=(case.id,))
    ))  # fmt: skip
    moved = done(
        await move_interview_slot(
            office.at(),
            MoveInterviewSlotInput(
                slot=made.id, starts_at=moment(TEN), ends_at=moment(ELEVEN), place="远程会议 1",
                mode=InterviewMode.VIDEO, reason="停电",
            ),
        )
    )  # fmt: skip
    assert (moved.starts_at, moved.ends_at, moved.mode) == (
        moment(TEN), moment(ELEVEN), InterviewMode.VIDEO,
    )  # fmt: skip
    assert (moved.taken, moved.revision) == (1, 2)
    (move,) = moved.moves
    assert (move.starts_at, move.place, move.reason) == (moment(NINE), "教学楼 3 层 301", "停电")
    found = await booking_of(office.own(case.applicant), case.id)
    assert found is not None
    assert found[0] == moved


async def test_a_slot_is_not_moved_onto_another_interview(office: BaseOffices) -> None:
    """Nobody is in two interviews at once, also not by a move, also not across bases."""
    case = await office.waiting()
    first = await slot(office)
    done(await assign_interviews(
        office.at(), AssignInterviewsInput(slot=first.id, applications=(case.id,))
    ))  # fmt: skip
    other = await office.waiting(CLINIC_MEDICINE, case.applicant, preference=2)
    (second,) = done(
        await open_interview_slots(
            office.at(CLINIC),
            wanted(period(TEN, ELEVEN), program=CLINIC_PROGRAM),
        )
    )
    done(await assign_interviews(
        office.at(CLINIC), AssignInterviewsInput(slot=second.id, applications=(other.id,))
    ))  # fmt: skip
    before = await office.rows()
    refusal = await office.refuses(
        RefusalCode.APPLICANT_BUSY,
        await move_interview_slot(
            office.at(CLINIC),
            MoveInterviewSlotInput(
                slot=second.id, starts_at=moment("2026-04-27T09:30"), reason="提前"
            ),
        ),
    )
    assert [each.application for each in refusal.problems] == [other.id]
    assert refusal.message.en == ("the applicant has another interview at 2026-04-27 09:30-11:00")
    assert await office.rows() == before


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"reason": " "}, "INPUT_INVALID", "reason"),
        ({"starts_at": moment(ELEVEN)}, "INPUT_INVALID", "startsAt"),
        ({"starts_at": moment("2026-04-23T09:00")}, "INPUT_INVALID", "startsAt"),
        ({"ends_at": moment("2026-04-27T09:00")}, "INPUT_INVALID", "startsAt"),
        ({"capacity": 0}, "INPUT_INVALID", "capacity"),
        ({"capacity": 1}, "SLOT_FULL", "capacity"),
        ({"interviewers": (uuid4(),)}, "INTERVIEWER_UNKNOWN", "interviewers"),
        ({"place": ""}, "INPUT_INVALID", "place"),
    ],
)
async def test_what_a_slot_cannot_become(
    office: BaseOffices, changes: dict[str, Any], code: str, field: str
) -> None:
    made = await slot(office, period(NINE, TEN, 2))
    cases = [await office.waiting() for _ in range(2)]
    done(await assign_interviews(
        office.at(), AssignInterviewsInput(slot=made.id, applications=tuple(c.id for c in cases))
    ))  # fmt: skip
    before = await office.rows()
    given = MoveInterviewSlotInput(slot=made.id, **{"reason": "停电", **changes})
    refusal = await office.refuses(RefusalCode(code), await move_interview_slot(office.at(), given))
    assert refusal.field == field
    assert await office.rows() == before


async def test_a_running_slot_gets_another_room(office: BaseOffices) -> None:
    made = await slot(office)
    office.go("2026-04-27T09:30")
    given = MoveInterviewSlotInput(slot=made.id, place="402", reason="空调故障")
    assert done(await move_interview_slot(office.at(), given)).place == "402"


async def test_a_cancelled_slot_gives_everybody_free(office: BaseOffices) -> None:
    made = await slot(office)
    case = await office.waiting()
    done(await assign_interviews(
        office.at(), AssignInterviewsInput(slot=made.id, applications=(case.id,))
    ))  # fmt: skip
    given = CancelInterviewSlotInput(slot=made.id, reason="台风", idempotency_key="c")
    cancelled = done(await cancel_interview_slot(office.at(), given))
    assert (cancelled.cancel_reason, cancelled.taken) == ("台风", 0)
    assert cancelled.cancelled_at == office.now
    assert await booking_of(office.own(case.applicant), case.id) is None
    rows = await office.rows()
    (booking,) = rows["InterviewBookingRow"]
    assert (booking["release_reason"], booking["released_by"]) == (
        "台风",
        "base_office@office-hospital",
    )
    assert [row["name"] for row in rows["OutboxRow"]][-3:] == [
        "interview.released",
        "interview.cancelled",
        "interview_slot.cancelled",
    ]
    assert done(await cancel_interview_slot(office.at(), given)) == cancelled
    before = await office.rows()
    refusal = await office.refuses(
        RefusalCode.SLOT_CANCELLED,
        await cancel_interview_slot(
            office.at(), CancelInterviewSlotInput(slot=made.id, reason="再次")
        ),
    )
    assert refusal.message == Text("该时段已取消：台风", "the slot was cancelled: 台风")
    await office.refuses(
        RefusalCode.SLOT_CANCELLED,
        await move_interview_slot(
            office.at(), MoveInterviewSlotInput(slot=made.id, place="1", reason="r")
        ),
    )
    assert await office.rows() == before


async def test_a_slot_of_another_base_is_nobody_elses(office: BaseOffices) -> None:
    made = await slot(office)
    before = await office.rows()
    for desk in (office.at(CLINIC), office.province(), office.own(uuid4())):
        await office.refuses(
            RefusalCode.NOT_FOUND,
            await cancel_interview_slot(desk, CancelInterviewSlotInput(slot=made.id, reason="r")),
        )
        found = await interview_slots(desk, SearchSlotsInput())
        assert (found.slots, found.total) == ((), 0)
    assert await office.rows() == before
    missing = CancelInterviewSlotInput(slot=uuid4(), reason="r")
    await office.refuses(RefusalCode.NOT_FOUND, await cancel_interview_slot(office.at(), missing))


async def test_slots_are_found_in_the_order_of_time(office: BaseOffices) -> None:
    made = done(await open_interview_slots(
        office.at(), wanted(period(TEN, ELEVEN), period(NINE, TEN), opening=MEDICINE)
    ))  # fmt: skip
    later = await slot(office, period("2026-04-28T09:00", "2026-04-28T10:00"))
    done(await cancel_interview_slot(
        office.at(), CancelInterviewSlotInput(slot=later.id, reason="r")
    ))  # fmt: skip
    found = await interview_slots(office.at(), SearchSlotsInput(first=1))
    assert ([each.id for each in found.slots], found.total, found.more) == ([made[0].id], 2, True)
    last = found.slots[-1]
    rest = await interview_slots(office.at(), SearchSlotsInput(after=(last.starts_at, last.id)))
    assert ([each.id for each in rest.slots], rest.total, rest.more) == ([made[1].id], 2, False)
    everything = await interview_slots(office.at(), SearchSlotsInput(cancelled=True))
    assert everything.total == 3
    early = SearchSlotsInput(starts_before=moment(TEN), opening=MEDICINE, free=True)
    assert [each.id for each in (await interview_slots(office.at(), early)).slots] == [made[0].id]
