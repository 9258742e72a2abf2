"""docs/eligibility-and-benefits.md: its tables are up to date, its examples are configuration."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zhupei.config.files import FileModels
from zhupei.config.loader import validate
from zhupei.config.problems import Problems
from zhupei.config.yaml import Document, parse
from zhupei.default_plugins.standard_kinds import STANDARD_KINDS, decisions_page, kinds_reference
from zhupei.domain.text import Language

_ROOT = Path(__file__).parents[2]
_PAGE = _ROOT / "docs" / "eligibility-and-benefits.md"
_HEAD = """\
kind: base
code: example
name: {zh: 示例医院, en: Example Hospital}
province: "110000"
"""


def _problems(source: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    """Return what is wrong with a base's file, read with the standard kinds."""
    monkeypatch.chdir(folder)
    problems = Problems()
    document = parse(Path("example.yaml"), source.encode())
    assert isinstance(document, Document)
    validate(document, FileModels(STANDARD_KINDS, {}).by_kind["base"], problems)
    return problems.text(Language.EN)


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )


def test_the_tables_are_up_to_date() -> None:
    page = _PAGE.read_text("utf-8")
    assert decisions_page(page) == page
    assert kinds_reference().rstrip() in page
    assert "| `today` | itself |" in page
    with pytest.raises(ValueError, match="no marks for facts"):
        decisions_page("# A page without marks\n")


def test_the_examples_are_good_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocks = _blocks(_PAGE, "yaml")
    assert len(blocks) == 2
    assert _problems(_HEAD + "".join(blocks), monkeypatch, tmp_path) == ""


@pytest.mark.parametrize("code", ["CONFIG_EMPTY_RULE", "CONFIG_UNKNOWN_FACT"])
def test_the_example_of_an_error_page_gives_the_message_beside_it(
    code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = _ROOT / "docs" / "errors" / f"{code}.md"
    (source,), (message,) = _blocks(page, "yaml"), _blocks(page, "text")
    assert _problems(source, monkeypatch, tmp_path) == message
    assert f"[{code}]" in message
    assert page.read_text("utf-8").startswith(f"# {code}\n\n")
