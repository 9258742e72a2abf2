"""Masking hides the larger part and keeps the form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.masking import mask_email, mask_name, mask_number, mask_phone


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("11010519491231002X", "110***********002X"),
        ("ZZZ110199123109", "ZZ*********3109"),
        ("H12345678", "H*****678"),
        ("12345678", "1*****78"),
        ("AB123", "****3"),
        ("", ""),
    ],
)
def test_a_number_keeps_its_ends(number: str, masked: str) -> None:
    assert mask_number(number) == masked


@given(st.text("ABC0123456789", max_size=40))
def test_at_least_half_of_a_number_is_hidden(number: str) -> None:
    masked = mask_number(number)
    assert len(masked) == len(number)
    assert masked.count("*") * 2 >= len(number)


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13800138000", "138****8000"),
        ("+8613800138000", "+86138****8000"),
        ("+86 13800138000", "+86 138****8000"),
        ("010-65252114", "***-*****114"),
        ("+852 2123 4567", "+*** **** *567"),
        ("", ""),
    ],
)
def test_a_phone_keeps_its_form(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("张三丰", "张*丰"),
        ("欧阳小明", "欧**明"),
        ("买买提·艾力", "买**·艾*"),
        ("Ann-Marie Smith", "A**-M**** S****"),
        ("张", "*"),
        ("", ""),
    ],
)
def test_a_name_keeps_what_public_lists_print(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [("zhang@example.cn", "z***@example.cn"), ("a@b@c.cn", "a***@c.cn"), ("nonsense", "***")],
)
def test_an_address_does_not_tell_its_length(address: str, masked: str) -> None:
    assert mask_email(address) == masked
