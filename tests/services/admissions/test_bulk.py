"""Bulk steps: dry run, all or none, revert as a whole, and frozen rounds."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from admissions_office import HOSPITAL, IDENTITY, MEDICINE, PAEDIATRICS, Office, done
from freezing_rounds import frozen_during
from zhupei.db.models import PublicityRow
from zhupei.domain.admission_case import BulkOutcome
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.domain.text import Text
from zhupei.services import admissions
from zhupei.services.admissions import RefusalCode, commits, inputs, invitations, plans
from zhupei.services.audit import verify_audit_chain


async def test_a_dry_run_lists_effects_and_keeps_nothing(office: Office) -> None:
    person = uuid4()
    case = await office.submitted(applicant=person)
    draft = await office.draft(PAEDIATRICS, person, direction="cardiology")
    office.go("2026-04-27T09:00")
    await office.reviewed(case)
    office.go("2026-05-11T10:00")
    before = await office.everything()
    outcome = done(await office.publish(case, dry_run=True))
    assert isinstance(outcome, BulkOutcome)
    assert (outcome.dry_run, outcome.operation) == (True, None)
    (effect,) = outcome.effects
    assert (effect.application, effect.from_state, effect.to_state, effect.seats) == (
        case.id, S.REVIEWED, S.IN_PUBLICITY, 1,
    )  # fmt: skip
    # A draft is the person's alone.
    assert effect.others == ()
    assert outcome.publicity is not None
    assert (str(outcome.publicity.ends_on), outcome.publicity.working_days) == ("2026-05-20", 7)
    assert await office.everything() == before
    with office.database.use():
        assert await PublicityRow.all().count() == 0
    real = done(await office.publish(case))
    assert isinstance(real, BulkOutcome)
    assert real.effects == outcome.effects
    assert await admissions.application_of(office.own(person), draft.id) == draft


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("applications", [None, ()])
async def test_a_list_of_nobody_is_not_published(
    office: Office, applications: tuple[UUID, ...] | None, dry_run: bool
) -> None:
    """It would be told by an id that no list has; an empty list of applications names none."""
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    if applications is not None:
        await office.reviewed(case)
    office.go("2026-05-11T10:00")
    before = await office.everything()
    given = inputs.PublishProposedListInput(
        program=HOSPITAL, round="batch-1", applications=applications, dry_run=dry_run
    )
    outcome = done(await admissions.publish_proposed_list(office.staff(), given))
    assert isinstance(outcome, BulkOutcome)
    assert (outcome.effects, outcome.operation, outcome.publicity) == ((), None, None)
    assert await office.everything() == before
    with office.database.use():
        assert await PublicityRow.all().count() == 0


async def test_a_dry_run_is_refused_as_the_real_run_would_be(office: Office) -> None:
    cases = [await office.submitted() for _ in range(3)]
    office.go("2026-04-27T09:00")
    for case in cases:
        await office.reviewed(case)
    office.go("2026-05-11T10:00")
    before = await office.everything()
    await office.refuses(RefusalCode.NO_SEAT, await office.publish(*cases, dry_run=True))
    assert await office.everything() == before


async def test_one_refusal_refuses_the_whole_step(office: Office) -> None:
    first = await office.submitted()
    second = await office.submitted()
    office.go("2026-04-27T09:00")
    await office.reviewed(first)
    office.go("2026-05-11T10:00")
    before = await office.everything()
    refusal = await office.refuses(RefusalCode.BULK_REFUSED, await office.publish(first, second))
    assert [problem.application for problem in refusal.problems] == [second.id]
    assert refusal.problems[0].refusal.code is RefusalCode.NOT_ALLOWED_IN_STATE
    assert refusal.message.en == "1 of 2 applications are refused; none was changed"
    assert await office.everything() == before


async def test_a_bulk_step_is_taken_back_as_a_whole(office: Office) -> None:
    cases = [await office.submitted() for _ in range(2)]
    office.go("2026-04-27T09:00")
    for case in cases:
        await office.reviewed(case)
    office.go("2026-05-11T10:00")
    outcome = done(await office.publish(*cases))
    assert isinstance(outcome, BulkOutcome)
    assert outcome.operation is not None
    given = inputs.RevertBulkInput(operation=outcome.operation, reason="名单有误")
    await office.refuses(
        RefusalCode.NOT_PERMITTED, await admissions.revert_bulk(office.staff(), given)
    )
    reverted = done(await admissions.revert_bulk(office.authority(), given))
    assert {effect.to_state for effect in reverted.effects} == {S.REVIEWED}
    assert await office.taken() == 0
    for case in cases:
        now = await office.case(case.id)
        assert (now.state, now.publicity, now.seat_scopes) == (S.REVIEWED, None, ())
    await office.refuses(
        RefusalCode.BULK_NOT_REVERTIBLE, await admissions.revert_bulk(office.authority(), given)
    )
    done(await office.publish(*cases))
    with office.database.use():
        assert (await verify_audit_chain()).broken is None


async def test_what_was_built_upon_is_not_taken_back(office: Office) -> None:
    first, second = await office.published(90, 80)
    await office.confirmed(first)
    with office.database.use():
        from zhupei.db.models import BulkOperationRow

        row = await BulkOperationRow.get()
    before = await office.everything()
    refusal = await office.refuses(
        RefusalCode.BULK_NOT_REVERTIBLE,
        await admissions.revert_bulk(
            office.authority(), inputs.RevertBulkInput(operation=row.id, reason="x")
        ),
    )
    assert [problem.application for problem in refusal.problems] == [first.id]
    assert await office.everything() == before
    assert second.state is S.IN_PUBLICITY


async def test_expired_places_come_back_with_a_revert(office: Office) -> None:
    """What an expiry by mistake gave up is taken again, if it is still free."""
    (case,) = await office.published(90)
    office.go("2026-05-21T00:00")
    outcome = done(
        await admissions.expire_confirmations(
            office.staff(), inputs.ExpireConfirmationsInput(program=HOSPITAL)
        )
    )
    assert outcome.operation is not None
    assert await office.taken() == 0
    given = inputs.RevertBulkInput(operation=outcome.operation, reason="系统故障")
    done(await admissions.revert_bulk(office.authority(), given))
    assert (await office.case(case.id)).state is S.IN_PUBLICITY
    assert await office.taken(MEDICINE) == 1


async def test_a_freeze_waits_for_what_is_being_written(office: Office) -> None:
    """Whoever is told that a round is frozen sees nothing change in it from then on."""
    office.go("2026-04-10T09:00")
    case = await office.draft()
    given = inputs.SubmitApplicationInput(application=case.id, documents=(IDENTITY,))
    async with frozen_during(commits, "_recheck", office.authority(), HOSPITAL, "batch-1"):
        handed_in = done(await admissions.submit_application(office.own(case.applicant), given))
        assert handed_in.state is S.SUBMITTED
    withdrawn = inputs.ReasonedInput(application=case.id, reason="另有安排")
    await office.refuses(
        RefusalCode.ROUND_FROZEN,
        await admissions.withdraw_application(office.own(case.applicant), withdrawn),
    )


@pytest.mark.parametrize("named", ["batch-1", None], ids=["one round", "all rounds"])
async def test_no_seats_are_added_to_a_frozen_round(office: Office, named: str | None) -> None:
    async def asked(round_code: str | None) -> inputs.DecidePlanIncreaseInput:
        given = inputs.RequestPlanIncreaseInput(
            opening=MEDICINE, round=round_code, seats=1, reason="报名人数多"
        )
        made = done(await admissions.request_plan_increase(office.staff(), given))
        return inputs.DecidePlanIncreaseInput(plan_increase=made.id, approved=True, reason="同意")

    first, second, other = await asked(named), await asked(named), await asked("batch-2")
    desk = office.authority()
    async with frozen_during(plans, "increase_quota", desk, HOSPITAL, "batch-1"):
        done(await admissions.decide_plan_increase(desk, first))
    before = await office.everything()
    await office.refuses(
        RefusalCode.ROUND_FROZEN, await admissions.decide_plan_increase(desk, second)
    )
    assert await office.everything() == before
    # Decided before the freeze; refusing takes no seats; another round goes on.
    done(await admissions.decide_plan_increase(desk, first))
    done(await admissions.decide_plan_increase(desk, replace(second, approved=False)))
    done(await admissions.decide_plan_increase(desk, other))


async def test_nobody_is_invited_once_a_freeze_is_answered(office: Office) -> None:
    office.go("2026-06-02T09:00")
    desk = office.authority()
    given = [
        inputs.InviteCandidateInput(
            applicant=await office.known(), opening=MEDICINE, round="batch-2"
        )
        for _ in range(2)
    ]
    async with frozen_during(invitations, "record_events", desk, HOSPITAL, "batch-2"):
        done(await admissions.invite_candidate(office.staff(), given[0]))
    await office.refuses(
        RefusalCode.ROUND_FROZEN, await admissions.invite_candidate(office.staff(), given[1])
    )


async def test_nothing_changes_in_a_frozen_round(office: Office) -> None:
    case = await office.submitted()
    freeze = inputs.FreezeRoundInput(program=HOSPITAL, round="batch-1", reason="核查")
    await office.refuses(
        RefusalCode.NOT_PERMITTED, await admissions.freeze_round(office.staff(), freeze)
    )
    frozen = done(await admissions.freeze_round(office.authority(), freeze))
    assert frozen.root_program == "sample-residency-2026"
    assert done(await admissions.freeze_round(office.authority(), freeze)) == frozen
    before = await office.everything()
    withdraw = inputs.ReasonedInput(application=case.id, reason="x")
    own = office.own(case.applicant)
    await office.refuses(
        RefusalCode.ROUND_FROZEN, await admissions.withdraw_application(own, withdraw)
    )
    assert await office.everything() == before
    lift = inputs.LiftFreezeInput(program=HOSPITAL, round="batch-1", reason="核查完毕")
    assert done(await admissions.lift_freeze(office.authority(), lift)).lifted_at is not None
    done(await admissions.withdraw_application(own, withdraw))


async def test_a_repeated_bulk_step_answers_as_the_first_did(office: Office) -> None:
    (case,) = await office.published(90)
    await office.confirmed(case)
    office.go("2026-05-21T00:00")
    given = inputs.AdmitInput(applications=(case.id,), idempotency_key="k")
    first = done(await admissions.admit(office.staff(), given))
    before = await office.everything()
    assert done(await admissions.admit(office.staff(), given)) == first
    assert await office.everything() == before


async def test_every_bulk_step_shows_its_effects_first(office: Office) -> None:
    """Publish, admit, notify, let go, mark as no-show, take back: each dry run keeps nothing."""

    async def shown(step: Awaitable[Any]) -> dict[UUID, S]:
        outcome = done(await step)
        assert isinstance(outcome, BulkOutcome)
        assert (outcome.dry_run, outcome.operation) == (True, None)
        return {effect.application: effect.to_state for effect in outcome.effects}

    first, second = [await office.submitted() for _ in range(2)]
    office.go("2026-04-27T09:00")
    for case in (first, second):
        await office.reviewed(case)
    office.go("2026-05-11T10:00")
    staff, one = office.staff(), (first.id,)
    before = await office.everything()
    listed = inputs.PublishProposedListInput(program=HOSPITAL, round="batch-1", dry_run=True)
    assert await shown(admissions.publish_proposed_list(staff, listed)) == {
        first.id: S.IN_PUBLICITY, second.id: S.IN_PUBLICITY,
    }  # fmt: skip
    assert await office.everything() == before
    published = done(await office.publish(first, second))
    assert isinstance(published, BulkOutcome)
    assert published.operation is not None
    before = await office.everything()
    back = inputs.RevertBulkInput(operation=published.operation, reason="名单有误", dry_run=True)
    assert await shown(admissions.revert_bulk(office.authority(), back)) == {
        first.id: S.REVIEWED, second.id: S.REVIEWED,
    }  # fmt: skip
    assert await office.everything() == before
    await office.confirmed(first)
    office.go("2026-05-22T00:00")
    before = await office.everything()
    late = inputs.ExpireConfirmationsInput(program=HOSPITAL, dry_run=True)
    assert await shown(admissions.expire_confirmations(staff, late)) == {second.id: S.EXPIRED}
    admit = inputs.AdmitInput(applications=one, dry_run=True)
    assert await shown(admissions.admit(staff, admit)) == {first.id: S.ADMITTED}
    assert await office.everything() == before
    done(await admissions.admit(staff, inputs.AdmitInput(applications=one)))
    before = await office.everything()
    notice = inputs.SendNoticeInput(applications=one, dry_run=True)
    assert await shown(admissions.send_notice(staff, notice)) == {first.id: S.NOTIFIED}
    assert await office.everything() == before
    done(await admissions.send_notice(staff, inputs.SendNoticeInput(applications=one)))
    office.go("2026-12-01T09:00")
    before = await office.everything()
    missing = inputs.MarkNoShowsInput(program=HOSPITAL, dry_run=True)
    assert await shown(admissions.mark_no_shows(staff, missing)) == {first.id: S.NO_SHOW}
    assert await office.everything() == before


async def test_r217_a_notice_without_its_letter_says_so_before_it_is_sent(office: Office) -> None:
    """The hospital's file names no place to report to; whoever makes letters elsewhere goes on."""
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    await office.reviewed(case)
    office.go("2026-05-11T10:00")
    await office.publish(case)
    await office.confirmed(case)
    office.go("2026-05-22T00:00")
    staff = office.staff()
    done(await admissions.admit(staff, inputs.AdmitInput(applications=(case.id,))))
    note = Text(
        "通知书缺少：报到地点、联系人：邮件将不附通知书，请在配置中补充，或自行发放",
        "the letter lacks: place of report, contact: the mail goes without it; add what is lacking "
        "to the configuration, or hand out a letter of your own",
    )
    notice = inputs.SendNoticeInput(applications=(case.id,), idempotency_key="notice-1")
    tried = done(await admissions.send_notice(staff, replace(notice, dry_run=True)))
    assert [effect.notes for effect in tried.effects] == [(note,)]
    sent = done(await admissions.send_notice(staff, notice))
    assert [effect.notes for effect in sent.effects] == [(note,)]
    assert await admissions.send_notice(staff, notice) == sent
    # Every other step has nothing more to say.
    office.go("2026-12-01T09:00")
    missing = inputs.MarkNoShowsInput(program=HOSPITAL, dry_run=True)
    missed = done(await admissions.mark_no_shows(staff, missing))
    assert [effect.notes for effect in missed.effects] == [()]
