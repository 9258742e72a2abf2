"""Rules of one opening: its own policies and documents bind it, its program's the others."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from admissions_office import (
    BASES,
    HOSPITAL,
    IDENTITY,
    MEDICINE,
    PAEDIATRICS,
    PERSON,
    Office,
    changed_catalogue,
    done,
    moment,
)
from zhupei import hookimpl
from zhupei.db.models import InterviewSlotRow
from zhupei.domain.admission_case import BulkOutcome
from zhupei.domain.admission_guards import policy_of
from zhupei.domain.admission_process import ApplicationState
from zhupei.domain.eligibility import Finding
from zhupei.domain.interviews import InterviewMode, SlotPeriod
from zhupei.domain.sources import Level
from zhupei.domain.training import Opening, Program
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.scope import Naming, Rights, Scope
from zhupei.services import admissions, interviews
from zhupei.services.admissions import RefusalCode, inputs
from zhupei.services.calendars import personal_entries
from zhupei.services.deadlines import confirmations_expired, reminders
from zhupei.services.eligibility import eligible_openings, evaluate
from zhupei.services.interviews.inputs import OpenInterviewSlotsInput
from zhupei.services.office_queue import OfficeQueueInput, office_queue

C = RefusalCode
_OPENING = '      - {specialty: "0100", quota: 2, source: SAMPLE-PLAN:10 计划表}\n'
_FILE = "sample-hospital.yaml"


def _with(*lines: str) -> tuple[str, str]:
    """Return the change that gives internal medicine rules of its own."""
    own = "".join(f"        {line}\n" for line in lines)
    head = '      - specialty: "0100"\n        quota: 2\n        source: SAMPLE-PLAN:10 计划表\n'
    return _OPENING, head + own


def _policy(key: str, value: str) -> tuple[str, str]:
    return _with("policies:", f"  {key}: {{value: '{value}', source: SAMPLE-PLAN:30 本专业规定}}")


async def _change(office: Office, folder: Path, change: tuple[str, str]) -> None:
    office.loaded = await changed_catalogue(folder, _FILE, change)
    assert not office.loaded.problems.errors, office.loaded.problems


async def test_the_opening_is_the_most_specific_level(office: Office, tmp_path: Path) -> None:
    """R216: national 7, province 7, this opening 10; its program and the others keep theirs."""
    await _change(office, tmp_path, _policy("publicity_working_days", "10"))
    catalogue = office.loaded.catalogue
    own, other = catalogue.openings[MEDICINE], catalogue.openings[PAEDIATRICS]
    policy = policy_of(catalogue.program_of(own), "publicity_working_days")
    assert policy is not None
    assert policy.value == 10
    assert [(each.level, each.value) for each in policy.origins] == [
        (Level.INSTITUTION, "10"),
        (Level.JURISDICTION, "7"),
        (Level.NATIONAL, "7"),
    ]
    assert policy.source is not None
    assert policy.source.clause == "本专业规定"
    assert catalogue.program_of(other) is catalogue.programs[HOSPITAL]
    assert catalogue.explain("opening", MEDICINE, "policies.publicity_working_days") == (
        policy.origins
    )
    program = policy_of(catalogue.programs[HOSPITAL], "publicity_working_days")
    assert program is not None
    assert program.value == 7


async def test_a_list_is_public_as_long_as_any_opening_on_it_asks_for(
    office: Office, tmp_path: Path
) -> None:
    """T14: 7 working days from 11 May end on the 20th; 10 for who stands on it from medicine."""
    await _change(office, tmp_path, _policy("publicity_working_days", "10"))
    office.go("2026-04-10T09:00")
    medicine = await office.submitted()
    paediatrics = await office.submitted(PAEDIATRICS, direction="neonatology")
    office.go("2026-04-27T09:00")
    for case in (medicine, paediatrics):
        await office.reviewed(case)
    office.go("2026-05-11T10:00")
    ends = {}
    for cases in ((paediatrics,), (medicine, paediatrics)):
        outcome = await office.publish(*cases, dry_run=True)
        assert isinstance(outcome, BulkOutcome)
        assert outcome.publicity is not None
        ends[len(cases)] = (outcome.publicity.ends_on, outcome.publicity.working_days)
    assert ends == {1: (date(2026, 5, 20), 7), 2: (date(2026, 5, 25), 10)}


async def test_no_opening_goes_below_a_floor(tmp_path: Path) -> None:
    """R216: 5 working days are less than the nation's 7."""
    loaded = await changed_catalogue(tmp_path, _FILE, _policy("publicity_working_days", "5"))
    assert [problem.code for problem in loaded.problems.errors] == ["CONFIG_WEAKENS_FLOOR"]


async def test_an_unknown_value_leaves_the_programs(office: Office, tmp_path: Path) -> None:
    change = _with("policies:", "  no_show_days: {value: null, note: 未定}")
    await _change(office, tmp_path, change)
    catalogue = office.loaded.catalogue
    policy = policy_of(catalogue.program_of(catalogue.openings[MEDICINE]), "no_show_days")
    assert policy is not None
    assert policy.value == 14


async def test_weights_of_the_opening_rank_its_applicants(office: Office, tmp_path: Path) -> None:
    """T42: the program weighs 0.4 and 0.6, this opening 0.9 and 0.1."""
    change = _with(
        "policies:",
        "  interview_weight: {value: '0.9', source: SAMPLE-PLAN:30 本专业规定}",
        "  examination_weight: {value: '0.1', source: SAMPLE-PLAN:30 本专业规定}",
    )
    await _change(office, tmp_path, change)
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    checked = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
    done(await admissions.record_eligibility_check(office.staff(), checked))
    for record, points in ((admissions.record_interview, 100), (admissions.record_examination, 50)):
        score = inputs.RecordScoreInput(application=case.id, points=Decimal(points), of=100)
        done(await record(office.staff(), score))
    asked = inputs.RankingInput(opening=MEDICINE, round="batch-1")
    (place,) = done(await admissions.ranking_of(office.staff(), asked))
    assert (place.application, place.total) == (case.id, Decimal(95))


async def test_days_of_grace_of_the_opening(office: Office, tmp_path: Path) -> None:
    """G28: the program's 14 days have passed on 15 September, this opening's 20 have not."""
    await _change(office, tmp_path, _policy("no_show_days", "20"))
    (case,) = await office.published(90)
    office.go("2026-05-12T09:00")
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-09-15T09:00")
    given = inputs.MarkNoShowsInput(program=HOSPITAL)
    assert done(await admissions.mark_no_shows(office.staff(), given)).effects == ()
    one = inputs.MarkNoShowsInput(program=HOSPITAL, applications=(case.id,))
    assert done(await admissions.mark_no_shows(office.staff(), one)).effects == ()
    office.go("2026-09-21T09:00")
    (effect,) = done(await admissions.mark_no_shows(office.staff(), given)).effects
    assert effect.application == case.id


async def test_r272_one_opening_is_suspended_by_its_own_policy(
    office: Office, tmp_path: Path
) -> None:
    await _change(office, tmp_path, _policy("recruitment_suspended", "true"))
    other = await office.submitted(PAEDIATRICS, direction="neonatology")
    before = await office.everything()
    given = inputs.CreateApplicationInput(
        applicant=other.applicant, opening=MEDICINE, round="batch-1", candidate=other.candidate
    )
    await office.refuses(
        C.RECRUITMENT_SUSPENDED,
        await admissions.create_application(office.own(other.applicant), given),
    )
    assert await office.everything() == before


@pytest.mark.parametrize("handed_in", [False, True], ids=["missing", "handed in"])
async def test_documents_of_the_opening_are_asked_for(
    office: Office, tmp_path: Path, *, handed_in: bool
) -> None:
    change = _with(
        "documents:",
        "  - {id: skills-proof, kind: other, label: {zh: 技能证明, en: Proof of skills}, "
        "at_step: registration, form: scan, source: SAMPLE-PLAN:30 本专业规定}",
    )
    await _change(office, tmp_path, change)
    case = await office.draft()
    before = await office.everything()
    extra = (type(IDENTITY)(document="skills-proof", media_type="a/b", size=1, sha256="1" * 64),)
    given = inputs.SubmitApplicationInput(
        application=case.id, documents=(IDENTITY, *(extra if handed_in else ()))
    )
    answer = await admissions.submit_application(office.own(case.applicant), given)
    if handed_in:
        assert done(answer).documents == given.documents
        return
    refusal = await office.refuses(C.DOCUMENTS_INCOMPLETE, answer)
    assert refusal.message.zh == "缺少材料：技能证明"
    assert await office.everything() == before


@dataclass
class _Judge:
    """Notes the policies that it is shown when it judges eligibility."""

    seen: dict[str, object] = field(default_factory=dict)

    @hookimpl
    def check_eligibility(self, program: Program, opening: Opening) -> list[Finding] | None:
        """Judge nobody."""
        policy = policy_of(program, "publicity_working_days")
        self.seen[opening.code] = None if policy is None else policy.value
        return None


async def test_eligibility_is_judged_by_the_rules_that_bind_the_opening(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plugins and kinds see the program as its opening amends it, one by one and all at once."""
    await _change(office, tmp_path, _policy("publicity_working_days", "10"))
    judge, catalogue = _Judge(), office.loaded.catalogue
    naming = Naming(Rights.INSTITUTION, code="sample-hospital")
    dispatcher = Dispatcher(office.loaded.host.extended("sample", judge, naming))
    named = Scope(base="sample-hospital", institution=("sample",))
    scopes = {**catalogue.scopes, "sample-hospital": named}
    monkeypatch.setitem(catalogue.__dict__, "scopes", scopes)
    expected = {MEDICINE: 10, PAEDIATRICS: 7}
    for code in expected:
        await evaluate(catalogue, dispatcher, code, PERSON, today=office.today)
    assert judge.seen == expected
    judge.seen.clear()
    await eligible_openings(catalogue, dispatcher, PERSON, today=office.today, openings=expected)
    assert judge.seen == expected


def _without(*ids: str) -> tuple[str, str]:
    """Return the change that gives internal medicine the province's steps without some."""
    (steps,) = re.findall(
        r"(?m)^    steps:\n((?:      .*\n)+)", (BASES / "_jurisdiction.yaml").read_text("utf-8")
    )
    kept = [each for each in re.split(r"(?m)^(?=      - )", steps) if each]
    named = [each for each in kept if not re.search(rf"id: (?:{'|'.join(ids)})\b", each)]
    assert len(named) == len(kept) - len(ids)
    lines = [line[4:] for each in named for line in each.splitlines()]
    return _with("steps:", *lines)


async def test_only_who_is_asked_to_confirm_is_let_go(office: Office, tmp_path: Path) -> None:
    """R147: an opening without the step asks nobody to confirm, so that nobody is late there."""
    await _change(office, tmp_path, _without("confirmation"))
    office.go("2026-04-10T09:00")
    medicine = await office.submitted()
    paediatrics = await office.submitted(PAEDIATRICS, direction="neonatology")
    office.go("2026-04-27T09:00")
    for case in (medicine, paediatrics):
        await office.reviewed(case)
    office.go("2026-05-11T10:00")
    done(await office.publish(medicine, paediatrics))
    catalogue = office.loaded.catalogue
    with office.database.use():
        dates = {
            case.id: [str(each.summary.en) for each in await personal_entries(catalogue, person)]
            for case in (medicine, paediatrics)
            for person in (case.applicant,)
        }
        near = await reminders(catalogue, moment("2026-05-20T09:00"), timedelta(days=3))
        late = await confirmations_expired(catalogue, moment("2026-05-21T00:00"))
    assert dates[medicine.id] == []
    assert [text.partition(" · ")[0] for text in dates[paediatrics.id]] == [
        "Last moment to accept the offer"
    ]
    assert [(each.kind, each.subject) for each in near] == [
        ("CONFIRMATION_NEAR", str(paediatrics.id))
    ]
    assert late == {(HOSPITAL, "batch-1"): (paediatrics.id,)}
    office.go("2026-05-22T00:00")
    given = inputs.ExpireConfirmationsInput(program=HOSPITAL)
    gone = done(await admissions.expire_confirmations(office.staff(), given))
    assert [effect.application for effect in gone.effects] == [paediatrics.id]
    assert (await office.case(medicine.id)).state is ApplicationState.IN_PUBLICITY
    admitted = inputs.AdmitInput(applications=(medicine.id,))
    done(await admissions.admit(office.staff(), admitted))


async def test_nobody_is_interviewed_for_an_opening_without_interviews(
    office: Office, tmp_path: Path
) -> None:
    await _change(office, tmp_path, _without("interview"))
    period = SlotPeriod(
        starts_at=moment("2026-04-28T09:00"), ends_at=moment("2026-04-28T10:00"), capacity=3
    )
    given = OpenInterviewSlotsInput(
        program=HOSPITAL,
        opening=MEDICINE,
        round="batch-1",
        mode=InterviewMode.ON_SITE,
        place="301",
        periods=(period,),
    )
    refused = await interviews.open_interview_slots(office.staff(), given)
    await office.refuses(C.INTERVIEW_NOT_FORESEEN, refused)
    with office.database.use():
        assert await InterviewSlotRow.all().count() == 0
    other = replace(given, opening=PAEDIATRICS)
    assert len(done(await interviews.open_interview_slots(office.staff(), other))) == 1


async def test_the_queue_says_what_comes_next_at_each_opening(
    office: Office, tmp_path: Path
) -> None:
    await _change(office, tmp_path, _without("interview", "examination"))
    office.go("2026-04-10T09:00")
    medicine = await office.submitted()
    paediatrics = await office.submitted(PAEDIATRICS, direction="neonatology")
    office.go("2026-04-27T09:00")
    for case in (medicine, paediatrics):
        checked = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
        done(await admissions.record_eligibility_check(office.staff(), checked))
    asked = OfficeQueueInput(base="sample-hospital")
    queue = done(await office_queue(office.staff(), asked))
    assert [
        (line.state, line.next, [each.opening for each in line.openings]) for line in queue.lines
    ] == [
        (ApplicationState.CHECKED, ApplicationState.ASSESSED, [PAEDIATRICS]),
        (ApplicationState.CHECKED, ApplicationState.OPINED, [MEDICINE]),
    ]
    assert [(task.kind.value, task.count) for task in queue.tasks] == [("ARRANGE_INTERVIEW", 1)]


async def test_a_list_takes_who_waits_for_it_by_the_openings_own_steps(
    office: Office, tmp_path: Path
) -> None:
    """Internal medicine publishes after the scores, paediatrics after the review."""
    await _change(office, tmp_path, _without("result-packet", "opinion", "base-review"))
    office.go("2026-04-10T09:00")
    medicine = await office.submitted()
    paediatrics = [await office.submitted(PAEDIATRICS, direction="neonatology") for _ in range(2)]
    office.go("2026-04-27T09:00")
    for case in (medicine, *paediatrics):
        checked = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
        if case is not paediatrics[0]:
            done(await admissions.record_eligibility_check(office.staff(), checked))
            for record in (admissions.record_interview, admissions.record_examination):
                score = inputs.RecordScoreInput(application=case.id, points=Decimal(80), of=100)
                done(await record(office.staff(), score))
    await office.reviewed(paediatrics[0])
    office.go("2026-05-11T10:00")
    given = inputs.PublishProposedListInput(program=HOSPITAL, round="batch-1", dry_run=True)
    outcome = done(await admissions.publish_proposed_list(office.staff(), given))
    assert {effect.application for effect in outcome.effects} == {medicine.id, paediatrics[0].id}
