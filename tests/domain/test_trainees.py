"""Tests of zhupei.domain.trainees."""

from __future__ import annotations

from datetime import date

import pytest

from zhupei.domain.trainees import Month


def test_a_month_is_one_of_the_calendar() -> None:
    assert Month(9999, 12).first_day == date(9999, 12, 1)
    assert str(Month(1, 1)) == "0001-01"
    for year, number, message in (
        (0, 9, "a year is 1 to 9999, not 0"),
        (10_000, 1, "a year is 1 to 9999, not 10000"),
        (2026, 0, "a month is 1 to 12, not 0"),
        (2026, 13, "a month is 1 to 12, not 13"),
    ):
        with pytest.raises(ValueError, match=f"^{message}$"):
            Month(year, number)
