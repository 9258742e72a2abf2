"""Increases of plans (R153): where they are asked for, so that they can be taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from admissions_office import done
from allocation_office import MAIN, NORTH_CHILDREN, NORTH_MEDICINE, changed_office
from zhupei.db.connection import Database
from zhupei.services import admissions
from zhupei.services.admissions import RefusalCode, inputs

_CAPACITY = '  - {specialty: "0100", capacity: 4, source: NORTH:2 专业}\n'


async def test_more_seats_are_asked_for_where_seats_are_published(
    database: Database, tmp_path: Path
) -> None:
    """R086: seats of an opening that is published by direction could be taken in none of them."""
    office = await changed_office(
        database, tmp_path, _CAPACITY, _CAPACITY + '  - {specialty: "0200", capacity: 6}\n'
    )
    assert not office.loaded.problems.errors, office.loaded.problems
    desk = office.staff(base="north-hospital")
    whole = inputs.RequestPlanIncreaseInput(opening=NORTH_CHILDREN, seats=1, reason="报名人数多")
    before = await office.everything()
    refusal = await office.refuses(
        RefusalCode.INPUT_INVALID, await admissions.request_plan_increase(desk, whole)
    )
    assert refusal.field == "direction"
    assert refusal.message.zh == "名额按方向公布，须写明方向：cardiology、neonatology"
    assert refusal.message.en == (
        "the seats are published by direction, so say for which: cardiology, neonatology"
    )
    assert await office.everything() == before
    part = inputs.RequestPlanIncreaseInput(
        opening=NORTH_CHILDREN, direction="cardiology", seats=1, reason="报名人数多"
    )
    assert done(await admissions.request_plan_increase(desk, part)).direction == "cardiology"


@pytest.mark.parametrize("named", [None, MAIN])
async def test_seats_that_rounds_share_are_asked_for_in_one(
    database: Database, tmp_path: Path, named: str | None
) -> None:
    plan = '      - {specialty: "0100", quota: 1, source: NORTH:10 计划表}\n'
    shared = plan.replace("quota: 1", "quota: 2, rounds: {main: 1, second: 1}")
    office = await changed_office(database, tmp_path, plan, shared)
    assert not office.loaded.problems.errors, office.loaded.problems
    given = inputs.RequestPlanIncreaseInput(
        opening=NORTH_MEDICINE, round=named, seats=1, reason="报名人数多"
    )
    answer = await admissions.request_plan_increase(office.staff(base="north-hospital"), given)
    if named is not None:
        assert done(answer).round == named
        return
    refusal = await office.refuses(RefusalCode.INPUT_INVALID, answer)
    assert refusal.field == "round"
    assert refusal.message.en == (
        "the seats are published by round, so say for which: main, second"
    )
