"""Rows: lists of what rows of a table stand for, written column by column (`columns`)."""

from __future__ import annotations

from functools import partial
from typing import Any

from graphql import GraphQLObjectType, get_nullable_type, is_non_null_type
from zhupei.db.tables import View
from zhupei.graphql.columns import held_by_list, written_column
from zhupei.graphql.engine.writing import Where, Writer
from zhupei.graphql.kept_parts import Part
from zhupei.graphql.sites import Site

__all__ = ["RowWriter"]

_AT = "at"


class RowWriter(Writer):
    """Writes one unit; lists of rows, and of what stands for one row each, by column."""

    def _list(self, type_: Any, value: str, where: Where) -> str:
        inner = type_.of_type if is_non_null_type(type_) else None
        if where.view is not None and isinstance(inner, GraphQLObjectType):
            view, where = where.view, where._replace(place=where.place.item, view=None)
            if where.site.view is not None:
                return self.kept(f"list({self._rows(inner, value, view, where)})")
            sites = self.plan.fields(where.site, inner)
            if all(site.is_typename or _held(site) for site in sites):
                parts = [self._held(site, value, view, where) for site in sites]
                return self.kept(f"list(map({self.shape(sites)}, {', '.join(parts)}))")
        return super()._list(type_, value, where)

    def _held(self, site: Site, value: str, view: View, where: Where) -> str:
        """Return the expression of what a list holds of a field of what stands for rows."""
        if site.is_typename:
            return f"repeat({site.parent.name!r}, len({value}))"
        held, below = f"{value}.{_held(site)}", get_nullable_type(site.field.type)
        if not isinstance(below, GraphQLObjectType):
            return held
        there = where._replace(site=site, place=site.place, indexes=(*where.indexes, _AT))
        return self._rows(below, self.kept(held), view, there)

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
        part = site.column_part
        return written_column(
            site.field.type,
            site.declared,
            site.source,
            view,
            self,
            partial(self.function, row, written),
            None if part is None else partial(self._of_column, site, part),
            rows=rows,
            columns=columns,
        )

    def _of_column(self, site: Site, part: Part) -> str:
        return self.once(f"run.parts.of_column({self.constant(site)}, {self.constant(part)})")


def _held(site: Site) -> str | None:
    """Return the name by which a list holds a field of its objects."""
    return held_by_list(site.parent, site.declared, site.source) if site.is_compiled else None
