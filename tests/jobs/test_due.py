"""Time passes by itself: what is due is done once, in order, by whoever looks."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from admissions_office import HOSPITAL, Office, done, moment
from job_place import applicant, place_of, published
from zhupei.db.models import (
    ApplicationRow,
    BanRow,
    DeadlineRow,
    Idempotency,
    OutboxRow,
    TransitionRow,
)
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.domain.permissions import PERMISSIONS
from zhupei.jobs import SYSTEM, DueReport, run_due
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.audit import verify_audit_chain
from zhupei.services.deadlines import watching_since


async def events(office: Office, *names: str) -> list[tuple[str, str, object]]:
    with office.database.use():
        rows = await OutboxRow.filter(name__in=names).order_by("id")
        return [
            (row.name, row.program_code or "", row.data.get("window") or row.data.get("due"))
            for row in rows
        ]


async def watched(office: Office) -> None:
    """Begin to look, before anything is due."""
    office.go("2026-04-01T00:00")
    await run_due(place_of(office))


async def test_windows_are_told_once_with_their_own_instant(office: Office) -> None:
    """R139/R148: half-open windows; the closing 24:00 is the next day's first instant."""
    place = place_of(office)
    await watched(office)
    office.go("2026-04-07T23:59")
    assert (await run_due(place)).told == 0
    office.go("2026-04-08T00:00")
    first = await run_due(place)
    # The province's own program and those of its two bases.
    assert first.told == 3
    assert await run_due(place) == DueReport()
    with office.database.use():
        rows = await OutboxRow.filter(name="round.opened", program_code=HOSPITAL)
    assert [(row.at, row.data) for row in rows] == [
        (office.now, {"round": "batch-1", "window": "registration"})
    ]
    office.go("2026-04-23T23:59")
    await run_due(place)
    assert await events(office, "round.closed") == [
        ("round.closed", "sample-fellowship-2026", "registration")
    ]
    office.go("2026-04-24T00:00")
    await run_due(place)
    closed = [each for each in await events(office, "round.closed") if each[1] == HOSPITAL]
    assert closed == [("round.closed", HOSPITAL, "registration")]


async def test_a_new_installation_tells_nothing_of_the_past(office: Office) -> None:
    office.go("2026-05-01T00:00")
    assert await run_due(place_of(office)) == DueReport()
    assert await events(office, "round.opened", "round.closed") == []


async def test_downtime_is_caught_up_in_the_order_of_what_was_missed(office: Office) -> None:
    await watched(office)
    office.go("2026-06-16T08:00")
    report = await run_due(place_of(office))
    told = await events(office, "round.opened", "round.closed")
    assert report.told == len(told)
    assert [(name, window) for name, program, window in told if program == HOSPITAL] == [
        ("round.opened", "registration"),
        ("round.closed", "registration"),
        ("round.opened", "assessment"),
        ("round.closed", "assessment"),
        ("round.closed", "publicity"),
        ("round.opened", "invitation"),
        ("round.opened", "registration"),
        ("round.closed", "registration"),
    ]
    with office.database.use():
        instants = [row.at for row in await OutboxRow.filter(program_code=HOSPITAL).order_by("id")]
    assert instants == sorted(instants)


async def test_who_looks_at_once_tells_once(office: Office) -> None:
    await watched(office)
    office.go("2026-06-16T08:00")
    reports = await asyncio.gather(*(run_due(place_of(office)) for _ in range(4)))
    with office.database.use():
        rows = await OutboxRow.filter(name__startswith="round.")
        told = [(row.name, row.program_code, row.at, row.data["window"]) for row in rows]
        assert await DeadlineRow.exclude(kind="WATCH").count() == len(told)
    assert len(told) == len(set(told)) == sum(each.told for each in reports)


async def test_confirmations_expire_and_the_seats_are_free(office: Office) -> None:
    """R147: who did not confirm by 24:00 of the last day is let go; who did waits for the base."""
    cases = await published(office, [await applicant(office, n) for n in (1, 2)])
    await office.confirmed(cases[0])
    place = place_of(office)
    office.go("2026-05-20T23:59")
    assert (await run_due(place)).expired == 0
    assert await office.taken() == 2
    office.go("2026-05-21T00:00")
    report = await run_due(place)
    # The list, and the round's window of publicity in each of three programs.
    assert (report.told, report.expired, report.refused) == (4, 1, 0)
    assert await events(office, "publicity.ended") == [("publicity.ended", HOSPITAL, None)]
    assert [(await office.case(each.id)).state for each in cases] == [S.CONFIRMED, S.EXPIRED]
    assert await office.taken() == 1
    with office.database.use():
        last = await TransitionRow.all().order_by("-sequence").first()
        assert last is not None
        assert (last.actor, last.action) == ("zhupei (system)", "EXPIRE")
        assert (await verify_audit_chain()).broken is None
    assert await run_due(place) == DueReport()


async def test_two_look_at_once_and_each_is_let_go_once(office: Office) -> None:
    cases = await published(office, [await applicant(office, n) for n in (1, 2)])
    office.go("2026-05-21T00:00")
    reports = await asyncio.gather(*(run_due(place_of(office)) for _ in range(3)))
    assert sum(each.expired for each in reports) == 2
    with office.database.use():
        acted = await TransitionRow.filter(action="EXPIRE").values_list("application_id", flat=True)
        assert sorted(map(str, acted)) == sorted(str(case.id) for case in cases)
        assert (await verify_audit_chain()).broken is None
    assert await office.taken() == 0


async def test_many_begin_to_look_at_the_same_moment(office: Office) -> None:
    now = moment("2026-05-21T00:00")
    with office.database.use():
        found = await asyncio.gather(*(watching_since(now) for _ in range(8)))
        assert found == [now] * 8
        assert await DeadlineRow.filter(kind="WATCH").count() == 1


async def test_a_frozen_round_keeps_its_people_and_is_named_once(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    await published(office, [await applicant(office, 1)])
    done(
        await admissions.freeze_round(
            office.authority(),
            inputs.FreezeRoundInput(
                program="sample-residency-2026", round="batch-1", reason="核查"
            ),
        )
    )
    office.go("2026-05-21T00:00")
    before = await office.everything()
    place = place_of(office)
    with caplog.at_level(logging.WARNING, "zhupei.jobs"):
        for _ in range(2):
            assert (await run_due(place)).refused == 1
    assert await office.everything() == before
    assert [record.message for record in caplog.records] == ["what is due could not be done"]
    assert vars(caplog.records[0])["code"] == "ROUND_FROZEN"


async def notified(office: Office) -> UUID:
    (case,) = await published(office, [await applicant(office, 1)])
    await office.confirmed(case)
    office.go("2026-05-22T00:00")
    done(await admissions.admit(office.staff(), inputs.AdmitInput(applications=(case.id,))))
    done(
        await admissions.send_notice(
            office.staff(), inputs.SendNoticeInput(applications=(case.id,))
        )
    )
    assert (await office.case(case.id)).report_by is not None
    return case.id


async def test_g28_no_show_two_weeks_after_the_last_day_of_report(office: Office) -> None:
    """R152/R162/T43/G28: the place is lost after 14 days; a ban does not follow by itself."""
    id_ = await notified(office)
    assert str((await office.case(id_)).report_by) == "2026-08-31"
    place = place_of(office)
    office.go("2026-09-14T23:59")
    assert (await run_due(place)).no_shows == 0
    assert (await office.case(id_)).state is S.NOTIFIED
    office.go("2026-09-15T00:00")
    assert (await run_due(place)).no_shows == 1
    assert (await office.case(id_)).state is S.NO_SHOW
    assert await office.taken() == 0
    with office.database.use():
        assert await BanRow.all().count() == 0


async def test_r162_a_deferral_for_a_reason_keeps_the_place(office: Office) -> None:
    """S2:100, S4:364: who stays away for a reason that the office knows of is no no-show."""
    id_ = await notified(office)
    place = place_of(office)
    office.go("2026-09-14T09:00")
    deferral = inputs.DeferReportInput(
        application=id_, report_by=date(2026, 9, 20), reason="住院治疗"
    )
    done(await admissions.defer_report(office.staff(), deferral))
    office.go("2026-10-04T23:59")
    assert (await run_due(place)).no_shows == 0
    office.go("2026-10-05T00:00")
    assert (await run_due(place)).no_shows == 1
    assert (await office.case(id_)).state is S.NO_SHOW


async def test_agreements_overdue_are_told_once(office: Office) -> None:
    """R154: within a week after the report; the trainee stays."""
    id_ = await notified(office)
    office.go("2026-08-28T09:00")
    await office.reported(await office.case(id_))
    place = place_of(office)
    office.go("2026-09-04T23:59")
    await run_due(place)
    assert await events(office, "agreement.overdue") == []
    office.go("2026-09-05T00:00")
    await run_due(place)
    await run_due(place)
    told = [("agreement.overdue", HOSPITAL, "2026-09-04")]
    assert await events(office, "agreement.overdue") == told
    assert (await office.case(id_)).state is S.REPORTED


@pytest.mark.parametrize(
    ("before", "at", "name", "due"),
    [
        ("2026-05-17T23:59", "2026-05-18T00:00", "confirmation.near", "2026-05-20"),
    ],
)
async def test_who_has_not_confirmed_is_reminded_once(
    office: Office, before: str, at: str, name: str, due: str
) -> None:
    cases = await published(office, [await applicant(office, n) for n in (1, 2)])
    await office.confirmed(cases[0])
    place = place_of(office)
    office.go(before)
    await run_due(place)
    assert await events(office, name) == []
    office.go(at)
    assert (await run_due(place)).reminded == 1
    assert (await run_due(place)).reminded == 0
    assert await events(office, name) == [(name, HOSPITAL, due)]


async def test_drafts_reports_and_agreements_are_reminded_of(office: Office) -> None:
    office.go("2026-04-10T09:00")
    await office.draft(applicant=await applicant(office, 5))
    place = place_of(office)
    office.go("2026-04-20T23:59")
    assert (await run_due(place)).reminded == 0
    office.go("2026-04-21T00:00")
    assert (await run_due(place)).reminded == 1
    assert await events(office, "submission.near") == [("submission.near", HOSPITAL, "2026-04-23")]
    id_ = await notified(office)
    office.go("2026-08-29T00:00")
    assert (await run_due(place)).reminded == 1
    assert await events(office, "report.near") == [("report.near", HOSPITAL, "2026-08-31")]
    await office.reported(await office.case(id_))
    office.go("2026-09-02T23:59")
    assert (await run_due(place)).reminded == 0
    office.go("2026-09-03T00:00")
    assert (await run_due(place)).reminded == 1
    assert await events(office, "agreement.near") == [("agreement.near", HOSPITAL, "2026-09-05")]
    # Nobody is reminded of what is past, and nobody where an installation wants none.
    office.go("2026-09-06T00:00")
    assert (await run_due(place)).reminded == 0
    with office.database.use():
        await DeadlineRow.filter(kind="AGREEMENT_NEAR").delete()
    office.go("2026-09-04T00:00")
    assert (await run_due(place_of(office, reminds=timedelta(0)))).reminded == 0


async def test_answers_to_old_requests_are_forgotten(office: Office) -> None:
    with office.database.use():
        for key, age in (("old", 31), ("new", 29)):
            await Idempotency.create(
                actor="a", key=key, operation="o", request_hash="0" * 64, answer={},
                created_at=office.now - timedelta(days=age),
            )  # fmt: skip
        await run_due(place_of(office))
        assert [row.key for row in await Idempotency.all()] == ["new"]


def test_the_system_may_do_exactly_what_time_does() -> None:
    assert sorted(SYSTEM.scopes or ()) == ["applications.admit", "applications.read"]
    for name in SYSTEM.scopes or ():
        roles = set(PERMISSIONS[name].roles)
        assert roles & {grant.role for grant in SYSTEM.grants}, name


async def test_the_system_may_do_nothing_else(office: Office) -> None:
    (case,) = await published(office, [await applicant(office, 1)])
    desk = place_of(office).desk()
    before = await office.everything()
    refusals = [
        await admissions.confirm_admission(desk, inputs.ApplicationInput(application=case.id)),
        await admissions.reject_application(
            desk, inputs.ReasonedInput(application=case.id, reason="x")
        ),
        await admissions.register_trainee(desk, inputs.ApplicationInput(application=case.id)),
        await admissions.freeze_round(
            desk,
            inputs.FreezeRoundInput(program="sample-residency-2026", round="batch-1", reason="x"),
        ),
    ]
    assert [getattr(each, "code", None) for each in refusals] == ["NOT_PERMITTED"] * 4
    assert await office.everything() == before
    with office.database.use():
        assert await ApplicationRow.filter(state=S.IN_PUBLICITY.value).count() == 1


async def test_whoever_watches_a_round_hears_which_window_passed(
    office: Office, database_url: str
) -> None:
    """Told with the event, to every process: the kind of the window, and whether it began."""
    connection = await asyncpg.connect(database_url)
    heard: list[list[str]] = []
    await connection.add_listener(
        "zhupei_changes", lambda _c, _pid, _channel, payload: heard.append(json.loads(payload))
    )
    place = place_of(office)
    office.go("2026-04-23T12:00")
    await run_due(place)
    office.go("2026-04-24T00:00")
    for _ in range(2):
        await run_due(place)
    await connection.execute("SELECT 1")
    await connection.close()
    told = [each for each in heard if each[0] == "round"]
    assert sorted(told) == [
        ["round", "sample-residency-2026", "batch-1", "WINDOW_CLOSED", "registration"],
        ["round", "sample-residency-2026", "batch-1", "WINDOW_OPENED", "assessment"],
    ]
