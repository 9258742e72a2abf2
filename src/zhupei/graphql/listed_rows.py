"""Lists of rows as declared sources: read with what is asked for, and together where they can be.

What an operation asks at the same time of one table is counted in one statement, and the rows of a
page come in the same. No column is read that no field, permission or order looks at.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, ClassVar

from zhupei.db.reading import Belonging, Condition, PageQuery, PageRows, select
from zhupei.db.tables import RowSource, View
from zhupei.graphql.asked import Asked, listing, needed
from zhupei.graphql.context import GraphContext
from zhupei.graphql.cursors import Cursor
from zhupei.graphql.inline import Batch
from zhupei.graphql.loading import Loaded, key_of
from zhupei.graphql.row_pages import RowRequest
from zhupei.graphql.row_reading import AskedRows, ReadForEach, ReadTogether, database_of
from zhupei.graphql.sources import FieldSource, Reader

__all__ = ["ListedRows", "ReadEdge", "ReadPage", "RowsOf"]


class ReadEdge:
    """One row of a page that was read."""

    __slots__ = ("_cursor_of", "_row", "node")

    held_by_list: ClassVar[Mapping[str, str]] = {"cursor": "cursors", "node": "rows"}
    """What `Edges` have of all of them at once (`zhupei.graphql.columns.held_by_list`)."""

    def __init__(self, node: Any, row: Any, cursor_of: Callable[[Any], str]) -> None:
        self.node, self._row, self._cursor_of = node, row, cursor_of

    @property
    def cursor(self) -> str:
        """The place of the row, for `after` and `before`."""
        return self._cursor_of(self._row)


@dataclasses.dataclass(frozen=True, slots=True)
class ReadPageInfo:
    """Where a page lies that was read."""

    has_next_page: bool
    has_previous_page: bool
    edges: Sequence[ReadEdge]

    @property
    def start_cursor(self) -> str | None:
        """The place of the first row; None without rows."""
        return self.edges[0].cursor if self.edges else None

    @property
    def end_cursor(self) -> str | None:
        """The place of the last row; None without rows."""
        return self.edges[-1].cursor if self.edges else None


class Edges(Sequence[ReadEdge]):
    """The rows of a page as edges, made when somebody looks at them."""

    __slots__ = ("_cursor_of", "_made", "rows")

    def __init__(
        self,
        rows: Sequence[Any],
        cursor_of: Callable[[Any], str],
        made: Callable[[Any], Any] | None,
    ) -> None:
        self.rows, self._cursor_of, self._made = rows, cursor_of, made

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: Any) -> Any:
        row = self.rows[at]
        return ReadEdge(row if self._made is None else self._made(row), row, self._cursor_of)

    @property
    def cursors(self) -> list[str]:
        """The place of each row."""
        return list(map(self._cursor_of, self.rows))


class ReadPage:
    """One page of rows that was read, as far as it was asked for."""

    __slots__ = ("edges", "page_info", "total_count")

    def __init__(
        self, request: RowRequest, query: PageQuery, found: PageRows, *, whole: bool
    ) -> None:
        self.total_count = found.total
        rows = found.rows
        more = len(rows) > request.size
        if more:
            rows = rows[1:] if request.backwards else rows[:-1]
        made = query.source.whole if whole else None
        self.edges = Edges(rows, partial(_cursor_of, request, query.view.width), made)
        behind = request.place is not None
        self.page_info = ReadPageInfo(
            has_next_page=behind if request.backwards else more,
            has_previous_page=more if request.backwards else behind,
            edges=self.edges,
        )


def _cursor_of(request: RowRequest, at: int, row: Any) -> str:
    """Return the cursor of a row whose place begins at the column ``at``."""
    return Cursor(request.order, request.descending, row[at], str(row[at + 1])).encode()


@dataclasses.dataclass(frozen=True, slots=True)
class _Parts:
    """What is asked of a page: attributes of its rows (None for whole objects), and what else."""

    names: frozenset[str] | None = None
    rows: bool = True
    cursors: bool = True
    counted: bool = True

    @classmethod
    def of(cls, asked: Asked) -> _Parts:
        names: set[str] | None = set()
        rows = cursors = counted = False
        for each in asked.fields or ():
            rows |= each.name in {"edges", "page_info"}
            counted |= each.name == "total_count"
            for inner in each.below.fields or ():
                cursors |= inner.name in {"cursor", "start_cursor", "end_cursor"}
                if inner.name == "node":
                    wanted = needed(inner.below)
                    names = None if wanted is None or names is None else names | wanted
        return cls(None if names is None else frozenset(names), rows, cursors, counted)


@dataclasses.dataclass(frozen=True)
class ListedRows(FieldSource):
    """A connection over rows that whoever asks may see; a subclass says which.

    The fields of the connection are those of `ReadPage`, those of its edges are of `ReadEdge`.
    """

    rows: ClassVar[RowSource]
    default_order: ClassVar[str]
    instants: ClassVar[frozenset[str]] = frozenset()
    """Orders by instants; of the others a cursor holds a text."""
    by: ClassVar[str | None] = None
    """The attribute of the rows that holds the key of the object that has the list."""
    key: ClassVar[Any] = attrgetter("id")
    """Returns the key of that object."""

    is_noted: ClassVar[bool] = True

    decided: ClassVar[bool] = False
    """Whether `query` follows from the catalogue, the desk's actor and people, and arguments."""

    async def query(
        self,
        context: GraphContext,
        request: RowRequest,
        given: Mapping[str, Any],
        names: frozenset[str] | None,
    ) -> PageQuery | None:
        """Return which rows are listed, with these attributes; None for a list that is null."""
        raise NotImplementedError

    def reader(self, name: str) -> Reader:
        """Read all that could be asked."""
        batch = self._batch(_Parts())

        async def read(value: Any, context: GraphContext, given: Mapping[str, Any]) -> Any:
            (found,) = await batch([value], context, given)
            return found

        return read

    def needs(self, name: str) -> frozenset[str] | None:
        """Return what the key is."""
        return frozenset() if self.by is None else key_of(self.key)

    def planned(self, asked: Asked) -> Batch:
        """Read what is asked, once for all objects that have this list."""
        parts = _Parts.of(asked)
        if parts.names is not None and not self.rows.knows(parts.names):
            parts = dataclasses.replace(parts, names=None)
        return self._batch(parts)

    def _batch(self, parts: _Parts) -> ReadTogether | ReadForEach:
        asked = partial(self._asked, parts=parts)
        view = None if parts.names is None else self.rows.view(parts.names)
        if self.by is None:
            return ReadTogether(asked, view, decided=self.decided)
        return ReadForEach(asked, self.rows.sql_of(self.by), self.key, view)

    async def _asked(
        self, context: GraphContext, given: Mapping[str, Any], parts: _Parts
    ) -> AskedRows | None:
        request = RowRequest.of(given, context, self.default_order, self.instants)
        query = await self.query(context, request, given, parts.names)
        if query is None:
            return None
        query.first = request.size + 1 if parts.rows else 0
        query.backwards = request.backwards
        query.placed = parts.rows and parts.cursors
        query.counted = parts.counted
        return AskedRows(query, partial(ReadPage, request, query, whole=parts.names is None))


@dataclasses.dataclass(frozen=True)
class RowsOf(Loaded):
    """The rows of another table that belong to an object, in order: one statement for a level.

    Args:
        rows: what they are.
        by: the attribute of the rows that holds the object's key.
        order: the attributes that they are ordered by.
        where: returns what else has to hold of the rows, such as that whoever asks may see them.
        single: whether there is one at most, and null where there is none.

    """

    is_noted: ClassVar[bool] = True

    load: Any = None
    key: Any = attrgetter("id")
    missing: Any = ()
    rows: RowSource = dataclasses.field(kw_only=True)
    by: str = dataclasses.field(kw_only=True)
    order: tuple[str, ...] = dataclasses.field(default=(), kw_only=True)
    where: Callable[[GraphContext], Awaitable[Condition]] | None = dataclasses.field(
        default=None, kw_only=True
    )
    single: bool = dataclasses.field(default=False, kw_only=True)

    def needs(self, name: str) -> frozenset[str] | None:
        """Return what the key is."""
        return key_of(self.key)

    async def many(
        self, values: Sequence[Any], context: GraphContext, _arguments: Mapping[str, Any]
    ) -> Sequence[Any]:
        """Read all that could be asked."""
        return await self._read(values, context, None)

    def _names(self, asked: Asked) -> frozenset[str] | None:
        names = needed(asked)
        return names if names is None or self.rows.knows(names) else None

    def belonging(self, asked: Asked) -> Belonging | None:
        """Return what is asked of the rows, for who reads the object; None for whole objects."""
        names = self._names(asked)
        if names is None or self.where is not None or self.single:
            return None
        (of,) = self.key.__reduce__()[1]
        return Belonging(self.rows, self.rows.view(names), self.by, of, self.order)

    def hand_over(
        self, context: GraphContext, below: Belonging, key: Any, found: Sequence[Any]
    ) -> None:
        """Keep rows that came with their object, for when they are asked for."""
        context.kept[_handed(below.view, self, key)] = found or self.missing

    def planned(self, asked: Asked) -> Batch:
        """Read what is asked."""
        names = self._names(asked)

        async def many(
            values: Sequence[Any], context: GraphContext, _given: Mapping[str, Any]
        ) -> Sequence[Any]:
            return await self._read(values, context, names)

        return many if names is None or self.single else listing(many, self.rows.view(names))

    async def _read(
        self, values: Sequence[Any], context: GraphContext, names: frozenset[str] | None
    ) -> Sequence[Any]:
        every = [self.key(value) for value in values]
        keys = [key for key in dict.fromkeys(every) if key is not None]
        source, view = self.rows, self.rows.view(names)
        if len(keys) == 1:
            handed = context.kept.get(_handed(view, self, keys[0]))
            if handed is not None:
                return [handed] * len(every)
        grouped = await self._grouped(keys, context, view) if keys else {}
        if names is None:
            grouped = {key: list(map(source.whole, rows)) for key, rows in grouped.items()}
        if self.single:
            return [grouped[key][0] if key in grouped else None for key in every]
        return [grouped.get(key) or self.missing for key in every]

    async def _grouped(
        self, keys: Sequence[Any], context: GraphContext, view: View
    ) -> dict[Any, list[Any]]:
        """Return the rows of each key."""
        source, by = self.rows, self.rows.sql_of(self.by)
        alone = len(keys) == 1
        # PostgreSQL plans a single key better than a list of one.
        where, given = f"{by} = $1" if alone else f"{by} = ANY($1)", [keys[0] if alone else keys]
        if self.where is not None:
            also = await self.where(context)
            given += also.values
            where += f" AND {also.numbered(2)}"
        columns = ", ".join([*view.select, by])
        order = ", ".join([by, *map(source.sql_of, self.order)])
        with database_of(context).use():
            found = await select(
                # Made of constants and numbered places; what was asked for is in the values.
                f"SELECT {columns} FROM {source.table} WHERE {where} ORDER BY {order}",  # noqa: S608 - see above
                given,
                view.rows,
            )
        if alone:
            return {keys[0]: found} if found else {}
        grouped: dict[Any, list[Any]] = {}
        at = view.width
        for row in found:
            grouped.setdefault(row[at], []).append(row)
        return grouped


def _handed(view: View, source: RowsOf, key: Any) -> Any:
    # By identity: a source's own hash is that of all it consists of.
    return _handed, view.rows, id(source), key
