"""Explanations: choice by choice, to the applicant and to who may read the scores."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from admissions_office import done
from allocation_office import (
    MAIN,
    NORTH,
    NORTH_MEDICINE,
    ROOT,
    SOUTH_EMERGENCY,
    SOUTH_MEDICINE,
    Matching,
    own_steps_office,
)
from zhupei.db.connection import Database
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.allocation import AllocationExplanation
from zhupei.domain.matching_explanation import Verdict
from zhupei.services import admissions, allocation
from zhupei.services.admissions import Desk, RefusalCode, inputs
from zhupei.services.allocation import ProposeAllocationInput, RunAllocationInput


async def told(desk: Desk, case: AdmissionCase) -> AllocationExplanation:
    found = done(await allocation.allocation_explanation(desk, case.id))
    assert found is not None
    return found


async def run(office: Matching, *, propose: bool = False) -> None:
    desk = office.authority()
    asked = RunAllocationInput(program=ROOT, round=MAIN)
    made = done(await allocation.run_allocation(desk, asked))
    if propose:
        done(await allocation.propose_allocation(desk, ProposeAllocationInput(run=made.id)))


async def test_a_lost_tie_names_the_criterion(office: Matching) -> None:
    """74 both; the examination decides in the north, the lot in the south."""
    await office.listed(NORTH_MEDICINE, points=(50, 90))
    (lost,) = await office.listed(NORTH_MEDICINE, points=(80, 70))
    people = [uuid4() for _ in range(3)]
    drawn = [(await office.listed(SOUTH_MEDICINE, applicant=person))[0] for person in people]
    await run(office)
    found = await told(office.authority(), lost)
    assert found.text.en == (
        "Result: no seat.\n"
        "Your 1st choice North Hospital, Internal Medicine: 1 seat, taken by an applicant ranked "
        "above you; the cut-off is 74, your score is 74, equal to the last one taken, who goes "
        'first by the rule "higher examination score first"; you are ranked 2nd of the 2 who '
        "listed it and were ranked by it."
    )
    ties = [(await told(office.authority(), case)).reasons[0].tie for case in drawn]
    assert [tie.zh for tie in ties if tie is not None] == ["按公开种子抽签，签号较小者优先"]


async def test_the_earlier_one_is_named_too(office: Matching) -> None:
    await office.filed(NORTH_MEDICINE, None, 1, uuid4())
    first = await office.filed(NORTH_MEDICINE, None, 2, uuid4())
    office.later(minutes=1)
    second = await office.filed(NORTH_MEDICINE, None, 1, uuid4())
    office.go("2026-04-27T09:00")
    for case in (first, second):
        await office.passed(case)
    await run(office)
    (reason,) = (await told(office.authority(), second)).reasons
    assert reason.tie is not None
    assert reason.tie.en == "earlier submission first"


async def test_choices_keep_their_numbers_also_where_one_took_no_part(office: Matching) -> None:
    """The second choice was withdrawn: the third is still the third."""
    await office.listed(NORTH_MEDICINE, points=95)
    cases = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, SOUTH_EMERGENCY + "#day")
    done(
        await admissions.withdraw_application(
            office.own(cases[1].applicant),
            inputs.ReasonedInput(application=cases[1].id, reason="不去了"),
        )
    )
    await run(office)
    found = await told(office.authority(), cases[0])
    assert [(each.choice, each.verdict) for each in found.reasons] == [
        (1, Verdict.OUTRANKED),
        (2, Verdict.NOT_CONSIDERED),
        (3, Verdict.PLACED),
    ]
    assert found.text.zh.splitlines()[0] == "录取结果：第3志愿 城南医院 急诊科。"
    assert found.text.zh.splitlines()[2] == (
        "第2志愿 城南医院 内科：该志愿未参加匹配（已撤回、未通过审核或审核未完成）。"
    )


async def test_who_was_not_placed_reads_it_when_the_lists_are_public(office: Matching) -> None:
    """Only of bases that placed somebody: the others have no list to publish."""
    await office.listed(NORTH_MEDICINE, points=95)
    (case,) = await office.listed(NORTH_MEDICINE)
    own = office.own(case.applicant)
    await run(office, propose=True)
    assert await allocation.allocation_explanation(own, case.id) is None
    office.go("2026-05-11T10:00")
    asked = inputs.PublishProposedListInput(program=NORTH, round=MAIN)
    published = done(
        await admissions.publish_proposed_list(office.staff(base="north-hospital"), asked)
    )
    assert len(published.effects) == 1
    found = await told(own, case)
    assert found.text.zh == (
        "录取结果：未录取。\n"
        "第1志愿 城北医院 内科：共 1 个名额，已全部由排名在您之前的申请人占用；分数线为 95，"
        "您的成绩为 80；在列入排序的 2 名填报者中，您排第 2 名。"
    )
    # Another applicant is told as if there were no such application.
    stranger = office.own(uuid4())
    await office.refuses(
        RefusalCode.NOT_FOUND, await allocation.allocation_explanation(stranger, case.id)
    )


async def test_a_result_that_was_taken_back_is_told_to_no_applicant(office: Matching) -> None:
    """Not even when the lists of the run that replaced it are public."""
    (left,) = await office.listed(NORTH_MEDICINE, points=95)
    (case,) = await office.listed(NORTH_MEDICINE)
    desk = office.authority()
    asked = RunAllocationInput(program=ROOT, round=MAIN)
    first = done(await allocation.run_allocation(desk, asked))
    proposed = done(
        await allocation.propose_allocation(desk, ProposeAllocationInput(run=first.id))
    ).operation
    assert proposed is not None
    back = inputs.RevertBulkInput(operation=proposed, reason="数据有误")
    done(await admissions.revert_bulk(desk, back))
    own = office.own(left.applicant)
    given = inputs.ReasonedInput(application=left.id, reason="不去了")
    done(await admissions.withdraw_application(own, given))
    await run(office, propose=True)
    office.go("2026-05-11T10:00")
    published = inputs.PublishProposedListInput(program=NORTH, round=MAIN)
    done(await admissions.publish_proposed_list(office.staff(base="north-hospital"), published))
    assert await allocation.allocation_explanation(own, left.id) is None
    assert (await told(office.own(case.applicant), case)).reasons[0].verdict is Verdict.PLACED


async def test_staff_read_it_where_they_read_all_scores(office: Matching) -> None:
    (one,) = await office.listed(NORTH_MEDICINE)
    both = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=70)
    north = office.staff(base="north-hospital")
    assert await allocation.allocation_explanation(north, one.id) is None
    await run(office)
    assert (await told(north, one)).reasons[0].verdict is Verdict.PLACED
    await office.refuses(
        RefusalCode.NOT_PERMITTED, await allocation.allocation_explanation(north, both[0].id)
    )
    # Nor where they would learn of a base at which the person took no part.
    left = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=60)
    given = inputs.ReasonedInput(application=left[1].id, reason="不去了")
    done(await admissions.withdraw_application(office.own(left[1].applicant), given))
    await run(office)
    await office.refuses(
        RefusalCode.NOT_PERMITTED, await allocation.allocation_explanation(north, left[0].id)
    )
    assert len((await told(office.authority(), left[0])).reasons) == 2
    await office.refuses(
        RefusalCode.NOT_FOUND, await allocation.allocation_explanation(north, uuid4())
    )


async def test_an_opening_without_publicity_is_told_of_at_once(
    database: Database, tmp_path: Path
) -> None:
    """No list of it is ever published that its results could wait for."""
    office = await own_steps_office(database, tmp_path, "publicity", "confirmation")
    await office.listed(NORTH_MEDICINE, points=95)
    (case,) = await office.listed(NORTH_MEDICINE)
    own = office.own(case.applicant)
    await run(office)
    assert await allocation.allocation_explanation(own, case.id) is None
    await run(office, propose=True)
    assert (await told(own, case)).reasons[0].verdict is Verdict.OUTRANKED
