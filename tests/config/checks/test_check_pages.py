"""The pages about checks below docs/errors/ say what the checks say: their examples are run."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from zhupei.catalogue.load import load_catalogue
from zhupei.config.problems import Problems
from zhupei.domain.text import Language

_ROOT = Path(__file__).parents[3]
_CHECKS = _ROOT / "src" / "zhupei" / "config" / "checks"
_CODES = sorted(
    {
        code
        for module in _CHECKS.glob("*.py")
        for code in re.findall(r'"((?:CONFIG|CALENDAR)_[A-Z_]+)"', module.read_text("utf-8"))
    }
)
# Documented with the rest of config/, whose tests run the examples of these pages.
_ELSEWHERE = {"CONFIG_BAD_EXPRESSION", "CONFIG_DUPLICATE_CODE", "CONFIG_MISSING_KEY"}
# The catalogue as it is has no such name; `SpecialtyCatalogue.find` is tested with one that has.
_NOT_SHOWN = {"CONFIG_AMBIGUOUS_SPECIALTY"}


def _page(code: str) -> str:
    return (_ROOT / "docs" / "errors" / f"{code}.md").read_text("utf-8")


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", _CODES)
def test_every_code_has_a_page_of_the_same_shape(code: str) -> None:
    page = _page(code)
    assert page.startswith(f"# {code}\n\n**")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == ["Example", "How to fix"]
    [said] = _blocks(page, "text")
    assert said.endswith(f"[{code}]\n")


@pytest.mark.parametrize("code", [code for code in _CODES if code not in _ELSEWHERE | _NOT_SHOWN])
def test_the_example_of_a_page_gives_the_message_beside_it(
    code: str, checked: Callable[..., Problems]
) -> None:
    page = _page(code)
    files = {}
    for text in _blocks(page, "yaml"):
        named = re.match(r"# (\w+)\.yaml\n", text)
        # The line that names the file is not part of it.
        files[named[1] if named else "example"] = text[named.end() :] if named else text
    [said] = _blocks(page, "text")
    assert checked((), **files).text(Language.EN) == said


def test_the_example_of_an_incomplete_calendar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = _page("CALENDAR_INCOMPLETE")
    [example] = _blocks(page, "yaml")
    Path("example.yaml").write_text(example, encoding="utf-8")
    loaded = asyncio.run(load_catalogue([Path()]))
    assert loaded.problems.text(Language.EN) == _blocks(page, "text")[0]
