"""`zhupei platform`: what would be handed over, handing it over, and what became of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from admissions_office import BASES, HOSPITAL
from job_place import KEY_TEXT
from zhupei.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> Path:
    monkeypatch.setenv("ZHUPEI_DATABASE_URL", database_url)
    monkeypatch.setenv("ZHUPEI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ZHUPEI_BASES", str(BASES))
    monkeypatch.setenv("ZHUPEI_PLUGINS", str(tmp_path))
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    monkeypatch.setenv("ZHUPEI_ENCRYPTION_KEYS", KEY_TEXT)
    out = tmp_path / "out"
    out.mkdir()
    return out


def test_a_batch_is_handed_over_and_asked_about(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["platform", "connectors"]) == 0
    assert capsys.readouterr().out == "file\n"
    to = ("--program", HOSPITAL, "--option", f"folder={folder}")
    assert main(["platform", "submit", *to, "--dry-run"]) == 0
    assert capsys.readouterr().out.endswith(": 0 records\n")
    assert list(folder.iterdir()) == []
    for _ in range(2):
        assert main(["platform", "submit", *to]) == 0
        receipt = json.loads(capsys.readouterr().out)
        assert (receipt["state"], receipt["records"]) == ("PENDING", 0)
    (file,) = folder.iterdir()
    assert file.name == f"{receipt['batch']}.json"
    answer = folder / f"{receipt['batch']}.receipt.json"
    problem = {"registration": "r", "message": "x"}
    answer.write_text(json.dumps({"reference": "7", "state": "REJECTED", "problems": [problem]}))
    assert main(["platform", "status", receipt["batch"], "--option", f"folder={folder}"]) == 1
    assert json.loads(capsys.readouterr().out)["problems"] == [problem]


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("submit", "--program", HOSPITAL), 2, "the option folder is needed, and no other one"),
        (("submit", "--program", HOSPITAL, "--option", "x"), 2, "an option is NAME=VALUE: x"),
        (("submit", "--program", "nothing", "--option", "folder=."), 2, "no program"),
        (("status", "b", "--option", "folder=/nonexistent"), 1, "there is no such folder"),
        (("status", "b", "--connector", "post"), 2, 'no connector "post"; there are file'),
    ],
)
def test_what_cannot_be_done(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    status: int,
    message: str,
) -> None:
    assert main(["platform", *words]) == status
    assert message in capsys.readouterr().err
    assert list(folder.iterdir()) == []
