"""Suspended recruitment (R272), and plans that may not grow (R214, R159)."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from admissions_office import (
    BASES,
    CLINIC,
    HOSPITAL,
    IDENTITY,
    MEDICINE,
    PAEDIATRICS,
    PERSON,
    Office,
    changed_catalogue,
    done,
)
from zhupei.catalogue import LoadedCatalogue, load_catalogue
from zhupei.domain.admission_case import PlanIncreaseState
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.services import admissions
from zhupei.services.admissions import RefusalCode, inputs
from zhupei.services.plan_cuts import over_cut

C = RefusalCode
_SPECIALTY = '{specialty: "0100", capacity: 4, source: SAMPLE-PLAN:2 专业}'
_SUSPENDED = _SPECIALTY.replace(
    "capacity: 4", "capacity: 4, suspended: {zh: 专业评估不合格，限期整改, en: under rectification}"
)
_POLICY = "      no_show_days: "


async def _changed(folder: Path, file: str, old: str, new: str) -> LoadedCatalogue:
    """Load the fictional province with one passage of one file changed."""
    place = folder / "bases"
    shutil.copytree(BASES, place, dirs_exist_ok=True)
    text = (place / file).read_text("utf-8")
    assert text.count(old) == 1
    (place / file).write_text(text.replace(old, new), "utf-8")
    return await load_catalogue([place])


async def _suspend(office: Office, folder: Path) -> None:
    """Suspend the hospital's internal medicine, whose entry an evaluation changed."""
    office.loaded = await _changed(folder, "sample-hospital.yaml", _SPECIALTY, _SUSPENDED)
    assert not office.loaded.problems.errors


async def test_r272_a_suspended_specialty_base_takes_no_applications(
    office: Office, tmp_path: Path
) -> None:
    """S4:1000: neither new drafts nor those that were begun; the other specialties go on."""
    begun = await office.draft()
    await _suspend(office, tmp_path)
    before = await office.everything()
    person = uuid4()
    refusal = await office.refuses(
        C.RECRUITMENT_SUSPENDED,
        await admissions.create_application(
            office.own(person),
            inputs.CreateApplicationInput(
                applicant=person, opening=MEDICINE, round="batch-1", candidate=PERSON
            ),
        ),
    )
    assert refusal.message.zh == "该专业基地暂停招收：专业评估不合格，限期整改"
    assert refusal.message.en == (
        "the specialty base's recruitment is suspended: under rectification"
    )
    await office.refuses(
        C.RECRUITMENT_SUSPENDED,
        await admissions.submit_application(
            office.own(begun.applicant),
            inputs.SubmitApplicationInput(application=begun.id, documents=(IDENTITY,)),
        ),
    )
    assert await office.everything() == before
    other = await office.submitted(PAEDIATRICS, direction="neonatology")
    assert other.state is S.SUBMITTED


async def test_r272_nobody_is_moved_or_invited_there(office: Office, tmp_path: Path) -> None:
    case = await office.submitted(PAEDIATRICS, direction="neonatology")
    office.go("2026-04-27T09:00")
    await office.reviewed(case)
    await _suspend(office, tmp_path)
    person = await office.known()
    before = await office.everything()
    await office.refuses(
        C.RECRUITMENT_SUSPENDED,
        await admissions.transfer_application(
            office.staff(),
            inputs.TransferApplicationInput(
                consent="书面同意", application=case.id, opening=MEDICINE, reason="服从调剂"
            ),
        ),
    )
    office.go("2026-06-02T09:00")
    invite = inputs.InviteCandidateInput(applicant=person, opening=MEDICINE, round="batch-2")
    await office.refuses(
        C.RECRUITMENT_SUSPENDED, await admissions.invite_candidate(office.staff(), invite)
    )
    assert await office.everything() == before


async def test_r272_no_seat_is_taken_and_none_is_lost(office: Office, tmp_path: Path) -> None:
    """Who is on the list goes on to the admission; who only passed the review does not."""
    (listed,) = await office.published(90)
    office.go("2026-04-20T09:00")
    late = await office.submitted()
    office.go("2026-04-27T09:00")
    await office.reviewed(late, 80)
    office.go("2026-05-11T11:00")
    await _suspend(office, tmp_path)
    before = await office.everything()
    await office.refuses(C.RECRUITMENT_SUSPENDED, await office.publish(late))
    assert await office.everything() == before
    await office.confirmed(listed)
    await office.notified(listed)
    assert ((await office.case(listed.id)).state, await office.taken()) == (S.NOTIFIED, 1)


async def test_r272_a_suspended_base_asks_for_no_more_seats(office: Office, tmp_path: Path) -> None:
    """S4:983; what was asked for before cannot be granted, and can still be refused."""
    given = inputs.RequestPlanIncreaseInput(opening=MEDICINE, seats=1, reason="生源充足")
    asked = done(await admissions.request_plan_increase(office.staff(), given))
    await _suspend(office, tmp_path)
    before = await office.everything()
    await office.refuses(
        C.RECRUITMENT_SUSPENDED, await admissions.request_plan_increase(office.staff(), given)
    )
    decide = inputs.DecidePlanIncreaseInput(plan_increase=asked.id, approved=True, reason="同意")
    await office.refuses(
        C.RECRUITMENT_SUSPENDED, await admissions.decide_plan_increase(office.authority(), decide)
    )
    assert await office.everything() == before
    no = replace(decide, approved=False, reason="暂停招收")
    decided = done(await admissions.decide_plan_increase(office.authority(), no))
    assert decided.state is PlanIncreaseState.REFUSED


async def test_more_seats_of_what_is_there_no_more_can_still_be_refused(
    office: Office, tmp_path: Path
) -> None:
    """A request has to end, whatever the base makes of its plan meanwhile."""
    given = inputs.RequestPlanIncreaseInput(opening=MEDICINE, seats=1, reason="生源充足")
    file, listed = (
        "sample-hospital.yaml",
        '{specialty: "0100", quota: 2, source: SAMPLE-PLAN:10 计划表}',
    )
    for code, change in (
        (
            C.CAPACITY_UNKNOWN,
            ('{specialty: "0100", capacity: 4, source', '{specialty: "0100", source'),
        ),
        (C.QUOTA_UNKNOWN, (listed, '{specialty: "0100", quota: null, quota_note: 未定}')),
    ):
        asked = done(await admissions.request_plan_increase(office.staff(), given))
        before = office.loaded
        office.loaded = await changed_catalogue(tmp_path / str(asked.id), file, change)
        assert not office.loaded.problems.errors, office.loaded.problems
        yes = inputs.DecidePlanIncreaseInput(plan_increase=asked.id, approved=True, reason="同意")
        await office.refuses(code, await admissions.decide_plan_increase(office.authority(), yes))
        no = replace(yes, approved=False, reason="计划已变")
        decided = done(await admissions.decide_plan_increase(office.authority(), no))
        assert decided.state is PlanIncreaseState.REFUSED
        office.loaded = before


async def test_r272_a_jurisdiction_suspends_whole_programs(office: Office, tmp_path: Path) -> None:
    """S4:983: by a policy of its own, with the clause; no base can take it back."""
    given = (
        "      recruitment_suspended: {value: 'true', note: {zh: 综合评估不合格, "
        "en: evaluation failed}, source: SAMPLE:12 第十二条}\n"
    )
    office.loaded = await _changed(tmp_path, "_jurisdiction.yaml", _POLICY, given + _POLICY)
    assert not office.loaded.problems.errors
    before = await office.everything()
    person = uuid4()
    for opening in (MEDICINE, CLINIC):
        refusal = await office.refuses(
            C.RECRUITMENT_SUSPENDED,
            await admissions.create_application(
                office.own(person),
                inputs.CreateApplicationInput(
                    applicant=person, opening=opening, round="batch-1", candidate=PERSON
                ),
            ),
        )
        assert refusal.message.en == "recruitment is suspended: evaluation failed"
        assert refusal.source is not None
        assert refusal.source.clause == "第十二条"
    assert await office.everything() == before
    file = tmp_path / "bases" / "sample-hospital.yaml"
    own = "      interview_weight: "
    text = file.read_text("utf-8")
    lifted = "      recruitment_suspended: {value: 'false', source: SAMPLE-PLAN:7 权重}\n"
    file.write_text(text.replace(own, lifted + own), "utf-8")
    again = await load_catalogue([tmp_path / "bases"])
    assert [problem.code for problem in again.problems.errors] == ["CONFIG_WEAKENS_FLOOR"]


@pytest.mark.parametrize(
    ("listed", "open_ended", "grows"),
    [
        (None, False, False),
        ("0200", False, False),
        ("0200", True, False),
        ("0100", False, True),
    ],
    ids=["no list", "not listed", "open-ended list", "listed"],
)
async def test_r214_no_growth_after_an_unfilled_shortage_plan(
    office: Office, tmp_path: Path, listed: str | None, *, open_ended: bool, grows: bool
) -> None:
    """S4:338-340, R159, T18: only what a list names as a shortage specialty may grow."""
    unfilled = "      shortage_plan_filled: {value: 'false', source: SAMPLE-PLAN:9 计划}\n"
    lists = (
        ""
        if listed is None
        else (
            "    shortage:\n      - purpose: quota_penalty\n"
            f"        specialties: ['{listed}']\n"
            f"        open_ended: {str(open_ended).lower()}\n        source: SAMPLE-PLAN:9 计划\n"
        )
    )
    openings = '    openings:\n      - {specialty: "0100", quota: 2'
    own = "      interview_weight: "
    await _changed(tmp_path, "sample-hospital.yaml", openings, lists + openings)
    file = tmp_path / "bases" / "sample-hospital.yaml"
    file.write_text(file.read_text("utf-8").replace(own, unfilled + own), "utf-8")
    office.loaded = await load_catalogue([tmp_path / "bases"])
    assert not office.loaded.problems.errors, office.loaded.problems
    before = await office.everything()
    given = inputs.RequestPlanIncreaseInput(opening=MEDICINE, seats=1, reason="生源充足")
    answer = await admissions.request_plan_increase(office.staff(), given)
    # The national list of shortage specialties for this purpose ends in 等.
    if grows:
        assert done(answer).state is PlanIncreaseState.REQUESTED
        return
    refusal = await office.refuses(C.INCREASE_NOT_ALLOWED, answer)
    assert refusal.source is not None
    assert (refusal.source.document, refusal.source.lines) == ("S4", "338-340")
    assert refusal.message.zh.startswith("上一年度紧缺专业计划未完成，不得扩大非紧缺专业招收规模")
    assert await office.everything() == before


async def test_r214_nothing_is_assumed_of_the_last_plan(office: Office) -> None:
    """Where nobody has said how it ended, the authority decides on the request."""
    given = inputs.RequestPlanIncreaseInput(opening=MEDICINE, seats=1, reason="生源充足")
    asked = done(await admissions.request_plan_increase(office.staff(), given))
    assert (asked.opening, HOSPITAL in asked.opening) == (MEDICINE, True)
    assert asked.state is PlanIncreaseState.REQUESTED


async def test_r159_the_refusal_shows_the_arithmetic_of_the_cut(
    office: Office, tmp_path: Path
) -> None:
    """S2:96: 6 × (1 − 0.2) = 4.8 seats outside the shortage specialties, of which 2 are planned."""
    rules = (
        "      shortage_shortfall: {value: proportional_cut, source: SAMPLE:12 第十二条}\n"
        "      shortage_cut_factor: {value: '0.2', source: SAMPLE:12 第十二条}\n"
    )
    await changed_catalogue(tmp_path, "_jurisdiction.yaml", (_POLICY, rules + _POLICY))
    row = '      - {specialty: "0100", quota: 2'
    own = (
        "    shortage: [{purpose: quota_penalty, specialties: ['0200', '0900'], "
        "source: SAMPLE-PLAN:9 计划}]\n    openings:\n" + row
    )
    unfilled = (
        "      shortage_plan_filled: {value: 'false', source: SAMPLE-PLAN:9 计划}\n"
        "      last_non_shortage_plan: {value: '6', source: SAMPLE-PLAN:9 计划}\n"
        "      interview_weight: "
    )
    office.loaded = await changed_catalogue(
        tmp_path,
        "sample-hospital.yaml",
        ("    openings:\n" + row, own),
        ("      interview_weight: ", unfilled),
    )
    assert not office.loaded.problems.errors, office.loaded.problems
    catalogue = office.loaded.catalogue
    assert over_cut(catalogue, catalogue.programs[HOSPITAL]) is None
    before = await office.everything()
    given = inputs.RequestPlanIncreaseInput(opening=MEDICINE, seats=1, reason="生源充足")
    refusal = await office.refuses(
        C.INCREASE_NOT_ALLOWED, await admissions.request_plan_increase(office.staff(), given)
    )
    assert refusal.message.zh == (
        "上一年度紧缺专业计划未完成，不得扩大非紧缺专业招收规模；该专业未列入紧缺专业名单；"
        "上一年度非紧缺专业计划 6 × (1 − 0.2) = 4.8，本年度 2"
    )
    assert refusal.source is not None
    assert refusal.source.clause == "第十二条"
    assert await office.everything() == before
    # What a plugin answers is not in the files, so that no check has seen it.
    larger = replace(catalogue.openings[MEDICINE], quota=5)
    planned = replace(catalogue, openings={**catalogue.openings, MEDICINE: larger})
    over = over_cut(planned, planned.programs[HOSPITAL])
    assert over is not None
    assert (over.code, over.source) == (C.PLAN_OVER_CUT, refusal.source)
    assert over.message.en == (
        "the last shortage plan was not filled, and the non-shortage plan is above what the cut "
        "leaves: non-shortage plan of the year before 6 × (1 − 0.2) = 4.8, planned now 5"
    )
