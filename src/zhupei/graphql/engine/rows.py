"""Rows: lists of what rows of a table stand for, written column by column (`columns`)."""

from __future__ import annotations

from functools import partial
from typing import Any

from graphql import GraphQLObjectType, is_non_null_type
from zhupei.db.tables import View
from zhupei.graphql.columns import written_column
from zhupei.graphql.engine.writing import Where, Writer
from zhupei.graphql.listed_rows import ReadEdge
from zhupei.graphql.sites import Site

__all__ = ["RowWriter"]

_OF_EDGES = {"cursor", "node"}
_AT = "at"


class RowWriter(Writer):
    """Writes one unit; lists of rows, and the edges of pages of them, by column."""

    def _list(self, type_: Any, value: str, where: Where) -> str:
        inner = type_.of_type if is_non_null_type(type_) else None
        if where.view is not None and isinstance(inner, GraphQLObjectType):
            there = where._replace(place=where.place.item, view=None)
            if getattr(inner.is_type_of, "described", ()) == (ReadEdge,):
                edges = self._edges(inner, value, where.view, there)
                if edges is not None:
                    return edges
            elif where.site.view is not None:
                return self.kept(f"list({self._rows(inner, value, where.view, there)})")
        return super()._list(type_, value, where)

    def _edges(self, type_: GraphQLObjectType, value: str, view: View, where: Where) -> str | None:
        """Write the edges of a page; None where something else is asked of them."""
        sites = self.plan.fields(where.site, type_)
        if not all(site.is_typename or site.declared.python_name in _OF_EDGES for site in sites):
            return None
        rows, parts = self.kept(f"{value}.rows"), []
        for site in sites:
            if site.is_typename:
                parts.append(f"repeat({type_.name!r}, len({rows}))")
            elif site.declared.python_name == "cursor":
                parts.append(f"{value}.cursors()")
            else:
                there = where._replace(site=site, place=site.place, indexes=(*where.indexes, _AT))
                node: Any = site.field.type
                parts.append(self._rows(node.of_type, rows, view, there))
        return self.kept(f"list(map({self.shape(sites)}, {', '.join(parts)}))")

    def _rows(self, type_: GraphQLObjectType, rows: str, view: View, where: Where) -> str:
        """Write the columns of rows; return the expression of the objects."""
        sites = self.plan.fields(where.site, type_)
        columns = self.kept(f"list(zip(*{rows})) or [()] * {view.width}")
        parts = [self._column(site, rows, columns, view, where) for site in sites]
        return f"map({self.shape(sites)}, {', '.join(parts)})"

    def _column(self, site: Site, rows: str, columns: str, view: View, where: Where) -> str:
        """Return the expression of what a field holds, of all rows."""
        if site.is_typename:
            return f"repeat({site.parent.name!r}, len({rows}))"
        row = self.scratch()
        outer = tuple(index for index in where.indexes if index != _AT)
        there = where._replace(
            site=site, place=site.place, indexes=("*before", _AT), above="above", depth=0
        )
        written = partial(self.field, site, row, there)
        if not site.is_plain:
            # It needs to know of which row it is.
            make = self.function(f"{row}, {_AT}, above, before", written)
            before = f"({''.join(f'{index}, ' for index in outer)})"
            given = f"{row}, {_AT}, {where.above}, {before}"
            return f"[{make}({given}) for {_AT}, {row} in enumerate({rows})]"
        return written_column(
            site.field.type,
            site.declared,
            site.source,
            view,
            self,
            partial(self.function, row, written),
            rows=rows,
            columns=columns,
        )
