"""Length of training and its reduction: R060, R229, T29."""

from __future__ import annotations

import pytest

from example_hospital import policy
from zhupei.domain.people import DegreeLevel, DegreeType
from zhupei.domain.training_length import TrainingLength, training_length

NATIONAL = {
    "training_months": 36,
    "minimum_months_bachelor": 36,
    "minimum_months_professional_master": 24,
    "minimum_months_professional_doctor": 12,
    "reduction_needs_assessment": True,
}
BACHELOR, MASTER, DOCTOR = DegreeLevel.BACHELOR, DegreeLevel.MASTER, DegreeLevel.DOCTOR
PROFESSIONAL, ACADEMIC = DegreeType


def _length(
    level: DegreeLevel | None, type_: DegreeType | None, **changes: object
) -> TrainingLength:
    values = {**NATIONAL, **changes}
    return training_length((policy(key, value) for key, value in values.items()), level, type_)


@pytest.mark.parametrize(
    ("level", "type_", "cap", "least", "reduction"),
    [
        (BACHELOR, PROFESSIONAL, None, 36, 0),
        (BACHELOR, None, None, 36, 0),
        (MASTER, PROFESSIONAL, None, 24, 12),
        (DOCTOR, PROFESSIONAL, None, 12, 24),
        (MASTER, PROFESSIONAL, 12, 24, 12),
        (DOCTOR, PROFESSIONAL, 12, 24, 12),
        (MASTER, ACADEMIC, 12, 36, 0),
        (DOCTOR, ACADEMIC, None, 36, 0),
        (MASTER, None, None, None, None),
        (None, None, 12, None, None),
        (DegreeLevel.JUNIOR_COLLEGE, None, 12, None, None),
    ],
)
def test_t29_r060_r229_reduction(
    level: DegreeLevel | None,
    type_: DegreeType | None,
    cap: int | None,
    least: int | None,
    reduction: int | None,
) -> None:
    """T29: the nation allows 12 and 24 months, a host with a cap of 12 allows 12 to both."""
    found = _length(level, type_, **({} if cap is None else {"reduction_cap_months": cap}))
    assert (found.regular, found.least, found.reduction) == (36, least, reduction)
    assert found.needs_assessment is True


@pytest.mark.parametrize(
    ("level", "name"),
    [
        (BACHELOR, "minimum_months_bachelor"),
        (MASTER, "minimum_months_professional_master"),
        (DOCTOR, "minimum_months_professional_doctor"),
    ],
)
def test_r060_each_degree_has_a_policy_of_its_own(level: DegreeLevel, name: str) -> None:
    assert _length(level, PROFESSIONAL, **{name: 30}).least == 30


def test_a_policy_may_let_academic_degrees_reduce() -> None:
    assert _length(MASTER, ACADEMIC, academic_degree_reduces=True).least == 24


def test_what_no_document_says_is_not_known() -> None:
    assert training_length((), MASTER, PROFESSIONAL) == TrainingLength(None, None, None)
    only_regular = training_length((policy("training_months", 36),), MASTER, PROFESSIONAL)
    assert only_regular == TrainingLength(36, 36, None)


def test_t29_a_hosts_cap_binds_where_the_nation_gives_no_figure() -> None:
    """Otherwise nobody's training would be shortened for want of the other figure."""
    policies = (policy("training_months", 36), policy("reduction_cap_months", 12))
    assert training_length(policies, MASTER, PROFESSIONAL) == TrainingLength(36, 24, None)


@pytest.mark.parametrize("value", [True, "36", None])
def test_what_is_no_number_of_months_is_not_known(value: object) -> None:
    assert _length(MASTER, PROFESSIONAL, training_months=value).regular is None


def test_whether_a_reduction_is_earned_is_not_known_from_a_text() -> None:
    found = _length(MASTER, PROFESSIONAL, reduction_needs_assessment="按省级规定")
    assert found == TrainingLength(36, 24, None)
