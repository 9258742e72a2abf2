"""After an allocation: seats that it left are given to people who are moved there (R145)."""

from __future__ import annotations

from pathlib import Path

import pytest

from admissions_office import done
from allocation_office import (
    MAIN,
    NORTH_MEDICINE,
    ROOT,
    SOUTH_EMERGENCY,
    SOUTH_MEDICINE,
    Matching,
    changed_office,
)
from zhupei.db.connection import Database
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission_case import AdmissionCase, BulkOutcome
from zhupei.domain.admission_process import ApplicationState
from zhupei.services import admissions, allocation
from zhupei.services.admissions import Refusal, RefusalCode, inputs
from zhupei.services.allocation import ProposeAllocationInput, RunAllocationInput

_GRANTS = frozenset(Grant("base_office", base=f"{name}-hospital") for name in ("north", "south"))


async def allocated(office: Matching) -> None:
    desk = office.authority()
    made = done(await allocation.run_allocation(desk, RunAllocationInput(program=ROOT, round=MAIN)))
    done(await allocation.propose_allocation(desk, ProposeAllocationInput(run=made.id)))


async def moved(office: Matching, case: AdmissionCase, opening: str, points: int) -> AdmissionCase:
    """Move somebody to another opening, up to the base's review there."""
    given = inputs.TransferApplicationInput(
        application=case.id, opening=opening, reason="未录取", consent="书面同意"
    )
    both = office.desk(Actor(id="both", grants=_GRANTS))
    new = done(await admissions.transfer_application(both, given))
    await office.passed(new, points)
    return new


async def proposed(office: Matching, case: AdmissionCase) -> BulkOutcome | Refusal:
    given = inputs.ProposeAdmissionInput(applications=(case.id,))
    return await admissions.propose_admission(office.staff(base=case.base), given)


async def test_nobody_waits_for_a_choice_that_was_not_needed(office: Matching) -> None:
    """R215: who is better but placed already does not stand before who is moved there."""
    first = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=90)
    (case,) = await office.listed(NORTH_MEDICINE, points=80)
    await allocated(office)
    new = await moved(office, case, SOUTH_MEDICINE, 70)
    done(await proposed(office, new))
    assert (await office.case(new.id)).state is ApplicationState.PROPOSED
    assert (await office.case(first[1].id)).state is ApplicationState.REVIEWED


async def test_who_is_better_and_has_no_place_comes_first_all_the_same(office: Matching) -> None:
    (case,) = await office.listed(NORTH_MEDICINE, points=80)
    await office.listed(NORTH_MEDICINE, points=90)
    await allocated(office)
    await office.listed(SOUTH_MEDICINE, points=75)
    new = await moved(office, case, SOUTH_MEDICINE, 70)
    before = await office.everything()
    await office.refuses(RefusalCode.RANK_SKIPPED, await proposed(office, new))
    assert await office.everything() == before


_SHORTAGE = (
    'shortage:\n  - {purpose: quota_penalty, specialties: ["0200"], source: MATCHING:9 第九条}\n'
)
_PRIORITY = (
    "policies:\n  priority_proposed_first: {value: 'true', source: MATCHING:9 第九条}\n"
    "shortage:\n  - {purpose: admission_priority, specialties: ['0300'], "
    "source: MATCHING:9 第九条}\n"
)


@pytest.mark.parametrize("waits", [True, False])
async def test_priority_is_kept_for_who_has_no_place(
    database: Database, tmp_path: Path, waits: bool
) -> None:
    """R149: a seat that only somebody placed elsewhere listed keeps nobody from another."""
    office = await changed_office(database, tmp_path, _SHORTAGE, _PRIORITY)
    assert not office.loaded.problems.errors, office.loaded.problems
    await office.listed(SOUTH_MEDICINE, SOUTH_EMERGENCY + "#day", points=90)
    await office.listed(NORTH_MEDICINE, points=90)
    (case,) = await office.listed(NORTH_MEDICINE, points=80)
    await allocated(office)
    if waits:
        await office.listed(SOUTH_EMERGENCY + "#day", points=60)
    new = await moved(office, case, SOUTH_MEDICINE, 70)
    answer = await proposed(office, new)
    if waits:
        await office.refuses(RefusalCode.PRIORITY_SKIPPED, answer)
    else:
        done(answer)
