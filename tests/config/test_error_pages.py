"""The pages below docs/errors/ say what the code says: their examples are run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from zhupei.config.files import BaseFile, CalendarFile, JurisdictionFile, PlanFile
from zhupei.config.loader import validate
from zhupei.config.plan import read_plan, resolve_plan
from zhupei.config.problems import Problems
from zhupei.config.yaml import Document, parse
from zhupei.domain.text import Language

_ROOT = Path(__file__).parents[2]
_PAGES = {page.stem: page for page in (_ROOT / "docs" / "errors").glob("CONFIG_*.md")}
_MODELS: dict[str, type[BaseModel]] = {
    "base": BaseFile,
    "calendar": CalendarFile,
    "jurisdiction": JurisdictionFile,
    "plan": PlanFile,
}
_BASES = {"示例医院": ("example",), "第一医院": ("first-a", "first-b")}

# Codes of this folder's own modules; those of cross-checks are documented beside them.
_CODES = {
    code
    for module in (_ROOT / "src" / "zhupei" / "config").glob("*.py")
    for code in re.findall(r'"(CONFIG_[A-Z_]+)"', module.read_text("utf-8"))
}
# What a page cannot hold in a readable form or what needs more than one file; each has its own
# test in test_yaml.py, test_loader.py, test_plan.py,
# test_workspace.py or test_settings_section.py.
_NOT_SHOWN = {
    "CONFIG_BAD_EXPRESSION",
    "CONFIG_BAD_VALUE",
    "CONFIG_CHARACTER",
    "CONFIG_DUPLICATE_CODE",
    "CONFIG_ENCODING",
    "CONFIG_FILE_KIND",
    "CONFIG_FILE_MISSING",
    "CONFIG_FILE_TOO_LARGE",
    "CONFIG_FILE_UNREADABLE",
    "CONFIG_PLAN_FORMAT",
    "CONFIG_PLAN_SHEET",
    "CONFIG_SETTING",
    "CONFIG_TEMPLATE_FIELD",
    "CONFIG_TEMPLATE_FILE",
    "CONFIG_TOO_DEEP",
}


def _block(page: str, language: str) -> str | None:
    match = re.search(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return None if match is None else match[1]


@pytest.mark.parametrize("code", sorted(_CODES))
def test_every_code_has_a_page_of_the_same_shape(code: str) -> None:
    page = _PAGES[code].read_text("utf-8")
    assert page.startswith(f"# {code}\n\n")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == ["Example", "How to fix"]
    assert f"[{code}]" in (_block(page, "text") or "")


@pytest.mark.parametrize("code", sorted(_CODES - _NOT_SHOWN))
def test_the_example_of_a_page_gives_the_message_beside_it(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = _PAGES[code].read_text("utf-8")
    problems = Problems()
    if (table := _block(page, "csv")) is not None:
        (tmp_path / "plan.csv").write_text(table, encoding="utf-8")
        rows = read_plan(Path("plan.csv"), problems)
        resolve_plan(
            rows,
            lambda name: _BASES.get(name, ()),
            lambda name: (name,) if re.fullmatch("[0-9]{4}", name) else (),
            problems,
        )
    else:
        source = _block(page, "yaml")
        assert source is not None
        document = parse(Path("example.yaml"), source.encode())
        if isinstance(document, Document):
            validate(document, _MODELS[document.data["kind"]], problems)
        else:
            problems.extend(document)
    assert problems.text(Language.EN) == _block(page, "text")
