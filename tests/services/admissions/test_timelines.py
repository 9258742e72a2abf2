"""What an application's way tells the person: why it ended, what is to do, by when."""

from __future__ import annotations

from admissions_office import Office, done, moment
from zhupei.db.reading import Condition, read_rows
from zhupei.domain.admission_case import AdmissionCase, TimelineEntry
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.services import admissions
from zhupei.services.admissions import Desk, inputs, overviews
from zhupei.services.admissions.row_sources import APPLICATIONS


async def _entries(desk: Desk, case: AdmissionCase) -> dict[S, TimelineEntry]:
    """Return the stages of an application's way, told alike of one and of a list."""
    timeline = await admissions.timeline_of(desk, case.id)
    assert timeline is not None
    with desk.database.use():
        rows = await read_rows(
            APPLICATIONS, overviews.READ_BY_WAYS, Condition("a.id = ?", (case.id,))
        )
    assert (await overviews.ways_of(desk, rows))[case.id].entries == timeline.entries
    return {entry.state: entry for entry in timeline.entries}


async def test_who_is_not_admitted_reads_why(office: Office) -> None:
    """The mail of a rejection says: sign in for the reason."""
    case = await office.submitted()
    why = inputs.ReasonedInput(application=case.id, reason="毕业证看不清")
    done(await admissions.reject_application(office.staff(), why))
    entries = await _entries(office.own(case.applicant), case)
    assert {state: entry.reason for state, entry in entries.items()} == {
        S.DRAFT: None,
        S.SUBMITTED: None,
        S.REJECTED: "毕业证看不清",
    }


async def test_the_office_reads_why_somebody_withdrew(office: Office) -> None:
    case = await office.submitted()
    given = inputs.ReasonedInput(application=case.id, reason="考取研究生")
    done(await admissions.withdraw_application(office.own(case.applicant), given))
    assert (await _entries(office.staff(), case))[S.WITHDRAWN].reason == "考取研究生"


async def test_reasons_of_steps_within_the_process_are_not_told(office: Office) -> None:
    """They belong to the records, which the auditors read."""
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    case = await office.reviewed(case)
    entries = await _entries(office.own(case.applicant), case)
    assert {entry.reason for entry in entries.values()} == {None}


async def test_an_offer_has_no_end_before_the_list_is_published(office: Office) -> None:
    """It is accepted during publicity, so the window of the list does not tell until when."""
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    case = await office.reviewed(case)
    waiting = (await _entries(office.own(case.applicant), case))[S.CONFIRMED]
    assert (waiting.opens_at, waiting.closes_at) == (None, None)
    office.go("2026-05-11T10:00")
    done(await office.publish(case))
    offered = (await _entries(office.own(case.applicant), case))[S.CONFIRMED]
    assert offered.closes_at == moment("2026-05-21T00:00")


async def test_who_reported_signs_where_the_path_has_an_agreement(office: Office) -> None:
    (case,) = await office.published(90)
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-06-02T09:00")
    await office.reported(case)
    timeline = await admissions.timeline_of(office.own(case.applicant), case.id)
    assert timeline is not None
    assert timeline.must_do is not None
    assert timeline.must_do.en == "sign the training agreement or labour contract"
