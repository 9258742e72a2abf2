"""A YAML document in memory: its data, and where each key and value stands in the file."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zhupei.config.problems import Problem, Severity, YamlPath
from zhupei.domain.text import Text

__all__ = ["Document", "Position", "Positions"]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text file; line and column count from 1, the column in characters."""

    line: int
    column: int


class Positions:
    """Where the keys and values of one document stand.

    The tree of positions lies flat in one array of integers (some 8 bytes a value), because a
    province holds hundreds of thousands of values.
    """

    __slots__ = ("_data", "_lines", "_records", "_root")

    def __init__(
        self, data: dict[str, Any], records: array[int], root: int, lines: array[int]
    ) -> None:
        # A record is [own place, then for each entry: place of the key (mappings only), and the
        # place of the value or, where the value is a mapping or list, where its record begins].
        # A place is an offset in the text, in characters.
        self._data = data
        self._records = records
        self._root = root
        self._lines = lines

    @property
    def flat(self) -> tuple[array[int], int, array[int]]:
        """The records, where the root's begins, and the beginnings of lines."""
        return self._records, self._root, self._lines

    def value(self, path: YamlPath) -> Position:
        """Return where the value at ``path`` begins, or the nearest ancestor that exists."""
        return self._position(self._find(path)[1])

    def key(self, path: YamlPath) -> Position:
        """Return where the last key of ``path`` stands.

        A list item has no key: it is the item's value. Where the path does not exist it is the
        value of the nearest ancestor.
        """
        return self._position(self._find(path)[0])

    def _find(self, path: YamlPath) -> tuple[int, int]:
        records = self._records
        data: Any = self._data
        record = self._root
        key = value = records[record]
        for part in path:
            if isinstance(data, dict):
                text = str(part)
                if text not in data:
                    return value, value
                slot = record + 1 + 2 * list(data).index(text)
                key = records[slot]
                entry = records[slot + 1]
                data = data[text]
            elif isinstance(data, list):
                if not isinstance(part, int) or not 0 <= part < len(data):
                    return value, value
                entry = records[record + 1 + part]
                data = data[part]
                key = records[entry] if isinstance(data, dict | list) else entry
            else:
                return value, value
            if isinstance(data, dict | list):
                record = entry
                value = records[record]
            else:
                value = entry
        return key, value

    def _position(self, offset: int) -> Position:
        line = bisect_right(self._lines, offset)
        return Position(line, offset - self._lines[line - 1] + 1)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: its data, and where each part of it stands.

    ``data`` holds dictionaries, lists, texts and None (a value that is empty, ``~`` or ``null``
    without quotes); it must not be changed, or the positions no longer fit. ``source`` is what it
    was read from, compressed by zlib.
    """

    path: Path
    data: dict[str, Any]
    positions: Positions
    source: bytes = field(repr=False, compare=False)

    def get(self, path: YamlPath) -> Any:
        """Return the value at ``path``.

        Raises:
            LookupError: the document has no such value.
        """
        data: Any = self.data
        for part in path:
            if isinstance(data, dict):
                data = data[str(part)]
            elif isinstance(data, list) and isinstance(part, int):
                data = data[part]
            else:
                raise LookupError(path)  # noqa: TRY004 - because the path is wrong, not a type
        return data

    def problem(
        self,
        path: YamlPath,
        code: str,
        message: Text,
        hint: Text | None = None,
        *,
        severity: Severity = "error",
        at_key: bool = False,
    ) -> Problem:
        """Return a problem at the value of ``path``, or with ``at_key`` at its key."""
        place = self.positions.key(path) if at_key else self.positions.value(path)
        return Problem(
            file=self.path,
            line=place.line,
            column=place.column,
            path=path,
            code=code,
            message=message,
            hint=hint,
            severity=severity,
        )
