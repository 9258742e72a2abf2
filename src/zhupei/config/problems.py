"""Problems of configuration files, all of them at once, as text or JSON in two languages.

A problem names its file, line and column, the path of keys that leads there, a code with a page
below ``docs/errors/``, what is wrong, and what to do about it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal
from unicodedata import east_asian_width

from zhupei.domain.text import Language, Text

__all__ = ["Problem", "Problems", "Severity", "YamlPath", "render_path"]

Severity = Literal["error", "warning"]

#: Keys and list indexes (from 0) that lead from the root of a document to one of its values.
YamlPath = tuple[str | int, ...]

# What stands between message and hint, and what announces a warning.
_JOIN = {Language.ZH: "；", Language.EN: "; "}
_WARNING = {Language.ZH: "警告：", Language.EN: "warning: "}

# So many characters of a long line are shown on either side of a problem.
_AROUND = 120
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one file.

    ``line`` and ``column`` count from 1 (``column`` in characters, in a table in cells); both are
    None where the file as a whole is meant. ``cell`` is the address of a cell in a table (``C7``,
    ``Sheet1!C7``) and then takes the place of line and column in text. ``path`` is empty where
    the document as a whole is meant. An ``error`` keeps the file from being used, a ``warning``
    does not.
    """

    file: Path
    line: int | None
    column: int | None
    path: YamlPath
    code: str
    message: Text
    hint: Text | None = None
    severity: Severity = "error"
    cell: str | None = None
    hidden: bool = False
    """Whether the line holds what must not be shown again, such as a password."""
    between_files: bool = False
    """Whether figures of several files disagree: which is wrong only those who published them can
    tell, so that none of the files is left out for it."""

    def text(self, language: Language, *, excerpt: bool = False) -> str:
        """Return ``file:line:column: path: message; hint [CODE]``, the file relative to here.

        With ``excerpt`` the line of the file follows, and a caret below the column.
        """
        place = _relative(self.file)
        if self.cell is not None:
            place = f"{place}:{self.cell}"
        elif self.line is not None:
            place = f"{place}:{self.line}:{self.column or 1}"
        warning = _WARNING[language] if self.severity == "warning" else ""
        path = f"{render_path(self.path)}: " if self.path else ""
        message = self.message.get(language)
        if self.hint is not None:
            message = f"{message}{_JOIN[language]}{self.hint.get(language)}"
        text = f"{place}: {warning}{path}{message} [{self.code}]"
        if excerpt and self.cell is None and self.line is not None and not self.hidden:
            text += _excerpt(self.file, self.line, self.column or 1)
        return text

    def as_json(self) -> dict[str, object]:
        """Return every part of the problem, the texts in both languages."""
        return {
            "file": _relative(self.file),
            "line": self.line,
            "column": self.column,
            "cell": self.cell,
            "path": list(self.path),
            "code": self.code,
            "severity": self.severity,
            "message": _both(self.message),
            "hint": None if self.hint is None else _both(self.hint),
        }


class Problems:
    """The problems found so far, each once, in the order of file, line and column."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        # A dictionary is a set that remembers the order of arrival.
        self._problems: dict[Problem, None] = dict.fromkeys(problems)

    def add(self, problem: Problem) -> None:
        """Add a problem; one that is known already changes nothing."""
        self._problems.setdefault(problem)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Add several problems."""
        self._problems.update(dict.fromkeys(problems))

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep a file from being used, in order."""
        return tuple(each for each in self if each.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that do not, in order."""
        return tuple(each for each in self if each.severity == "warning")

    def text(self, language: Language, *, excerpt: bool = False) -> str:
        """Return one line a problem (more with ``excerpt``), empty where there is none."""
        return "".join(f"{each.text(language, excerpt=excerpt)}\n" for each in self)

    def as_json(self) -> str:
        """Return a JSON list of all problems, in both languages, for other programs."""
        return json.dumps([each.as_json() for each in self], ensure_ascii=False, indent=2)

    def __iter__(self) -> Iterator[Problem]:
        # Sorting is stable: two problems of one place stay in the order of arrival.
        return iter(sorted(self._problems, key=_place))

    def __len__(self) -> int:
        return len(self._problems)

    def __repr__(self) -> str:
        return f"Problems({list(self)!r})"


def render_path(path: YamlPath) -> str:
    """Return a path as people read it, ``cycles.2026.quotas.1.seats``.

    A key that is empty or holds a dot, a space or a line break is written in quotes, as in
    ``names."St. Mary".zh``.
    """
    return ".".join(_segment(part) for part in path)


def _segment(part: str | int) -> str:
    text = str(part)
    plain = text and text.isprintable() and not any(character in ' ."' for character in text)
    return text if plain else json.dumps(text, ensure_ascii=False)


def _place(problem: Problem) -> tuple[str, int, int]:
    return (str(problem.file), problem.line or 0, problem.column or 0)


def _relative(file: Path) -> str:
    """Return ``file`` relative to the working directory where it lies below it."""
    here = Path.cwd()
    # Lexically: a link is shown as the user wrote it, not where it leads.
    absolute = Path(os.path.abspath(file))  # noqa: PTH100 - Path.resolve() would follow links
    if absolute.is_relative_to(here):
        return absolute.relative_to(here).as_posix()
    return file.as_posix()


def _both(text: Text) -> dict[str, str | None]:
    return {"zh": text.zh, "en": text.en}


def _excerpt(file: Path, line: int, column: int) -> str:
    """Return the line with a caret below the column, empty where the file cannot be read."""
    try:
        status = file.stat()
        lines = _lines(file, status.st_mtime_ns, status.st_size)
    except OSError:
        return ""
    if line > len(lines):
        return ""
    source, column = _shortened(lines[line - 1].replace("\t", " "), column)
    # A Chinese character is two columns wide in a terminal: an ideographic space stands below it.
    indent = "".join(
        "\u3000" if east_asian_width(character) in "WF" else " "
        for character in source[: column - 1]
    )
    return f"\n{line:>6} | {source}\n{'':>6} | {indent}^"


@lru_cache(maxsize=1)
def _lines(file: Path, changed: int, size: int) -> list[str]:
    """Return the lines of a file, which may have thousands of problems, one after the other."""
    del changed, size  # they tell a file from what stood there before
    return _LINE_BREAK.split(file.read_text("utf-8-sig", "replace"))


def _shortened(source: str, column: int) -> tuple[str, int]:
    """Return what stands around the column of a line that may be a whole file, and the column."""
    if len(source) <= 2 * _AROUND:
        return source, column
    begin = max(0, column - 1 - _AROUND)
    shown = source[begin : column - 1 + _AROUND]
    after = "…" if column - 1 + _AROUND < len(source) else ""
    return (f"…{shown}{after}", column - begin + 1) if begin else (f"{shown}{after}", column)
