"""Who leaves between the report and the registration (S0:86, S2:100): the office records it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from admissions_office import HOSPITAL, MEDICINE, PAEDIATRICS, Office, done
from zhupei.db.models import BanRow, TransitionRow
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import Action
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.services import admissions
from zhupei.services.admissions import Desk, Refusal, RefusalCode, inputs
from zhupei.services.audit import verify_audit_chain

C = RefusalCode
Ask = Callable[[Desk, inputs.ReasonedInput], Awaitable[AdmissionCase | Refusal]]


async def _reported(office: Office) -> AdmissionCase:
    (case,) = await office.published(90)
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-06-02T09:00")
    return await office.reported(case)


async def _signed(office: Office) -> AdmissionCase:
    return await office.signed(await _reported(office))


def _quit(case: AdmissionCase, reason: str = "考取研究生") -> inputs.ReasonedInput:
    return inputs.ReasonedInput(application=case.id, reason=reason, idempotency_key="quit-1")


@pytest.mark.parametrize("arrived", [_reported, _signed])
async def test_r211_who_reported_and_leaves_gives_the_seat_up(
    office: Office, arrived: object
) -> None:
    case = await arrived(office)  # type: ignore[operator]  # one of the two above
    before = case.state
    assert await office.taken() == 1
    left = done(await admissions.record_quit(office.staff(), _quit(case)))
    assert (left.state, left.seat_scopes) == (S.DECLINED, ())
    assert await office.taken() == 0
    # Sent again, nothing happens twice.
    assert done(await admissions.record_quit(office.staff(), _quit(case))) == left
    with office.database.use():
        row = await TransitionRow.get(idempotency_key="quit-1")
        assert (row.action, row.reason, row.from_state, row.to_state) == (
            "RECORD_QUIT",
            "考取研究生",
            before.value,
            "DECLINED",
        )
        assert (await verify_audit_chain()).broken is None
        # T43: whether it is grave is decided by a person.
        assert await BanRow.all().count() == 0
    timeline = await admissions.timeline_of(office.own(case.applicant), case.id)
    assert timeline is not None
    assert (timeline.records[-1].action, timeline.records[-1].reason) == (
        Action.RECORD_QUIT,
        "考取研究生",
    )


async def _submit_elsewhere(office: Office, case: AdmissionCase) -> AdmissionCase | Refusal:
    drafts = inputs.SearchApplicationsInput(states=(S.DRAFT,))
    own = office.own(case.applicant)
    found = await admissions.applications_of(own, drafts)
    draft = (
        found[0]
        if found
        else await office.draft(
            PAEDIATRICS, case.applicant, round_code="batch-2", direction="neonatology"
        )
    )
    given = inputs.SubmitApplicationInput(application=draft.id, documents=case.documents)
    return await admissions.submit_application(own, given)


async def test_who_files_elsewhere_is_told_how_to_leave_first(office: Office) -> None:
    (case,) = await office.published(90)
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-06-02T09:00")
    refused = await office.refuses(C.ALREADY_ADMITTED, await _submit_elsewhere(office, case))
    assert (refused.message.zh, refused.message.en) == (
        "已被录取，须先放弃",
        "already admitted; decline there first",
    )
    await office.reported(case)
    before = await office.everything()
    refused = await office.refuses(C.ALREADY_ADMITTED, await _submit_elsewhere(office, case))
    assert (refused.message.zh, refused.message.en) == (
        "已被录取并报到，须先由录取单位登记退出",
        "already admitted and reported; the office there records first that the person leaves",
    )
    # Who has reported does so no more with a click.
    mine = office.own(case.applicant)
    decline = inputs.ReasonedInput(application=case.id, reason="另有安排")
    await office.refuses(C.NOT_ALLOWED_IN_STATE, await admissions.decline_admission(mine, decline))
    assert await office.everything() == before
    done(await admissions.record_quit(office.staff(), _quit(case)))
    assert done(await _submit_elsewhere(office, case)).state is S.SUBMITTED


async def test_who_is_registered_is_admitted_to_a_recruitment_once(office: Office) -> None:
    case = await _signed(office)
    registration = inputs.ApplicationInput(application=case.id)
    done(await admissions.register_trainee(office.staff(), registration))
    refused = await office.refuses(C.ALREADY_ADMITTED, await _submit_elsewhere(office, case))
    assert (refused.message.zh, refused.message.en) == (
        "在本次招收中已注册培训，不能再次报名",
        "registered as a trainee in this recruitment already; nobody is admitted to it twice",
    )
    # Then the training ends, and is not quit.
    before = await office.everything()
    await office.refuses(
        C.NOT_ALLOWED_IN_STATE, await admissions.record_quit(office.staff(), _quit(case))
    )
    assert await office.everything() == before


async def test_only_the_office_of_the_place_records_it_and_says_why(office: Office) -> None:
    case = await _reported(office)
    before = await office.everything()
    for desk in (office.own(case.applicant), office.staff("specialty_base")):
        await office.refuses(C.NOT_PERMITTED, await admissions.record_quit(desk, _quit(case)))
    for desk in (office.staff(base="sample-clinic"), office.own(uuid4())):
        await office.refuses(C.NOT_FOUND, await admissions.record_quit(desk, _quit(case)))
    refused = await office.refuses(
        C.INPUT_INVALID, await admissions.record_quit(office.staff(), _quit(case, " "))
    )
    assert refused.field == "reason"
    assert await office.everything() == before


@pytest.mark.parametrize("when", ["draft", "submitted", "notified"])
async def test_nobody_quits_who_has_not_reported(office: Office, when: str) -> None:
    if when == "notified":
        (case,) = await office.published(90)
        await office.confirmed(case)
        await office.notified(case)
    else:
        case = await (office.draft() if when == "draft" else office.submitted(MEDICINE))
    before = await office.everything()
    answer = await admissions.record_quit(office.staff(), _quit(case))
    # A draft is the person's alone.
    code = C.NOT_FOUND if when == "draft" else C.NOT_ALLOWED_IN_STATE
    await office.refuses(code, answer)
    assert await office.everything() == before


async def test_a_frozen_round_keeps_everybody_where_they_are(office: Office) -> None:
    case = await _reported(office)
    freeze = inputs.FreezeRoundInput(program=HOSPITAL, round="batch-1", reason="复核")
    done(await admissions.freeze_round(office.authority(), freeze))
    before = await office.everything()
    await office.refuses(C.ROUND_FROZEN, await admissions.record_quit(office.staff(), _quit(case)))
    assert await office.everything() == before


async def test_who_wants_to_leave_is_told_what_does_it(office: Office) -> None:
    """In every state there is one way out, and each of the others names it."""

    async def told(case: AdmissionCase, ask: Ask) -> tuple[str, str]:
        own = office.own(case.applicant)
        given = inputs.ReasonedInput(application=case.id, reason="另有安排")
        refused = await office.refuses(C.NOT_ALLOWED_IN_STATE, await ask(own, given))
        return refused.message.zh, refused.message.en or ""

    decline, withdraw = admissions.decline_admission, admissions.withdraw_application
    waiting = await office.submitted(MEDICINE)
    assert await told(waiting, decline) == (
        "当前状态“已报名”不能进行此操作（放弃录取）；请改为撤回报名",
        (
            "not possible (DECLINE): the application is in state SUBMITTED; withdraw the "
            "application instead"
        ),
    )
    (case,) = await office.published(90)
    assert await told(case, withdraw) == (
        "当前状态“公示中”不能进行此操作（撤回）；请改为放弃录取",
        (
            "not possible (WITHDRAW): the application is in state IN_PUBLICITY; decline the offer "
            "instead"
        ),
    )
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-06-02T09:00")
    await office.reported(case)
    for ask, action, label in ((decline, "DECLINE", "放弃录取"), (withdraw, "WITHDRAW", "撤回")):
        assert await told(case, ask) == (
            f"当前状态“已报到”不能进行此操作（{label}）；由培训基地登记退出",
            (
                f"not possible ({action}): the application is in state REPORTED; after the report "
                "the base records who leaves"
            ),
        )
    await office.signed(case)
    registration = inputs.ApplicationInput(application=case.id)
    done(await admissions.register_trainee(office.staff(), registration))
    refused = await office.refuses(
        C.NOT_ALLOWED_IN_STATE, await admissions.record_quit(office.staff(), _quit(case))
    )
    assert refused.message.zh == "当前状态“已注册”不能进行此操作（报到后退出）；请办理退培"
    # Nobody leaves twice, and there is no way to name.
    done(await withdraw(office.own(waiting.applicant), _quit(waiting)))
    assert await told(await office.case(waiting.id), decline) == (
        "当前状态“已撤回”不能进行此操作（放弃录取）",
        "not possible (DECLINE): the application is in state WITHDRAWN",
    )
