"""`zhupei demo`: what there is, and what is said where there is none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from zhupei.cli import main

_SCENARIO = """\
name: {zh: 样例, en: Sample}
about: {zh: 说明, en: About it}
begins: 2026-04-01T09:00
staff: []
acts:
  - title: {zh: 一, en: One}
    steps:
      - say: {zh: 查版本, en: The version of the rules}
        do: ask
        expect: %s
"""


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    monkeypatch.setenv("ZHUPEI_BASES", str(tmp_path / "bases"))
    monkeypatch.setenv("ZHUPEI_PLUGINS", str(tmp_path / "plugins"))
    (tmp_path / "bases").mkdir()


def scenario(tmp_path: Path, name: str, expected: str) -> Path:
    place = tmp_path / "stories" / name
    (place / "operations").mkdir(parents=True)
    operation = "query Ask { calendar { __typename } }"
    (place / "operations" / "ask.graphql").write_text(operation, "utf-8")
    (place / "scenario.yaml").write_text(_SCENARIO % expected, "utf-8")
    return place


def test_scenarios_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario(tmp_path, "first", "{}")
    scenario(tmp_path, "second", "{}")
    assert main(["demo", "--list", "--from", str(tmp_path / "stories")]) == 0
    assert capsys.readouterr().out == "first  Sample\nsecond  Sample\n"


def test_an_unknown_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario(tmp_path, "first", "{}")
    stories = tmp_path / "stories"
    assert main(["demo", "third", "--from", str(stories)]) == 2
    assert capsys.readouterr().err == (
        f"zhupei: {stories} has no scenario third\n        there are first\n"
    )


def test_a_folder_without_any(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--from", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"zhupei: {tmp_path} has no scenario\n        name a folder with --from\n"
    )


@pytest.mark.slow
def test_one_is_played(
    tmp_path: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ZHUPEI_DATABASE_URL", database_url)
    place = scenario(tmp_path, "first", "{__typename: Calendar}")
    assert main(["demo", "--from", str(place)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:5] == [
        "Sample",
        "About it",
        "starting a real server, PostgreSQL and a mail server …",
        "",
        "One",
    ]
    assert out[5] == "[1/1] ✓ (public)          The version of the rules"
    assert out[-1].startswith("done: 1 steps, 0 of them refused as they should be; 0 letters sent")


@pytest.mark.slow
def test_the_first_difference_ends_it(
    tmp_path: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ZHUPEI_DATABASE_URL", database_url)
    place = scenario(tmp_path, "first", "{__typename: Clock}")
    assert main(["demo", "--from", str(place)]) == 1
    assert capsys.readouterr().err == (
        f"zhupei: {place / 'scenario.yaml'}:8: what came of it is not what the scenario says\n"
        'zhupei:   __typename: "Clock" was expected, "Calendar" came\n'
    )


# Whoever runs the tests in the background has Ctrl-C ignored, and children inherit that.
_HEEDS_INTERRUPTS = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from zhupei.cli import main; sys.exit(main())"
)


@pytest.mark.slow(seconds=10)
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_what_ends_it_leaves_nothing_behind(
    sent: signal.Signals, tmp_path: Path, database_url: str
) -> None:
    """`--keep` serves until Ctrl-C; then the server and the temporary folder are gone."""
    place = scenario(tmp_path, "first", "{}")
    left = tmp_path / "left"
    left.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", _HEEDS_INTERRUPTS, "demo", "--keep", "--from", str(place)],
        env={**os.environ, "ZHUPEI_DATABASE_URL": database_url, "TMPDIR": str(left)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = next(line for line in process.stdout if "the server goes on at" in line)
        url = said.split()[5]
        with urllib.request.urlopen(f"{url.removesuffix('/graphql')}/health/ready") as answer:
            assert answer.status == 200
        assert [each.name.startswith("zhupei-demo-") for each in left.iterdir()] == [True]
        process.send_signal(sent)
        assert process.wait(timeout=120) == 130
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert list(left.iterdir()) == []
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url)
