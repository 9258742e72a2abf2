"""Noted reads: what rows an answer was made of, and whether anything else had a say in it.

Whoever wants to know whether an answer still holds begins to note: sets `noting` to a `NotedReads`
in the context of the request. Every statement that reads rows is then noted there with what was
found. What cannot be repeated by reading the same rows spoils it: the clock, a hook of a plugin, a
connection that is used in any other way. Where nobody notes, a look at `noting` is all it costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

__all__ = ["NotedRead", "NotedReads", "NumberedRows", "noting", "spoil"]


class NumberedRows(list[Any]):
    """Rows with one column more than was asked for, the last one, which tells them from others."""

    def copy(self) -> NumberedRows:
        """Return a list of its own, of the same rows."""
        return NumberedRows(self)


class NotedRead(NamedTuple):
    """A statement with its values, the class of its rows, and the rows that were found."""

    statement: str
    values: Sequence[Any]
    rows: type[Any]
    found: list[Any]


class NotedReads:
    """What is read while one request is answered.

    Args:
        at_hand: what was read for this request already, and need not be read again.

    """

    __slots__ = ("_at_hand", "is_spoiled", "reads")

    def __init__(self, at_hand: Sequence[NotedRead] = ()) -> None:
        self._at_hand = list(at_hand)
        self.reads: list[NotedRead] = []
        self.is_spoiled = False
        """Whether more than the rows had a say."""

    def at_hand(self, statement: str, values: Sequence[Any], rows: type[Any]) -> list[Any] | None:
        """Return rows that were read for this request before; each time for one question only."""
        for at, read in enumerate(self._at_hand):
            if read.statement == statement and read.rows is rows and read.values == values:
                del self._at_hand[at]
                return read.found
        return None

    def note(
        self, statement: str, values: Sequence[Any], rows: type[Any], found: list[Any]
    ) -> None:
        """Note what was read; whoever has asked may change the list, not its rows."""
        self.reads.append(NotedRead(statement, values, rows, found.copy()))


noting: ContextVar[NotedReads | None] = ContextVar("zhupei.noting", default=None)
"""Where the current request's reads are noted; None where nobody wants to know."""


def spoil() -> None:
    """Say that more than rows has a say in what is made now."""
    noted = noting.get()
    if noted is not None:
        noted.is_spoiled = True
