"""Simulations: another mechanism, other seats, weights or ties, on the same data."""

from __future__ import annotations

from decimal import Decimal

import pytest

from admissions_office import done
from allocation_office import (
    MAIN,
    NORTH_CHILDREN,
    NORTH_MEDICINE,
    ROOT,
    SOUTH_MEDICINE,
    Matching,
)
from zhupei.domain.allocation import AllocationComparison
from zhupei.domain.matching_simulation import Mechanism, Movement
from zhupei.domain.ranking import TieRule
from zhupei.services import allocation
from zhupei.services.admissions import RefusalCode
from zhupei.services.allocation import ChangedSeats, ChangedWeight, SimulateAllocationInput


async def simulated(office: Matching, **asked: object) -> AllocationComparison:
    given = SimulateAllocationInput(program=ROOT, round=MAIN, **asked)  # type: ignore[arg-type]  # fields of the input
    return done(await allocation.simulate_allocation(office.authority(), given))


async def people(office: Matching) -> None:
    """Three for one seat in the north; who has it second is better than who has it first."""
    await office.listed(NORTH_MEDICINE, points=(70, 80))
    await office.listed(NORTH_CHILDREN + "#cardiology", NORTH_MEDICINE, points=(90, 85))
    await office.listed(NORTH_CHILDREN + "#cardiology", points=(60, 95))


async def test_mechanisms_side_by_side_and_nothing_is_written(office: Matching) -> None:
    """76 < 87 and 81: the child's seat goes to 87, so the north's to 76; nothing changes hands."""
    await people(office)
    before = await office.everything()
    found = await simulated(office, mechanism=Mechanism.IMMEDIATE_ACCEPTANCE)
    assert found.declared.mechanism is Mechanism.DEFERRED_ACCEPTANCE
    assert found.simulated.mechanism is Mechanism.IMMEDIATE_ACCEPTANCE
    assert (found.declared.by_preference, found.simulated.by_preference) == ((2, 0), (2, 0))
    assert found.movement == Movement(0, 0, 3)
    for mechanism in Mechanism:
        assert (await simulated(office, mechanism=mechanism)).simulated.placed == 2
    assert await office.everything() == before


async def test_other_weights_change_who_wins(office: Matching) -> None:
    """By the examination alone 95 wins the child's seat, and 85 then wins the north's from 80."""
    await people(office)
    weights = (
        ChangedWeight(assessment="examination", weight=Decimal("0.9")),
        ChangedWeight(assessment="interview", weight=Decimal("0.1")),
    )
    found = await simulated(office, weights=weights)
    assert found.declared.by_preference == (2, 0)
    assert found.simulated.by_preference == (1, 1)
    assert found.movement == Movement(better=1, worse=2, same=0)
    assert (found.declared.shortage_placed, found.simulated.shortage_placed) == (1, 1)


async def test_more_seats(office: Matching) -> None:
    """A second seat of the direction takes everybody; the opening's quota grows with it."""
    await people(office)
    more = ChangedSeats(opening=NORTH_CHILDREN, direction="cardiology", seats=2)
    found = await simulated(office, seats=(more,))
    assert (found.declared.placed, found.simulated.placed) == (2, 3)
    assert (found.declared.seats, found.simulated.seats) == (8, 9)
    assert found.movement == Movement(better=1, worse=0, same=2)
    none = ChangedSeats(opening=NORTH_MEDICINE, seats=0)
    assert (await simulated(office, seats=(none,))).simulated.placed == 1


async def test_seats_are_never_more_than_the_capacity(office: Matching) -> None:
    """R212: the base can train 4 in internal medicine, whatever is simulated."""
    found = await simulated(office, seats=(ChangedSeats(opening=NORTH_MEDICINE, seats=9),))
    assert (found.declared.seats, found.simulated.seats) == (8, 11)


async def test_another_rule_decides_a_tie_that_is_refused_otherwise(office: Matching) -> None:
    for _ in range(2):
        await office.listed(SOUTH_MEDICINE)
    earliest = SimulateAllocationInput(program=ROOT, round=MAIN, tie_rule=TieRule.EARLIEST)
    await office.refuses(
        RefusalCode.TIES_UNDECIDED,
        await allocation.simulate_allocation(office.authority(), earliest),
    )
    found = await simulated(office, tie_rule=TieRule.LOTTERY, tie_lottery_seed="2027-01-01")
    assert found.simulated.placed == 2


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"tie_rule": TieRule.LOTTERY}, RefusalCode.INPUT_INVALID, "tieLotterySeed"),
        # A seed that nothing is drawn with would be left aside without a word.
        ({"tie_lottery_seed": "2027"}, RefusalCode.INPUT_INVALID, "tieLotterySeed"),
        (
            {"tie_rule": TieRule.EARLIEST, "tie_lottery_seed": "2027"},
            RefusalCode.INPUT_INVALID,
            "tieLotterySeed",
        ),
        (
            {"weights": (ChangedWeight(assessment="interview", weight=Decimal("0.5")),)},
            RefusalCode.INPUT_INVALID,
            "weights",
        ),
        (
            {
                "weights": (
                    ChangedWeight(assessment="interview", weight=Decimal("0.3")),
                    ChangedWeight(assessment="interview", weight=Decimal("0.5")),
                    ChangedWeight(assessment="examination", weight=Decimal("0.5")),
                )
            },
            RefusalCode.INPUT_INVALID,
            "weights",
        ),
        (
            {"seats": tuple(ChangedSeats(opening=NORTH_MEDICINE, seats=of) for of in (1, 2))},
            RefusalCode.INPUT_INVALID,
            "seats",
        ),
        (
            {"seats": (ChangedSeats(opening=NORTH_MEDICINE, seats=-1),)},
            RefusalCode.INPUT_INVALID,
            "seats",
        ),
        (
            {"seats": (ChangedSeats(opening="no/opening", seats=1),)},
            RefusalCode.NOT_FOUND,
            "opening",
        ),
        ({"round": "second"}, RefusalCode.ALLOCATION_NOT_DECLARED, "round"),
    ],
)
async def test_what_cannot_be_simulated(
    office: Matching, asked: dict[str, object], code: RefusalCode, field: str
) -> None:
    given = SimulateAllocationInput(**{"program": ROOT, "round": MAIN, **asked})  # type: ignore[arg-type]  # fields of the input
    refusal = await office.refuses(
        code, await allocation.simulate_allocation(office.authority(), given)
    )
    assert refusal.field == field


async def test_only_who_manages_the_round_simulates(office: Matching) -> None:
    given = SimulateAllocationInput(program=ROOT, round=MAIN)
    staff = office.staff(base="north-hospital")
    await office.refuses(
        RefusalCode.NOT_PERMITTED, await allocation.simulate_allocation(staff, given)
    )
