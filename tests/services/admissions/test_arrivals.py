"""A deferral of reporting: for a reason that the office knows of, and to a later day only."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from admissions_office import HOSPITAL, MEDICINE, Office, done
from zhupei.db.models import TransitionRow
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import Action
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.domain.calendar import CHINA_TIME
from zhupei.services import admissions
from zhupei.services.admissions import RefusalCode, inputs
from zhupei.services.audit import verify_audit_chain

C = RefusalCode


async def _notified(office: Office) -> AdmissionCase:
    (case,) = await office.published(90)
    await office.confirmed(case)
    await office.notified(case)
    found = await office.case(case.id)
    assert found.report_by == date(2026, 8, 31)
    return found


async def test_r162_who_has_a_reason_keeps_the_place_until_the_new_day(office: Office) -> None:
    """S2:100, S4:364: the place is lost by staying away without a reason; grace runs anew."""
    case = await _notified(office)
    # Past the days of grace, as long as the place was not taken.
    office.go("2026-09-15T08:00")
    given = inputs.DeferReportInput(
        application=case.id,
        report_by=date(2026, 10, 8),
        reason="住院治疗",
        idempotency_key="defer-1",
    )
    changed = done(await admissions.defer_report(office.staff(), given))
    assert (changed.state, changed.report_by) == (S.NOTIFIED, date(2026, 10, 8))
    assert done(await admissions.defer_report(office.staff(), given)) == changed
    with office.database.use():
        row = await TransitionRow.get(idempotency_key="defer-1")
        assert (row.action, row.reason, row.from_state, row.to_state) == (
            "DEFER_REPORT",
            "住院治疗",
            "NOTIFIED",
            "NOTIFIED",
        )
        assert (row.data["before"], row.data["report_by"]) == ("2026-08-31", "2026-10-08")
        assert (await verify_audit_chain()).broken is None
    timeline = await admissions.timeline_of(office.own(case.applicant), case.id)
    assert timeline is not None
    assert [(record.action, record.reason) for record in timeline.records[-1:]] == [
        (Action.DEFER_REPORT, "住院治疗")
    ]
    (report,) = [entry for entry in timeline.entries if entry.state is S.REPORTED]
    assert report.closes_at == datetime(2026, 10, 9, tzinfo=CHINA_TIME)
    absent = inputs.MarkNoShowsInput(program=HOSPITAL)
    office.go("2026-10-22T23:59")
    assert done(await admissions.mark_no_shows(office.staff(), absent)).effects == ()
    office.go("2026-10-23T00:00")
    lost = done(await admissions.mark_no_shows(office.staff(), absent))
    assert [effect.application for effect in lost.effects] == [case.id]


async def test_who_was_given_time_reports_within_it(office: Office) -> None:
    case = await _notified(office)
    given = inputs.DeferReportInput(
        application=case.id, report_by=date(2026, 10, 8), reason="分娩假"
    )
    done(await admissions.defer_report(office.staff(), given))
    office.go("2026-10-08T09:00")
    reported = await office.reported(case)
    assert (reported.state, reported.reported_on) == (S.REPORTED, date(2026, 10, 8))
    before = await office.everything()
    again = replace(given, report_by=date(2026, 11, 8))
    answer = await admissions.defer_report(office.staff(), again)
    await office.refuses(C.NOT_ALLOWED_IN_STATE, answer)
    assert await office.everything() == before


@pytest.mark.parametrize(
    ("day", "reason", "field", "message"),
    [
        (date(2026, 9, 1), "住院", "reportBy", "the new last day lies in the past"),
        (
            date(2026, 8, 31),
            "住院",
            "reportBy",
            "the new last day lies in the past",
        ),
        (date(2026, 10, 8), " ", "reason", "a reason has to be given"),
    ],
)
async def test_a_deferral_has_a_reason_and_a_day_to_come(
    office: Office, day: date, reason: str, field: str, message: str
) -> None:
    case = await _notified(office)
    office.go("2026-09-02T09:00")
    before = await office.everything()
    given = inputs.DeferReportInput(application=case.id, report_by=day, reason=reason)
    refused = await office.refuses(
        C.INPUT_INVALID, await admissions.defer_report(office.staff(), given)
    )
    assert (refused.field, refused.message.en) == (field, message)
    assert await office.everything() == before


@pytest.mark.parametrize("day", [date(2026, 8, 30), date(2026, 8, 31)])
async def test_a_deferral_takes_no_day_away(office: Office, day: date) -> None:
    case = await _notified(office)
    before = await office.everything()
    given = inputs.DeferReportInput(application=case.id, report_by=day, reason="住院")
    refused = await office.refuses(
        C.INPUT_INVALID, await admissions.defer_report(office.staff(), given)
    )
    assert refused.message.en == "the new last day must be later than 2026-08-31, the present one"
    assert await office.everything() == before


_FAR = "9999-12-31 lies more than 10 years ahead: check the date"


async def test_nobody_reports_after_the_last_date_there_is(office: Office) -> None:
    """Once written it ended every later look at the person, and all no-shows of the program."""
    (case,) = await office.published(90)
    await office.confirmed(case)
    office.go("2026-05-22T00:00")
    done(await admissions.admit(office.staff(), inputs.AdmitInput(applications=(case.id,))))
    given = inputs.SendNoticeInput(applications=(case.id,), report_by=date(9999, 12, 31))
    before = await office.everything()
    refused = await office.refuses(
        C.INPUT_INVALID, await admissions.send_notice(office.staff(), given)
    )
    assert (refused.field, refused.message.en) == ("reportBy", _FAR)
    assert await office.everything() == before
    # The last year that an office can mean.
    sent = replace(given, report_by=date(2036, 12, 31))
    done(await admissions.send_notice(office.staff(), sent))
    before = await office.everything()
    later = inputs.DeferReportInput(
        application=case.id, report_by=date(9999, 12, 31), reason="住院"
    )
    refused = await office.refuses(
        C.INPUT_INVALID, await admissions.defer_report(office.staff(), later)
    )
    assert (refused.field, refused.message.zh) == (
        "reportBy",
        "日期 9999-12-31 距今超过 10 年，请核对",
    )
    assert await office.everything() == before
    assert (await admissions.timeline_of(office.own(case.applicant), case.id)) is not None


async def test_only_the_office_defers(office: Office) -> None:
    case = await _notified(office)
    before = await office.everything()
    given = inputs.DeferReportInput(application=case.id, report_by=date(2026, 10, 8), reason="住院")
    answer = await admissions.defer_report(office.own(case.applicant), given)
    await office.refuses(C.NOT_PERMITTED, answer)
    answer = await admissions.defer_report(office.staff("specialty_base"), given)
    await office.refuses(C.NOT_PERMITTED, answer)
    assert await office.everything() == before


async def test_nobody_defers_before_the_notice(office: Office) -> None:
    case = await office.submitted(MEDICINE)
    before = await office.everything()
    given = inputs.DeferReportInput(application=case.id, report_by=date(2026, 10, 8), reason="住院")
    answer = await admissions.defer_report(office.staff(), given)
    await office.refuses(C.NOT_ALLOWED_IN_STATE, answer)
    assert await office.everything() == before
