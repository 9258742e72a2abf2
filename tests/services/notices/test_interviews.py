"""Interviews and deferred reports are told to the person, in both languages, with receipts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID

import pytest

from admissions_office import Office, done, moment
from job_place import applicant, place_of, published
from mail_room import MailRoom, mail_room
from zhupei.db.models import NoticeDeliveryRow, NoticeRow, OutboxRow
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.interviews import InterviewMode, InterviewSlot, SlotPeriod
from zhupei.jobs import run_due, tell_events
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.interviews import (
    assign_interviews,
    cancel_interview_slot,
    choose_interview_slot,
    move_interview_slot,
    open_interview_slots,
    release_interview,
)
from zhupei.services.interviews.inputs import (
    AssignInterviewsInput,
    CancelInterviewSlotInput,
    ChooseInterviewSlotInput,
    MoveInterviewSlotInput,
    OpenInterviewSlotsInput,
    ReleaseInterviewInput,
)

ADDRESS = "person1@example.org"
_BEFORE = "2026-04-25T09:00"


@pytest.fixture
async def room() -> AsyncIterator[MailRoom]:
    async with mail_room() as opened:
        yield opened


async def waiting(office: Office) -> AdmissionCase:
    """Bring somebody who can be written to where an interview is next."""
    office.go("2026-04-10T09:00")
    case = await office.submitted(applicant=await applicant(office))
    office.go(_BEFORE)
    given = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
    return done(await admissions.record_eligibility_check(office.staff(), given))


async def slot(office: Office, hour: int = 9) -> InterviewSlot:
    period = SlotPeriod(
        starts_at=moment(f"2026-04-28T{hour:02}:00"),
        ends_at=moment(f"2026-04-28T{hour:02}:40"),
        capacity=2,
    )
    given = OpenInterviewSlotsInput(
        program="sample-hospital-residency-2026",
        round="batch-1",
        mode=InterviewMode.ON_SITE,
        place="门诊楼 301",
        periods=(period,),
        choosable=True,
    )
    (made,) = done(await open_interview_slots(office.staff(), given))
    return made


async def assign(office: Office, made: InterviewSlot, case: AdmissionCase) -> None:
    given = AssignInterviewsInput(slot=made.id, applications=(case.id,))
    done(await assign_interviews(office.staff(), given))


async def heard(office: Office, room: MailRoom) -> list[str]:
    """Deliver, and return the Chinese halves of the subjects that came since the last time."""
    before = len(room.letters)
    await tell_events(place_of(office, room.server))
    return [str(mail["Subject"]).partition(" / ")[0] for _, mail in room.letters[before:]]


async def states(office: Office, kind: str) -> list[str]:
    with office.database.use():
        found = await NoticeRow.filter(kind=kind).order_by("id").values_list("state", flat=True)
        return [str(each) for each in found]


async def test_a_place_in_a_slot_is_told_with_time_form_and_place(
    office: Office, room: MailRoom
) -> None:
    case = await waiting(office)
    await heard(office, room)
    await assign(office, await slot(office), case)
    assert await heard(office, room) == ["面试安排"]
    text = room.texts(ADDRESS)[-1]
    zh, _, en = text.partition("- - -")
    assert "时间：2026年4月28日 09:00 至 09:40\n方式：现场\n地点：门诊楼 301" in zh
    assert "Time: 2026-04-28 09:00 to 09:40 (China time)\nForm: on site" in en
    assert f"报名号：{case.id}" in zh
    with office.database.use():
        notice = await NoticeRow.get(kind="INTERVIEW_BOOKED")
        receipt = await NoticeDeliveryRow.get(notice_id=notice.id)
    assert (notice.state, receipt.outcome, receipt.code) == ("SENT", "ACCEPTED", 250)
    assert await heard(office, room) == []


async def test_a_move_replaces_what_was_told(office: Office, room: MailRoom) -> None:
    """What was not sent yet and is no more so is overtaken, not sent beside the new one."""
    case = await waiting(office)
    await heard(office, room)
    made = await slot(office)
    await assign(office, made, case)
    given = MoveInterviewSlotInput(
        slot=made.id,
        reason="考官出差",
        starts_at=moment("2026-04-29T14:00"),
        ends_at=moment("2026-04-29T14:40"),
        place="住院楼 5 层",
    )
    done(await move_interview_slot(office.staff(), given))
    assert await heard(office, room) == ["面试时间或地点变更"]
    assert await states(office, "INTERVIEW_BOOKED") == ["OVERTAKEN"]
    text = room.texts(ADDRESS)[-1]
    assert "变更原因：考官出差" in text
    assert "Reason: 考官出差" in text
    assert "2026年4月29日 14:00 至 14:40" in text
    with office.database.use():
        # The office's words stand where they are kept, and in no event.
        assert "考官出差" not in str(await OutboxRow.all().values("data"))
    wider = MoveInterviewSlotInput(slot=made.id, reason="增加名额", capacity=5)
    done(await move_interview_slot(office.staff(), wider))
    assert await heard(office, room) == []


async def test_a_cancelled_slot_says_so_with_the_reason(office: Office, room: MailRoom) -> None:
    case = await waiting(office)
    made = await slot(office)
    await assign(office, made, case)
    await heard(office, room)
    given = CancelInterviewSlotInput(slot=made.id, reason="场地停电")
    done(await cancel_interview_slot(office.staff(), given))
    assert await heard(office, room) == ["面试安排取消"]
    text = room.texts(ADDRESS)[-1]
    assert "原定于 2026年4月28日 09:00 的面试安排已取消" in text
    assert "取消原因：场地停电" in text
    assert "Your interview of 2026-04-28 09:00 (China time) was cancelled." in text


async def test_who_has_another_place_by_then_hears_of_that_alone(
    office: Office, room: MailRoom
) -> None:
    case = await waiting(office)
    first, second = await slot(office), await slot(office, 11)
    await assign(office, first, case)
    await heard(office, room)
    given = CancelInterviewSlotInput(slot=first.id, reason="x")
    done(await cancel_interview_slot(office.staff(), given))
    await assign(office, second, case)
    assert await heard(office, room) == ["面试安排"]
    assert await states(office, "INTERVIEW_CANCELLED") == ["OVERTAKEN"]


async def test_ones_own_choice_is_confirmed_and_ones_own_release_is_not(
    office: Office, room: MailRoom
) -> None:
    case = await waiting(office)
    await heard(office, room)
    own, made = office.own(case.applicant), await slot(office)
    choice = ChooseInterviewSlotInput(application=case.id, slot=made.id)
    done(await choose_interview_slot(own, choice))
    assert await heard(office, room) == ["面试安排"]
    given = ReleaseInterviewInput(application=case.id, reason="有事")
    done(await release_interview(own, given))
    assert await heard(office, room) == []
    done(await choose_interview_slot(own, choice))
    await heard(office, room)
    done(await release_interview(office.staff(), given))
    assert await heard(office, room) == ["面试安排取消"]


async def test_an_interview_is_reminded_of_once_and_anew_after_a_move(
    office: Office, room: MailRoom
) -> None:
    case = await waiting(office)
    place = place_of(office, room.server, reminds=timedelta(days=1))
    await run_due(place)
    made = await slot(office)
    await assign(office, made, case)
    await heard(office, room)
    office.go("2026-04-27T08:59")
    await run_due(place)
    assert await heard(office, room) == []
    office.go("2026-04-27T09:00")
    for _ in range(2):
        await run_due(place)
    assert await heard(office, room) == ["面试即将开始"]
    given = MoveInterviewSlotInput(
        slot=made.id,
        reason="x",
        starts_at=moment("2026-04-28T11:00"),
        ends_at=moment("2026-04-28T11:40"),
    )
    done(await move_interview_slot(office.staff(), given))
    assert await heard(office, room) == ["面试时间或地点变更"]
    office.go("2026-04-27T12:00")
    await run_due(place)
    assert await heard(office, room) == ["面试即将开始"]
    office.go("2026-04-28T11:00")
    await run_due(place)
    assert await heard(office, room) == []


async def test_nothing_is_sent_of_an_interview_that_is_over(office: Office, room: MailRoom) -> None:
    case = await waiting(office)
    await heard(office, room)
    await assign(office, await slot(office), case)
    office.go("2026-04-28T09:00")
    assert await heard(office, room) == []
    assert await states(office, "INTERVIEW_BOOKED") == ["EXPIRED"]


async def test_a_deferred_report_tells_the_new_day(office: Office, room: MailRoom) -> None:
    """R162: a later day is given for a reason; the person has to know it."""
    (case,) = await published(office, [await applicant(office)])
    await office.confirmed(case)
    await office.notified(case)
    await heard(office, room)
    given = inputs.DeferReportInput(
        application=case.id, report_by=date(2026, 9, 10), reason="生病住院"
    )
    done(await admissions.defer_report(office.staff(), given))
    assert await heard(office, room) == ["报到期限已延后"]
    text = room.texts(ADDRESS)[-1]
    assert "请于 2026年9月10日 前（含当日）报到" in text
    assert "Please report by 2026-09-10 (that day included)." in text
    assert "生病" not in text
    assert isinstance(case.id, UUID)
