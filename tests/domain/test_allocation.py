"""Figures of an allocation, and the codes of places."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from zhupei.domain.allocation import (
    AllocationCheck,
    AllocationFigures,
    SpecialtyFigures,
    place_code,
)
from zhupei.domain.matching_certificate import Violation, ViolationKind
from zhupei.domain.matching_simulation import Mechanism
from zhupei.domain.text import Text


def _specialty(code: str, seats: int, placed: int, *, shortage: bool) -> SpecialtyFigures:
    return SpecialtyFigures(
        specialty=code, name=Text(code), shortage=shortage, seats=seats, placed=placed
    )


_FIGURES = AllocationFigures(
    mechanism=Mechanism.DEFERRED_ACCEPTANCE,
    applicants=9,
    applications=20,
    waiting=1,
    placed=7,
    seats=12,
    by_preference=(4, 2, 1),
    blocking_pairs=0,
    specialties=(
        _specialty("0100", 5, 4, shortage=False),
        _specialty("0200", 4, 2, shortage=True),
        _specialty("0700", 3, 1, shortage=True),
    ),
)


def test_who_and_what_is_left_over() -> None:
    assert (_FIGURES.unplaced, _FIGURES.unfilled) == (2, 5)


def test_seats_of_shortage_specialties_are_counted_by_themselves() -> None:
    assert (_FIGURES.shortage_seats, _FIGURES.shortage_placed) == (7, 3)


@pytest.mark.parametrize(
    ("by_preference", "average"),
    [((7,), "1.000"), ((4, 2, 1), "1.571"), ((0, 7), "2.000"), ((0, 0, 1), "3.000")],
)
def test_the_mean_preference_counts_from_1(by_preference: tuple[int, ...], average: str) -> None:
    """4 first, 2 second and 1 third choices: (4 + 4 + 3) / 7."""
    figures = replace(_FIGURES, by_preference=by_preference, placed=sum(by_preference))
    assert str(figures.average_preference) == average
    assert isinstance(figures.average_preference, Decimal)


def test_without_anybody_placed_no_mean_is_known() -> None:
    assert replace(_FIGURES, by_preference=(), placed=0).average_preference is None


def test_a_direction_is_a_place_of_its_own() -> None:
    assert place_code("p/0100", None) == "p/0100"
    assert place_code("p/0100", "surgery") == "p/0100#surgery"


def test_a_run_holds_where_the_checker_finds_nothing() -> None:
    check = AllocationCheck(run=UUID(int=1), market="", applications=2, places=1, violations=())
    wrong = Violation(ViolationKind.APPLICANT_MISSING, Text("缺少", "missing"), "a")
    assert check.holds is True
    assert replace(check, violations=(wrong,)).holds is False
