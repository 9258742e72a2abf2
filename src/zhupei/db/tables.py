"""Tables as rows are read from them without a model: what an object shows, column by column.

A `RowSource` says for each attribute of a class of the domain out of which column, or expression
over columns, it is made. Only what is asked for is selected: a `View` is a class of rows that has
just these attributes, read by position out of what the driver decoded. The columns themselves are
those of the model, which stays the one place that knows the table.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import asyncpg
from asyncpg.pgproto import pgproto
from tortoise import fields
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.models import Model

from zhupei.domain.plain_values import restored

__all__ = [
    "ID_CLASSES",
    "Held",
    "Made",
    "RowSource",
    "RowView",
    "View",
    "column",
    "columns",
    "expressed",
    "from_json",
    "listed_from",
    "member",
    "restored_from",
]


ID_CLASSES: tuple[type, ...] = (pgproto.UUID, UUID)
"""The classes of ids: the driver's own, and Python's."""


class RowView:
    """A row that has some of the attributes of the class that it stands for."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


_MOST_VIEWS = 512


@dataclass(frozen=True, slots=True)
class Made:
    """How one attribute is made: out of a column of the model, or of an SQL expression.

    ``make`` turns what the driver decoded, never None, into the attribute; None takes it as it is.
    In ``sql`` the table is ``{t}``.
    """

    column: str | None = None
    sql: str | None = None
    make: Callable[[Any], Any] | None = None


def column(name: str, make: Callable[[Any], Any] | None = None) -> Made:
    """Return an attribute that is a column, or made of one."""
    return Made(name, make=make)


def columns(*same: str, **named: str) -> dict[str, Made]:
    """Return attributes that are columns: those called the same, and others with their columns."""
    return {name: column(name) for name in same} | {to: column(at) for to, at in named.items()}


def member(kind: type[Enum], name: str) -> Made:
    """Return an attribute that is a member of an enumeration, by the value that a column holds."""
    return Made(name, make=_members(kind))


def expressed(sql: str, make: Callable[[Any], Any] | None = None) -> Made:
    """Return an attribute that an expression over the table ``{t}`` holds."""
    return Made(sql=sql, make=make)


def restored_from(kind: Any, name: str) -> Made:
    """Return an attribute that `zhupei.domain.plain_values` restores from a column of JSON."""
    return Made(name, make=lambda text: restored(kind, json.loads(text)))


def listed_from(kind: Any, sql: str) -> Made:
    """Return an attribute that is a tuple of values, restored from an expression of JSON.

    Rows of another table that belong to a row are such values: few of each, read with it.
    """

    def make(text: str) -> tuple[Any, ...]:
        return tuple([restored(kind, each) for each in json.loads(text)])

    return expressed(sql, make)


def from_json(kind: Any) -> Callable[[Any], Any]:
    """Return what restores a value from JSON; without a kind, a mapping of texts or a text."""
    if kind is None:
        return json.loads
    return lambda text: restored(kind, json.loads(text))


def _members(kind: type[Enum]) -> Callable[[Any], Any]:
    return {each.value: each for each in kind}.__getitem__


class Held(NamedTuple):
    """What a column holds: values of a class, and null or not."""

    kind: type
    null: bool


_KINDS: Mapping[type, type] = {
    fields.BooleanField: bool,
    fields.CharField: str,
    fields.DateField: date,
    fields.DatetimeField: datetime,
    fields.IntField: int,
    fields.SmallIntField: int,
    fields.TextField: str,
    fields.UUIDField: UUID,
}


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A class of rows with some attributes, and the expressions to select for it, in order.

    ``rows`` are what the driver makes; ``parts`` the same over a tuple of the columns, where they
    are a part of what was selected. ``held`` says what each column holds, where it is one of
    the model's, taken as it is.
    """

    rows: type[Any]
    parts: type[Any]
    select: tuple[str, ...]
    held: tuple[Held | None, ...]
    positions: Mapping[frozenset[str], int]
    """Where the one column is that each attribute, or property, follows from."""

    @property
    def width(self) -> int:
        """How many columns it takes; what is selected besides comes after them."""
        return len(self.select)


@dataclass(frozen=True, eq=False)
class RowSource:
    """Rows of a table that stand for objects of a class.

    Args:
        described: the class that they stand for.
        model: the model of the table.
        alias: the name of the table in statements.
        attributes: how each attribute is made.
        derived: properties of the class, with the attributes that each looks at.

    """

    described: type
    model: type[Model]
    alias: str
    attributes: Mapping[str, Made]
    derived: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def table(self) -> str:
        """The table under its alias, for FROM."""
        table = self.model._meta.db_table  # noqa: SLF001 - Tortoise offers no other way
        return f'"{table}" {self.alias}'

    @cached_property
    def shown(self) -> type[RowView]:
        """The class of all views, for those who ask what a row is."""
        return type(f"{self.described.__name__}View", (RowView,), {"__slots__": ()})

    def view(self, names: Iterable[str] | None) -> View:
        """Return the view with these attributes and properties; with all of them for None.

        Raises:
            KeyError: there is no such attribute.

        """
        wanted = frozenset(self.attributes) if names is None else frozenset(names)
        found = self._views.get(wanted)
        if found is None:
            # As many as operations ask for; whoever makes up others must not fill the memory.
            if len(self._views) >= _MOST_VIEWS:
                self._views.pop(next(iter(self._views)))
            found = self._views[wanted] = self._made(wanted)
        return found

    def knows(self, names: Iterable[str]) -> bool:
        """Return whether a view can have all of these."""
        return all(name in self.attributes or name in self.derived for name in names)

    def whole(self, row: Any) -> Any:
        """Return the object of the class that a row of the view with all attributes stands for."""
        return self.described(**{name: getattr(row, name) for name in self._own})

    def sql_of(self, name: str) -> str:
        """Return the expression of an attribute."""
        made = self.attributes[name]
        if made.sql is not None:
            return made.sql.format(t=self.alias)
        return f'{self.alias}."{self._column(str(made.column))}"'

    @cached_property
    def _views(self) -> dict[frozenset[str], View]:
        return {}

    @cached_property
    def _own(self) -> tuple[str, ...]:
        taken = set(self.described.__dataclass_fields__)  # type: ignore[attr-defined]  # a dataclass
        return tuple(name for name in self.attributes if name in taken)

    def _column(self, name: str) -> str:
        """Return the column of a field of the model, or of a relation's key."""
        fields = self.model._meta.fields_map  # noqa: SLF001 - as above
        if name in fields:
            return fields[name].source_field or name
        relation = fields[name.removesuffix("_id")]
        if not isinstance(relation, ForeignKeyFieldInstance):
            raise KeyError(name)
        return relation.source_field or name

    def _made(self, wanted: frozenset[str]) -> View:
        used = sorted(
            {name for name in wanted if name in self.attributes}.union(
                *(self.derived[name] for name in wanted if name not in self.attributes)
            )
        )
        members: dict[str, Any] = {"__slots__": ()}
        for position, name in enumerate(used):
            members[name] = property(_reading(position, self.attributes[name].make))
        members |= {
            name: vars(self.described)[name]
            for name, needed in self.derived.items()
            if needed <= frozenset(used)
        }
        name = self.shown.__name__
        return View(
            type(name, (self.shown, asyncpg.Record), dict(members)),
            type(name, (self.shown, tuple), dict(members)),
            tuple(map(self.sql_of, used)),
            tuple(self._held(self.attributes[name]) for name in used),
            {frozenset({name}): position for position, name in enumerate(used)}
            | {
                frozenset({name}): used.index(min(needed))
                for name, needed in self.derived.items()
                if len(needed) == 1 and needed <= set(used)
            },
        )

    def _held(self, made: Made) -> Held | None:
        """Return what a column of the model that is taken as it is holds, where that is known."""
        if made.column is None or made.make is not None:
            return None
        fields_map = self.model._meta.fields_map  # noqa: SLF001 - as above
        found = fields_map.get(made.column)
        kind = _KINDS.get(type(found))
        return None if found is None or kind is None else Held(kind, found.null)


def _reading(position: int, make: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    if make is None:
        return itemgetter(position)

    def read(row: Any) -> Any:
        value = row[position]
        return None if value is None else make(value)

    return read
