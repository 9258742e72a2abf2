"""What is offered as allowed is accepted, and what is not is refused for the same reason.

Walks lead through the states; at each stop every action is tried by everybody concerned, in a
transaction that is taken back. So the list of allowed actions and the use cases cannot part ways.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from tortoise.transactions import in_transaction

from admissions_office import (
    FELLOW,
    FELLOWSHIP,
    HEART,
    HOSPITAL,
    IDENTITY,
    MEDICINE,
    PACKET,
    PAEDIATRICS,
    SHOWN,
    Office,
    done,
)
from zhupei.db.models import ObjectionRow, TraineeRow
from zhupei.db.reading import Condition, read_rows
from zhupei.domain.admission_case import AdmissionCase, AgreementKind, AllowedAction, BulkOutcome
from zhupei.domain.admission_process import Action, ApplicationState
from zhupei.domain.registrations import EndKind
from zhupei.services import admissions
from zhupei.services.admissions import Desk, Refusal, RefusalCode, inputs, overviews
from zhupei.services.admissions.row_sources import APPLICATIONS
from zhupei.services.admissions.store import load_case
from zhupei.services.admissions.training_inputs import (
    EndTrainingInput,
    RecordFileTransferInput,
    ReduceTrainingInput,
)

pytestmark = pytest.mark.slow

_A, _S = Action, ApplicationState
_Walk = Callable[[Office], AsyncIterator[AdmissionCase]]


class _TakenBackError(Exception):
    """Ends the transaction of a try."""


async def _objection(case: AdmissionCase) -> UUID:
    row = await ObjectionRow.filter(application_id=case.id, upheld=None).first()
    return uuid4() if row is None else row.id


async def _trainee(case: AdmissionCase) -> UUID:
    row = await TraineeRow.get_or_none(application_id=case.id)
    return uuid4() if row is None else row.id


async def _try(desk: Desk, office: Office, case: AdmissionCase, action: Action) -> Any:  # noqa: PLR0911, PLR0912, C901 - one for each action
    """Try an action with input that suits it."""
    id_, day = case.id, office.today
    only = inputs.ApplicationInput(application=id_)
    why = inputs.ReasonedInput(application=id_, reason="样例理由")
    score = inputs.RecordScoreInput(application=id_, points=Decimal(80), of=100)
    match action:
        case _A.SUBMIT:
            given = inputs.SubmitApplicationInput(application=id_, documents=(IDENTITY,))
            return await admissions.submit_application(desk, given)
        case _A.RECOMMEND:
            return await admissions.recommend_application(desk, only)
        case _A.CHECK_ELIGIBILITY:
            check = inputs.RecordEligibilityCheckInput(application=id_, passed=True)
            return await admissions.record_eligibility_check(desk, check)
        case _A.RECORD_INTERVIEW:
            return await admissions.record_interview(desk, score)
        case _A.RECORD_EXAMINATION:
            return await admissions.record_examination(desk, score)
        case _A.GIVE_OPINION:
            opinion = inputs.GiveOpinionInput(
                application=id_, admit=True, opinion="同意", packet=PACKET
            )
            return await admissions.give_opinion(desk, opinion)
        case _A.REVIEW:
            review = inputs.ReviewApplicationInput(application=id_, approved=True, reason="择优")
            return await admissions.review_application(desk, review)
        case _A.PROPOSE:
            proposal = inputs.ProposeAdmissionInput(applications=(id_,))
            return await admissions.propose_admission(desk, proposal)
        case _A.PUBLISH:
            listed = inputs.PublishProposedListInput(
                program=case.program, round=case.round, applications=(id_,)
            )
            return await admissions.publish_proposed_list(desk, listed)
        case _A.OBJECT:
            objection = inputs.FileObjectionInput(application=id_, text="材料不实")
            return await admissions.file_objection(desk, objection)
        case _A.RESOLVE_OBJECTION:
            decision = inputs.ResolveObjectionInput(
                objection=await _objection(case), upheld=False, resolution="不属实"
            )
            return await admissions.resolve_objection(desk, decision)
        case _A.CONFIRM:
            return await admissions.confirm_admission(desk, only)
        case _A.DECLINE:
            return await admissions.decline_admission(desk, why)
        case _A.ADMIT:
            return await admissions.admit(desk, inputs.AdmitInput(applications=(id_,)))
        case _A.NOTIFY:
            return await admissions.send_notice(desk, inputs.SendNoticeInput(applications=(id_,)))
        case _A.DEFER_REPORT:
            later = (case.report_by or day).replace(year=2027)
            deferral = inputs.DeferReportInput(application=id_, report_by=later, reason="生病")
            return await admissions.defer_report(desk, deferral)
        case _A.REPORT:
            report = inputs.RecordReportInput(application=id_, documents=SHOWN)
            return await admissions.record_report(desk, report)
        case _A.SIGN_AGREEMENT:
            contract = inputs.SignAgreementInput(
                application=id_,
                kind=AgreementKind.LABOUR_CONTRACT,
                signed_on=day,
                late_reason="出差",
            )
            return await admissions.sign_agreement(desk, contract)
        case _A.RECORD_QUIT:
            return await admissions.record_quit(desk, why)
        case _A.REGISTER:
            return await admissions.register_trainee(desk, only)
        case _A.MOVE_FILE:
            move = RecordFileTransferInput(
                trainee=await _trainee(case), moved_on=day, keeper="人才中心"
            )
            return await admissions.record_file_transfer(desk, move)
        case _A.REDUCE_TRAINING:
            less = ReduceTrainingInput(trainee=await _trainee(case), months=1, reason="考核通过")
            return await admissions.reduce_training(desk, less)
        case _A.END_TRAINING:
            end = EndTrainingInput(
                trainee=await _trainee(case), kind=EndKind.FORCE_MAJEURE, reason="不可抗力"
            )
            return await admissions.end_training(desk, end)
        case _A.REJECT:
            return await admissions.reject_application(desk, why)
        case _A.WITHDRAW:
            return await admissions.withdraw_application(desk, why)
        case _A.AGREE_TO_TRANSFER:
            return await admissions.agree_to_transfer(
                desk, inputs.AgreeToTransferInput(application=id_)
            )
        case _A.WITHDRAW_CONSENT:
            return await admissions.withdraw_consent(
                desk, inputs.WithdrawConsentInput(application=id_)
            )
        case _A.TRANSFER:
            move_on = inputs.TransferApplicationInput(
                application=id_,
                opening=PAEDIATRICS,
                direction="neonatology",
                reason="服从调剂",
                consent="书面同意",
            )
            return await admissions.transfer_application(desk, move_on)
        case _A.EXPIRE:
            lost = inputs.ExpireConfirmationsInput(program=case.program, applications=(id_,))
            return await admissions.expire_confirmations(desk, lost)
        case _A.MARK_NO_SHOW:
            missing = inputs.MarkNoShowsInput(program=case.program, applications=(id_,))
            return await admissions.mark_no_shows(desk, missing)
        case _A.CANCEL_FOR_FRAUD:
            fraud = inputs.CancelForFraudInput(application=id_, reason="弄虚作假")
            return await admissions.cancel_for_fraud(desk, fraud)
    raise AssertionError(f"nobody tries {action}")


# A sheet of scores is signed as a whole, by a second person: tests/services/score_sheets.
_ELSEWHERE = frozenset({_A.RECORD_SCORES})
# Chooses what is due itself; what is not due it leaves alone instead of refusing it.
_CHOOSE = frozenset({_A.EXPIRE, _A.MARK_NO_SHOW})
# Tells those who may not that there is nothing, rather than that they may not.
_HIDE = frozenset(
    {_A.OBJECT, _A.RESOLVE_OBJECTION, _A.MOVE_FILE, _A.REDUCE_TRAINING, _A.END_TRAINING}
)


async def _tried(desk: Desk, office: Office, case: AdmissionCase, action: Action) -> Any:
    """Return what came of an action, of which nothing is kept."""
    found: list[Any] = []
    with office.database.use():
        try:
            async with in_transaction():
                found.append(await _try(desk, office, case, action))
                raise _TakenBackError
        except _TakenBackError:
            return found[0]


def _agrees(answer: AllowedAction, came: Any) -> bool:
    if answer.action in _CHOOSE and isinstance(came, BulkOutcome) and not came.effects:
        return not answer.allowed
    if not isinstance(came, Refusal):
        return answer.allowed
    if answer.allowed:
        return False
    hidden = answer.action in _HIDE and came.code is RefusalCode.NOT_FOUND
    return hidden or came.message == answer.reason


async def _now(office: Office, application: UUID) -> AdmissionCase:
    with office.database.use():
        case = await load_case(application)
    assert case is not None
    return case


async def _check(office: Office, application: UUID) -> set[tuple[Action, bool]]:
    """Try every action by everybody concerned, and return which were allowed to whom."""
    case = await _now(office, application)
    told: set[tuple[Action, bool]] = set()
    wrong = []
    for desk in (
        office.own(case.applicant),
        office.unit(case.applicant),
        office.staff(),
        office.staff("specialty_base"),
        office.authority(),
    ):
        answers = await admissions.allowed_actions(desk, application)
        await _same_by_column(desk, application, answers)
        for answer in answers:
            if answer.action in _ELSEWHERE:
                continue
            came = await _tried(desk, office, case, answer.action)
            told.add((answer.action, answer.allowed))
            if not _agrees(answer, came):
                said = "allowed" if answer.allowed else answer.reason and answer.reason.en
                shown = came.message.en if isinstance(came, Refusal) else type(came).__name__
                wrong.append(f"{case.state} {desk.actor.id} {answer.action}: {said}; then {shown}")
    assert wrong == []
    assert await _now(office, application) == case
    return told


async def _same_by_column(
    desk: Desk, application: UUID, answers: tuple[AllowedAction, ...]
) -> None:
    """Assert that lists of applications, read by column, tell what is told of one that is whole."""
    way = await admissions.timeline_of(desk, application)
    if way is None:  # the desk may not see it
        return
    this = Condition("a.id = ?", (application,))
    with desk.database.use():
        (for_actions,) = await read_rows(APPLICATIONS, overviews.READ_BY_ACTIONS, this)
        (for_ways,) = await read_rows(APPLICATIONS, overviews.READ_BY_WAYS, this)
    assert (await overviews.actions_of(desk, [for_actions]))[application] == answers
    found = (await overviews.ways_of(desk, [for_ways]))[application]
    assert (found.entries, found.must_do) == (way.entries, way.must_do)


async def _whole_way(office: Office) -> AsyncIterator[AdmissionCase]:
    draft = await office.draft()
    yield draft
    office.go("2026-03-01T09:00")
    yield draft  # before the window
    office.go("2026-04-10T09:00")
    case = await office.submitted()
    yield case
    office.go("2026-04-27T09:00")
    yield draft  # after the window
    yield case
    await office.reviewed(case)
    yield case
    office.go("2026-05-11T10:00")
    done(await office.publish(case))
    yield case
    filed = inputs.FileObjectionInput(application=case.id, text="材料不实")
    objection = done(await admissions.file_objection(office.own(case.applicant), filed))
    await office.confirmed(case)
    yield case
    office.go("2026-05-22T00:00")
    yield case  # the list is over, the objection open
    decision = inputs.ResolveObjectionInput(
        objection=objection.id, upheld=False, resolution="不属实"
    )
    done(await admissions.resolve_objection(office.staff(), decision))
    yield case
    done(await admissions.admit(office.staff(), inputs.AdmitInput(applications=(case.id,))))
    yield case
    notice = inputs.SendNoticeInput(applications=(case.id,))
    done(await admissions.send_notice(office.staff(), notice))
    yield case
    office.go("2026-12-01T09:00")
    yield case  # long past the days of grace
    office.go("2026-08-30T09:00")
    await office.reported(case)
    yield case
    await office.signed(case)
    yield case
    given = inputs.ApplicationInput(application=case.id)
    done(await admissions.register_trainee(office.staff(), given))
    office.go("2026-10-01T09:00")
    yield case
    end = EndTrainingInput(
        trainee=await _in(office, _trainee(case)), kind=EndKind.FORCE_MAJEURE, reason="不可抗力"
    )
    done(await admissions.end_training(office.staff(), end))
    yield case


async def _in(office: Office, asked: Awaitable[UUID]) -> UUID:
    with office.database.use():
        return await asked


async def _side_ways(office: Office) -> AsyncIterator[AdmissionCase]:
    cases = [await office.submitted() for _ in range(4)]
    first, second, third, fourth = cases
    agree = inputs.AgreeToTransferInput(application=first.id)
    done(await admissions.agree_to_transfer(office.own(first.applicant), agree))
    office.go("2026-04-27T09:00")
    for case, points in zip(cases, (90, 85, 80, 75), strict=True):
        await office.reviewed(case, points)
    yield first  # has agreed to be moved
    back = inputs.WithdrawConsentInput(application=first.id)
    done(await admissions.withdraw_consent(office.own(first.applicant), back))
    yield first  # and took it back
    office.go("2026-04-28T09:00")
    no = inputs.ReasonedInput(application=fourth.id, reason="名额有限")
    done(await admissions.reject_application(office.staff(), no))
    yield fourth
    office.go("2026-05-11T10:00")
    done(await office.publish(first, second))
    yield third  # there is no seat left
    office.go("2026-05-22T09:00")
    yield first  # did not confirm in time
    freeze = inputs.FreezeRoundInput(
        program="sample-residency-2026", round="batch-1", reason="数据有误"
    )
    done(await admissions.freeze_round(office.authority(), freeze))
    yield first
    yield third


async def _fellowship(office: Office) -> AsyncIterator[AdmissionCase]:
    office.go("2026-04-12T09:00")
    draft = await office.draft(HEART, round_code="june", candidate=FELLOW)
    yield draft
    given = inputs.SubmitApplicationInput(application=draft.id, documents=(IDENTITY,))
    case = done(await admissions.submit_application(office.own(draft.applicant), given))
    yield case
    done(
        await admissions.recommend_application(
            office.unit(case.applicant), inputs.ApplicationInput(application=case.id)
        )
    )
    yield case
    assert case.program == FELLOWSHIP
    assert HOSPITAL not in case.opening


async def _second_round(office: Office) -> AsyncIterator[AdmissionCase]:
    """What else a person has keeps a draft from being handed in, and is told before."""
    (case,) = await office.published(90)
    office.go("2026-06-02T09:00")
    draft = await office.draft(PAEDIATRICS, case.applicant, round_code="batch-2",
                               direction="cardiology")  # fmt: skip
    yield draft  # on a list of the first round
    other = await office.draft(round_code="batch-2")
    ban = inputs.ImposeBanInput(applicant=other.applicant, program=HOSPITAL, reason="情节严重")
    done(await admissions.impose_ban(office.authority(), ban))
    yield other
    filed = await office.submitted(MEDICINE, round_code="batch-2")
    more = await office.draft(PAEDIATRICS, filed.applicant, round_code="batch-2",
                              direction="cardiology")  # fmt: skip
    yield more  # filed as many preferences as there may be


WALKS: dict[str, _Walk] = {
    "the whole way": _whole_way,
    "transfers, seats and freezes": _side_ways,
    "the fellowship": _fellowship,
    "the second round": _second_round,
}
_SEEN: dict[str, set[tuple[Action, bool]]] = {}


@pytest.mark.parametrize("name", WALKS)
async def test_what_is_allowed_is_accepted_and_nothing_else(office: Office, name: str) -> None:
    seen = _SEEN.setdefault(name, set())
    async for case in WALKS[name](office):
        seen |= await _check(office, case.id)
    if name == "the whole way":
        tried = set(Action) - _ELSEWHERE
        asked = {action for action, _ in seen}
        never = {_A.CREATE, _A.ALLOCATE, _A.IMPORT, _A.ERASE, _A.REVERT}
        assert asked == tried - never
