"""Objects of the catalogue as bytes: plain data that runs nothing when it is read.

What is packed becomes one table, each part before what it is part of. Parts that are frozen and
equal in every respect, types included, are one row of it however often they occur, so what is
unpacked (`zhupei.catalogue.unpacking`) shares them too: a province repeats itself, and takes half
the memory then. A row is bytes as soon as it is known: as objects, the rows would take more room
than what they are made of.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from itertools import islice
from operator import attrgetter
from pathlib import PosixPath, WindowsPath
from sys import getrefcount
from types import MappingProxyType
from typing import Any

import msgspec

from zhupei.catalogue.packed import PLAIN, Row, Unpackable, class_at, is_model, slots_of

__all__ = ["Packer"]

# Rows of a chunk: some milliseconds of work for who unpacks it.
_CHUNK = 4_096
# Members of a set that are sorted at once: no other thread runs meanwhile.
_SORTED = 4_096
# Parts of what was seen: one dictionary of it all would hold up all threads whenever it grows.
_PARTS = 64
# References to a value that only one other holds: by that, its parts in turn, and our own.
_ONE_HOLDER = 5
_LEAST, _MOST = -(2**63), 2**63 - 1
_ENCODER = msgspec.msgpack.Encoder()

_Record = list[Any]


@dataclass(frozen=True, slots=True)
class _Shape:
    """How instances of a class are taken apart: their parts, and whether equal ones may be one."""

    row: int
    parts: Callable[[Any], Iterable[Any]]
    shared: bool


class Packer:
    """Packs values into one table; `add` may be called again and again.

    Args:
        classes: classes that no module holds under their name, by the name they go by here.

    """

    def __init__(self, classes: Mapping[str, type] | None = None) -> None:
        self._names = {found: name for name, found in (classes or {}).items()}
        self._chunks: list[bytes] = []
        self._begun: list[bytes] = []
        # What was seen, by address: it must stay where it is until everything is packed.
        self._seen: list[dict[int, int]] = [{} for _ in range(_PARTS)]
        self._alive: list[Any] = []
        self._texts: dict[str, int] = {}
        self._integers: dict[int, int] = {}
        self._scalars: dict[tuple[str, Any], int] = {}
        self._rows: dict[bytes, int] = {}
        self._shapes: dict[type, _Shape] = {}
        self._keys: dict[frozenset[str], int] = {}
        for single in (None, False, True):
            self._seen_at(single)[id(single)] = self._append(_ENCODER.encode(single))

    def add(self, value: object) -> int:
        """Return the row that ``value`` has in the table.

        Raises:
            Unpackable: it is, or holds, what can only be made by running something; or it holds
                itself, or a text that no file could hold.

        """
        try:
            return self._add(value)
        except RecursionError:
            raise Unpackable("a value that holds itself") from None
        except UnicodeEncodeError:
            raise Unpackable("a text with half a character") from None

    def chunks(self) -> list[bytes]:
        """Return the whole table in pieces."""
        return [*self._chunks, _chunk(self._begun)] if self._begun else [*self._chunks]

    def let_go(self) -> None:
        """Give the memory back bit by bit: all at once, every other thread would wait for it.

        Nothing can be added after it.
        """
        while self._alive:
            self._alive.pop()
        while self._rows:
            self._rows.popitem()
        for part in self._seen:
            part.clear()

    def _add(self, value: Any) -> int:
        kind = type(value)
        if kind is str:
            row = self._texts.get(value)
            if row is None:
                row = self._texts[value] = self._append(_ENCODER.encode(value))
            return row
        seen = self._seen_at(value)
        row = seen.get(id(value))
        if row is not None:
            return row
        plain = _PLAINLY.get(kind)
        if plain is not None:
            return plain(self, value)
        shape = self._shapes.get(kind)
        if shape is not None:
            record = [shape.row, *map(self._add, shape.parts(value))]
            shared = shape.shared
        else:
            record, shared = self._record(kind, value)
        if shared:
            row = self._share(record)
            if getrefcount(value) <= _ONE_HOLDER:
                # Nobody else leads here again; and whoever does finds the row by what it holds.
                return row
        else:
            row = self._append(_ENCODER.encode(record))
        seen[id(value)] = row
        self._alive.append(value)
        return row

    def _seen_at(self, value: object) -> dict[int, int]:
        # The lowest bits of addresses are all alike.
        return self._seen[(id(value) >> 4) % _PARTS]

    def _share(self, record: _Record) -> int:
        """Return the row of a record that all equal ones share."""
        encoded = _ENCODER.encode(record)
        row = self._rows.get(encoded)
        if row is None:
            row = self._rows[encoded] = self._append(encoded)
        return row

    def _append(self, encoded: bytes) -> int:
        row = len(self._chunks) * _CHUNK + len(self._begun)
        self._begun.append(encoded)
        if len(self._begun) == _CHUNK:
            self._chunks.append(_chunk(self._begun))
            self._begun.clear()
        return row

    def _integer(self, value: int) -> int:
        row = self._integers.get(value)
        if row is None:
            record = value if _LEAST <= value <= _MOST else [Row.INTEGER, _bytes_of(value)]
            row = self._integers[value] = self._append(_ENCODER.encode(record))
        return row

    def _scalar(self, value: float | bytes) -> int:
        # By what it looks like: 0.0 and -0.0 are equal.
        key = type(value).__name__, repr(value) if isinstance(value, float) else value
        row = self._scalars.get(key)
        if row is None:
            row = self._scalars[key] = self._append(_ENCODER.encode(value))
        return row

    def _names_given(self, value: _Keys) -> int:
        row = self._keys.get(value)
        if row is None:
            names = _in_order(value)
            row = self._keys[value] = self._share([Row.NAMES, *map(self._add, names)])
        return row

    def _fixed(self, value: _Fixed) -> int:
        return self._share([Row.DICT, *map(self._add, _pairs(value))])

    def _record(self, kind: type, value: Any) -> tuple[_Record, bool]:
        write = _WRITERS.get(kind)
        if write is not None:
            head, parts, shared = write(value)
            return [head, *map(self._add, parts)], shared
        literal = _LITERALS.get(kind)
        if literal is not None:
            return literal(value), True
        if kind is datetime or kind is time:
            zone = self._add(value.tzinfo)
            head = Row.DATETIME if kind is datetime else Row.TIME
            return [head, value.replace(tzinfo=None).isoformat(), value.fold, zone], True
        if kind is array:
            return [Row.ARRAY, value.typecode, value.tobytes()], False
        if isinstance(value, Enum | type):
            return self._named(kind, value), True
        self._shapes[kind] = shape = self._shape(kind)
        return [shape.row, *map(self._add, shape.parts(value))], shape.shared

    def _named(self, kind: type, value: Enum | type) -> _Record:
        if isinstance(value, type):
            return self._class(value)
        if value.name not in value.__class__.__members__:
            raise Unpackable(f"a {kind.__qualname__} of several")
        return [Row.MEMBER, self._add(kind), value.name]

    def _class(self, kind: type) -> _Record:
        name = self._names.get(kind)
        if name is not None:
            return [Row.CLASS, "", name]
        module, name = kind.__module__, kind.__qualname__
        if class_at(module, name) is not kind:
            raise Unpackable(f"the class {module}.{name}, which is not where it says")
        return [Row.CLASS, module, name]

    def _shape(self, kind: type) -> _Shape:
        row = self._add(kind)
        if is_model(kind):
            if not getattr(kind, "model_config", {}).get("frozen"):
                raise Unpackable(f"{kind.__qualname__}, a model that may change")
            return _Shape(row, _model_parts(kind), shared=True)
        if is_dataclass(kind):
            frozen = kind.__dataclass_params__.frozen  # type: ignore[attr-defined]  # typeshed leaves it out
            return _Shape(row, _dataclass_parts(kind), shared=frozen)
        if kind in PLAIN:
            names = slots_of(kind)
            return _Shape(row, lambda value: [getattr(value, name) for name in names], shared=False)
        raise Unpackable(f"a {kind.__module__}.{kind.__qualname__}")


def _chunk(rows: list[bytes]) -> bytes:
    """Return the bytes of a list of rows, which are bytes already."""
    # The head of a list of as many empty rows, each of which is one byte.
    head = _ENCODER.encode([None] * len(rows))[: -len(rows)]
    return head + b"".join(rows)


def _bytes_of(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)


def _dataclass_parts(kind: Any) -> Callable[[Any], Iterable[Any]]:
    names = [field.name for field in fields(kind)]
    allowed, open_ended = set(names), kind.__dictoffset__ != 0
    take = attrgetter(*names) if len(names) > 1 else None

    def parts(value: Any) -> Iterable[Any]:
        # What was set beside the fields would be lost.
        if open_ended and not vars(value).keys() <= allowed:
            raise Unpackable(f"{kind.__qualname__} with more than its fields")
        found: Iterable[Any] = (
            [getattr(value, name) for name in names] if take is None else take(value)
        )
        return found

    return parts


def _model_parts(kind: Any) -> Callable[[Any], Iterable[Any]]:
    names = list(kind.model_fields)
    allowed = set(names)

    def parts(value: Any) -> Iterable[Any]:
        held = value.__dict__
        if not held.keys() <= allowed or value.__pydantic_private__:
            raise Unpackable(f"{kind.__qualname__} with more than its fields")
        extra = value.__pydantic_extra__
        return (
            _Keys(value.__pydantic_fields_set__),
            None if extra is None else MappingProxyType(extra),
            *[
                _Fixed(part) if type(part) is dict else part
                for part in map(held.__getitem__, names)
            ],
        )

    return parts


class _Keys(frozenset[str]):
    """The keys that a file gives, which equal entries share as one set."""


class _Fixed(dict[Any, Any]):
    """A dictionary of a frozen model, which nobody may change: equal ones are one."""


def _pairs(value: Mapping[Any, Any]) -> Iterator[Any]:
    for key, item in value.items():
        yield key
        yield item


def _in_order(value: Iterable[Any]) -> list[Any]:
    """Return the members of a set as every process would: theirs depends on chance."""
    members, runs = iter(value), []
    while some := sorted(islice(members, _SORTED), key=_looks):
        runs.append(some)
    return runs[0] if len(runs) == 1 else list(heapq.merge(*runs, key=_looks))


def _looks(value: object) -> tuple[str, str]:
    return type(value).__name__, repr(value)


def _zone_record(offset: timedelta, *name: str) -> _Record:
    return [Row.ZONE, offset.total_seconds(), *name]


_Written = tuple[int, Iterable[Any], bool]
_WRITERS: Mapping[type, Callable[[Any], _Written]] = {
    tuple: lambda value: (Row.TUPLE, value, True),
    list: lambda value: (Row.LIST, value, False),
    # A copy, made at once: a catalogue in service may learn something while it is packed.
    dict: lambda value: (Row.DICT, _pairs(value.copy()), False),
    MappingProxyType: lambda value: (Row.MAPPING, _pairs(value), True),
    frozenset: lambda value: (Row.FROZENSET, _in_order(value), True),
    set: lambda value: (Row.SET, _in_order(value), False),
}
# These are known by what they hold, not by where they are.
_PLAINLY: Mapping[type, Callable[[Packer, Any], int]] = {
    int: Packer._integer,  # noqa: SLF001 - our own, which a dictionary of its own would hold in a circle
    float: Packer._scalar,  # noqa: SLF001 - see above
    bytes: Packer._scalar,  # noqa: SLF001 - see above
    _Keys: Packer._names_given,  # noqa: SLF001 - see above
    _Fixed: Packer._fixed,  # noqa: SLF001 - see above
}
_LITERALS: Mapping[type, Callable[[Any], _Record]] = {
    Decimal: lambda value: [Row.DECIMAL, str(value)],
    date: lambda value: [Row.DATE, value.isoformat()],
    timedelta: lambda value: [Row.TIMEDELTA, value.days, value.seconds, value.microseconds],
    timezone: lambda value: _zone_record(*value.__getinitargs__()),
    PosixPath: lambda value: [Row.PATH, str(value)],
    WindowsPath: lambda value: [Row.PATH, str(value)],
}
