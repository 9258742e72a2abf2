"""Conditions and orders of rows, with what is compared in numbered places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

__all__ = ["Condition", "Order", "among", "any_of"]


class Condition(NamedTuple):
    """A condition; each ``?`` in the text stands for one of the values, in their order.

    Lists are given as tuples, so that two equal conditions are one in a statement.
    """

    text: str
    values: tuple[Any, ...] = ()

    def numbered(self, first: int) -> str:
        """Return the text with numbered places from ``first`` on."""
        head, *rest = self.text.split("?")
        return head + "".join(f"${first + at}{part}" for at, part in enumerate(rest))


def among(expression: str, values: Sequence[Any], kind: str) -> Condition:
    """Return the condition that an expression is one of these values, of PostgreSQL's type.

    A single one is compared as such: then rows come out of an index in its further order. Its type
    is told, too: a column of small integers would not take a value that no row has.
    """
    if len(values) == 1:
        return Condition(f"{expression} = ?::{kind}", (values[0],))
    return Condition(f"{expression} = ANY(?::{kind}[])", (tuple(values),))


def any_of(conditions: Sequence[Condition]) -> Condition:
    """Return the condition that one of these holds; none holds where there are none."""
    if not conditions:
        return Condition("false")
    if len(conditions) == 1:
        return conditions[0]
    text = " OR ".join(each.text for each in conditions)
    return Condition(f"({text})", tuple(value for each in conditions for value in each.values))


class Order(NamedTuple):
    """An order of rows: by an expression, unknown values last, then by id; by id alone for None.

    ``id`` is the expression of the id. ``type`` is that of the value, as PostgreSQL calls it.
    """

    id: str
    value: str | None = None
    descending: bool = False

    def sorted_by(
        self, *, backwards: bool, value: str | None = None, id_: str | None = None
    ) -> str:
        """Return what to sort by, with other expressions where they are given."""
        turn = "ASC" if self.descending is backwards else "DESC"
        if self.value is None:
            return f"{id_ or self.id} {turn}"
        nulls = "FIRST" if backwards else "LAST"
        by_id = "DESC" if backwards else "ASC"
        return f"{value or self.value} {turn} NULLS {nulls}, {id_ or self.id} {by_id}"

    def beyond(self, value: Any, id_: Any, *, backwards: bool) -> Condition:
        """Return the condition of lying after a place; before it for ``backwards``."""
        up = self.descending is backwards
        if self.value is None:
            return Condition(f"{self.id} {'>' if up else '<'} ?", (id_,))
        by_id = f"{self.id} {'<' if backwards else '>'} ?"
        if value is None:
            known = f"{self.value} IS NOT NULL OR " if backwards else ""
            return Condition(f"({known}({self.value} IS NULL AND {by_id}))", (id_,))
        unknown = "" if backwards else f" OR {self.value} IS NULL"
        return Condition(
            f"({self.value} {'>' if up else '<'} ? OR ({self.value} = ? AND {by_id}){unknown})",
            (value, value, id_),
        )
