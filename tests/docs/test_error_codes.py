"""Every code that an error or problem carries has a page."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PAGES = {path.stem for path in (_ROOT / "docs" / "errors").glob("*.md")}
# What these classes stand for is always raised as one of their subclasses.
_BASES = {"ERROR", "PLUGIN_ERROR", "HOOK_ERROR", "REGISTRATION_ERROR"}
_LITERAL = re.compile(
    r'"((?:CALENDAR|COMMAND|CONFIG|CONFIGURATION|DATABASE|HOOK|KIND|PERMISSION|PLUGIN|SETTINGS'
    r'|TYPE)_[A-Z_]+)"'
)
_ATTRIBUTE = re.compile(r'^\s+code(?:: ClassVar\[str\])? = "([A-Z_]+)"$', re.MULTILINE)


def _used() -> set[str]:
    found: set[str] = set()
    for path in (_ROOT / "src").rglob("*.py"):
        text = path.read_text("utf-8")
        found.update(_LITERAL.findall(text), _ATTRIBUTE.findall(text))
    return found


def test_every_code_has_a_page() -> None:
    used = _used()
    assert {"CONFIG_UNKNOWN_KEY", "PLUGIN_NOT_FOUND", "CALENDAR_REST_DAY"} <= used
    assert used - _BASES - _PAGES == set()


def test_a_page_is_titled_with_its_code() -> None:
    for code in sorted(_PAGES):
        text = (_ROOT / "docs" / "errors" / f"{code}.md").read_text("utf-8")
        assert text.startswith(f"# {code}\n"), code
