"""Tests of zhupei.security.common_passwords: what is tried first is refused, phrases are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.security.common_passwords import is_common_password


@pytest.mark.parametrize(
    "password",
    [
        "password123456",
        "Password2026!!",
        "P@ssw0rd12345",
        "pass@word1234",
        "woaini5201314",
        "woaini19950312",
        "5201314520131",
        "我爱你5201314!!!!",
        "a123456a123456",
        "Aa123456789.",
        "1qaz2wsx3edc",
        "1qaz@WSX3edc",
        "qwer1234asdf",
        "qwertyuiop12",
        "mnbvcxzlkjhgf",
        "111122223333",
        "xk2xk2xk2xk2",
        "admin2024admin",
        "Hospital2026!",
        "zhupei123456",
    ],
)
def test_what_is_tried_first_is_common(password: str) -> None:
    assert is_common_password(password) is True


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "another long password",
        "dragon monkey shadow master",
        "住培管理员的密码很长很长",
        "zhangwei19950312",
        "password-of-yunxi-42",
        "k7Gq2xW9vB4m",
    ],
)
def test_a_phrase_and_letters_by_chance_are_not_common(password: str) -> None:
    assert is_common_password(password) is False


@pytest.mark.parametrize("password", ["", "a", "short", "kq7xv"])
def test_what_is_merely_short_is_not_common(password: str) -> None:
    assert is_common_password(password) is False


@given(st.text(min_size=6, max_size=128))
def test_a_password_typed_twice_is_as_common_as_once(password: str) -> None:
    assert is_common_password(password + password) is is_common_password(password)
