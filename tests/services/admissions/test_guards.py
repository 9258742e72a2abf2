"""What is refused, and that nothing changes when it is."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from admissions_office import (
    BASES,
    CLINIC,
    FELLOW,
    FELLOWSHIP,
    HEART,
    HOSPITAL,
    IDENTITY,
    MEDICINE,
    PACKET,
    PAEDIATRICS,
    PERSON,
    Office,
    changed_catalogue,
    done,
)
from zhupei.catalogue import load_catalogue
from zhupei.db.models import Applicant, InvitationRow, StateRecordRow
from zhupei.domain.admission_case import (
    AdmissionCase,
    AgreementKind,
    Invitation,
    InvitationState,
    ReviewDecision,
)
from zhupei.domain.admission_process import Action, Channel
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.domain.people import EnglishProficiency, OriginRegion, TraineeType
from zhupei.domain.plain_values import plain
from zhupei.domain.text import Text
from zhupei.graphql.openness import is_open
from zhupei.services import admissions
from zhupei.services.admissions import Refusal, RefusalCode, inputs
from zhupei.services.admissions.filing import round_known
from zhupei.services.audit import verify_audit_chain

C = RefusalCode


async def submit(office: Office, case: AdmissionCase, **changes: object) -> object:
    given = inputs.SubmitApplicationInput(application=case.id, documents=(IDENTITY,))
    return await admissions.submit_application(
        office.own(case.applicant),
        replace(given, **changes),  # type: ignore[arg-type]  # fields of the input
    )


async def withdraw(office: Office, case: AdmissionCase) -> None:
    given = inputs.ReasonedInput(application=case.id, reason="改报")
    own = office.own(case.applicant)
    assert done(await admissions.withdraw_application(own, given)).state is S.WITHDRAWN


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-04-07T23:59:59", False),
        ("2026-04-08T00:00:00", True),
        ("2026-04-23T23:59:59", True),
        ("2026-04-24T00:00:00", False),
    ],
)
async def test_windows_are_half_open(office: Office, at: str, *, is_open: bool) -> None:
    """G19, T11: 24:00 is the next day's 00:00, which is outside."""
    case = await office.draft()
    office.go(at)
    before = await office.everything()
    answer = await submit(office, case)
    if is_open:
        assert isinstance(answer, AdmissionCase)
        return
    refusal = await office.refuses(C.WINDOW_CLOSED, answer)
    assert refusal.source is not None
    is_over = at >= "2026-04-24"
    assert refusal.message == Text(
        "“报名注册”的时间为北京时间 2026-04-08 00:00 至 2026-04-24 00:00（不含）"
        + "；“第二批次”的为北京时间 2026-06-01 00:00 至 2026-06-16 00:00（不含）" * is_over,
        '"Registration" is open from 2026-04-08 00:00 until before 2026-04-24 00:00, China time'
        + '; in "Second batch" it is from 2026-06-01 00:00 until before 2026-06-16 00:00, '
        "China time" * is_over,
    )
    assert await office.everything() == before


@pytest.mark.parametrize("at", ["2026-06-15T23:59:59", "2026-06-16T00:00:00"])
async def test_a_window_of_another_round_is_named_while_it_is_open(office: Office, at: str) -> None:
    """The last one has nothing after it."""
    case = await office.draft()
    office.go(at)
    refusal = await office.refuses(C.WINDOW_CLOSED, await submit(office, case))
    assert ("第二批次" in refusal.message.zh) is (at < "2026-06-16")


_JUNE = "opens: 2026-04-10, closes: 2026-04-17, "
_WINDOWS = f"""        windows:
          - {{kind: registration, {_JUNE}source: SAMPLE-PLAN:21 时间}}
          - {{kind: report, closes: 2026-06-01, source: SAMPLE-PLAN:21 时间}}
"""


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        # No dates at all: nothing is known to be closed, and nothing ever is.
        (_WINDOWS, "", None),
        # Dates, but none of this kind: those are still to come.
        (
            f"          - {{kind: registration, {_JUNE}source: SAMPLE-PLAN:21 时间}}\n",
            "",
            "UNKNOWN",
        ),
        # A window that nobody says the end of stays open.
        (_JUNE, "opens: 2026-04-10, ", None),
        (_JUNE, _JUNE, "CLOSED"),
    ],
)
async def test_where_no_dates_are_published_no_window_closes(
    office: Office, tmp_path: Path, old: str, new: str, code: str | None
) -> None:
    office.loaded = await changed_catalogue(tmp_path, "sample-hospital.yaml", (old, new))
    office.go("2026-12-31T09:00")
    rounds = office.loaded.catalogue.programs[FELLOWSHIP].rounds
    assert is_open(rounds, office.now) is (False if code == "CLOSED" else None)
    case = await office.draft(HEART, round_code="june", candidate=FELLOW)
    answer = await submit(office, case)
    if code is not None:
        await office.refuses(RefusalCode(f"WINDOW_{code}"), answer)
        return
    assert isinstance(answer, AdmissionCase)
    assert answer.state is S.SUBMITTED


async def test_who_is_not_eligible_is_refused_with_the_clause(office: Office) -> None:
    case = await office.draft(candidate=replace(PERSON, origin=OriginRegion.FOREIGN))
    before = await office.everything()
    refusal = await office.refuses(C.INELIGIBLE, await submit(office, case))
    assert [finding.rule for finding in refusal.findings] == ["nationality"]
    assert refusal.source is not None
    assert refusal.source.clause == "第一条"
    assert await office.everything() == before


async def test_missing_facts_are_listed(office: Office) -> None:
    case = await office.draft(candidate=replace(PERSON, origin=None))
    before = await office.everything()
    refusal = await office.refuses(C.ELIGIBILITY_INCOMPLETE, await submit(office, case))
    assert refusal.missing_facts == ("origin",)
    assert refusal.message == Text(
        "资料不全，尚无法判断是否符合条件，缺少：生源地",
        "eligibility cannot be decided yet; missing: origin",
    )
    assert await office.everything() == before


async def test_nobody_hands_in_another_birth_date(office: Office) -> None:
    """T9: rules on age are decided by the date that the identity document tells."""
    case = await office.draft()
    with office.database.use():
        await Applicant.create(
            id=case.applicant,
            name="王小明",
            name_key="wang",
            identity_kind="PASSPORT",
            identity_state="USA",
            identity_ciphertext="x",
            facts=plain(replace(PERSON, birth_date=date(1979, 5, 1))),
            created_at=office.now,
            updated_at=office.now,
        )
    before = await office.everything()
    younger = replace(PERSON, birth_date=date(1990, 1, 1))
    refusal = await office.refuses(C.INPUT_INVALID, await submit(office, case, candidate=younger))
    assert refusal.message.en == "the birth date differs from the one that is registered"
    assert refusal.field == "candidate"
    assert await office.everything() == before
    handed_in = await submit(office, case)
    assert isinstance(handed_in, AdmissionCase)
    assert handed_in.candidate.birth_date == date(1979, 5, 1)


async def test_a_rule_under_review_has_to_be_decided(office: Office) -> None:
    case = await office.draft(candidate=replace(PERSON, english=EnglishProficiency(cet4=424)))
    case = done(await submit(office, case))  # type: ignore[assignment]  # a case, as just checked
    assert case.eligibility is not None
    assert case.eligibility.outcome.value == "NEEDS_REVIEW"
    assert case.catalogue_hash == office.loaded.catalogue.hash
    office.go("2026-04-27T09:00")
    given = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
    before = await office.everything()
    await office.refuses(
        C.REVIEW_UNDECIDED, await admissions.record_eligibility_check(office.staff(), given)
    )
    no = ReviewDecision(rule="english", accepted=False, reason="差一分")
    await office.refuses(
        C.REVIEW_UNDECIDED,
        await admissions.record_eligibility_check(office.staff(), replace(given, decisions=(no,))),
    )
    yes = replace(no, accepted=True, reason="口语优秀")
    # Two decisions on one rule: which of them counts is not ours to choose.
    twice = await office.refuses(
        C.INPUT_INVALID,
        await admissions.record_eligibility_check(
            office.staff(), replace(given, decisions=(no, yes))
        ),
    )
    assert twice.field == "decisions"
    assert await office.everything() == before
    case = done(
        await admissions.record_eligibility_check(office.staff(), replace(given, decisions=(yes,)))
    )
    assert case.state is S.CHECKED
    assert case.eligibility is not None
    assert case.eligibility.decisions == (yes,)


async def test_what_was_decided_of_who_is_rejected_is_kept(office: Office) -> None:
    case = await office.draft(candidate=replace(PERSON, english=EnglishProficiency(cet4=424)))
    case = done(await submit(office, case))  # type: ignore[assignment]  # a case, as just checked
    office.go("2026-04-27T09:00")
    no = ReviewDecision(rule="english", accepted=False, reason="差一分")
    given = inputs.RecordEligibilityCheckInput(
        application=case.id, passed=False, decisions=(no,), idempotency_key="k"
    )
    before = await office.everything()
    refusal = await office.refuses(
        C.INPUT_INVALID, await admissions.record_eligibility_check(office.staff(), given)
    )
    assert refusal.field == "reason"
    assert await office.everything() == before
    given = replace(given, reason="外语未达标")
    case = done(await admissions.record_eligibility_check(office.staff(), given))
    assert (case.state, case.completed_steps) == (S.REJECTED, ("registration", "preference"))
    assert case.eligibility is not None
    assert case.eligibility.decisions == (no,)
    assert done(await admissions.record_eligibility_check(office.staff(), given)) == case
    with office.database.use():
        report = await verify_audit_chain()
    assert report.broken is None


async def test_without_an_eligibility_check_the_review_decides_with_a_reason(
    office: Office, tmp_path: Path
) -> None:
    """T9, T24: a path without that step must not pass rules that somebody has to look at."""
    place = tmp_path / "bases"
    shutil.copytree(BASES, place)
    file = place / "_jurisdiction.yaml"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if "kind: eligibility_check" not in line]
    assert len(kept) == len(lines) - 1
    file.write_text("".join(kept), "utf-8")
    office.loaded = await load_catalogue([place])
    assert not office.loaded.problems.errors
    case = await office.submitted(candidate=replace(PERSON, english=EnglishProficiency(cet4=424)))
    office.go("2026-04-27T09:00")
    desk, given = (
        office.staff(),
        inputs.RecordScoreInput(application=case.id, points=Decimal(80), of=100),
    )
    for record in (admissions.record_interview, admissions.record_examination):
        done(await record(desk, given))
    opinion = inputs.GiveOpinionInput(
        application=case.id, admit=True, opinion="同意", packet=PACKET
    )
    done(await admissions.give_opinion(office.staff("specialty_base"), opinion))
    before = await office.everything()
    review = inputs.ReviewApplicationInput(application=case.id, approved=True)
    refusal = await office.refuses(
        C.REVIEW_UNDECIDED, await admissions.review_application(desk, review)
    )
    assert refusal.message.en == (
        "approving needs a reason, because nobody has decided on: english"
    )
    assert await office.everything() == before
    reasoned = replace(review, reason="口语优秀")
    assert done(await admissions.review_application(desk, reasoned)).state is S.REVIEWED


async def test_required_documents_have_to_be_complete(office: Office) -> None:
    """R140; one is asked only of those who hold a licence."""
    case = await office.draft()
    before = await office.everything()
    refusal = await office.refuses(C.DOCUMENTS_INCOMPLETE, await submit(office, case, documents=()))
    assert refusal.message.en == "documents are missing: Scan of the identity card"
    licensed = replace(PERSON, licensed=True)
    refusal = await office.refuses(
        C.DOCUMENTS_INCOMPLETE, await submit(office, case, candidate=licensed)
    )
    assert refusal.message.en == "documents are missing: Scan of the licence"
    unknown = replace(PERSON, licensed=None)
    refusal = await office.refuses(
        C.DOCUMENTS_INCOMPLETE, await submit(office, case, candidate=unknown)
    )
    assert refusal.missing_facts == ("licensed",)
    assert await office.everything() == before


async def test_a_round_has_as_many_preferences_as_configured(office: Office) -> None:
    """T41: one, in this province; also for requests at the same time."""
    person = uuid4()
    first = await office.submitted(applicant=person)
    other = await office.draft(PAEDIATRICS, person, direction="neonatology")
    before = await office.everything()
    refusal = await office.refuses(C.PREFERENCE_LIMIT, await submit(office, other))
    assert refusal.source is not None
    assert refusal.message == Text(
        "每批次最多填报 1 个志愿，已填报 1 个；先撤回其中一个，方可改报",
        "at most 1 preferences may be filed in a round; 1 are filed: withdraw one to file another",
    )
    assert await office.everything() == before
    await withdraw(office, first)
    answer = await submit(office, other)
    assert isinstance(answer, AdmissionCase)
    assert answer.state is S.SUBMITTED


async def test_the_same_number_or_opening_twice_says_how_to_go_on(
    office: Office, tmp_path: Path
) -> None:
    office.loaded = await changed_catalogue(
        tmp_path,
        "_jurisdiction.yaml",
        ('max_preferences: {value: "1"', 'max_preferences: {value: "2"'),
    )
    person = uuid4()
    first = await office.submitted(applicant=person)
    other = await office.draft(PAEDIATRICS, person, direction="neonatology")
    given = inputs.CreateApplicationInput(
        applicant=person, opening=MEDICINE, round="batch-1", preference=2, candidate=PERSON
    )
    before = await office.everything()
    refusal = await office.refuses(C.PREFERENCE_LIMIT, await submit(office, other))
    assert refusal.message == Text(
        "本批次该顺位的志愿已填报：先撤回该志愿，或另按其他顺位填报",
        "a preference with this number is filed in the round: withdraw that one first, or file "
        "under another number",
    )
    refusal = await office.refuses(
        C.DUPLICATE, await admissions.create_application(office.own(person), given)
    )
    assert refusal.message == Text(
        "本批次已有同一招收专业的申请（含草稿）：请继续办理该申请，或先将其撤回",
        "there is an application for this opening in the round already, maybe a draft: go on with "
        "that one, or withdraw it first",
    )
    assert await office.everything() == before
    await withdraw(office, first)
    again = done(await admissions.create_application(office.own(person), given))
    filed = [await submit(office, each) for each in (again, other)]
    assert [each.preference for each in filed if isinstance(each, AdmissionCase)] == [2, 1]


@pytest.mark.parametrize("preference", [0, -1, 32_768, 2**31 - 1])
async def test_a_preference_that_no_rule_limits_is_a_number_that_can_be_kept(
    office: Office, preference: int
) -> None:
    """Of the fellowship nobody says how many there may be; its database counts to 32,767."""
    office.go("2026-04-12T09:00")
    person = uuid4()
    given = inputs.CreateApplicationInput(
        applicant=person, opening=HEART, round="june", candidate=FELLOW, preference=preference
    )
    before = await office.everything()
    refusal = await office.refuses(
        C.INPUT_INVALID, await admissions.create_application(office.own(person), given)
    )
    assert (refusal.field, refusal.message.en) == (
        "preference",
        "preferences are numbered from 1 to at most 32767",
    )
    assert await office.everything() == before
    last = replace(given, preference=32_767)
    made = done(await admissions.create_application(office.own(person), last))
    assert made.preference == 32_767


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        (
            {"round": None},
            C.ROUND_UNKNOWN,
            "choose a round: First batch (batch-1), Second batch (batch-2)",
        ),
        (
            {"round": "batch-9"},
            C.ROUND_UNKNOWN,
            "choose a round: First batch (batch-1), Second batch (batch-2)",
        ),
        (
            {"opening": f"{HOSPITAL}/0100", "direction": "x"},
            C.DIRECTION_UNKNOWN,
            "the opening has no directions: leave it out",
        ),
        ({"opening": HEART, "candidate": FELLOW}, C.ROUND_UNKNOWN, "choose a round: June (june)"),
    ],
)
async def test_a_draft_names_a_round_and_a_direction_that_there_are(
    office: Office, changes: dict[str, object], code: RefusalCode, message: str
) -> None:
    person = await office.known()
    given = inputs.CreateApplicationInput(
        applicant=person, opening=MEDICINE, round="batch-1", candidate=PERSON
    )
    before = await office.everything()
    refusal = await office.refuses(
        code,
        await admissions.create_application(
            office.own(person),
            replace(given, **changes),  # type: ignore[arg-type]  # fields of the input
        ),
    )
    assert refusal.message.en == message
    assert await office.everything() == before


async def test_a_round_is_left_out_where_there_are_none(office: Office) -> None:
    program = replace(office.loaded.catalogue.programs[HOSPITAL], rounds=())
    refusal = round_known(program, "batch-1", Channel.BATCH)
    assert refusal is not None
    assert (refusal.code, refusal.message.en) == (
        C.ROUND_UNKNOWN,
        "the program has no rounds: leave it out",
    )
    assert round_known(program, None, Channel.BATCH) is None


async def test_a_unit_hands_nobody_in_as_somebody_whom_it_does_not_send(office: Office) -> None:
    """What a person files as anybody else is no business of the unit's."""
    person = await office.known()
    sent = replace(PERSON, trainee_type=TraineeType.ENTRUSTED)
    given = inputs.CreateApplicationInput(
        applicant=person, opening=MEDICINE, round="batch-1", candidate=sent
    )
    case = done(await admissions.create_application(office.unit(person), given))
    submission = inputs.SubmitApplicationInput(
        application=case.id, documents=(IDENTITY,), candidate=PERSON
    )
    before = await office.everything()
    await office.refuses(
        C.NOT_PERMITTED, await admissions.submit_application(office.unit(person), submission)
    )
    assert await office.everything() == before
    handed_in = done(await admissions.submit_application(office.own(person), submission))
    assert handed_in.trainee_type is TraineeType.SOCIAL


async def test_scores_are_points_of_a_full_mark(office: Office) -> None:
    """A rank pasted for a score has no full mark, and points beyond it are refused."""
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    check = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
    done(await admissions.record_eligibility_check(office.staff(), check))
    before = await office.everything()
    for points, of in ((Decimal(101), 100), (Decimal(-1), 100), (Decimal("NaN"), 100)):
        given = inputs.RecordScoreInput(application=case.id, points=points, of=of)
        await office.refuses(
            C.SCORE_INVALID, await admissions.record_interview(office.staff(), given)
        )
    # More than is kept, where the configuration names no full mark.
    given = inputs.RecordScoreInput(application=case.id, points=Decimal(100_000), of=100_000)
    refusal = await office.refuses(
        C.SCORE_INVALID, await admissions.record_interview(office.staff(), given)
    )
    assert (refusal.field, refusal.message.en) == ("of", "a full mark is at most 99999, not 100000")
    assert await office.everything() == before


@pytest.mark.parametrize(
    ("points", "of", "kept"),
    [
        ("-0", 100, "0.000"),
        ("-0.0001", 100, None),
        ("86.6665", 100, "86.666"),
        ("1E+1", 100, "10.000"),
        ("99999", 99_999, "99999.000"),
    ],
)
async def test_the_records_hold_with_points_at_their_bounds(
    office: Office, points: str, of: int, kept: str | None
) -> None:
    """What is digested is what the column keeps, which knows no zero below zero."""
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    check = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
    done(await admissions.record_eligibility_check(office.staff(), check))
    given = inputs.RecordScoreInput(application=case.id, points=Decimal(points), of=of)
    answer = await admissions.record_interview(office.staff(), given)
    if kept is None:
        await office.refuses(C.SCORE_INVALID, answer)
    else:
        assert [str(each.score.points) for each in done(answer).scores] == [kept]
        assert (await office.case(case.id)).scores == done(answer).scores
    with office.database.use():
        report = await verify_audit_chain()
    assert report.broken is None


async def test_an_opinion_needs_the_whole_packet(office: Office) -> None:
    """R144."""
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    check = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
    done(await admissions.record_eligibility_check(office.staff(), check))
    score = inputs.RecordScoreInput(application=case.id, points=Decimal(80), of=100)
    given = inputs.GiveOpinionInput(application=case.id, admit=True, opinion="同意", packet=PACKET)
    base = office.staff("specialty_base")
    assert done(await admissions.record_examination(base, score)).state is S.CHECKED
    await office.refuses(C.NOT_ALLOWED_IN_STATE, await admissions.give_opinion(base, given))
    await office.refuses(C.NOT_ALLOWED_IN_STATE, await admissions.record_examination(base, score))
    assert done(await admissions.record_interview(base, score)).state is S.ASSESSED
    before = await office.everything()
    refusal = await office.refuses(
        C.PACKET_INCOMPLETE, await admissions.give_opinion(base, replace(given, packet=PACKET[:2]))
    )
    assert refusal.message.zh == "考核结果材料不全，缺少：专业考核评价、整体意见"
    assert await office.everything() == before
    assert done(await admissions.give_opinion(base, given)).state is S.OPINED


async def test_nothing_is_ranked_without_weights(office: Office) -> None:
    """T42: never 50/50."""
    case = await office.submitted(CLINIC)
    office.go("2026-04-27T09:00")
    clinic = office.staff(base="sample-clinic")
    refusal = await office.refuses(
        C.WEIGHTS_UNKNOWN,
        await admissions.ranking_of(clinic, inputs.RankingInput(opening=CLINIC, round="batch-1")),
    )
    assert "no default" in (refusal.message.en or "")
    assert case.opening == CLINIC


async def test_the_better_ranked_comes_first(office: Office) -> None:
    """R215, merit order: nobody is passed over while waiting."""
    cases = [await office.submitted() for _ in range(3)]
    office.go("2026-04-27T09:00")
    for case, points in zip(cases, (70, 90, 80), strict=True):
        await office.reviewed(case, points)
    office.go("2026-05-11T10:00")
    before = await office.everything()
    refusal = await office.refuses(C.RANK_SKIPPED, await office.publish(cases[0], cases[1]))
    assert refusal.message.en == "by merit: applicants in place 2 are still waiting"
    assert await office.everything() == before
    done(await office.publish(cases[1], cases[2]))


async def test_offers_are_confirmed_during_publicity_and_admitted_after(office: Office) -> None:
    """R147, G21: seven working days after Monday 11 May end with Wednesday 20 May."""
    first, second = await office.published(90, 80)
    ids = inputs.AdmitInput(applications=(first.id,))
    office.go("2026-05-20T23:59:59")
    await office.confirmed(first)
    before = await office.everything()
    await office.refuses(C.PUBLICITY_NOT_OVER, await admissions.admit(office.staff(), ids))
    office.go("2026-05-21T00:00")
    await office.refuses(
        C.PUBLICITY_NOT_LIVE,
        await admissions.confirm_admission(
            office.own(second.applicant), inputs.ApplicationInput(application=second.id)
        ),
    )
    assert await office.everything() == before
    done(await admissions.admit(office.staff(), ids))
    outcome = done(
        await admissions.expire_confirmations(
            office.staff(), inputs.ExpireConfirmationsInput(program=HOSPITAL)
        )
    )
    assert [effect.application for effect in outcome.effects] == [second.id]
    assert ((await office.case(second.id)).state, await office.taken()) == (S.EXPIRED, 1)


async def test_an_open_objection_holds_the_admission_up(office: Office) -> None:
    first, second = await office.published(90, 80)
    await office.confirmed(first)
    await office.confirmed(second)
    objection = done(
        await admissions.file_objection(
            office.own(second.applicant),
            inputs.FileObjectionInput(application=first.id, text="材料不实"),
        )
    )
    office.go("2026-05-21T00:00")
    ids = inputs.AdmitInput(applications=(first.id,))
    await office.refuses(C.OBJECTION_OPEN, await admissions.admit(office.staff(), ids))
    await office.refuses(
        C.PUBLICITY_NOT_LIVE,
        await admissions.file_objection(
            office.own(second.applicant),
            inputs.FileObjectionInput(application=first.id, text="再次"),
        ),
    )
    decided = done(
        await admissions.resolve_objection(
            office.staff(),
            inputs.ResolveObjectionInput(objection=objection.id, upheld=True, resolution="属实"),
        )
    )
    assert decided.upheld is True
    assert ((await office.case(first.id)).state, await office.taken()) == (S.REJECTED, 1)


async def test_an_objection_is_filed_once_and_tells_strangers_nothing(office: Office) -> None:
    first, second = await office.published(90, 80)
    own = office.own(second.applicant)
    given = inputs.FileObjectionInput(application=first.id, text="材料不实", idempotency_key="k")
    objection = done(await admissions.file_objection(own, given))
    before = await office.everything()
    assert done(await admissions.file_objection(own, given)) == objection
    for other in (replace(given, application=second.id), replace(given, text="另一事")):
        await office.refuses(C.CONFLICT, await admissions.file_objection(own, other))
    decision = inputs.ResolveObjectionInput(objection=objection.id, upheld=True, resolution="属实")
    refusal = await office.refuses(
        C.NOT_FOUND,
        await admissions.resolve_objection(office.staff(base="sample-clinic"), decision),
    )
    assert refusal.field == "objection"
    assert str(first.id) not in str(refusal)
    assert await office.everything() == before


async def test_a_live_list_blocks_the_next_round(office: Office) -> None:
    """T15: who is on a live list has to decline before filing in the next round."""
    first, _ = await office.published(90, 80)
    office.go("2026-06-02T09:00")
    other = await office.draft(
        PAEDIATRICS, first.applicant, round_code="batch-2", direction="neonatology"
    )
    before = await office.everything()
    await office.refuses(C.LIVE_PUBLICITY, await submit(office, other))
    assert await office.everything() == before
    own = office.own(first.applicant)
    given = inputs.ReasonedInput(application=first.id, reason="另报他科")
    done(await admissions.decline_admission(own, given))
    assert isinstance(await submit(office, other), AdmissionCase)


async def invite(office: Office, applicant: object, opening: str) -> Invitation | Refusal:
    base = "sample-clinic" if opening == CLINIC else "sample-hospital"
    return await admissions.invite_candidate(
        office.staff(base=base),
        inputs.InviteCandidateInput(
            applicant=applicant,  # type: ignore[arg-type]  # a UUID
            opening=opening,
            round="batch-2",
        ),
    )


async def test_one_invitation_and_no_preference_beside_it(office: Office) -> None:
    """G26, T40."""
    office.go("2026-06-02T09:00")
    filed = await office.submitted(round_code="batch-2")
    refusal = await office.refuses(
        C.INVITED_HAS_PREFERENCE, await invite(office, filed.applicant, CLINIC)
    )
    assert refusal.message == Text(
        "本批次已填报志愿，不能同时应邀：撤回该志愿后，方可邀请或接受邀请",
        "a preference is filed in this round, which excludes an invitation: once it is withdrawn, "
        "one can be made or accepted",
    )
    own = inputs.ReasonedInput(application=filed.id, reason="应邀")
    done(await admissions.withdraw_application(office.own(filed.applicant), own))
    assert done(await invite(office, filed.applicant, CLINIC)).opening == CLINIC
    person = await office.known()
    first = done(await invite(office, person, MEDICINE))
    second = done(await invite(office, person, CLINIC))
    assert done(await invite(office, person, CLINIC)) == second
    answer = inputs.AnswerInvitationInput(
        invitation=first.id, accept=True, candidate=PERSON, documents=(IDENTITY,)
    )
    await office.refuses(
        C.NOT_FOUND, await admissions.answer_invitation(office.own(uuid4()), answer)
    )
    accepted = done(await admissions.answer_invitation(office.own(person), answer))
    assert accepted.application is not None
    assert (await office.case(accepted.application)).state is S.SUBMITTED
    before = await office.everything()
    await office.refuses(
        C.INVITATION_LIMIT,
        await admissions.answer_invitation(
            office.own(person), replace(answer, invitation=second.id)
        ),
    )
    assert await office.everything() == before
    draft = await office.draft(PAEDIATRICS, person, round_code="batch-2", direction="cardiology")
    await office.refuses(C.INVITED_HAS_PREFERENCE, await submit(office, draft))


async def test_nobody_is_invited_to_a_round_that_there_is_not(
    office: Office, tmp_path: Path
) -> None:
    """Where the invitation is a step of every round, none can be accepted for another one."""
    office.loaded = await changed_catalogue(
        tmp_path,
        "_jurisdiction.yaml",
        ("actor: base, round: batch-2, window", "actor: base, window"),
    )
    office.go("2026-06-02T09:00")
    given = inputs.InviteCandidateInput(
        applicant=await office.known(), opening=MEDICINE, round="batch-9"
    )
    refusal = await office.refuses(
        C.ROUND_UNKNOWN, await admissions.invite_candidate(office.staff(), given)
    )
    assert (refusal.field, refusal.message.en) == (
        "round",
        "choose a round: First batch (batch-1), Second batch (batch-2)",
    )
    with office.database.use():
        assert await InvitationRow.all().count() == 0


async def test_an_invitation_of_a_frozen_round_is_not_declined(office: Office) -> None:
    office.go("2026-06-02T09:00")
    person = await office.known()
    invitation = done(await invite(office, person, MEDICINE))
    freeze = inputs.FreezeRoundInput(program=HOSPITAL, round="batch-2", reason="核查")
    done(await admissions.freeze_round(office.authority(), freeze))
    with office.database.use():
        before = await InvitationRow.all().values(), await StateRecordRow.all().values()
    no = inputs.AnswerInvitationInput(invitation=invitation.id, accept=False, idempotency_key="k")
    await office.refuses(C.ROUND_FROZEN, await admissions.answer_invitation(office.own(person), no))
    with office.database.use():
        assert (await InvitationRow.all().values(), await StateRecordRow.all().values()) == before
    lift = inputs.LiftFreezeInput(program=HOSPITAL, round="batch-2", reason="无误")
    done(await admissions.lift_freeze(office.authority(), lift))
    answered = done(await admissions.answer_invitation(office.own(person), no))
    assert answered.state is InvitationState.DECLINED


async def test_the_key_of_a_declined_invitation_accepts_no_other(office: Office) -> None:
    office.go("2026-06-02T09:00")
    person = await office.known()
    one, two = [done(await invite(office, person, each)) for each in (MEDICINE, CLINIC)]
    own = office.own(person)
    no = inputs.AnswerInvitationInput(invitation=one.id, accept=False, idempotency_key="k")
    declined = done(await admissions.answer_invitation(own, no))
    yes = replace(no, invitation=two.id, accept=True, candidate=PERSON, documents=(IDENTITY,))
    before = await office.everything()
    refusal = await office.refuses(C.CONFLICT, await admissions.answer_invitation(own, yes))
    assert refusal.field == "idempotencyKey"
    assert await office.everything() == before
    assert done(await admissions.answer_invitation(own, no)) == declined


async def test_invitations_belong_to_their_round_and_window(office: Office) -> None:
    office.go("2026-06-21T00:00")
    await office.refuses(C.WINDOW_CLOSED, await invite(office, await office.known(), MEDICINE))
    refusal = await admissions.invite_candidate(
        office.staff(),
        inputs.InviteCandidateInput(
            applicant=await office.known(), opening=MEDICINE, round="batch-1"
        ),
    )
    await office.refuses(C.INVITATION_NOT_OPEN, refusal)


async def test_a_transfer_ends_one_application_and_begins_another(office: Office) -> None:
    """R145."""
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    given = inputs.TransferApplicationInput(
        consent="书面同意",
        application=case.id,
        opening=PAEDIATRICS,
        direction="neonatology",
        reason="服从调剂",
    )
    desk = office.staff()
    await office.refuses(C.NOT_ALLOWED_IN_STATE, await admissions.transfer_application(desk, given))
    await office.reviewed(case)
    await office.refuses(
        C.NOT_FOUND, await admissions.transfer_application(desk, replace(given, opening="x"))
    )
    office.go("2026-04-28T09:00")
    before = await office.everything()
    refusal = await admissions.transfer_application(desk, replace(given, opening=MEDICINE))
    await office.refuses(C.TRANSFER_NOT_ALLOWED, refusal)
    assert await office.everything() == before
    new = done(await admissions.transfer_application(desk, given))
    assert (new.state, new.transferred_from, new.opening) == (S.SUBMITTED, case.id, PAEDIATRICS)
    assert (await office.case(case.id)).state is S.TRANSFERRED


async def test_no_show_after_two_weeks(office: Office) -> None:
    """G28: due on 1 September, still within on the 15th, lost on the 16th."""
    first, second = await office.published(90, 80)
    await office.confirmed(first)
    await office.confirmed(second)
    office.go("2026-05-22T09:00")
    ids = (first.id, second.id)
    done(await admissions.admit(office.staff(), inputs.AdmitInput(applications=ids)))
    notice = inputs.SendNoticeInput(applications=ids, report_by=date(2026, 9, 1))
    done(await admissions.send_notice(office.staff(), notice))
    office.go("2026-09-15T23:59:59")
    given = inputs.MarkNoShowsInput(program=HOSPITAL)
    assert done(await admissions.mark_no_shows(office.staff(), given)).effects == ()
    await office.reported(second)
    office.go("2026-09-16T00:00")
    before = await office.everything()
    await office.refuses(
        C.REPORT_TOO_LATE,
        await admissions.record_report(
            office.staff(), inputs.RecordReportInput(application=first.id)
        ),
    )
    assert await office.everything() == before
    outcome = done(await admissions.mark_no_shows(office.staff(), given))
    assert [effect.application for effect in outcome.effects] == [first.id]
    assert ((await office.case(first.id)).state, await office.taken()) == (S.NO_SHOW, 1)


async def test_agreements_by_trainee_type_within_a_week(office: Office) -> None:
    """T46, R154."""
    (case,) = await office.published(90)
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-08-20T09:00")
    await office.reported(case)
    office.go("2026-08-28T09:00")
    given = inputs.SignAgreementInput(
        application=case.id, kind=AgreementKind.THREE_PARTY, signed_on=date(2026, 8, 28)
    )
    before = await office.everything()
    refusal = await office.refuses(
        C.AGREEMENT_KIND_WRONG, await admissions.sign_agreement(office.staff(), given)
    )
    assert refusal.message.en == "trainees of this type sign: labour contract (LABOUR_CONTRACT)"
    given = replace(given, kind=AgreementKind.LABOUR_CONTRACT)
    await office.refuses(C.AGREEMENT_LATE, await admissions.sign_agreement(office.staff(), given))
    assert await office.everything() == before
    late = replace(given, late_reason="台风")
    assert done(await admissions.sign_agreement(office.staff(), late)).state is S.CONTRACTED


async def test_a_banned_person_cannot_apply(office: Office) -> None:
    """T43, R164: a person decides; three years."""
    case = await office.draft()
    given = inputs.ImposeBanInput(
        applicant=case.applicant, program=HOSPITAL, reason="情节严重", idempotency_key="b"
    )
    await office.refuses(C.NOT_PERMITTED, await admissions.impose_ban(office.staff(), given))
    ban = done(await admissions.impose_ban(office.authority(), given))
    assert (str(ban.starts_on), str(ban.until)) == ("2026-04-10", "2029-04-09")
    assert done(await admissions.impose_ban(office.authority(), given)) == ban
    before = await office.everything()
    await office.refuses(C.BANNED, await submit(office, case))
    assert await office.everything() == before


async def test_r059_bans_are_as_long_as_the_penalties_say(office: Office, tmp_path: Path) -> None:
    """S0:86 names three years beside the penalties, and no policy; nothing is assumed."""
    place = tmp_path / "bases"
    shutil.copytree(BASES, place)
    file = place / "_jurisdiction.yaml"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if "ban_years: {" not in line]
    assert len(kept) == len(lines) - 1
    file.write_text("".join(kept), "utf-8")
    office.loaded = await load_catalogue([place])
    assert not office.loaded.problems.errors, office.loaded.problems
    given = inputs.ImposeBanInput(
        applicant=await office.known(), program=HOSPITAL, reason="情节严重"
    )
    ban = done(await admissions.impose_ban(office.authority(), given))
    assert str(ban.until) == "2029-04-09"
    # A fellowship's rules name no ban at all.
    other = replace(given, program=FELLOWSHIP)
    refusal = await office.refuses(
        C.INPUT_INVALID, await admissions.impose_ban(office.authority(), other)
    )
    assert refusal.field == "program"


async def test_a_ban_is_as_long_as_the_rules_of_its_own_program_say(office: Office) -> None:
    """Also where it rests on an application elsewhere, whose rules the actor has no say in."""
    case = await office.draft()
    given = inputs.ImposeBanInput(
        applicant=case.applicant, program=FELLOWSHIP, application=case.id, reason="情节严重"
    )
    with office.database.use():
        await Applicant.create(
            id=case.applicant,
            name="样例",
            name_key="yang li",
            identity_kind="PASSPORT",
            identity_state="USA",
            identity_ciphertext="nobody reads it",
            facts={},
            created_at=office.now,
            updated_at=office.now,
        )
    refusal = await office.refuses(
        C.INPUT_INVALID, await admissions.impose_ban(office.authority(), given)
    )
    assert refusal.field == "program"
    own = done(await admissions.impose_ban(office.authority(), replace(given, program=HOSPITAL)))
    assert str(own.until) == "2029-04-09"


_WAYS = {
    TraineeType.RURAL_ORDER: Text(
        "该类人员不通过批次报名，由行政主管部门统一安排培训基地；请与该部门联系",
        "people of this type do not apply in rounds: the authority places them at a base; ask "
        "that office",
    ),
    TraineeType.PROFESSIONAL_MASTER: Text(
        "该类人员不通过批次报名，由培训基地直接录入并注册；请与培训基地管理部门联系",
        "people of this type do not apply in rounds: the base enters and registers them; ask its "
        "office",
    ),
}


async def test_who_turns_out_to_come_another_way_hears_which(office: Office) -> None:
    """T60: the type may be another one when the draft is handed in."""
    case = await office.draft()
    for type_, message in _WAYS.items():
        other = replace(PERSON, trainee_type=type_)
        before = await office.everything()
        refusal = await office.refuses(C.CHANNEL_WRONG, await submit(office, case, candidate=other))
        assert (refusal.message, refusal.field) == (message, "candidate")
        assert await office.everything() == before
    student = replace(PERSON, trainee_type=TraineeType.PROFESSIONAL_MASTER)
    given = inputs.CreateApplicationInput(applicant=uuid4(), opening=MEDICINE, candidate=student)
    entered = done(await admissions.create_application(office.staff(), given))
    handed = inputs.SubmitApplicationInput(application=entered.id, candidate=PERSON)
    refusal = await office.refuses(
        C.CHANNEL_WRONG, await admissions.submit_application(office.staff(), handed)
    )
    assert refusal.message == Text(
        "该类人员须通过批次报名，由本人或选送单位填报",
        "people of this type apply in a round, themselves or by the unit that sends them",
    )


async def test_channels(office: Office) -> None:
    """T60, R126, R127: no application in rounds; entered by the base or the authority."""
    student = replace(PERSON, trainee_type=TraineeType.PROFESSIONAL_MASTER)
    person = uuid4()
    given = inputs.CreateApplicationInput(applicant=person, opening=MEDICINE, candidate=student)
    for type_, message in _WAYS.items():
        asked = replace(given, candidate=replace(PERSON, trainee_type=type_))
        refusal = await office.refuses(
            C.NOT_PERMITTED, await admissions.create_application(office.own(person), asked)
        )
        assert refusal.message == message
    refusal = await office.refuses(
        C.NOT_PERMITTED, await admissions.create_application(office.own(uuid4()), given)
    )
    assert refusal.message == Text("没有所需的权限", "this is not permitted")
    case = done(await admissions.create_application(office.staff(), given))
    assert case.channel is Channel.DIRECT_REGISTRATION
    handed = inputs.SubmitApplicationInput(application=case.id)
    done(await admissions.submit_application(office.staff(), handed))
    case = done(
        await admissions.register_trainee(
            office.staff(), inputs.ApplicationInput(application=case.id)
        )
    )
    assert (case.state, await office.taken()) == (S.REGISTERED, 1)


async def test_who_may_not_see_an_application_hears_that_there_is_none(office: Office) -> None:
    case = await office.submitted()
    before = await office.everything()
    stranger = office.own(uuid4())
    assert await admissions.application_of(stranger, case.id) is None
    assert await admissions.application_of(office.staff(base="sample-clinic"), case.id) is None
    assert await admissions.allowed_actions(stranger, case.id) == ()
    withdraw = inputs.ReasonedInput(application=case.id, reason="x")
    await office.refuses(C.NOT_FOUND, await admissions.withdraw_application(stranger, withdraw))
    check = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
    office.go("2026-04-27T09:00")
    await office.refuses(
        C.NOT_PERMITTED,
        await admissions.record_eligibility_check(office.own(case.applicant), check),
    )
    assert await office.everything() == before


async def test_allowed_actions_say_why_not(office: Office) -> None:
    case = await office.submitted()
    answers = await admissions.allowed_actions(office.own(case.applicant), case.id)
    allowed = {answer.action for answer in answers if answer.allowed}
    assert allowed == {Action.WITHDRAW, Action.AGREE_TO_TRANSFER}
    assert all(answer.allowed or answer.reason is not None for answer in answers)
    found = {
        answer.action: answer
        for answer in await admissions.allowed_actions(office.staff(), case.id)
    }
    reason = found[Action.CHECK_ELIGIBILITY].reason
    assert reason is not None
    assert "2026-04-24 00:00" in reason.zh


async def test_fraud_cancels_this_application_only(office: Office) -> None:
    """R058, R163."""
    first, second = await office.published(90, 80)
    given = inputs.CancelForFraudInput(application=first.id, reason="伪造证书")
    case = done(await admissions.cancel_for_fraud(office.staff(), given))
    assert (case.state, await office.taken()) == (S.CANCELLED, 1)
    assert (await office.case(second.id)).state is S.IN_PUBLICITY


async def test_a_repeated_request_answers_as_the_first_did(office: Office) -> None:
    case = await office.draft()
    given = inputs.SubmitApplicationInput(
        application=case.id, documents=(IDENTITY,), idempotency_key="k"
    )
    own = office.own(case.applicant)
    first = done(await admissions.submit_application(own, given))
    before = await office.everything()
    assert done(await admissions.submit_application(own, given)) == first
    other = inputs.ReasonedInput(application=case.id, reason="x", idempotency_key="k")
    await office.refuses(C.CONFLICT, await admissions.withdraw_application(own, other))
    assert await office.everything() == before
