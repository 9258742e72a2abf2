"""Every check that is switched off in place says why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_FOLDERS = ("src", "tests", "benchmarks", "plugins", "examples", ".ci")
_OFF = re.compile(r"#\s*(?:noqa|type: ignore)\b")
_WITH_REASON = re.compile(
    r"# noqa: [A-Z]+[0-9]+(?:, [A-Z]+[0-9]+)* - \S.*$"
    r"|# type: ignore\[[a-z-]+(?:,\s?[a-z-]+)*\] {2}# \S.*$"
)


def without_reason(lines: list[str]) -> list[int]:
    """Return the numbers of the lines that switch a check off without saying why."""
    return [
        number
        for number, line in enumerate(lines, start=1)
        if _OFF.search(line) and not _WITH_REASON.search(line)
    ]


@pytest.mark.parametrize("folder", _FOLDERS)
def test_whatever_is_switched_off_has_a_reason(folder: str) -> None:
    found = [
        f"{path.relative_to(_ROOT)}:{number}"
        for path in sorted((_ROOT / folder).rglob("*.py"))
        if "node_modules" not in path.parts and path != Path(__file__)
        for number in without_reason(path.read_text("utf-8").splitlines())
    ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("x = 1  # noqa: S608 - made of constants", False),
        ("x = 1  # noqa: S608, E501 - made of constants", False),
        ("x = 1  # type: ignore[arg-type]  # it is a field", False),
        ("x = 1  # a comment", False),
        ("x = 1  # noqa", True),
        ("x = 1  # noqa: S608", True),
        ("x = 1  # noqa: S608 -", True),
        ("x = 1  # type: ignore", True),
        ("x = 1  # type: ignore[arg-type]", True),
    ],
)
def test_what_counts_as_a_reason(line: str, wrong: bool) -> None:
    assert without_reason([line]) == ([1] if wrong else [])
