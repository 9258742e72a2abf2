"""Whether the rows of a statement are those of before: compared themselves, or by their digest."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from datetime import time as day_time
from typing import Any
from uuid import UUID

import asyncpg

from zhupei.noted_reads import NotedRead, NumberedRows

__all__ = ["Asked", "ExactRow", "RowsCheck", "size_of"]

_ROW_BYTES, _VALUE_BYTES = 60, 50
_FEW_ROWS = 16
_SECRET = secrets.token_hex(16)

ExactRow = tuple[Any, ...]
"""The values of a row, compared as they are."""
Asked = tuple[str, Sequence[Any], type[Any]]
"""A statement, its values and the class of its rows."""


class RowsCheck:
    """Asks whether the rows of one statement are those of before.

    The first time the rows are read together with their digest (md5 with a prefix that nobody
    knows, so that nobody can have other rows with the same one), in one statement and so of one
    moment; from then on only the digest. Of many rows it would take PostgreSQL longer to write a
    digest than to send them: those are read each time.
    """

    __slots__ = ("_digest", "_first", "_read", "asked", "rows")

    def __init__(self, read: NotedRead) -> None:
        self._read = read
        self.rows = _exact(read.found)
        """What has to be found."""
        self.asked: Asked = read[:3]
        if 0 < len(self.rows) <= _FEW_ROWS:
            self.asked = (_together(read), [*read.values, _SECRET], read.rows)
        self._first, self._digest = self.asked, ""

    def is_same(self, asked: Asked, found: list[Any]) -> bool:
        """Return whether what was asked found what it did before."""
        exact = _exact(found)
        if asked is not self._first:
            return exact == [(self._digest,)]
        if asked[0] is self._read.statement:
            return exact == self.rows
        if [row[:-1] for row in exact] != self.rows:
            return False
        if not self._digest:
            self._digest = exact[0][-1]
            self.asked = (_digest(self._read), asked[1], asyncpg.Record)
        return True

    def read_by(self, asked: Asked, found: list[Any]) -> NotedRead | None:
        """Return what was found as it would be noted; None where that was more, or a digest."""
        if asked[0] is not self._read.statement:
            return None
        return self._read._replace(found=found)


def _together(read: NotedRead) -> str:
    """Return a statement of the same rows, each with the digest of all of them."""
    return (
        f"WITH r AS MATERIALIZED ({read.statement}) "  # noqa: S608 - constants and a number
        f"SELECT r.*, (SELECT {_md5(len(read.values))} FROM r) FROM r"
    )


def _digest(read: NotedRead) -> str:
    """Return a statement of the digest of the rows alone."""
    return f"SELECT {_md5(len(read.values))} FROM ({read.statement}) r"  # noqa: S608 - as above


def _md5(values: int) -> str:
    # As text a row says all of it: the scale of a decimal, each part of a list.
    return f"md5(${values + 1}::text || coalesce(string_agg(r::text, E'\\n'), ''))"


def _exact(rows: list[Any]) -> list[ExactRow]:
    """Return rows as they are compared: without the number that tells them from others'."""
    if isinstance(rows, NumberedRows):
        return [tuple(row)[:-1] for row in rows]
    return list(map(tuple, rows))


_TOLD_APART = frozenset(
    {type(None), bool, int, str, bytes, UUID, datetime, date, timedelta, day_time}
)
_TEXTS = frozenset({str, bytes})


def size_of(rows: Sequence[ExactRow]) -> int | None:
    """Return about how many bytes the rows of one statement take that are kept.

    None where equal values may be written in different ways: 1.0 and 1.00 are equal decimals, and
    so are the lists that hold them.
    """
    size = 0
    # By column: most have one type, and nothing is done for each value.
    for column in zip(*rows, strict=True):
        kinds = set(map(type, column))
        for kind in kinds - _TOLD_APART:
            if not issubclass(kind, UUID):
                return None
        size += _VALUE_BYTES * len(column)
        if kinds <= _TEXTS:
            size += sum(map(len, column))
        elif not kinds.isdisjoint(_TEXTS):
            size += sum(len(value) for value in column if isinstance(value, str | bytes))
    return size + _ROW_BYTES * len(rows)
