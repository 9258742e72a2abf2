"""Tests of zhupei.domain.ranking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.ranking import (
    Rank,
    Score,
    Scored,
    TieBreak,
    TieRule,
    Weights,
    lottery_number,
    rank,
    weighted_total,
)

NOON = datetime(2026, 4, 10, 4, tzinfo=UTC)
WEIGHTS = Weights({"interview": Decimal("0.4"), "examination": Decimal("0.6")})


def scored(number: int, interview: str, examination: str, minutes: int = 0) -> Scored:
    return Scored(
        application=UUID(int=number),
        applicant=UUID(int=100 + number),
        submitted_at=NOON + timedelta(minutes=minutes),
        scores={
            "interview": Score(Decimal(interview), 100),
            "examination": Score(Decimal(examination), 100),
        },
    )


def test_totals_are_weighted_and_best_comes_first() -> None:
    found = rank([scored(1, "90", "60"), scored(2, "70", "80")], WEIGHTS)
    assert [(each.application.int, each.rank.place, each.total) for each in found] == [
        (2, 1, Decimal("76.0")),
        (1, 2, Decimal("72.0")),
    ]


def test_equal_totals_are_decided_by_the_heavier_assessment_then_the_earlier_application() -> None:
    rows = [scored(1, "80", "70"), scored(2, "50", "90"), scored(3, "50", "90", -1)]
    assert {each.total for each in rank(rows, WEIGHTS)} == {Decimal("74.0")}
    assert [each.application.int for each in rank(rows, WEIGHTS)] == [3, 2, 1]
    earliest = TieBreak(TieRule.EARLIEST)
    assert [each.application.int for each in rank(rows, WEIGHTS, earliest)] == [3, 1, 2]


def test_a_lottery_decides_by_the_published_seed_and_not_by_time() -> None:
    """Anyone draws again: ``printf 'SEED\\nAPPLICANT' | sha256sum``."""
    rows = [scored(number, "80", "70", -number) for number in range(1, 6)]
    lots = {
        number: lottery_number("2026-06-01", str(UUID(int=100 + number))) for number in range(1, 6)
    }
    drawn = sorted(lots, key=lots.__getitem__)
    assert drawn == [5, 4, 1, 3, 2]
    for rule in (TieRule.LOTTERY, TieRule.HEAVIEST_THEN_LOTTERY):
        found = rank(rows, WEIGHTS, TieBreak(rule, "2026-06-01"))
        assert [each.application.int for each in found] == drawn
    # With the heavier assessment first, who is better in it needs no lot.
    better = [*rows, scored(9, "50", "90")]
    first = rank(better, WEIGHTS, TieBreak(TieRule.HEAVIEST_THEN_LOTTERY, "2026-06-01"))[0]
    assert first.application.int == 9


@pytest.mark.parametrize("seed", [None, ""])
def test_a_lottery_needs_a_seed(seed: str | None) -> None:
    with pytest.raises(ValueError, match="the rule lottery needs a published seed"):
        TieBreak(TieRule.LOTTERY, seed)


def test_equal_sums_stay_equal_with_endless_decimals() -> None:
    """Two thirds of the interview and of the examination weigh the same, whoever has which."""
    weights = Weights({"interview": Decimal("0.5"), "examination": Decimal("0.5")})
    one = {"interview": Score(Decimal(1), 3), "examination": Score(Decimal(2), 3)}
    other = {"interview": Score(Decimal(2), 3), "examination": Score(Decimal(1), 3)}
    assert weighted_total(one, weights) == weighted_total(other, weights) == 50
    assert weighted_total({"a": Score(Decimal(1), 3)}, Weights({"a": Decimal(1)})) == Decimal(
        "33.333333333"
    )


def test_full_marks_differ() -> None:
    one = Scored(
        application=UUID(int=1),
        applicant=UUID(int=101),
        submitted_at=NOON,
        scores={"interview": Score(Decimal(45), 50), "examination": Score(Decimal(120), 150)},
    )
    assert rank([one], WEIGHTS)[0].total == Decimal("84.0")


@pytest.mark.parametrize(
    ("points", "of", "error"),
    [
        (Decimal("100.001"), 100, ValueError),
        (Decimal("-0.1"), 100, ValueError),
        (Decimal("NaN"), 100, ValueError),
        (Decimal(1), 0, ValueError),
        (Rank(1), 100, TypeError),
        (1, 100, TypeError),
        (86.5, 100, TypeError),
        (Decimal(1), True, TypeError),
    ],
)
def test_a_score_is_points_of_a_full_mark(points: Any, of: Any, error: type[Exception]) -> None:
    """A rank column pasted as a score is no score."""
    with pytest.raises(error):
        Score(points, of)


def test_a_full_mark_is_at_least_1() -> None:
    assert Score(Decimal(1), 1).percent == 100


@pytest.mark.parametrize("place", [0, -1, True, "1", Decimal(1)])
def test_a_rank_is_a_place_from_1(place: Any) -> None:
    with pytest.raises(ValueError, match="a place is a whole number from 1"):
        Rank(place)


@pytest.mark.parametrize(
    "shares", [{}, {"a": Decimal("0.5")}, {"a": Decimal(1), "b": Decimal(0)}, {"a": Decimal(2)}]
)
def test_weights_add_up_to_one(shares: dict[str, Decimal]) -> None:
    """T42."""
    with pytest.raises(ValueError, match="weight"):
        Weights(shares)


points = st.decimals(0, 100, places=1)
rows = st.lists(st.tuples(points, points, st.integers(0, 2)), max_size=12)


@given(rows, st.randoms())
def test_the_order_does_not_depend_on_the_order_of_input(given_rows: Any, random: Any) -> None:
    people = [
        scored(number, str(interview), str(examination), minutes)
        for number, (interview, examination, minutes) in enumerate(given_rows)
    ]
    found = rank(people, WEIGHTS)
    shuffled = list(people)
    random.shuffle(shuffled)
    assert rank(shuffled, WEIGHTS) == found
    assert [each.rank.place for each in found] == list(range(1, len(people) + 1))
    totals = [each.total for each in found]
    assert totals == sorted(totals, reverse=True)
