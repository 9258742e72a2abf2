"""Columns: rows of a table written column by column, so that most values cost no bytecode.

What the driver read is turned into columns, and an object is made of each row by `map`. A column
that the table's type already says to be right is written as it is. A field that follows from one
column, such as a relation by code or an enumeration, is made once for each value that is there, or
kept for all runs where the catalogue alone has a say (`kept_parts`). Anything else is made row by
row, by a function of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from strawberry.types.field import StrawberryField

from graphql import (
    GraphQLBoolean,
    GraphQLID,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLString,
    get_nullable_type,
    is_enum_type,
    is_leaf_type,
    is_non_null_type,
)
from zhupei.db.tables import Held, View
from zhupei.graphql.asked import needs_of
from zhupei.graphql.inline import Names
from zhupei.graphql.leaves import in_china, is_date, is_instant, leaf
from zhupei.graphql.sources import Attribute, FieldSource

__all__ = ["NAMES", "held_by_list", "written_column"]

# Scalars that msgspec writes as they should be, by the classes of what a column holds.
_WRITTEN: Mapping[Any, tuple[type, ...]] = {
    GraphQLString: (str,),
    GraphQLID: (str, UUID),
    GraphQLInt: (int,),
    GraphQLBoolean: (bool,),
}


def _made_of_each(
    make: Callable[[Any], Any], column: Sequence[Any], rows: Sequence[Any]
) -> Callable[[Any], Any]:
    """Return what finds, by the value of a column, what is made of one of the rows that has it."""
    return {value: make(row) for value, row in dict(zip(column, rows, strict=True)).items()}.get


def _made_once(
    known: dict[Any, Any], make: Callable[[Any], Any], column: Sequence[Any], rows: Sequence[Any]
) -> list[Any]:
    """Return what is made of each value of a column, where ``known`` are those of all runs."""
    try:
        return list(map(known.__getitem__, column))
    except KeyError:
        if len(known) > _MOST_KNOWN:
            known.clear()
        known |= {value: make(row) for value, row in zip(column, rows, strict=True)}
        return list(map(known.__getitem__, column))


_MOST_KNOWN = 256

NAMES: Mapping[str, Any] = {
    "made_of_each": _made_of_each,
    "made_once": _made_once,
    "repeat": itertools.repeat,
}
"""What the text of columns uses."""


def held_by_list(
    type_: GraphQLObjectType, declared: StrawberryField, source: FieldSource | None
) -> str | None:
    """Return the attribute of a list of objects that holds a field of theirs, one after another.

    The class that the type describes says so (``held_by_list``, by its own attributes): of what
    stands for a row each, the list has the rows, and what follows from them. None where it has not.
    """
    described: Sequence[type] = getattr(type_.is_type_of, "described", ())
    if len(described) != 1 or type(source) is not Attribute or source.ordered:
        return None
    held: Mapping[str, str] = getattr(described[0], "held_by_list", {})
    return held.get(source.name or declared.python_name)


def written_column(
    type_: Any,
    declared: StrawberryField,
    source: FieldSource | None,
    view: View,
    names: Names,
    make: Callable[[], str],
    keep: Callable[[], str] | None,
    *,
    rows: str,
    columns: str,
) -> str:
    """Return the expression of what a field of this type holds, of all rows of a view.

    ``rows`` and ``columns`` name them; ``make`` writes the function that makes it of one row, and
    returns its name; so does ``keep`` of what keeps it for other runs (`OfColumn`), where it may.
    """
    needs = needs_of(declared, source)
    position = None if needs is None else view.positions.get(needs)
    if position is None:
        return f"map({make()}, {rows})"
    column, held = f"{columns}[{position}]", view.held[position]
    is_attribute = type(source) is Attribute and not source.ordered
    if is_attribute and _is_written(type_, held):
        return column
    inner: Any = get_nullable_type(type_)
    if not is_attribute or not is_leaf_type(inner):
        if keep is not None:
            return f"{keep()}({make()}, {column}, {rows})"
        return f"map(made_of_each({make()}, {column}, {rows}), {column})"
    if is_enum_type(inner):
        return f"made_once({names.constant({})}, {make()}, {column}, {rows})"
    # Instants and the like are seldom the same.
    write = _writer(type_, held, names)
    return f"map({make()}, {rows})" if write is None else f"map({write}, {column})"


def _writer(type_: Any, held: Held | None, names: Names) -> str | None:
    """Return what writes each value of a column that is never null; None where it takes more."""
    if held is None or held.null:
        return None
    if is_instant(get_nullable_type(type_)) and held.kind is datetime:
        return names.constant(in_china)
    completed = leaf(type_, "value", names) or ""
    return completed.removesuffix("(value)") if completed.endswith("(value)") else None


def _is_written(type_: Any, held: Held | None) -> bool:
    """Return whether what a column of the model holds is written as it is."""
    if held is None:
        return False
    if is_non_null_type(type_):
        if held.null:
            return False
        type_ = type_.of_type
    return held.kind in ((date,) if is_date(type_) else _WRITTEN.get(type_, ()))
