"""Tests of zhupei.graphql.limits.windows: how much is left at each moment of a minute."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.graphql.limits.windows import Windows

_EPOCH = 1_800_000_000.0  # the beginning of a minute


class Clock:
    def __init__(self) -> None:
        self.now = _EPOCH

    def __call__(self) -> float:
        return self.now


def test_the_minute_before_counts_by_what_of_it_is_left() -> None:
    clock = Clock()
    windows = Windows(clock)
    assert windows.hit("a", 80, 100)
    assert not windows.hit("a", 21, 100)
    assert windows.hit("b", 100, 100)
    clock.now += 60  # all of the minute before still lies within sixty seconds
    assert not windows.hit("a", 21, 100)
    clock.now += 15  # three quarters: 60 of 80
    assert windows.fits("a", 40, 100)
    assert not windows.fits("a", 41, 100)
    assert windows.hit("a", 30, 100)
    assert not windows.fits("a", 11, 100)
    clock.now += 45  # the 30 have become those of the minute before
    assert windows.fits("a", 70, 100)
    assert not windows.fits("a", 71, 100)
    clock.now += 120
    assert windows.fits("a", 100, 100)


def test_what_is_asked_whether_it_fits_is_not_counted() -> None:
    windows = Windows(Clock())
    for _ in range(20):
        assert windows.fits("a", 100, 100)
    assert windows.hit("a", 100, 100)
    assert not windows.fits("a", 1, 100)


@pytest.mark.parametrize("passed", [0.0, 45.0])
def test_when_more_fits_again(passed: float) -> None:
    clock = Clock()
    windows = Windows(clock)
    clock.now += passed
    assert windows.hit("a", 100, 100)
    # Once less than 51 of the hundred are left.
    assert windows.seconds_until("a", 50, 100) == pytest.approx(60 - passed + 60 * (1 - 0.51))
    assert windows.seconds_until("b", 50, 100) == 0.0


@given(
    counted=st.lists(
        st.tuples(st.integers(0, 50), st.floats(0, 40, allow_nan=False)), min_size=1, max_size=20
    ),
    amount=st.integers(1, 100),
)
def test_what_is_told_to_wait_fits_then(counted: list[tuple[int, float]], amount: int) -> None:
    """And a second before it does not, where it was told to wait longer than that."""
    clock = Clock()
    windows = Windows(clock)
    for count, pause in counted:
        windows.hit("a", count, 100)
        clock.now += pause
    left = windows.seconds_until("a", amount, 100)
    assert 0 <= left <= 120
    assert (left == 0) == windows.fits("a", amount, 100)
    before = clock.now
    if left > 1:
        clock.now = before + left - 1
        assert not windows.fits("a", amount, 100)
    clock.now = before + math.ceil(left) + 0.001
    assert windows.fits("a", amount, 100)
