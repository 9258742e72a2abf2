"""The notice of 2024 (S2) at work: what its rounds allow and refuse, by its own rules."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from admissions_office import done
from hubei_office import (
    BACHELOR,
    BROUGHT,
    ELSEWHERE,
    GENERAL,
    MEDICINE,
    PACKET,
    PROGRAM,
    SCANS,
    SHOWN_AT_INTERVIEW,
    TONGJI,
    HubeiOffice,
    planned_province,
)
from zhupei.catalogue import LoadedCatalogue
from zhupei.db.connection import Database
from zhupei.db.models import BanRow
from zhupei.domain.admission_case import AdmissionCase, AgreementKind, Invitation, PlanIncreaseState
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.domain.admission_process import Channel
from zhupei.domain.people import SendingUnit, TitleLevel, TraineeType
from zhupei.domain.recruitment_priority import priorities_of
from zhupei.services import admissions
from zhupei.services.admissions import Refusal, RefusalCode, inputs
from zhupei.services.admissions.training_inputs import RegisterTraineeInput

pytestmark = pytest.mark.slow
C = RefusalCode


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> LoadedCatalogue:
    """The province with a fictional plan: the notice's own was not supplied (R169)."""
    return asyncio.run(planned_province(tmp_path_factory.mktemp("province")))


@pytest.fixture
async def office(database: Database, province: LoadedCatalogue) -> HubeiOffice:
    """The office of one base on 10 April 2024, on a fresh database."""
    return HubeiOffice(database, province)


def filed(answer: AdmissionCase | Refusal) -> AdmissionCase:
    """Return the application that was handed in."""
    return done(answer)


async def waiting(office: HubeiOffice, *points: int) -> list[AdmissionCase]:
    """Return applications of the first round that the base has reviewed, on Friday 24 May."""
    office.go("2024-04-10T09:00")
    cases = [filed(await office.filed()) for _ in points]
    office.go("2024-05-20T09:00")
    reviewed = [await office.assessed(case, n) for case, n in zip(cases, points, strict=True)]
    office.go("2024-05-24T09:00")
    return reviewed


async def invited(office: HubeiOffice, person: UUID, opening: str) -> Invitation | Refusal:
    """Let the base of an opening invite somebody in the second round."""
    base = TONGJI if opening == ELSEWHERE else "hubei-xiehe"
    given = inputs.InviteCandidateInput(applicant=person, opening=opening, round="batch-2")
    return await admissions.invite_candidate(office.staff(base=base), given)


@pytest.mark.parametrize(
    ("batch", "at", "is_open"),
    [
        ("batch-1", "2024-04-07T23:59:59", False),
        ("batch-1", "2024-04-08T00:00:00", True),
        ("batch-1", "2024-04-23T23:59:59", True),
        ("batch-1", "2024-04-24T00:00:00", False),
        ("batch-2", "2024-05-31T23:59:59", False),
        ("batch-2", "2024-06-01T00:00:00", True),
        ("batch-2", "2024-06-15T23:59:59", True),
        ("batch-2", "2024-06-16T00:00:00", False),
    ],
)
async def test_g19_applications_are_taken_in_the_windows_alone(
    office: HubeiOffice, batch: str, at: str, *, is_open: bool
) -> None:
    """G19, R138, R148, T11: from 0:00 of the first to 24:00 of the last day."""
    case = await office.draft(MEDICINE, round_code=batch, candidate=BACHELOR)
    office.go(at)
    before = await office.everything()
    answer = await admissions.submit_application(
        office.own(case.applicant),
        inputs.SubmitApplicationInput(application=case.id, documents=SCANS),
    )
    if is_open:
        assert done(answer).state is S.SUBMITTED
        return
    refusal = await office.refuses(C.WINDOW_CLOSED, answer)
    assert refusal.source is not None
    assert refusal.source.document == "S2"
    assert await office.everything() == before


async def test_r140_identity_card_and_graduation_certificate(office: HubeiOffice) -> None:
    """R140, S2:60: both are uploaded, and the refusal names what is missing."""
    case = await office.draft(MEDICINE, round_code="batch-1", candidate=BACHELOR)
    before = await office.everything()
    for given, missing in (((), "身份证、毕业证"), (SCANS[:1], "毕业证")):
        refusal = await office.refuses(
            C.DOCUMENTS_INCOMPLETE,
            await admissions.submit_application(
                office.own(case.applicant),
                inputs.SubmitApplicationInput(application=case.id, documents=given),
            ),
        )
        assert refusal.message.zh == f"缺少材料：{missing}"
        assert refusal.source is not None
        assert refusal.source.lines == "60"
    assert await office.everything() == before


async def test_r139_t41_one_specialty_base_in_a_round(office: HubeiOffice) -> None:
    """S2:60: one preference, at this base or any other of the 37."""
    person = uuid4()
    filed(await office.filed(MEDICINE, person))
    for opening in (GENERAL, ELSEWHERE):
        draft = await office.draft(opening, person, round_code="batch-1", candidate=BACHELOR)
        before = await office.everything()
        refusal = await office.refuses(
            C.PREFERENCE_LIMIT,
            await admissions.submit_application(
                office.own(person),
                inputs.SubmitApplicationInput(application=draft.id, documents=SCANS),
            ),
        )
        assert refusal.message.zh == (
            "每批次最多填报 1 个志愿，已填报 1 个；先撤回其中一个，方可改报"
        )
        assert await office.everything() == before


@pytest.mark.parametrize(
    ("changes", "rule", "lines"),
    [
        ({"registered_on_national_platform": True}, "not-on-platform", "44"),
        ({"residency_completed": True}, "no-completion-certificate", "42"),
        ({"licence_exam_eligible": False}, "licence-exam-eligible", "20"),
        ({"fit_for_training": False}, "health", "22"),
    ],
    ids=["R130", "R128", "R117", "R118"],
)
async def test_whoever_lacks_a_condition_is_refused_with_its_clause(
    office: HubeiOffice, changes: dict[str, bool], rule: str, lines: str
) -> None:
    """R117, R118, R128, R130, R132: by the rule of the notice, and nothing is handed in."""
    person = replace(BACHELOR, **changes)  # type: ignore[arg-type]  # facts that are booleans
    case = await office.draft(MEDICINE, round_code="batch-1", candidate=person)
    before = await office.everything()
    refusal = await office.refuses(
        C.INELIGIBLE,
        await admissions.submit_application(
            office.own(case.applicant),
            inputs.SubmitApplicationInput(application=case.id, documents=SCANS),
        ),
    )
    assert [(each.rule, each.source and each.source.lines) for each in refusal.findings] == [
        (rule, lines)
    ]
    assert await office.everything() == before


async def test_r123_r125_entrusted_trainees_come_as_their_unit_says(office: HubeiOffice) -> None:
    """S2:34: nobody applies alone, and the specialty is the one that is practised."""
    entrusted = replace(
        BACHELOR,
        trainee_type=TraineeType.ENTRUSTED,
        employed=True,
        in_clinical_work=True,
        title=TitleLevel.JUNIOR,
        practice_specialty="外科",
        applies_as_individual=True,
        sending_unit=SendingUnit(
            recommends=True,
            prefecture="420100",
            province="420000",
            base="hubei-xiehe",
            specialty="0100",
        ),
    )
    case = await office.draft(MEDICINE, round_code="batch-1", candidate=entrusted)
    before = await office.everything()
    refusal = await office.refuses(
        C.INELIGIBLE,
        await admissions.submit_application(
            office.own(case.applicant),
            inputs.SubmitApplicationInput(application=case.id, documents=SCANS),
        ),
    )
    assert {each.rule for each in refusal.findings} >= {
        "entrusted-practice",
        "entrusted-not-individual",
    }
    assert await office.everything() == before


async def test_r141_r143_assessed_within_the_weeks_after_registration(office: HubeiOffice) -> None:
    """R141, S2:64: not before 24 April and not after 26 May, a Sunday that is not shifted (T10)."""
    case = filed(await office.filed())
    check = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
    for at in ("2024-04-23T23:59:59", "2024-05-27T00:00:00"):
        office.go(at)
        before = await office.everything()
        await office.refuses(
            C.WINDOW_CLOSED, await admissions.record_eligibility_check(office.staff(), check)
        )
        assert await office.everything() == before
    office.go("2024-04-24T00:00:00")
    done(await admissions.record_eligibility_check(office.staff(), check))
    exam = inputs.RecordScoreInput(application=case.id, points=Decimal(88), of=100)
    office.go("2024-05-26T23:59:59")
    assert done(
        await admissions.record_examination(office.staff("specialty_base"), exam)
    ).state is (S.CHECKED)


@pytest.mark.parametrize("of", [10, 120])
async def test_r142_both_are_out_of_100(office: HubeiOffice, of: int) -> None:
    """S2:66: points of another full mark are no score here, whatever they are worth."""
    case = filed(await office.filed())
    office.go("2024-05-20T09:00")
    check = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
    done(await admissions.record_eligibility_check(office.staff(), check))
    before = await office.everything()
    given = inputs.RecordScoreInput(application=case.id, points=Decimal(9), of=of)
    refusal = await office.refuses(
        C.SCORE_INVALID, await admissions.record_interview(office.staff(), given)
    )
    assert refusal.message.zh == f"“面试”满分为 100，填报的满分为 {of}"
    assert await office.everything() == before


async def test_r144_the_packet_has_four_parts(office: HubeiOffice) -> None:
    """R142, S2:66: complete documents at the interview; then four evaluations of each person."""
    case = filed(await office.filed())
    office.go("2024-05-20T09:00")
    desk = office.staff()
    check = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
    done(await admissions.record_eligibility_check(desk, check))
    score = inputs.RecordScoreInput(application=case.id, points=Decimal(80), of=100)
    before = await office.everything()
    refusal = await office.refuses(
        C.DOCUMENTS_INCOMPLETE, await admissions.record_interview(desk, score)
    )
    assert refusal.message.zh == "缺少材料：面试时提供的完整资料"
    assert await office.everything() == before
    shown = replace(score, documents=SHOWN_AT_INTERVIEW)
    done(await admissions.record_interview(desk, shown))
    done(await admissions.record_examination(desk, score))
    before = await office.everything()
    for index, part in enumerate(PACKET):
        given = inputs.GiveOpinionInput(
            application=case.id,
            admit=True,
            opinion="同意",
            packet=(*PACKET[:index], *PACKET[index + 1 :]),
        )
        refusal = await office.refuses(
            C.PACKET_INCOMPLETE,
            await admissions.give_opinion(office.staff("specialty_base"), given),
        )
        assert refusal.message.zh == f"考核结果材料不全，缺少：{part.title}"
    assert await office.everything() == before


async def test_t42_a_base_without_weights_ranks_nobody(office: HubeiOffice) -> None:
    """R142: the notice gives none; the other base has set its own, this one has not."""
    office.go("2024-05-24T09:00")
    refusal = await office.refuses(
        C.WEIGHTS_UNKNOWN,
        await admissions.ranking_of(
            office.staff(base=TONGJI), inputs.RankingInput(opening=ELSEWHERE, round="batch-1")
        ),
    )
    assert refusal.message.zh == "未配置 interview 的权重，无法排名；系统不采用默认值"


async def test_r145_a_transfer_of_the_first_round(office: HubeiOffice) -> None:
    """S2:66: who finds no seat in internal medicine is assessed again in general practice."""
    first, second = await waiting(office, 90, 80)
    done(await office.listed(first))
    given = inputs.TransferApplicationInput(
        consent="书面同意", application=second.id, opening=GENERAL, reason="本人同意调剂到全科"
    )
    moved = done(await admissions.transfer_application(office.staff(), given))
    assert (moved.state, moved.opening) == (S.SUBMITTED, GENERAL)
    assert moved.transferred_from == second.id
    assert (await office.case(second.id)).state is S.TRANSFERRED
    assert (await office.assessed(moved)).state is S.REVIEWED


async def _confirmed_by(office: HubeiOffice, case: AdmissionCase) -> datetime | None:
    """Return until when an applicant is told that the offer can be accepted."""
    timeline = await admissions.timeline_of(office.own(case.applicant), case.id)
    assert timeline is not None
    return next(each.closes_at for each in timeline.entries if each.state is S.CONFIRMED)


async def test_r146_g21_seven_working_days_from_the_last_day_that_the_notice_allows(
    office: HubeiOffice,
) -> None:
    """R146, V14: published on 31 May it ends on 12 June: Dragon Boat is Monday the 10th."""
    (case,) = await waiting(office, 90)
    office.go("2024-05-31T18:00")
    assert await _confirmed_by(office, case) is None  # not 31 May, by when the list is due
    publicity = done(await office.listed(case)).publicity
    assert publicity is not None
    assert (publicity.ends_on, publicity.working_days) == (date(2024, 6, 12), 7)
    assert await _confirmed_by(office, case) == publicity.ends_at
    await office.confirmed(case)
    admit = inputs.AdmitInput(applications=(case.id,))
    office.go("2024-06-12T23:59:59")
    before = await office.everything()
    await office.refuses(C.PUBLICITY_NOT_OVER, await admissions.admit(office.staff(), admit))
    assert await office.everything() == before
    office.go("2024-06-13T00:00")
    done(await admissions.admit(office.staff(), admit))
    assert (await office.case(case.id)).state is S.ADMITTED


async def test_r146_the_list_is_due_by_31_may(office: HubeiOffice) -> None:
    """S2:68: a list that comes in June is late, and is not published."""
    (case,) = await waiting(office, 90)
    office.go("2024-06-01T00:00")
    before = await office.everything()
    await office.refuses(C.WINDOW_CLOSED, await office.listed(case))
    assert await office.everything() == before


async def test_t15_who_is_on_a_live_list_waits_with_the_second_preference(
    office: HubeiOffice,
) -> None:
    """T15, R148, V14: the first list is still public while the second registration is open."""
    (case,) = await waiting(office, 90)
    office.go("2024-05-31T18:00")
    done(await office.listed(case))
    office.go("2024-06-03T09:00")
    draft = await office.draft(GENERAL, case.applicant, round_code="batch-2", candidate=BACHELOR)
    before = await office.everything()
    given = inputs.SubmitApplicationInput(application=draft.id, documents=SCANS)
    own = office.own(case.applicant)
    await office.refuses(C.LIVE_PUBLICITY, await admissions.submit_application(own, given))
    assert await office.everything() == before
    decline = inputs.ReasonedInput(application=case.id, reason="改报全科")
    done(await admissions.decline_admission(own, decline))
    assert await office.taken(MEDICINE) == 0
    assert done(await admissions.submit_application(own, given)).state is S.SUBMITTED


async def test_r148_who_was_not_admitted_files_directly(office: HubeiOffice) -> None:
    """S2:72: no new registration of the person; the first application stays as it ended."""
    first, second = await waiting(office, 90, 80)
    reject = inputs.ReasonedInput(application=second.id, reason="名额已满")
    done(await admissions.reject_application(office.staff(), reject))
    office.go("2024-06-01T00:00")
    again = filed(await office.filed(GENERAL, second.applicant, batch="batch-2"))
    assert (again.state, again.round) == (S.SUBMITTED, "batch-2")
    assert (await office.case(second.id)).state is S.REJECTED
    assert (await office.case(first.id)).state is S.REVIEWED


async def test_g26_who_filed_a_second_preference_is_not_invited(office: HubeiOffice) -> None:
    """G26, R150, T40, S2:74-76: neither by the same base nor by another."""
    office.go("2024-06-03T09:00")
    case = filed(await office.filed(GENERAL, batch="batch-2"))
    before = await office.everything()
    for opening in (MEDICINE, ELSEWHERE):
        refusal = await office.refuses(
            C.INVITED_HAS_PREFERENCE, await invited(office, case.applicant, opening)
        )
        assert refusal.source is not None
        assert (refusal.source.document, refusal.source.lines) == ("S2", "74-76")
    assert await office.everything() == before


async def test_g26_one_bases_invitation_alone_is_accepted(office: HubeiOffice) -> None:
    """G26, R150, T40, S2:74-76: who accepted A's cannot accept B's, nor file a preference."""
    office.go("2024-06-03T09:00")
    person = await office.known()
    ours = done(await invited(office, person, MEDICINE))
    theirs = done(await invited(office, person, ELSEWHERE))
    own = office.own(person)
    answer = inputs.AnswerInvitationInput(
        invitation=ours.id, accept=True, candidate=BACHELOR, documents=SCANS
    )
    accepted = done(await admissions.answer_invitation(own, answer))
    assert accepted.application is not None
    assert (await office.case(accepted.application)).state is S.SUBMITTED
    draft = await office.draft(GENERAL, person, round_code="batch-2", candidate=BACHELOR)
    before = await office.everything()
    await office.refuses(
        C.INVITATION_LIMIT,
        await admissions.answer_invitation(own, replace(answer, invitation=theirs.id)),
    )
    await office.refuses(
        C.INVITED_HAS_PREFERENCE,
        await admissions.submit_application(
            own, inputs.SubmitApplicationInput(application=draft.id, documents=SCANS)
        ),
    )
    assert await office.everything() == before


async def test_r150_invitations_are_of_the_second_round(office: HubeiOffice) -> None:
    """S2:74-76: not in April, and not after the second round."""
    person = await office.known()
    given = inputs.InviteCandidateInput(applicant=person, opening=MEDICINE, round="batch-1")
    before = await office.everything()
    await office.refuses(
        C.INVITATION_NOT_OPEN, await admissions.invite_candidate(office.staff(), given)
    )
    office.go("2024-07-01T00:00")
    await office.refuses(C.WINDOW_CLOSED, await invited(office, person, MEDICINE))
    assert await office.everything() == before


@pytest.mark.parametrize("at", ["2024-06-26T00:00:00"])
async def test_r151_the_second_assessment_ends_on_25_june(office: HubeiOffice, at: str) -> None:
    """R151, S2:78."""
    office.go("2024-06-03T09:00")
    case = filed(await office.filed(GENERAL, batch="batch-2"))
    check = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
    office.go(at)
    before = await office.everything()
    await office.refuses(
        C.WINDOW_CLOSED, await admissions.record_eligibility_check(office.staff(), check)
    )
    assert await office.everything() == before
    office.later(seconds=-1)
    assert done(await admissions.record_eligibility_check(office.staff(), check)).state is (
        S.CHECKED
    )


async def test_r152_t14_the_second_list_is_public_for_seven_working_days_too(
    office: HubeiOffice,
) -> None:
    """T14, V15, S4:352: the notice gives no length; a list of 19 June ends with the round."""
    office.go("2024-06-03T09:00")
    case = filed(await office.filed(GENERAL, batch="batch-2"))
    office.go("2024-06-18T09:00")
    await office.assessed(case)
    office.go("2024-06-19T09:00")
    publicity = done(await office.listed(case, batch="batch-2")).publicity
    assert publicity is not None
    assert (publicity.ends_on, publicity.working_days) == (date(2024, 6, 28), 7)
    await office.confirmed(await office.case(case.id))
    office.go("2024-06-29T00:00")
    done(await admissions.admit(office.staff(), inputs.AdmitInput(applications=(case.id,))))
    assert (await office.case(case.id)).state is S.ADMITTED


async def test_r153_more_seats_within_capacity_by_the_province(office: HubeiOffice) -> None:
    """S2:82: the base asks, the province decides, and the next in rank gets the seat."""
    first, second = await waiting(office, 90, 80)
    done(await office.listed(first))
    await office.refuses(C.NO_SEAT, await office.listed(second))
    ask = inputs.RequestPlanIncreaseInput(opening=MEDICINE, seats=1, reason="生源充足")
    asked = done(await admissions.request_plan_increase(office.staff(), ask))
    decide = inputs.DecidePlanIncreaseInput(plan_increase=asked.id, approved=True, reason="同意")
    before = await office.everything()
    await office.refuses(
        C.NOT_PERMITTED, await admissions.decide_plan_increase(office.staff(), decide)
    )
    await office.refuses(
        C.CAPACITY_EXCEEDED,
        await admissions.request_plan_increase(office.staff(), replace(ask, seats=2)),
    )
    await office.refuses(
        C.CAPACITY_UNKNOWN,
        await admissions.request_plan_increase(office.staff(), replace(ask, opening=GENERAL)),
    )
    assert await office.everything() == before
    decided = done(await admissions.decide_plan_increase(office.authority(), decide))
    assert decided.state is PlanIncreaseState.APPROVED
    done(await office.listed(second))
    assert await office.taken(MEDICINE) == 2


async def admitted(office: HubeiOffice, report_by: date | None = None) -> AdmissionCase:
    """Return an application of the first round that was admitted and got its notice."""
    (case,) = await waiting(office, 90)
    done(await office.listed(case))
    await office.confirmed(await office.case(case.id))
    office.go("2024-06-13T09:00")
    ids = (case.id,)
    done(await admissions.admit(office.staff(), inputs.AdmitInput(applications=ids)))
    notice = inputs.SendNoticeInput(applications=ids, report_by=report_by)
    done(await admissions.send_notice(office.staff(), notice))
    return await office.case(case.id)


async def test_g28_two_weeks_past_the_day_of_report(office: HubeiOffice) -> None:
    """G28, R162, T43, S2:100: 15 September is within two weeks of the 1st, the 16th is not."""
    case = await admitted(office, date(2024, 9, 1))
    no_shows = inputs.MarkNoShowsInput(program=PROGRAM)
    office.go("2024-09-15T23:59:59")
    assert done(await admissions.mark_no_shows(office.staff(), no_shows)).effects == ()
    assert (await office.case(case.id)).state is S.NOTIFIED
    office.go("2024-09-16T00:00:00")
    before = await office.everything()
    await office.refuses(
        C.REPORT_TOO_LATE,
        await admissions.record_report(
            office.staff(), inputs.RecordReportInput(application=case.id)
        ),
    )
    assert await office.everything() == before
    outcome = done(await admissions.mark_no_shows(office.staff(), no_shows))
    assert [effect.application for effect in outcome.effects] == [case.id]
    assert ((await office.case(case.id)).state, await office.taken(MEDICINE)) == (S.NO_SHOW, 0)
    with office.database.use():
        assert await BanRow.all().count() == 0


async def test_t64_before_1_september_is_31_august(office: HubeiOffice) -> None:
    """T64, R154, S2:86: by the strict reading of 前, unless the notice names another day."""
    assert (await admitted(office)).report_by == date(2024, 8, 31)


async def test_r154_r155_r158_the_socially_recruited_sign_a_labour_contract_in_a_week(
    office: HubeiOffice,
) -> None:
    """S2:86, S2:94: the personnel file moves by it; later than a week needs a reason."""
    case = await admitted(office)
    office.go("2024-08-28T09:00")
    # R217, S4:356: what was handed in as a scan is shown as well.
    report = inputs.RecordReportInput(application=case.id, documents=BROUGHT[2:])
    refusal = await office.refuses(
        C.DOCUMENTS_INCOMPLETE, await admissions.record_report(office.staff(), report)
    )
    assert refusal.message.zh == "缺少材料：个人身份证、学历学位证书"
    report = replace(report, documents=BROUGHT)
    done(await admissions.record_report(office.staff(), report))
    office.go("2024-09-05T09:00")
    given = inputs.SignAgreementInput(
        application=case.id, kind=AgreementKind.THREE_PARTY, signed_on=date(2024, 9, 5)
    )
    before = await office.everything()
    refusal = await office.refuses(
        C.AGREEMENT_KIND_WRONG, await admissions.sign_agreement(office.staff(), given)
    )
    assert refusal.message.zh == "该类培训对象应签订：劳动合同（LABOUR_CONTRACT）"
    labour = replace(given, kind=AgreementKind.LABOUR_CONTRACT)
    await office.refuses(C.AGREEMENT_LATE, await admissions.sign_agreement(office.staff(), labour))
    assert await office.everything() == before
    on_time = replace(labour, signed_on=date(2024, 9, 4))
    assert done(await admissions.sign_agreement(office.staff(), on_time)).state is S.CONTRACTED


async def test_r164_a_ban_of_three_years_is_a_persons_decision(office: HubeiOffice) -> None:
    """R164, T43, S2:100: for serious cases; the province imposes it, the base cannot."""
    case = await admitted(office, date(2024, 9, 1))
    office.go("2024-09-16T09:00")
    no_shows = inputs.MarkNoShowsInput(program=PROGRAM)
    done(await admissions.mark_no_shows(office.staff(), no_shows))
    given = inputs.ImposeBanInput(
        applicant=case.applicant,
        program=PROGRAM,
        application=case.id,
        reason="录取后因个人原因不报到，情节严重",
        evidence="两次书面联系记录",
    )
    await office.refuses(C.NOT_PERMITTED, await admissions.impose_ban(office.staff(), given))
    ban = done(await admissions.impose_ban(office.authority(), given))
    assert (ban.starts_on, ban.until) == (date(2024, 9, 16), date(2027, 9, 15))


@pytest.mark.parametrize(
    ("trainee_type", "channel"),
    [
        (TraineeType.PROFESSIONAL_MASTER, Channel.DIRECT_REGISTRATION),
        (TraineeType.RURAL_ORDER, Channel.DIRECT_ASSIGNMENT),
    ],
    ids=["R126", "R127"],
)
async def test_t60_some_are_entered_without_an_application(
    office: HubeiOffice, trainee_type: TraineeType, channel: Channel
) -> None:
    """R126, R127, S2:36-38: outside the rounds and their windows, by base or province."""
    office.go("2024-07-15T09:00")
    person = uuid4()
    given = inputs.CreateApplicationInput(
        applicant=person,
        opening=MEDICINE,
        candidate=replace(BACHELOR, trainee_type=trainee_type),
    )
    before = await office.everything()
    await office.refuses(
        C.NOT_PERMITTED, await admissions.create_application(office.own(person), given)
    )
    assert await office.everything() == before
    desk = office.staff() if channel is Channel.DIRECT_REGISTRATION else office.authority()
    case = done(await admissions.create_application(desk, given))
    assert (case.channel, case.round) == (channel, None)


async def test_r149_shortage_specialties_have_priority(office: HubeiOffice) -> None:
    """S2:72: openings say it, so that the second round is filled there first."""
    openings = office.loaded.catalogue.openings
    assert "admission_priority" in openings[GENERAL].shortage_purposes
    assert openings[MEDICINE].shortage_purposes == frozenset()
    program = office.loaded.catalogue.program_of(openings[GENERAL])
    lists = office.loaded.catalogue.shortages[program.code]
    found = priorities_of(program, openings[GENERAL], lists)
    assert [(each.rounds, each.source.lines) for each in found] == [
        ((), "320-336"),
        (("batch-2",), "72"),
    ]
    # The notice names no measure, so the list alone changes nobody's seat.
    assert not any(each.proposed_first or each.transferred_first for each in found)


async def test_r161_masters_of_a_school_elsewhere(office: HubeiOffice) -> None:
    """S2:98: not across provinces; elsewhere in the province with report and consent."""
    office.go("2024-07-15T09:00")
    case = done(
        await admissions.create_application(
            office.staff(),
            inputs.CreateApplicationInput(
                applicant=uuid4(),
                opening=MEDICINE,
                candidate=replace(BACHELOR, trainee_type=TraineeType.PROFESSIONAL_MASTER),
            ),
        )
    )
    handed_in = inputs.SubmitApplicationInput(application=case.id)
    done(await admissions.submit_application(office.staff(), handed_in))
    before = await office.everything()
    away = RegisterTraineeInput(
        application=case.id, school_province="440000", school_prefecture="440300"
    )
    near = RegisterTraineeInput(
        application=case.id, school_province="420000", school_prefecture="420300"
    )
    for given in (away, near):
        refusal = await office.refuses(
            C.OFF_SITE_NOT_ALLOWED, await admissions.register_trainee(office.staff(), given)
        )
        assert refusal.source is not None
        assert (refusal.source.document, refusal.source.lines) == ("S2", "98")
    unknown = inputs.ApplicationInput(application=case.id)
    await office.refuses(
        C.INPUT_INVALID, await admissions.register_trainee(office.staff(), unknown)
    )
    assert await office.everything() == before
    allowed = replace(near, off_site_report="报告1号", off_site_consent="同意2号")
    registered = done(await admissions.register_trainee(office.staff(), allowed))
    assert registered.state is S.REGISTERED
