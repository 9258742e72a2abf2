"""`zhupei verify-list` where nothing was signed; with a list it is in `test_export`."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhupei.cli import main


def test_verifying_makes_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key of one's own proves nothing of a list that somebody else signed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZHUPEI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    monkeypatch.delenv("ZHUPEI_SIGNING_KEYS", raising=False)
    (tmp_path / "list.json").write_text("{}", "utf-8")
    assert main(["verify-list", "list.json"]) == 2
    assert capsys.readouterr().err == (
        "zhupei: this installation has no signing key yet to verify with\n"
        "        give the public key of whoever signed with --keys or --key\n"
    )
    assert not (tmp_path / "data").exists()
