"""Notices reach people through a real mail server, whatever it answers, and are never lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from admissions_office import Office, done
from job_place import OFFICE_ADDRESS, applicant, place_of, published
from mail_room import MailRoom, mail_room
from zhupei.db.models import BulkOperationRow, NoticeDeliveryRow, NoticeRow, OutboxRow
from zhupei.jobs import run_due, tell_events
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.notices import delivery as module
from zhupei.services.notices.delivery import retry_notice, retry_notices
from zhupei.services.notices.kinds import NoticeState
from zhupei.services.notices.log import Notice, notices_of
from zhupei.services.notices.preparing import make_notices

ADDRESS = "person1@example.org"


@pytest.fixture
async def room() -> AsyncIterator[MailRoom]:
    async with mail_room() as opened:
        yield opened


async def notices(office: Office, application: UUID | None = None) -> list[Notice]:
    """Return the notices, oldest first."""
    with office.database.use():
        found = await notices_of(bases=None, applicant=None, application=application, first=100)
    return list(reversed(found))


async def submitted(office: Office, number: int = 1, **more: str | None) -> UUID:
    case = await office.submitted(applicant=await applicant(office, number, **more))
    return case.id


async def test_a_receipt_in_two_languages_with_a_receipt_of_its_own(
    office: Office, room: MailRoom
) -> None:
    id_ = await submitted(office)
    counts = await tell_events(place_of(office, room.server))
    assert counts == {"ACCEPTED": 1}
    ((to, letter),) = room.letters
    assert to == ADDRESS
    assert letter["Subject"] == "报名已提交 / Application received"
    assert letter["From"] == "住培招收 <noreply@zhupei.example>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert room.texts(ADDRESS) == [
        f"""样例二：

我们已收到你的报名。此后的办理结果将另行通知。

报名号：{id_}
招收单位：样例医院
招收项目：样例医院住培 2026
招收专业：内科

联系方式：0931-8888888  office@sample-hospital.example

此邮件由系统自动发出，请勿直接回复。

- - - - - - - - - - - - - - - -

Dear 样例二,

We have received your application. You will be told of every decision.

Application: {id_}
Base: Sample Hospital
Program: Sample Hospital residency 2026
Opening: Internal Medicine

Contact: 0931-8888888  office@sample-hospital.example

This is an automatic message; please do not reply.
"""
    ]
    (notice,) = await notices(office, id_)
    assert (notice.state, notice.settled_at) == ("SENT", office.now)
    (attempt,) = notice.attempts
    assert (attempt.number, attempt.outcome, attempt.code) == (1, "ACCEPTED", 250)
    # Many servers repeat the address: it is not kept.
    assert attempt.response == "queued for <address> as 4711"
    assert attempt.message_id == letter["Message-ID"] == f"<notice.{notice.id}@zhupei.example>"
    assert await tell_events(place_of(office, room.server)) == {}


async def test_the_whole_way_is_told(office: Office, room: MailRoom) -> None:
    place = place_of(office, room.server)
    await run_due(place)
    people = [await applicant(office, 1), await applicant(office, 2)]
    first, _second = await published(office, people)
    await office.confirmed(first)
    office.go("2026-05-21T00:00")
    await run_due(place)
    office.go("2026-05-22T00:00")
    done(await admissions.admit(office.staff(), inputs.AdmitInput(applications=(first.id,))))
    notify = inputs.SendNoticeInput(applications=(first.id,))
    done(await admissions.send_notice(office.staff(), notify))
    await tell_events(place)
    assert [each.partition(" / ")[0] for each in room.subjects(ADDRESS)] == [
        "报名已提交",
        "资格审核通过",
        "拟录取名单公示",
        "已确认接受录取",
        "已录取",
        "录取与报到通知",
    ]  # fmt: skip
    assert [each.partition(" / ")[0] for each in room.subjects("person2@example.org")] == [
        "报名已提交", "资格审核通过", "拟录取名单公示", "逾期未确认",
    ]  # fmt: skip
    letter = room.letters[-1][1]
    (attached,) = letter.iter_attachments()
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_filename() == "录取通知书.pdf"
    assert bytes(attached.get_content())[:5] == b"%PDF-"
    text = room.texts(ADDRESS)[-1]
    assert "请于 2026年8月31日 前（含当日）报到。" in text
    assert "报到时请携带：\n1. " in text
    assert "通知书见附件。" in text
    assert "Please report by 2026-08-31 (that day included)." in text
    ended = next(
        each for each in room.texts(OFFICE_ADDRESS) if "公示已于 2026年5月20日 24时结束" in each
    )
    assert "待处理异议：0 件" in ended


async def test_a_notice_whose_letter_cannot_be_made_sends_nobody_to_look_for_it(
    office: Office, room: MailRoom
) -> None:
    (case,) = await published(office, [await applicant(office, 1)])
    await office.confirmed(case)
    office.go("2026-05-22T00:00")
    done(await admissions.admit(office.staff(), inputs.AdmitInput(applications=(case.id,))))
    notify = inputs.SendNoticeInput(applications=(case.id,))
    done(await admissions.send_notice(office.staff(), notify))
    catalogue = office.loaded.catalogue
    base = catalogue.bases[case.base]
    nowhere = tuple(replace(each, address=None) for each in base.contacts)
    bases = {**catalogue.bases, base.code: replace(base, contacts=nowhere)}
    office.loaded = replace(office.loaded, catalogue=replace(catalogue, bases=bases))
    await tell_events(place_of(office, room.server))
    assert list(room.letters[-1][1].iter_attachments()) == []
    text = room.texts(ADDRESS)[-1]
    assert "通知书请向培训基地领取。\n" in text
    assert "Please get the letter from the base.\n" in text


async def test_an_offer_that_is_declined_is_told_to_both(office: Office, room: MailRoom) -> None:
    (case,) = await published(office, [await applicant(office, 1)])
    given = inputs.ReasonedInput(application=case.id, reason="另有安排")
    done(await admissions.decline_admission(office.own(case.applicant), given))
    await tell_events(place_of(office, room.server))
    assert room.subjects(ADDRESS)[-1] == "已放弃录取 / Offer declined"
    (to_office,) = room.texts(OFFICE_ADDRESS)
    assert "名额已释放，可按候补顺序递补" in to_office
    # Neither the person nor the reason is the mail's business.
    assert "样例" not in to_office.replace("样例医院", "")
    assert "另有安排" not in "".join([*room.texts(ADDRESS), to_office])


async def test_who_quits_after_the_report_is_told_that_the_office_recorded_it(
    office: Office, room: MailRoom
) -> None:
    (case,) = await published(office, [await applicant(office, 1)])
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-06-02T09:00")
    await office.reported(case)
    await tell_events(place_of(office, room.server))
    told = room.texts(OFFICE_ADDRESS)
    given = inputs.ReasonedInput(application=case.id, reason="考取研究生")
    done(await admissions.record_quit(office.staff(), given))
    await tell_events(place_of(office, room.server))
    assert room.subjects(ADDRESS)[-1] == "已登记退出 / Recorded as leaving"
    assert "如与事实不符，请立即与培训基地联系" in room.texts(ADDRESS)[-1]
    assert "考取研究生" not in room.texts(ADDRESS)[-1]
    # The office knows.
    assert room.texts(OFFICE_ADDRESS) == told


async def test_a_step_that_is_taken_back_is_told_as_such(office: Office, room: MailRoom) -> None:
    (case,) = await published(office, [await applicant(office, 1)])
    await tell_events(place_of(office, room.server))
    with office.database.use():
        operation = (await BulkOperationRow.all().order_by("-at"))[0].id
    given = inputs.RevertBulkInput(operation=operation, reason="数据有误")
    done(await admissions.revert_bulk(office.authority(), given))
    await tell_events(place_of(office, room.server))
    assert room.subjects(ADDRESS)[-1] == "办理结果已撤回 / A step was taken back"
    assert "你的报名现为“培训基地审核通过”" in room.texts(ADDRESS)[-1]
    assert case.state.value == "IN_PUBLICITY"


async def test_a_draft_that_is_given_up_is_told_to_nobody(office: Office, room: MailRoom) -> None:
    """Nobody else saw it; who withdraws what was handed in is told."""
    draft = await office.draft(applicant=await applicant(office, 1))
    filed = await office.submitted(applicant=await applicant(office, 2))
    for case in (draft, filed):
        given = inputs.ReasonedInput(application=case.id, reason="另有安排")
        done(await admissions.withdraw_application(office.own(case.applicant), given))
    await tell_events(place_of(office, room.server))
    assert room.subjects(ADDRESS) == []
    assert await notices(office, draft.id) == []
    assert [each.partition(" / ")[0] for each in room.subjects("person2@example.org")] == [
        "报名已提交", "已撤回报名",
    ]  # fmt: skip


async def test_without_a_server_they_wait_and_go_out_later(
    office: Office, room: MailRoom, caplog: pytest.LogCaptureFixture
) -> None:
    id_ = await submitted(office)
    with caplog.at_level(logging.WARNING, "zhupei.notices"):
        assert await tell_events(place_of(office)) == {"NOT_CONFIGURED": 1}
        assert await tell_events(place_of(office)) == {}
    assert [record.message for record in caplog.records] == [
        "notices wait: no mail server is configured"
    ]
    (notice,) = await notices(office, id_)
    assert (notice.state, notice.attempts, notice.settled_at) == ("NOT_CONFIGURED", (), None)
    office.later(days=3)
    assert await tell_events(place_of(office, room.server)) == {"ACCEPTED": 1}
    assert room.subjects(ADDRESS) == ["报名已提交 / Application received"]


async def test_temporary_refusals_are_tried_again_with_growing_pauses(
    office: Office, room: MailRoom
) -> None:
    id_ = await submitted(office)
    room.to_recipient[ADDRESS] = ["451 4.7.1 greylisted, person1@example.org"] * 2
    place = place_of(office, room.server)
    for minutes in (0, 1, 5):
        office.later(minutes=minutes)
        await tell_events(place)
        # Not before its time.
        assert await tell_events(place) == {}
    (notice,) = await notices(office, id_)
    assert [(each.outcome, each.code) for each in notice.attempts] == [
        ("TEMPORARY", 451), ("TEMPORARY", 451), ("ACCEPTED", 250),
    ]  # fmt: skip
    assert notice.attempts[0].response == "4.7.1 greylisted, <address>"
    assert notice.state == "SENT"
    assert len(room.letters) == 1


@pytest.mark.parametrize("where", ["recipient", "content"])
async def test_a_permanent_refusal_is_final_until_somebody_asks(
    office: Office, room: MailRoom, where: str
) -> None:
    id_ = await submitted(office)
    if where == "recipient":
        room.to_recipient[ADDRESS] = ["550 5.1.1 no such user"]
    else:
        room.to_content = ["554 5.6.0 refused"]
    place = place_of(office, room.server)
    assert await tell_events(place) == {"PERMANENT": 1}
    office.later(days=9)
    assert await tell_events(place) == {}
    (notice,) = await notices(office, id_)
    assert (notice.state, len(notice.attempts)) == ("UNDELIVERABLE", 1)
    with office.database.use():
        assert await retry_notice(notice.id, office.now)
        assert not await retry_notice(notice.id, office.now)
    assert await tell_events(place) == {"ACCEPTED": 1}
    (notice,) = await notices(office, id_)
    assert [each.number for each in notice.attempts] == [1, 2]


async def test_one_bad_address_keeps_no_other_from_the_mail(office: Office, room: MailRoom) -> None:
    for number in (1, 2, 3):
        await submitted(office, number)
    room.to_recipient["person2@example.org"] = ["550 no"]
    assert await tell_events(place_of(office, room.server)) == {"ACCEPTED": 2, "PERMANENT": 1}
    assert room.connections == 1


async def test_a_connection_that_is_cut_in_the_middle(office: Office, room: MailRoom) -> None:
    """Nobody knows whether it arrived: it is sent again under the same message id."""
    id_ = await submitted(office)
    await submitted(office, 2)
    room.drops = 1
    place = place_of(office, room.server)
    assert await tell_events(place) == {"TEMPORARY": 1}
    # The rest waits for the next time rather than to be cut as well.
    assert room.letters == []
    office.later(minutes=1)
    assert await tell_events(place) == {"ACCEPTED": 2}
    (notice,) = await notices(office, id_)
    assert [(each.outcome, each.code) for each in notice.attempts] == [
        ("TEMPORARY", None), ("ACCEPTED", 250),
    ]  # fmt: skip
    assert notice.attempts[1].message_id == f"<notice.{notice.id}@zhupei.example>"


async def test_a_server_that_is_away_costs_nobody_the_notice(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    id_ = await submitted(office)
    async with mail_room() as room:
        gone = room.server
    with caplog.at_level(logging.INFO, "zhupei"):
        assert await tell_events(place_of(office, gone)) == {"TEMPORARY": 1}
    (notice,) = await notices(office, id_)
    assert (notice.state, notice.next_attempt_at) == ("WAITING", office.now + timedelta(minutes=1))
    assert "example.org" not in caplog.text
    assert "样例" not in caplog.text


async def test_after_ten_attempts_it_is_undeliverable(office: Office, room: MailRoom) -> None:
    id_ = await submitted(office)
    room.to_recipient[ADDRESS] = ["451 later"] * 20
    place = place_of(office, room.server)
    for _ in range(12):
        await tell_events(place)
        office.later(days=1)
    (notice,) = await notices(office, id_)
    assert (notice.state, len(notice.attempts)) == ("UNDELIVERABLE", module.ATTEMPTS)
    with office.database.use():
        assert await retry_notices(office.now) == 1
    await tell_events(place)
    assert len((await notices(office, id_))[0].attempts) == module.ATTEMPTS + 1


async def test_who_has_no_address_is_seen_in_the_log(office: Office, room: MailRoom) -> None:
    id_ = await submitted(office, 1, email=None)
    assert await tell_events(place_of(office, room.server)) == {"NO_ADDRESS": 1}
    (notice,) = await notices(office, id_)
    assert (notice.state, notice.attempts) == ("NO_ADDRESS", ())


async def test_a_reminder_that_is_too_late_or_overtaken_is_not_sent(
    office: Office, room: MailRoom
) -> None:
    first, second = await published(office, [await applicant(office, n) for n in (1, 2)])
    place = place_of(office, room.server)
    await tell_events(place)
    office.go("2026-05-18T09:00")
    unsent = place_of(office)
    await run_due(unsent)
    await tell_events(unsent)
    await office.confirmed(first)
    office.go("2026-05-21T00:00")
    await tell_events(place)
    states = {
        each.application: each.state
        for each in await notices(office)
        if each.kind == "CONFIRMATION_NEAR"
    }
    assert states == {first.id: "EXPIRED", second.id: "EXPIRED"}
    assert "确认即将截止 / Your confirmation is due soon" not in room.subjects(ADDRESS)


async def test_two_at_once_send_each_once(office: Office, room: MailRoom) -> None:
    for number in range(1, 7):
        await submitted(office, number)
    await asyncio.gather(*(tell_events(place_of(office, room.server)) for _ in range(3)))
    assert sorted(to for to, _ in room.letters) == [f"person{n}@example.org" for n in range(1, 7)]
    with office.database.use():
        assert await NoticeRow.all().count() == 6
        assert await NoticeDeliveryRow.filter(outcome="ACCEPTED").count() == 6


async def test_who_is_killed_while_sending_leaves_it_to_another(
    office: Office, room: MailRoom
) -> None:
    id_ = await submitted(office)
    place = place_of(office, room.server)
    with office.database.use():
        await make_notices(office.now)
        taken = await module._take(office.now)
        assert taken is not None
    # Its lease holds others off, for a while.
    assert await tell_events(place) == {}
    office.later(minutes=5)
    assert await tell_events(place) == {"ACCEPTED": 1}
    (notice,) = await notices(office, id_)
    assert [each.outcome for each in notice.attempts] == ["INTERRUPTED", "ACCEPTED"]


async def test_who_comes_back_too_late_overwrites_nothing(office: Office, room: MailRoom) -> None:
    """A worker that was held up for longer than its lease; another one has sent it meanwhile."""
    id_ = await submitted(office)
    others: list[Mapping[str, int]] = []

    async def held_up() -> None:
        room.waits = None
        office.later(minutes=6)
        others.append(await tell_events(place_of(office, room.server)))
        room.to_content.append("451 later")

    room.waits = held_up
    assert await tell_events(place_of(office, room.server)) == {"TEMPORARY": 1}
    assert others == [{"ACCEPTED": 1}]
    (notice,) = await notices(office, id_)
    assert notice.state == "SENT"
    assert [each.outcome for each in notice.attempts] == ["INTERRUPTED", "ACCEPTED"]
    office.later(days=1)
    assert await tell_events(place_of(office, room.server)) == {}


async def test_who_finds_no_address_too_late_overwrites_nothing(
    office: Office, room: MailRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await submitted(office)

    async def held_up(*_given: object) -> NoticeState:
        monkeypatch.undo()
        office.later(minutes=6)
        assert await tell_events(place_of(office, room.server)) == {"ACCEPTED": 1}
        return NoticeState.NO_ADDRESS

    monkeypatch.setattr(module, "composed", held_up)
    assert await tell_events(place_of(office, room.server)) == {"NO_ADDRESS": 1}
    (notice,) = await notices(office, id_)
    assert notice.state == "SENT"
    assert [each.outcome for each in notice.attempts] == ["INTERRUPTED", "ACCEPTED"]


async def test_a_notice_that_cannot_be_written_keeps_no_other(
    office: Office, room: MailRoom, caplog: pytest.LogCaptureFixture
) -> None:
    bad = await submitted(office, 1)
    await submitted(office, 2)
    with office.database.use():
        await make_notices(office.now)
        await NoticeRow.filter(application_id=bad).update(kind="UNHEARD_OF")
    with caplog.at_level(logging.INFO, "zhupei.notices"):
        counts = await tell_events(place_of(office, room.server))
    assert counts == {"NOT_WRITTEN": 1, "ACCEPTED": 1}
    assert "a notice could not be written" in [record.message for record in caplog.records]


async def test_nothing_personal_is_kept_or_logged(
    office: Office, room: MailRoom, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await submitted(office)
        room.to_recipient[ADDRESS] = [f"451 <{ADDRESS}> later"]
        await tell_events(place_of(office, room.server))
        office.later(minutes=1)
        await tell_events(place_of(office, room.server))
    kept = ""
    with office.database.use():
        for model in (OutboxRow, NoticeRow, NoticeDeliveryRow):
            kept += str(await model.all().values())
    ours = "".join(r.getMessage() + str(vars(r)) for r in caplog.records if "zhupei" in r.name)
    for personal in (ADDRESS, "样例二", "11010519491231"):
        assert personal not in kept
        assert personal not in ours


async def test_an_invitation_and_an_objection_are_told(office: Office, room: MailRoom) -> None:
    """R150: the invited person answers; R147: the office decides before it admits."""
    (case,) = await published(office, [await applicant(office, 1)])
    objector = office.own(await applicant(office, 2))
    objection = inputs.FileObjectionInput(application=case.id, text="张某不符合条件")
    done(await admissions.file_objection(objector, objection))
    await tell_events(place_of(office, room.server))
    assert room.subjects(OFFICE_ADDRESS) == ["收到异议 / An objection was filed"]
    assert "张某" not in room.texts(OFFICE_ADDRESS)[0]
    with office.database.use():
        assert (await OutboxRow.get(name="objection.filed")).actor is None
    office.go("2026-06-02T09:00")
    invitation = inputs.InviteCandidateInput(
        applicant=await applicant(office, 3), opening=case.opening, round="batch-2"
    )
    for _ in range(2):
        done(await admissions.invite_candidate(office.staff(), invitation))
    await tell_events(place_of(office, room.server))
    (text,) = room.texts("person3@example.org")
    assert "样例医院 邀请你参加“内科”的招收。请登录系统答复" in text
    assert 'Sample Hospital invites you to "Internal Medicine"' in text
