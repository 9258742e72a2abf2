"""The notes that a server leaves about its reloads; the command itself is in test_serve.py."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from zhupei.app import Application
from zhupei.cli import main
from zhupei.cli._reloads import ReloadOutcome, noted_reload, wait_for_outcome
from zhupei.config.problems import Problem, Problems
from zhupei.domain.text import Text

_PROBLEM = Problem(
    file=Path("bases/a.yaml"),
    line=3,
    column=1,
    path=("code",),
    code="CONFIG_DUPLICATE_KEY",
    message=Text("重复", "twice"),
)


@dataclass
class _Catalogue:
    hash: str = "first"


@dataclass
class _Holder:
    """A holder whose reload finds what it is told to find."""

    current: _Catalogue = field(default_factory=_Catalogue)
    last_problems: Problems = field(default_factory=Problems)


@dataclass
class _Graph:
    catalogue: _Holder = field(default_factory=_Holder)


@dataclass
class _Application:
    graph: _Graph = field(default_factory=_Graph)
    finds: tuple[Problem, ...] = ()
    raises: Exception | None = None

    async def reload(self) -> None:
        holder = self.graph.catalogue
        holder.last_problems = Problems(self.finds)
        if self.raises is not None:
            raise self.raises
        if not self.finds:
            holder.current = _Catalogue("second")


def _reload(application: _Application, folder: Path) -> ReloadOutcome | None:
    since = time.time()
    asyncio.run(_noted(application, folder))
    return wait_for_outcome(folder, os.getpid(), since, since + 5)


async def _noted(application: Any, folder: Path) -> None:
    await noted_reload(cast("Application", application), folder)()


def test_a_good_reload_tells_the_new_hash(tmp_path: Path) -> None:
    outcome = _reload(_Application(), tmp_path)
    assert outcome is not None
    assert (outcome.replaced, outcome.hash) == (True, "second")
    assert outcome.problems == {"zh": "", "en": ""}


def test_a_refused_reload_tells_the_problems_and_the_hash_that_stays(tmp_path: Path) -> None:
    outcome = _reload(_Application(finds=(_PROBLEM,)), tmp_path)
    assert outcome is not None
    assert (outcome.replaced, outcome.hash) == (False, "first")
    assert outcome.problems == {
        "zh": "bases/a.yaml:3:1: code: 重复 [CONFIG_DUPLICATE_KEY]\n",
        "en": "bases/a.yaml:3:1: code: twice [CONFIG_DUPLICATE_KEY]\n",
    }


def test_a_reload_that_raises_is_told_too_and_still_raises(tmp_path: Path) -> None:
    since = time.time()
    with pytest.raises(RuntimeError, match="the disk is gone"):
        asyncio.run(_noted(_Application(raises=RuntimeError("the disk is gone")), tmp_path))
    outcome = wait_for_outcome(tmp_path, os.getpid(), since, since + 5)
    assert outcome is not None
    assert (outcome.replaced, outcome.hash) == (False, "first")
    assert outcome.problems["en"] == "the disk is gone"


def test_an_outcome_of_an_earlier_reload_does_not_count(tmp_path: Path) -> None:
    first = _reload(_Application(), tmp_path)
    assert first is not None
    now = time.time()
    assert wait_for_outcome(tmp_path, os.getpid(), now + 1, now + 0.2) is None


def test_nobody_waits_for_a_process_that_is_gone(tmp_path: Path) -> None:
    # No process has a number above the kernel's limit.
    gone = int(Path("/proc/sys/kernel/pid_max").read_text()) + 1
    began = time.monotonic()
    assert wait_for_outcome(tmp_path, gone, time.time(), time.time() + 30) is None
    assert time.monotonic() - began < 5


def test_notes_of_processes_that_are_gone_are_removed(tmp_path: Path) -> None:
    gone = int(Path("/proc/sys/kernel/pid_max").read_text()) + 1
    old = tmp_path / "reloads" / f"{gone}.json"
    old.parent.mkdir()
    old.write_text(json.dumps({}))
    assert _reload(_Application(), tmp_path) is not None
    assert [path.name for path in old.parent.iterdir()] == [f"{os.getpid()}.json"]


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (PermissionError(1, "Operation not permitted"), "another account runs it"),
        (ProcessLookupError(3, "No such process"), "no answer, see its log"),
    ],
)
def test_a_server_that_cannot_be_told_is_named(
    refusal: OSError,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One of another account, or one that ends at this moment; others are told all the same."""
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    monkeypatch.setenv("ZHUPEI_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("zhupei.cli.reload.running_servers", lambda _folder: (11, 12))
    told = []

    def kill(process: int, number: int) -> None:
        if process == 11:
            raise refusal
        if number:
            told.append(process)

    def outcome(_folder: Path, process: int, since: float, _until: float) -> ReloadOutcome | None:
        return ReloadOutcome(since, "abc", replaced=True, problems={}) if process == 12 else None

    monkeypatch.setattr("os.kill", kill)
    monkeypatch.setattr("zhupei.cli.reload.wait_for_outcome", outcome)
    assert main(["reload"]) == 1
    assert told == [12]
    printed = capsys.readouterr()
    assert printed.err == f"server 11: {said}\n"
    assert printed.out == "server 12: serves the configuration as it stands, catalogue abc\n"
