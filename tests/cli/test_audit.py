"""`zhupei audit verify`: what it takes for the head of the chains."""

from __future__ import annotations

import pytest

from zhupei.cli import main


@pytest.mark.parametrize("sequence", ["", "x", "-1", "１２", "9" * 5000])
def test_what_is_no_head_is_told_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sequence: str
) -> None:
    """Neither digits of another width nor a number that nobody could count to."""
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    head = f"{sequence}:{'0' * 64}"
    assert main(["audit", "verify", f"--head={head}"]) == 2
    assert capsys.readouterr().err == (
        "zhupei: a head is a sequence, a colon and 64 hexadecimal digits, for each of the two "
        f"chains, with a plus sign between: {head}\n"
    )
