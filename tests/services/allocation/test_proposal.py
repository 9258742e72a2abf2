"""Proposals: whom a run placed takes a seat, all or nobody, and nobody else is touched."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from admissions_office import done
from allocation_office import (
    MAIN,
    NORTH,
    NORTH_MEDICINE,
    ROOT,
    SOUTH,
    SOUTH_EMERGENCY,
    SOUTH_MEDICINE,
    Matching,
)
from zhupei.db.models import SeatRow, TransitionRow
from zhupei.domain.admission_case import AdmissionCase, BulkOutcome
from zhupei.domain.admission_process import Action, ApplicationState
from zhupei.domain.allocation import AllocationRun
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.services import admissions, allocation
from zhupei.services.admissions import Refusal, RefusalCode, inputs
from zhupei.services.admissions.desk import Desk
from zhupei.services.allocation import ProposeAllocationInput, RunAllocationInput, proposal
from zhupei.services.audit import verify_audit_chain

ASKED = RunAllocationInput(program=ROOT, round=MAIN)
S = ApplicationState


async def run(office: Matching) -> AllocationRun:
    return done(await allocation.run_allocation(office.authority(), ASKED))


async def propose(office: Matching, made: AllocationRun, **more: Any) -> BulkOutcome | Refusal:
    asked = replace(ProposeAllocationInput(run=made.id), **more)
    return await allocation.propose_allocation(office.authority(), asked)


async def states(office: Matching, *cases: AdmissionCase) -> list[ApplicationState]:
    return [(await office.case(case.id)).state for case in cases]


async def seats(office: Matching) -> dict[str, int]:
    with office.database.use():
        rows = await SeatRow.filter(taken__gt=0).order_by("scope")
    return {row.scope: row.taken for row in rows}


async def audited(office: Matching) -> None:
    with office.database.use():
        report = await verify_audit_chain()
    assert report.broken is None, report.broken


async def market(office: Matching) -> list[AdmissionCase]:
    """File three lists: the better one gets North, the other South, which it had second."""
    first = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=90)
    second = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=80)
    return [*first, *second]


async def test_everybody_placed_takes_a_seat_in_one_step(office: Matching) -> None:
    cases = await market(office)
    made = await run(office)
    outcome = done(await propose(office, made))
    assert (outcome.action, outcome.dry_run) == (Action.ALLOCATE, False)
    # The other choices of both are listed beside the effect, and stay as they were.
    assert [(each.application, each.seats, each.others) for each in outcome.effects] == [
        (cases[0].id, 1, (cases[1].id,)),
        (cases[3].id, 1, (cases[2].id,)),
    ]
    assert await states(office, *cases) == [S.PROPOSED, S.REVIEWED, S.REVIEWED, S.PROPOSED]
    assert await seats(office) == {
        "capacity:north-hospital/0100/2026": 1,
        f"opening:{NORTH_MEDICINE}": 1,
        f"opening:{SOUTH_MEDICINE}": 1,
        f"program:{SOUTH}": 1,
    }
    with office.database.use():
        rows = await TransitionRow.filter(action="ALLOCATE").order_by("sequence")
    assert [row.data for row in rows] == [
        {"allocation": str(made.id), "market": made.market, "certificate": made.certificate}
    ] * 2
    assert {row.bulk_operation_id for row in rows} == {outcome.operation}
    found = done(await allocation.allocation_run(office.authority(), made.id))
    assert (found.operation, found.proposed_at) == (outcome.operation, office.now)
    await audited(office)


async def test_a_dry_run_shows_the_effects_and_keeps_nothing(office: Matching) -> None:
    await market(office)
    made = await run(office)
    before = await office.everything()
    shown = done(await propose(office, made, dry_run=True))
    assert (shown.dry_run, shown.operation, len(shown.effects)) == (True, None, 2)
    assert await office.everything() == before
    real = done(await propose(office, made))
    assert real.effects == shown.effects


async def test_nobody_is_proposed_one_by_one(office: Matching) -> None:
    """Neither by the base's own proposal nor by who transfers or invites nobody."""
    cases = await market(office)
    before = await office.everything()
    refusal = await office.refuses(
        RefusalCode.ALLOCATION_REQUIRED,
        await admissions.propose_admission(
            office.staff(base="north-hospital"),
            inputs.ProposeAdmissionInput(applications=(cases[0].id,)),
        ),
    )
    assert refusal.source is not None
    assert refusal.source.clause == "第四条"
    assert await office.everything() == before
    actions = await admissions.allowed_actions(office.staff(base="north-hospital"), cases[0].id)
    reasons = {each.action: each.reason for each in actions}
    assert reasons[Action.PROPOSE] == refusal.message
    assert Action.ALLOCATE not in reasons


async def test_a_run_is_proposed_once(office: Matching) -> None:
    await market(office)
    made = await run(office)
    first = done(await propose(office, made, idempotency_key="k"))
    assert done(await propose(office, made, idempotency_key="k")) == first
    before = await office.everything()
    await office.refuses(RefusalCode.DUPLICATE, await propose(office, made))
    await office.refuses(RefusalCode.DUPLICATE, await propose(office, made, idempotency_key="l"))
    assert await office.everything() == before


async def test_a_request_overtaken_by_itself_is_answered_as_the_faster_one(
    office: Matching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that sends it twice at once is not told that the run is outdated by itself."""
    await market(office)
    made = await run(office)
    faster: list[BulkOutcome | Refusal] = []
    compared = proposal._fits

    async def overtaken(desk: Desk, run: AllocationRun, root: Program) -> bool:
        if not faster:
            faster.append(Refusal(code=RefusalCode.CONFLICT, message=Text("", "")))
            faster[0] = await propose(office, made, idempotency_key="k")
        return await compared(desk, run, root)

    monkeypatch.setattr(proposal, "_fits", overtaken)
    slower = done(await propose(office, made, idempotency_key="k"))
    assert slower == done(faster[0])
    before = await office.everything()
    await office.refuses(
        RefusalCode.DUPLICATE, await propose(office, made, idempotency_key="another")
    )
    assert await office.everything() == before


async def test_two_runs_proposed_at_once_take_each_seat_once(office: Matching) -> None:
    """Quotas hold, whoever is first; the other one is told to run again."""
    cases = await market(office)
    runs = [await run(office), await run(office)]
    answers = await asyncio.gather(*(propose(office, made) for made in (*runs, *runs)))
    kept = [answer for answer in answers if not isinstance(answer, admissions.Refusal)]
    assert len(kept) == 1
    refused = {answer.code for answer in answers if isinstance(answer, admissions.Refusal)}
    assert refused <= {
        RefusalCode.ALLOCATION_OUTDATED,
        RefusalCode.BULK_REFUSED,
        RefusalCode.DUPLICATE,
    }
    assert await states(office, *cases) == [S.PROPOSED, S.REVIEWED, S.REVIEWED, S.PROPOSED]
    assert (await seats(office))[f"opening:{NORTH_MEDICINE}"] == 1
    await audited(office)


async def withdraw(office: Matching, cases: list[AdmissionCase]) -> None:
    done(
        await admissions.withdraw_application(
            office.own(cases[0].applicant),
            inputs.ReasonedInput(application=cases[0].id, reason="另有安排"),
        )
    )


async def one_more(office: Matching, _cases: list[AdmissionCase]) -> None:
    await office.listed(NORTH_MEDICINE, points=95)


async def increase(office: Matching, _cases: list[AdmissionCase]) -> None:
    asked = done(
        await admissions.request_plan_increase(
            office.staff(base="north-hospital"),
            inputs.RequestPlanIncreaseInput(opening=NORTH_MEDICINE, seats=1, reason="需要"),
        )
    )
    done(
        await admissions.decide_plan_increase(
            office.authority(),
            inputs.DecidePlanIncreaseInput(plan_increase=asked.id, approved=True, reason="同意"),
        )
    )


@pytest.mark.parametrize("change", [withdraw, one_more, increase])
async def test_a_run_that_no_longer_fits_is_not_proposed(
    office: Matching, change: Callable[[Matching, list[AdmissionCase]], Awaitable[None]]
) -> None:
    cases = await market(office)
    made = await run(office)
    await change(office, cases)
    before = await office.everything()
    await office.refuses(RefusalCode.ALLOCATION_OUTDATED, await propose(office, made))
    assert await office.everything() == before
    again = await run(office)
    assert again.market != made.market
    done(await propose(office, again))
    await audited(office)


async def test_what_does_not_decide_leaves_a_run_as_good(office: Matching) -> None:
    """A draft, and an application that has not passed the review."""
    await market(office)
    made = await run(office)
    office.go("2026-04-10T09:00")
    await office.filed(NORTH_MEDICINE, None, 1, UUID(int=1))
    office.go("2026-04-27T09:00")
    done(await propose(office, made))


async def test_a_tampered_run_is_not_proposed(office: Matching, database_url: str) -> None:
    cases = await market(office)
    made = await run(office)
    connection = await asyncpg.connect(database_url)
    await connection.execute("ALTER TABLE allocation_choice DISABLE TRIGGER USER")
    await connection.execute(
        "UPDATE allocation_choice SET verdict = CASE application_id WHEN $1::uuid THEN 'placed' "
        "ELSE verdict END WHERE application_id = ANY(ARRAY[$1, $2]::uuid[])",
        cases[2].id, cases[0].id,
    )  # fmt: skip
    await connection.close()
    before = await office.everything()
    refusal = await office.refuses(RefusalCode.ALLOCATION_INVALID, await propose(office, made))
    assert refusal.message.zh.startswith("核验发现 ")
    assert await office.everything() == before


async def test_a_frozen_round_is_not_proposed(office: Matching) -> None:
    await market(office)
    made = await run(office)
    freeze = inputs.FreezeRoundInput(program=ROOT, round=MAIN, reason="复核")
    done(await admissions.freeze_round(office.authority(), freeze))
    before = await office.everything()
    refusal = await office.refuses(RefusalCode.BULK_REFUSED, await propose(office, made))
    assert {each.refusal.code for each in refusal.problems} == {RefusalCode.ROUND_FROZEN}
    assert await office.everything() == before


async def test_who_does_not_manage_the_round_proposes_nobody(office: Matching) -> None:
    await market(office)
    made = await run(office)
    before = await office.everything()
    asked = ProposeAllocationInput(run=made.id)
    staff = office.staff(base="north-hospital")
    await office.refuses(RefusalCode.NOT_FOUND, await allocation.propose_allocation(staff, asked))
    unknown = ProposeAllocationInput(run=UUID(int=0))
    await office.refuses(
        RefusalCode.NOT_FOUND, await allocation.propose_allocation(office.authority(), unknown)
    )
    assert await office.everything() == before


async def test_a_proposal_is_taken_back_as_a_whole_and_run_again(office: Matching) -> None:
    cases = await market(office)
    made = await run(office)
    outcome = done(await propose(office, made))
    assert outcome.operation is not None
    back = inputs.RevertBulkInput(operation=outcome.operation, reason="数据有误")
    done(await admissions.revert_bulk(office.authority(), back))
    assert await states(office, *cases) == [S.REVIEWED] * 4
    assert await seats(office) == {}
    await office.refuses(RefusalCode.DUPLICATE, await propose(office, made))
    again = await run(office)
    # The same data give the same market and the same result.
    assert (again.market, again.certificate) == (made.market, made.certificate)
    done(await propose(office, again))
    await audited(office)


async def test_a_second_run_fills_what_became_free(office: Matching) -> None:
    """Who holds a seat takes no part in it; who declined has one choice left."""
    cases = await market(office)
    third = await office.listed(NORTH_MEDICINE, points=70)
    done(await propose(office, await run(office)))
    office.go("2026-05-04T09:00")
    done(
        await admissions.decline_admission(
            office.own(cases[0].applicant),
            inputs.ReasonedInput(application=cases[0].id, reason="考取研究生"),
        )
    )
    made = await run(office)
    assert (made.figures.applicants, made.figures.applications) == (2, 2)
    outcome = done(await propose(office, made))
    assert {each.application for each in outcome.effects} == {cases[1].id, third[0].id}
    assert (await seats(office))[f"opening:{NORTH_MEDICINE}"] == 1
    assert (await seats(office))[f"opening:{SOUTH_MEDICINE}"] == 2
    await audited(office)


async def test_a_run_that_places_nobody_proposes_nobody(office: Matching) -> None:
    made = await run(office)
    before = await office.everything()
    outcome = done(await propose(office, made))
    assert (outcome.effects, outcome.operation) == ((), None)
    assert await office.everything() == before


async def test_more_preferences_than_the_round_takes_are_refused(office: Matching) -> None:
    """The round takes 3, the policy of all other rounds 1 (T41)."""
    cases = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, SOUTH_EMERGENCY + "#day")
    assert [case.preference for case in cases] == [1, 2, 3]
    office.go("2026-04-10T09:00")
    before = await office.everything()
    desk = office.own(cases[0].applicant)
    asked = inputs.CreateApplicationInput(
        applicant=cases[0].applicant,
        opening=f"{NORTH}/0200",
        round=MAIN,
        direction="cardiology",
        preference=4,
        candidate=cases[0].candidate,
    )
    refusal = await office.refuses(
        RefusalCode.PREFERENCE_LIMIT, await admissions.create_application(desk, asked)
    )
    assert refusal.message.en == "at most 3 preferences may be filed in a round"
    second = replace(asked, round="second", preference=2)
    refusal = await office.refuses(
        RefusalCode.PREFERENCE_LIMIT, await admissions.create_application(desk, second)
    )
    assert refusal.message.en == "at most 1 preferences may be filed in a round"
    assert await office.everything() == before
