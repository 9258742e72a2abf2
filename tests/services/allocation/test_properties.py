"""Runs from the database against brute force, on small markets with ties and rejected choices."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tortoise.transactions import in_transaction

from admissions_office import PERSON, done, moment
from allocation_office import (
    MAIN,
    NORTH_CHILDREN,
    NORTH_MEDICINE,
    ROOT,
    SOUTH_EMERGENCY,
    SOUTH_MEDICINE,
    Matching,
)
from matching_markets import all_stable, choice_of
from zhupei.db.models import ApplicationRow, ScoreRow, SeatRow
from zhupei.domain.matching_explanation import Verdict
from zhupei.domain.plain_values import plain
from zhupei.services import allocation
from zhupei.services.allocation import ProposeAllocationInput, RunAllocationInput
from zhupei.services.allocation.market import market_of
from zhupei.services.allocation.rows import choices_of, gathered_of, places_of_run

PLACES = (
    (NORTH_MEDICINE, None),
    (NORTH_CHILDREN, "cardiology"),
    (SOUTH_MEDICINE, None),
    (SOUTH_EMERGENCY, "day"),
    (SOUTH_EMERGENCY, "ward"),
)
SEATS = {NORTH_MEDICINE: 1, NORTH_CHILDREN: 1, SOUTH_MEDICINE: 2, SOUTH_EMERGENCY: 2}
DETAILS = {
    "candidate": plain(PERSON), "eligibility": None, "documents": [], "answers": {},
    "packet": [], "opinion": None,
}  # fmt: skip


async def filed(office: Matching, seed: int) -> None:
    """Write a small market as the use cases leave it: lists with gaps, few different scores."""
    chance = Random(seed)
    at = moment("2026-04-10T09:00")
    with office.database.use():
        for person in range(chance.choice([3, 4, 4])):
            applicant = UUID(int=seed * 10 + person + 1)
            openings: list[str] = []
            for preference, (opening, direction) in enumerate(
                chance.sample(PLACES, chance.randint(1, 3)), start=1
            ):
                if opening in openings:
                    continue
                openings.append(opening)
                points = Decimal(chance.choice([70, 80, 80]))
                row = await ApplicationRow.create(
                    applicant_id=applicant,
                    base_code=f"{opening.partition('-')[0]}-hospital",
                    program_code=opening.rpartition("/")[0],
                    root_program_code=ROOT,
                    opening_code=opening,
                    round_code=MAIN,
                    direction=direction,
                    preference=preference,
                    channel="BATCH",
                    state="REVIEWED" if chance.random() < 0.85 else "WITHDRAWN",
                    revision=1,
                    catalogue_hash="0" * 64,
                    details=DETAILS,
                    completed_steps=[],
                    seat_scopes=[],
                    created_at=at,
                    # Never at the same moment, or the rule of the north leaves a tie.
                    submitted_at=at + timedelta(seconds=10 * person + preference),
                    record_hash="0" * 64,
                )
                for assessment in ("interview", "examination"):
                    await ScoreRow.create(
                        application=row, assessment=assessment, points=points, full_mark=100,
                        recorded_by="a", recorded_at=at,
                    )  # fmt: skip


async def empty(office: Matching) -> None:
    with office.database.use():
        async with in_transaction() as connection:
            await connection.execute_script(
                "ALTER TABLE allocation_place DISABLE TRIGGER USER; "
                "ALTER TABLE allocation_choice DISABLE TRIGGER USER; "
                "ALTER TABLE allocation_run DISABLE TRIGGER USER; "
                "ALTER TABLE application_transition DISABLE TRIGGER USER; "
                "ALTER TABLE state_record DISABLE TRIGGER USER; "
                "TRUNCATE application, application_score, application_transition, seat, "
                "bulk_operation, allocation_run, allocation_place, allocation_choice, "
                "state_record CASCADE; "
                "UPDATE audit_head SET sequence = 0, anchor = repeat('0', 64)"
            )


async def proven(office: Matching, seed: int) -> None:
    """Run, compare with every stable placement there is, and propose twice at once."""
    await empty(office)
    await filed(office, seed)
    desk = office.authority()
    run = done(await allocation.run_allocation(desk, RunAllocationInput(program=ROOT, round=MAIN)))
    with office.database.use():
        check = await allocation.verify_run(run.id)
        assert check is not None
        assert check.holds, check
        async with in_transaction() as connection:
            choices = await choices_of(connection, run.id)
        places = await places_of_run(run.id)
    market = market_of(*gathered_of(places, choices))
    placements: dict[str, str | None] = dict.fromkeys(market.preferences)
    for each in choices:
        if each.verdict is Verdict.PLACED:
            placements[str(each.applicant)] = each.place
    stable = all_stable(market)
    assert placements in stable
    # Of all stable placements it is the best one for each.
    for name in placements:
        best = min(choice_of(market, other, name) for other in stable)
        assert choice_of(market, placements, name) == best
    outcome = done(await allocation.propose_allocation(desk, ProposeAllocationInput(run=run.id)))
    placed = {each.application for each in choices if each.verdict is Verdict.PLACED}
    assert {effect.application for effect in outcome.effects} == placed
    with office.database.use():
        rows: list[Any] = await SeatRow.all()
        seated = await ApplicationRow.filter(state="PROPOSED").values_list("id", flat=True)
    assert set(seated) == placed
    for row in rows:
        kind, _, code = row.scope.partition(":")
        if kind == "opening":
            assert row.taken <= SEATS[code]
            assert row.taken == sum(
                each.place.partition("#")[0] == code and each.verdict is Verdict.PLACED
                for each in choices
            )


@pytest.mark.slow
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10**6))
async def test_a_run_is_the_best_stable_one(office: Matching, seed: int) -> None:
    """Every placement is enumerated: stable, best for all, quotas kept, seats as proposed."""
    await proven(office, seed)


@pytest.mark.parametrize("seed", [3, 2026])
async def test_a_run_is_the_best_stable_one_here(office: Matching, seed: int) -> None:
    """The same for two markets, quickly."""
    await proven(office, seed)
