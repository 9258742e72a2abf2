"""The whole way of the fictional province, and of a fellowship, with the clock moved."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

from admissions_office import FELLOW, FELLOWSHIP, HEART, MEDICINE, Office, done
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.audit import verify_audit_chain


async def test_from_draft_to_registration(office: Office) -> None:
    """A2.3-A6.3: every state of the province's path, and the record of each."""
    first, second = await office.published(90, 80)
    assert (first.state, second.state) == (S.IN_PUBLICITY, S.IN_PUBLICITY)
    assert await office.taken() == 2
    await office.confirmed(first)
    await office.confirmed(second)
    await office.notified(first, second)
    office.go("2026-08-30T09:00")
    await office.reported(first)
    await office.signed(first)
    last = done(
        await admissions.register_trainee(
            office.staff(), inputs.ApplicationInput(application=first.id)
        )
    )
    assert last.state is S.REGISTERED
    timeline = await admissions.timeline_of(office.own(first.applicant), first.id)
    assert timeline is not None
    assert [entry.state for entry in timeline.entries] == [
        S.DRAFT, S.SUBMITTED, S.CHECKED, S.ASSESSED, S.OPINED, S.REVIEWED, S.IN_PUBLICITY,
        S.CONFIRMED, S.ADMITTED, S.NOTIFIED, S.REPORTED, S.CONTRACTED, S.REGISTERED,
    ]  # fmt: skip
    assert all(entry.done_at is not None for entry in timeline.entries)
    assert [record.revision for record in timeline.records] == list(range(1, 15))
    assert len({record.hash for record in timeline.records}) == 14
    with office.database.use():
        report = await verify_audit_chain()
    assert report.broken is None
    assert (report.records, report.applications) == (25, 2)


async def test_the_short_path_of_a_fellowship(office: Office) -> None:
    """R181: apply, unit recommends, host selects, host notifies, report."""
    person = uuid4()
    office.go("2026-04-17T23:59:59")
    case = await office.draft(HEART, person, round_code="june", candidate=FELLOW)
    case = done(
        await admissions.submit_application(
            office.own(person), inputs.SubmitApplicationInput(application=case.id)
        )
    )
    given = inputs.ApplicationInput(application=case.id)
    case = done(await admissions.recommend_application(office.unit(person), given))
    assert case.state is S.RECOMMENDED
    case = done(
        await admissions.review_application(
            office.staff(), inputs.ReviewApplicationInput(application=case.id, approved=True)
        )
    )
    assert (case.state, await office.taken(HEART)) == (S.REVIEWED, 0)
    done(
        await admissions.send_notice(
            office.staff(), inputs.SendNoticeInput(applications=(case.id,))
        )
    )
    assert await office.taken(HEART) == 1
    office.go("2026-06-01T08:00")
    case = await office.reported(case)
    assert (case.state, str(case.report_by)) == (S.REPORTED, "2026-06-01")
    assert case.program == FELLOWSHIP


async def test_scores_are_weighted_as_configured(office: Office) -> None:
    """T42: 0.4 and 0.6 of the hospital's own configuration."""
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    await office.reviewed(case, 80)
    ranking = done(
        await admissions.ranking_of(
            office.staff(), inputs.RankingInput(opening=MEDICINE, round="batch-1")
        )
    )
    assert [(each.application, each.rank.place, each.total) for each in ranking] == [
        (case.id, 1, Decimal(80))
    ]
