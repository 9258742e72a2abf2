"""Columns: rows of a table written column by column, so that most values cost no bytecode.

What the driver read is turned into columns, and an object is made of each row by `map`. A column
that the table's type already says to be right is written as it is. A field that follows from one
column, such as a relation by code or an enumeration, is made once for each value that is there.
Anything else is made row by row, by a function of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

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
from zhupei.graphql.engine.leaves import is_date, leaf
from zhupei.graphql.listed_rows import ReadEdge
from zhupei.graphql.sources import Attribute

if TYPE_CHECKING:
    from zhupei.graphql.engine.plans import Site
    from zhupei.graphql.engine.writing import Where, Writer

__all__ = ["NAMES", "written_columns"]

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


def written_columns(writer: Writer, type_: Any, value: str, where: Where) -> str | None:
    """Write a list of what rows of a view stand for, or of the edges of a page of them.

    None where it has to be written item by item.
    """
    view, own = where.view, where.site.view is not None
    inner = type_.of_type if is_non_null_type(type_) else None
    if view is None or not isinstance(inner, GraphQLObjectType):
        return None
    where = where._replace(place=where.place.item, view=None)
    if getattr(inner.is_type_of, "described", ()) != (ReadEdge,):
        return writer.kept(f"list({_rows(writer, inner, value, view, where)})") if own else None
    sites = writer.plan.fields(inner, where.site, where.place, in_part=False)
    if not all(site.is_typename or site.declared.python_name in _OF_EDGES for site in sites):
        return None
    rows = writer.kept(f"{value}.rows")
    parts = []
    for site in sites:
        if site.is_typename:
            parts.append(f"repeat({inner.name!r}, len({rows}))")
        elif site.declared.python_name == "cursor":
            parts.append(f"{value}.cursors()")
        else:
            there = where._replace(site=site, place=site.place, indexes=(*where.indexes, _AT))
            node: Any = site.field.type
            parts.append(_rows(writer, node.of_type, rows, view, there))
    return writer.kept(f"list(map({writer.shape(sites)}, {', '.join(parts)}))")


_OF_EDGES = {"cursor", "node"}
_AT = "at"


def _rows(writer: Writer, type_: GraphQLObjectType, rows: str, view: View, where: Where) -> str:
    """Write the columns of rows; return the expression of the objects."""
    sites = writer.plan.fields(type_, where.site, where.place, in_part=False)
    columns = writer.kept(f"list(zip(*{rows})) or [()] * {view.width}")
    parts = [_column(writer, site, rows, columns, view, where) for site in sites]
    return f"map({writer.shape(sites)}, {', '.join(parts)})"


def _column(writer: Writer, site: Site, rows: str, columns: str, view: View, where: Where) -> str:
    """Return the expression of what a field holds, of all rows."""
    if site.is_typename:
        return f"repeat({site.parent.name!r}, len({rows}))"
    row = writer.scratch()
    outer = tuple(index for index in where.indexes if index != _AT)
    there = where._replace(
        site=site, place=site.place, indexes=("*before", _AT), above="above", depth=0
    )
    if not writer.plan.is_plain(site):
        # It needs to know of which row it is.
        make = writer.function(
            f"{row}, {_AT}, above, before", lambda: writer.field(site, row, there)
        )
        before = f"({''.join(f'{index}, ' for index in outer)})"
        given = f"{row}, {_AT}, {where.above}, {before}"
        return f"[{make}({given}) for {_AT}, {row} in enumerate({rows})]"
    needs = needs_of(site.declared, site.source)
    position = None if needs is None else view.positions.get(needs)
    if position is not None and _is_written(site, view.held[position]):
        return f"{columns}[{position}]"
    made: Callable[[], str] = partial(writer.function, row, lambda: writer.field(site, row, there))
    if position is None:
        return f"map({made()}, {rows})"
    return _of_column(writer, site, f"{columns}[{position}]", rows, view.held[position], made)


def _of_column(
    writer: Writer, site: Site, column: str, rows: str, held: Held | None, make: Callable[[], str]
) -> str:
    """Return the expression of what follows from one column, by what ``make`` makes of a row."""
    type_: Any = get_nullable_type(site.field.type)
    if not is_leaf_type(type_) or not _is_attribute(site):
        return f"map(made_of_each({make()}, {column}, {rows}), {column})"
    if is_enum_type(type_):
        return f"made_once({writer.constant({})}, {make()}, {column}, {rows})"
    completed = leaf(site.field.type, "value", writer) or ""
    if held is not None and not held.null and completed.endswith("(value)"):
        return f"map({completed.removesuffix('(value)')}, {column})"
    # Instants and the like are seldom the same.
    return f"map({make()}, {rows})"


def _is_attribute(site: Site) -> bool:
    return type(site.source) is Attribute and not site.source.ordered


def _is_written(site: Site, held: Held | None) -> bool:
    """Return whether a field is an attribute that a column of the model holds as it is written."""
    type_ = site.field.type
    if held is None or not _is_attribute(site):
        return False
    if is_non_null_type(type_):
        if held.null:
            return False
        type_ = type_.of_type
    return held.kind in ((date,) if is_date(type_) else _WRITTEN.get(type_, ()))
