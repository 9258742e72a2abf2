"""Small configurations, checked as a whole."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest

from zhupei.config.checks import check
from zhupei.config.files import FileModels
from zhupei.config.problems import Problems
from zhupei.config.workspace import read_workspace
from zhupei.default_plugins.working_days import WorkingDays
from zhupei.domain.calendar import Calendar
from zhupei.domain.text import Language
from zhupei.hooks.manager import PluginHost
from zhupei.reference import load

Check = Callable[..., Problems]
Says = Callable[..., None]

_CALENDAR = Calendar(WorkingDays(()).working_day)


@cache
def _models() -> FileModels:
    return FileModels.of(PluginHost.load({}).kinds, {})


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Write files, by name, and return what the checks find; the files have no other errors."""
    monkeypatch.chdir(tmp_path)

    def run(plugins: Collection[str] | None = None, /, **files: str) -> Problems:
        for name, text in files.items():
            Path(f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
        workspace = read_workspace([Path()]).validated(_models())
        assert list(workspace.problems) == []
        return check(workspace, reference=load(), calendar=_CALENDAR, plugins=plugins)

    return run


@pytest.fixture
def says(checked: Check) -> Says:
    """Check files, and compare what is said in English and in Chinese, line for line."""

    def run(en: str, zh: str, plugins: Collection[str] | None = None, /, **files: str) -> None:
        problems = checked(plugins, **files)
        assert problems.text(Language.EN) == dedent(en)
        assert problems.text(Language.ZH) == dedent(zh)

    return run
