"""Scalars: exact money, instants of China's time, and refusals that say what is expected."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asked_graph import AskedGraph
from zhupei.graphql.scalars import plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal(7600), "7600"),
        (Decimal("7600.00"), "7600"),
        (Decimal("7.6E+3"), "7600"),
        (Decimal("0.80"), "0.8"),
        (Decimal(100), "100"),
        (Decimal(0), "0"),
        (Decimal("0.00"), "0"),
        (Decimal("-50.50"), "-50.5"),
        (12, "12"),
    ],
)
def test_amounts_are_plain_digits(value: Decimal | int, expected: str) -> None:
    assert plain(value) == expected


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_amounts_lose_nothing(value: Decimal) -> None:
    assert Decimal(plain(value)) == value
    assert "E" not in plain(value)


WINDOW = """query ($at: DateTime!) { program(code: "example-region-residency-2026") {
  isOpen(at: $at) closesAt(at: $at) } }"""


@pytest.mark.parametrize(
    ("at", "is_open", "closes"),
    [
        ("2026-04-08T00:00:00+08:00", True, "2026-04-24T00:00:00+08:00"),
        ("2026-04-07T16:00:00Z", True, "2026-04-24T00:00:00+08:00"),
        ("2026-04-07T23:59:59+08:00", False, "2026-04-24T00:00:00+08:00"),
        ("2026-04-23T23:59:59.999999+08:00", True, "2026-04-24T00:00:00+08:00"),
        ("2026-04-24T00:00:00+08:00", False, None),
    ],
)
async def test_windows_are_half_open_in_any_offset_t11(
    fictional: AskedGraph, at: str, is_open: bool, closes: str | None
) -> None:
    found = await fictional.ask(WINDOW, {"at": at})
    assert found == {"program": {"isOpen": is_open, "closesAt": closes}}


@pytest.mark.parametrize("at", [
    "2026-04-08T00:00:00", "2026-04-08", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+23:59",
    "soon", "", 5, None,
])  # fmt: skip
async def test_an_instant_without_an_offset_is_refused(fictional: AskedGraph, at: object) -> None:
    refusal = await fictional.refused(WINDOW, {"at": at})
    assert refusal.data is None
    assert "$at" in refusal.only["message"]
    if isinstance(at, str):
        assert (
            "expected an instant with its offset, such as 2024-04-23T23:59:59+08:00"
            in (refusal.only["message"])
        )


@pytest.mark.parametrize(
    "day", ["2026-02-30", "20260408", "2026-4-8", "2026-W15-3", "８-04-2026", "8 April", 20260408]
)
async def test_a_date_of_another_form_is_refused(fictional: AskedGraph, day: object) -> None:
    refusal = await fictional.refused(
        "query ($day: Date!) { calendar { isWorkingDay(date: $day) } }", {"day": day}
    )
    assert f"expected a date such as 2024-04-23, not {day!r}" in refusal.only["message"]


async def test_whole_and_broken_numbers_are_read_exactly(fictional: AskedGraph) -> None:
    query = """query ($years: Decimal) {
      eligibility(opening: "example-hospital-residency-2026/0200", candidate: {workYears: $years}) {
        outcome } }"""
    for years in (3, 3.5, "3.5", "3"):
        found = await fictional.ask(query, {"years": years})
        assert found["eligibility"]["outcome"] == "INCOMPLETE"
    for nonsense in (True, "three", "NaN", "Infinity", [1]):
        refusal = await fictional.refused(query, {"years": nonsense})
        assert "$years" in refusal.only["message"]


_YEARS = """query ($years: Decimal) {
  eligibility(opening: "example-hospital-residency-2026/0200", candidate: {workYears: $years}) {
    outcome } }"""


@pytest.mark.parametrize("years", ["1_000", "１２", "1e", "0x10", "", ".", "--1", "1e1000", "五"])
async def test_a_number_of_another_form_is_refused(fictional: AskedGraph, years: str) -> None:
    refusal = await fictional.refused(_YEARS, {"years": years})
    assert f"expected a number such as 7600 or 0.8, not {years!r}" in refusal.only["message"]


@pytest.mark.parametrize("years", ["1e999", "9" * 31, 10**30, "1e-31", "0." + "1" * 31, 1e300])
async def test_a_number_that_is_long_written_out_is_refused(
    fictional: AskedGraph, years: object
) -> None:
    refusal = await fictional.refused(_YEARS, {"years": years})
    assert refusal.data is None
    assert (
        "expected a number of at most 30 digits before and after the point, not "
        in (refusal.only["message"])
    )


@pytest.mark.parametrize("years", [" 3 ", "+3", ".5", "3.", "0" * 40 + "3", "1e-30", 1e-30, "-0"])
async def test_a_number_in_any_plain_form_is_read(fictional: AskedGraph, years: object) -> None:
    found = await fictional.ask(_YEARS, {"years": years})
    assert found["eligibility"]["outcome"] in {"INCOMPLETE", "INELIGIBLE"}
