"""R097, S1:46: practice place, name of the sending unit and seal must be the same."""

from __future__ import annotations

import pytest

from zhupei.domain.unit_names import unit_names


@pytest.mark.parametrize(
    ("place", "unit", "seal", "agree"),
    [
        ("甲县人民医院", "甲县人民医院", "甲县人民医院", True),
        ("甲县人民医院（总院）", "甲县人民医院(总院)", "甲县人民医院 （总院）", True),
        ("甲县人民医院", "甲县人民医院", "甲县第一医院", False),
        ("甲县人民医院", "乙县人民医院", "甲县人民医院", False),
        ("甲县人民医院（甲县中医院）", "甲县人民医院", "甲县人民医院", False),
    ],
)
def test_r097_three_names(place: str, unit: str, seal: str, *, agree: bool) -> None:
    found = unit_names(place, unit, seal)
    assert found.agree is agree
    assert (found.reason.zh == "三者一致") is agree


def test_r097_a_missing_name_decides_nothing() -> None:
    found = unit_names("甲县人民医院", None, " ")
    assert found.agree is None
    assert found.reason.zh == "未填写：选送单位名称、单位公章"
    assert found.reason.en == "not given: name of the sending unit, seal"
