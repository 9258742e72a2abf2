"""Guidance every quarter, meetings every half year (R205, R206)."""

from __future__ import annotations

from datetime import date

import pytest

from zhupei.domain.collaborations import (
    HALF_YEAR,
    QUARTER,
    AgreementTopic,
    CollaborationAgreement,
    due_after,
    periods_without,
)


def _days(*days: str) -> list[date]:
    return [date.fromisoformat(day) for day in days]


@pytest.mark.parametrize(
    ("days", "months", "expected"),
    [
        ((), QUARTER, ()),
        (("2026-03-31",), QUARTER, ()),
        (("2026-03-31", "2026-04-01"), QUARTER, ()),
        (("2025-11-30", "2026-08-01"), QUARTER, ("2026-Q1", "2026-Q2")),
        (("2026-08-01", "2025-11-30", "2026-01-01"), QUARTER, ("2026-Q2",)),
        (("2025-06-30", "2026-01-01"), HALF_YEAR, ("2025-H2",)),
        (("2025-06-30", "2025-07-01"), HALF_YEAR, ()),
    ],
)
def test_periods_without_a_record(
    days: tuple[str, ...], months: int, expected: tuple[str, ...]
) -> None:
    assert periods_without(_days(*days), months) == expected


@pytest.mark.parametrize(
    ("days", "months", "expected"),
    [
        ((), QUARTER, None),
        (("2026-01-01",), QUARTER, "2026-06-30"),
        (("2026-03-31", "2025-01-01"), QUARTER, "2026-06-30"),
        (("2026-11-22",), QUARTER, "2027-03-31"),
        (("2026-02-01",), HALF_YEAR, "2026-12-31"),
        (("2026-07-01",), HALF_YEAR, "2027-06-30"),
    ],
)
def test_the_next_is_due_by_the_end_of_the_next_period(
    days: tuple[str, ...], months: int, expected: str | None
) -> None:
    found = due_after(_days(*days), months)
    assert (None if found is None else found.isoformat()) == expected


def test_r205_an_agreement_names_six_subjects() -> None:
    agreement = CollaborationAgreement(covers=(AgreementTopic.ROTATION, AgreementTopic.PROCESS))
    assert [each.value for each in agreement.lacks] == [
        "trainees",
        "assessment",
        "treatment",
        "faculty",
    ]
