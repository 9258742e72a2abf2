"""docs/hooks.md: a section for each hook whose heading is its signature, up to date."""

from __future__ import annotations

import re
from pathlib import Path

from zhupei.cli.docs_hooks import hooks_page
from zhupei.hooks import specs
from zhupei.hooks.declaration import declared_hooks

_ROOT = Path(__file__).parents[2]
_PAGE = _ROOT / "docs" / "hooks.md"
_EXAMPLE = _ROOT / "tests/plugins/kitchen-sink/src/zhupei_kitchen_sink/__init__.py"


def test_every_heading_is_a_signature() -> None:
    headings = re.findall(r"^## (\w+\(.*\))$", _PAGE.read_text("utf-8"), re.MULTILINE)
    assert headings == [hook.signature for hook in declared_hooks(specs).values()]


def test_every_section_tells_what_to_expect() -> None:
    _, *sections = re.split(r"^## (?=\w+\()", _PAGE.read_text("utf-8"), flags=re.MULTILINE)
    assert len(sections) == 26
    for section in sections:
        assert re.findall(r"^- \*\*(.+):\*\* \S", section, re.MULTILINE) == [
            "Asked of",
            "Answers",
            "If it fails",
        ], section.splitlines()[0]
        assert section.count("```python\n@hookimpl\n") == 1


def test_the_page_is_up_to_date() -> None:
    assert _PAGE.read_text("utf-8") == hooks_page(_EXAMPLE)


def test_every_link_leads_somewhere() -> None:
    text = _PAGE.read_text("utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
    for target in re.findall(r"\]\((?!#|http)([^)#]+)\)", text):
        assert (_PAGE.parent / target).exists(), target
