"""The language that a request prefers, and the clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from zhupei.domain.text import Language
from zhupei.graphql.context import china_now, language_of


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Language.ZH),
        ("", Language.ZH),
        ("zh-CN,zh;q=0.9,en;q=0.8", Language.ZH),
        ("en-GB,en;q=0.9", Language.EN),
        ("EN", Language.EN),
        ("zh;q=0.5, en;q=0.7", Language.EN),
        ("en;q=0.5, zh;q=0.7", Language.ZH),
        ("en, zh", Language.EN),
        ("zh, en", Language.ZH),
        ("fr, de;q=0.9", Language.ZH),
        ("fr, en;q=0.1", Language.EN),
        ("en;q=0", Language.ZH),
        ("*", Language.ZH),
        ("en;q=high", Language.ZH),
        ("english", Language.ZH),
        (",,;;q=1,en", Language.EN),
    ],
)
def test_the_language_is_the_one_preferred_else_chinese(
    header: str | None, expected: Language
) -> None:
    assert language_of(header) is expected


def test_now_is_in_china() -> None:
    assert china_now().utcoffset() == timedelta(hours=8)
