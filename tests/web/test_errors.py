"""Tests of zhupei.web.errors that need no request."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhupei.web.errors import ErrorCode

_PAGES = Path(__file__).parents[2] / "docs" / "errors"


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_code_has_its_page(code: ErrorCode) -> None:
    text = (_PAGES / f"{code.value}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {code.value}\n\n**")
    assert "\n## Example\n" in text
    assert "\n## How to fix\n" in text
