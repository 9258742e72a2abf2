"""Writes ``docs/coverage.md``: where each numbered demand of the source documents lives.

A demand's number (``R001``) stands beside what fulfils it: in a comment of a configuration file,
in a docstring of the code, in a test. Ranges such as ``R009-R019`` count for each number in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zhupei.config.document import Document

__all__ = ["Demand", "coverage_page", "read_demands"]

_HEAD = """\
# Coverage

What the source documents demand, number by number, how it is enforced, and where: in
configuration, in code (core or plugins), in tests. Generated from the numbers beside what fulfils
them and from `docs/requirements.yaml`; do not edit it, run `zhupei docs --write`.

- S0 to S4 are the source documents, with lines.
- Letters: C check, V computed value, S state transition, D deadline, R required record, I
  information to publish.
- "Later" lists what nothing enforces yet: training, evaluation, organisation. Where configuration
  stands beside it, the demand is written down with its clause, is published, and binds whoever
  reads it; a test beside it holds what the graph shows to the words of the document.
"""
_MARKER = re.compile(r"\bR(\d{3})(?:\s?(?:-|–|\.\.)\s?R?(\d{3}))?\b")
# Folders with markers, and the kinds of files in them.
_PLACES = {
    "bases": (".yaml",),
    "src/zhupei": (".py", ".yaml"),
    "plugins": (".py", ".yaml"),
    "tests": (".py", ".yaml"),
}
_SKIPPED = frozenset({"__pycache__", "build", "dist", "node_modules"})
# This page's own machinery, which speaks of numbers without fulfilling them.
_OWN = ("src/zhupei/cli/docs_coverage.py", "tests/cli/test_docs_coverage.py")


@dataclass(frozen=True, slots=True)
class Demand:
    """One numbered demand: title, place in the documents, and letters of how it is enforced.

    ``later`` are those of the letters that nothing enforces yet, though the demand is written down.
    """

    number: str
    title: str
    source: str
    enforced: str
    section: str
    later: str = ""


@dataclass(slots=True)
class _Found:
    """The files in which one number stands, by column of the table."""

    configuration: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)


def read_demands(document: Document) -> tuple[Demand, ...]:
    """Return the demands that ``docs/requirements.yaml`` lists, in their order."""
    sections: list[dict[str, Any]] = document.data["sections"]
    return tuple(
        Demand(
            number,
            row["title"],
            row["source"],
            row["enforced"],
            section["title"],
            row.get("later", ""),
        )
        for section in sections
        for number, row in section["rows"].items()
    )


def coverage_page(demands: Iterable[Demand], root: Path) -> str:
    """Return the page; files are found below ``root``, the repository."""
    listed = list(demands)
    found = _scan(root)
    parts = [_HEAD, _summary(listed, found)]
    for section, rows in _by_section(listed).items():
        parts += [f"## {section}\n", _table(rows, found)]
    waiting = [each for each in listed if each.number not in found]
    parts += ["## Waiting for later issues\n", _waiting(waiting)]
    unknown = sorted(found.keys() - {each.number for each in listed})
    if unknown:
        parts += ["## Numbers that no document has\n", f"{', '.join(unknown)}\n"]
    return "\n".join(parts)


def _scan(root: Path) -> dict[str, _Found]:
    """Return the files in which each number stands, relative to ``root``, in order."""
    found: dict[str, _Found] = {}
    for file in _files(root):
        relative = file.relative_to(root).as_posix()
        if relative in _OWN:
            continue
        for number in sorted(set(_numbers(file.read_text("utf-8")))):
            _column(found.setdefault(number, _Found()), relative).append(relative)
    return found


def _files(root: Path) -> Iterator[Path]:
    for folder, suffixes in _PLACES.items():
        for path in sorted((root / folder).rglob("*")):
            parts = path.relative_to(root).parts
            hidden = any(part.startswith(".") or part in _SKIPPED for part in parts)
            if path.suffix in suffixes and not hidden and path.is_file():
                yield path


def _numbers(text: str) -> Iterator[str]:
    for match in _MARKER.finditer(text):
        first, last = int(match[1]), int(match[2] or match[1])
        yield from (f"R{number:03}" for number in range(first, max(first, last) + 1))


def _column(found: _Found, relative: str) -> list[str]:
    if relative.startswith("tests/") or "/tests/" in relative:
        return found.tests
    return found.configuration if relative.endswith(".yaml") else found.code


def _by_section(demands: Iterable[Demand]) -> dict[str, list[Demand]]:
    sections: dict[str, list[Demand]] = {}
    for each in demands:
        sections.setdefault(each.section, []).append(each)
    return sections


def _summary(demands: list[Demand], found: Mapping[str, _Found]) -> str:
    placed = [each for each in demands if each.number in found]
    whole = [each for each in placed if not each.later]
    tested = [each for each in placed if found[each.number].tests]
    return (
        f"{len(demands)} demands: {len(whole)} are met, {len(placed) - len(whole)} are written "
        f"down and enforced in part or later, {len(demands) - len(placed)} wait. Tests name "
        f"{len(tested)} of the first {len(placed)}.\n"
    )


def _table(rows: Iterable[Demand], found: Mapping[str, _Found]) -> str:
    lines = [
        "| | demand | source | enforced | later | configuration | code | tests |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in rows:
        places = found.get(each.number, _Found())
        later = each.later if each.number in found else each.enforced
        cells = (
            each.number,
            each.title,
            each.source,
            " ".join(letter for letter in each.enforced if letter not in later),
            " ".join(later),
            _links(places.configuration),
            _links(places.code),
            _links(places.tests),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


_SHOWN = 3


def _links(files: list[str]) -> str:
    shown = [f"[{_name(file)}](../{file})" for file in files[:_SHOWN]]
    if len(files) > _SHOWN:
        shown.append(f"and {len(files) - _SHOWN} more")
    return "<br>".join(shown)


def _name(file: str) -> str:
    """Return a file's name; with its folder where the name alone says nothing."""
    path = Path(file)
    name = path.name
    return f"{path.parent.name}/{name}" if name.startswith("_") else name


def _waiting(demands: list[Demand]) -> str:
    if not demands:
        return "None.\n"
    return "".join(f"- {each.number} {each.title} ({each.section})\n" for each in demands)
