"""One request, sent many times at the same moment: done once, and answered alike."""

from __future__ import annotations

import asyncio

from admissions_office import HOSPITAL, Office, done
from zhupei.db.models import BulkOperationRow, TransitionRow
from zhupei.domain.admission_case import BulkOutcome
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.audit import verify_audit_chain


async def test_one_application(office: Office) -> None:
    """Whichever comes first does it; the others get its answer, not that it is done already."""
    case = await office.submitted()
    given = inputs.ReasonedInput(application=case.id, reason="另有安排", idempotency_key="k-1")
    own = office.own(case.applicant)
    answers = await asyncio.gather(
        *(admissions.withdraw_application(own, given) for _ in range(12))
    )
    assert [done(answer) for answer in answers] == [await office.case(case.id)] * 12
    with office.database.use():
        assert await TransitionRow.filter(idempotency_key="k-1").count() == 1
        assert (await verify_audit_chain()).broken is None


async def test_a_bulk_step_of_all_that_wait(office: Office) -> None:
    """The later ones find nobody waiting, and still get the first one's answer."""
    office.go("2026-04-10T09:00")
    cases = [await office.submitted() for _ in range(2)]
    office.go("2026-04-27T09:00")
    for case, points in zip(cases, (90, 80), strict=True):
        await office.reviewed(case, points)
    office.go("2026-05-11T10:00")
    given = inputs.PublishProposedListInput(
        program=HOSPITAL, round="batch-1", applications=None, idempotency_key="k-1"
    )
    answers = await asyncio.gather(
        *(admissions.publish_proposed_list(office.staff(), given) for _ in range(8))
    )
    assert {len(done(answer).effects) for answer in answers} == {2}
    assert len({done(answer).operation for answer in answers}) == 1
    with office.database.use():
        assert await BulkOperationRow.all().count() == 1
        assert await TransitionRow.filter(action="PUBLISH").count() == 2
        assert (await verify_audit_chain()).broken is None


async def test_taking_a_bulk_step_back(office: Office) -> None:
    """Whoever looks when it has just been taken back gets its answer, not that it was changed."""
    office.go("2026-04-10T09:00")
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    await office.reviewed(case)
    office.go("2026-05-11T10:00")
    published = done(await office.publish(case))
    assert isinstance(published, BulkOutcome)
    assert published.operation is not None
    given = inputs.RevertBulkInput(
        operation=published.operation, reason="名单有误", idempotency_key="k-1"
    )
    answers = await asyncio.gather(
        *(admissions.revert_bulk(office.authority(), given) for _ in range(12))
    )
    assert len({done(answer).operation for answer in answers}) == 1
    with office.database.use():
        assert await TransitionRow.filter(action="REVERT").count() == 1
        assert (await verify_audit_chain()).broken is None
