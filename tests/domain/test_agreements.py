"""Texts of agreements: their fields, and the parties that each kind names (T37)."""

from __future__ import annotations

import pytest

from zhupei.domain.agreements import BLANK, AgreementTemplate, required_fields

_TEMPLATE = AgreementTemplate("a.md", "甲方 {{base_name}}，乙方 {{ trainee_name }}，{{base_name}}")


def test_fields_are_named_once_in_their_order_whether_known_or_not() -> None:
    assert _TEMPLATE.fields == ("base_name", "trainee_name")
    assert AgreementTemplate("a.md", "{{unheard_of}} {one} {{ }}").fields == ("unheard_of", "")
    assert AgreementTemplate("a.md", "无").fields == ()


@pytest.mark.parametrize("missing", [{}, {"trainee_name": None}, {"trainee_name": ""}])
def test_what_is_not_known_is_a_line_to_fill_in_by_hand(missing: dict[str, str | None]) -> None:
    filled = _TEMPLATE.filled({"base_name": "示例医院", **missing})
    assert filled == f"甲方 示例医院，乙方 {BLANK}，示例医院"
    assert BLANK == "＿＿＿＿＿＿"


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("labour_contract", ("base_name", "trainee_name")),
        ("two_party", ("base_name", "trainee_name")),
        ("three_party", ("base_name", "trainee_name", "unit_name")),
        ("directed_entrustment", ("base_name", "trainee_name", "unit_name")),
    ],
)
def test_t46_a_unit_that_sends_people_is_a_party(kind: str, fields: tuple[str, ...]) -> None:
    assert required_fields(kind) == fields
