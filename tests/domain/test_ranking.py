"""Tests of zhupei.domain.ranking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.ranking import Rank, Score, Scored, TieRule, Weights, rank

NOON = datetime(2026, 4, 10, 4, tzinfo=UTC)
WEIGHTS = Weights({"interview": Decimal("0.4"), "examination": Decimal("0.6")})


def scored(number: int, interview: str, examination: str, minutes: int = 0) -> Scored:
    return Scored(
        application=UUID(int=number),
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
    assert [each.application.int for each in rank(rows, WEIGHTS, TieRule.EARLIEST)] == [3, 1, 2]


def test_full_marks_differ() -> None:
    one = Scored(
        application=UUID(int=1),
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
