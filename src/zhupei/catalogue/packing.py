"""Objects of the catalogue as bytes, and back: plain data that runs nothing when it is read.

What is packed becomes one table, each part before what it is part of. Parts that are frozen and
equal in every respect, types included, are one row of it however often they occur, so what is
unpacked shares them too: a province repeats itself, and takes half the memory then. Chunks of the
table are unpacked one by one, so that other threads get their turn in between.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from itertools import islice
from operator import attrgetter
from pathlib import Path, PosixPath, WindowsPath
from types import MappingProxyType, MemberDescriptorType
from typing import Any

import msgspec

from zhupei.catalogue.facets import Facets
from zhupei.catalogue.search import SearchIndex, TextForm
from zhupei.domain.calendar import CHINA_TIME

__all__ = ["Packer", "Unpackable", "Unpacker"]

# Rows of a chunk: some milliseconds of work.
_CHUNK = 4_096
_LEAST, _MOST = -(2**63), 2**63 - 1
_PLAIN: tuple[type, ...] = (SearchIndex, TextForm, Facets)
"""Classes of ours that are neither dataclasses nor models, and are packed by their slots."""


class Unpackable(TypeError):  # noqa: N818 - a property of what was given, not a fault
    """Something cannot be packed, or what was packed cannot be made here."""


class _Row(IntEnum):
    """What a row of the table is made into; the number of a class's row is not negative."""

    TUPLE = -1
    LIST = -2
    DICT = -3
    MAPPING = -4
    FROZENSET = -5
    SET = -6
    CLASS = -7
    MEMBER = -8
    DECIMAL = -9
    DATETIME = -10
    DATE = -11
    TIME = -12
    TIMEDELTA = -13
    ZONE = -14
    PATH = -15
    INTEGER = -16
    ARRAY = -17
    NAMES = -18


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
        self._table: list[Any] = []
        # What was seen, by address: it must stay where it is until everything is packed.
        self._seen: dict[int, int] = {}
        self._alive: list[Any] = []
        self._texts: dict[str, int] = {}
        self._integers: dict[int, int] = {}
        self._scalars: dict[tuple[str, Any], int] = {}
        self._rows: dict[tuple[Any, ...], int] = {}
        self._shapes: dict[type, _Shape] = {}
        for single in (None, False, True):
            self._seen[id(single)] = self._append(single)

    def add(self, value: object) -> int:
        """Return the row that ``value`` has in the table.

        Raises:
            Unpackable: it is, or holds, what can only be made by running something; or it holds
                itself.

        """
        try:
            return self._add(value)
        except RecursionError:
            raise Unpackable("a value that holds itself") from None

    def chunks(self) -> list[bytes]:
        """Return the whole table in pieces."""
        encode, rows = msgspec.msgpack.encode, iter(self._table)
        found = []
        while some := list(islice(rows, _CHUNK)):
            found.append(encode(some))
        return found

    def let_go(self) -> None:
        """Give the memory back bit by bit: all at once, every other thread would wait for it.

        Nothing can be added after it.
        """
        for rows in (self._table, self._alive):
            while rows:
                rows.pop()
        while self._rows:
            self._rows.popitem()

    def _add(self, value: Any) -> int:
        kind = type(value)
        if kind is str:
            row = self._texts.get(value)
            if row is None:
                row = self._texts[value] = self._append(value)
            return row
        row = self._seen.get(id(value))
        if row is not None:
            return row
        if kind is int:
            row = self._integers.get(value)
            if row is None:
                fits = _LEAST <= value <= _MOST
                record = value if fits else [_Row.INTEGER, _bytes_of(value)]
                row = self._integers[value] = self._append(record)
            return row
        if kind is float or kind is bytes:
            return self._scalar(kind, value)
        shape = self._shapes.get(kind)
        if shape is not None:
            record = [shape.row, *map(self._add, shape.parts(value))]
            shared = shape.shared
        else:
            record, shared = self._record(kind, value)
        if shared:
            key = tuple(record)
            row = self._rows.get(key)
            if row is None:
                row = self._rows[key] = self._append(record)
        else:
            row = self._append(record)
        self._seen[id(value)] = row
        self._alive.append(value)
        return row

    def _append(self, record: Any) -> int:
        self._table.append(record)
        return len(self._table) - 1

    def _scalar(self, kind: type, value: Any) -> int:
        # By what it looks like: 0.0 and -0.0 are equal.
        key = kind.__name__, repr(value) if kind is float else value
        row = self._scalars.get(key)
        if row is None:
            row = self._scalars[key] = self._append(value)
        return row

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
            head = _Row.DATETIME if kind is datetime else _Row.TIME
            return [head, value.replace(tzinfo=None).isoformat(), value.fold, zone], True
        if kind is array:
            return [_Row.ARRAY, value.typecode, value.tobytes()], False
        if isinstance(value, Enum | type):
            return self._named(kind, value), True
        self._shapes[kind] = shape = self._shape(kind)
        return [shape.row, *map(self._add, shape.parts(value))], shape.shared

    def _named(self, kind: type, value: Enum | type) -> _Record:
        if isinstance(value, type):
            return self._class(value)
        if value.name not in value.__class__.__members__:
            raise Unpackable(f"a {kind.__qualname__} of several")
        return [_Row.MEMBER, self._add(kind), value.name]

    def _class(self, kind: type) -> _Record:
        name = self._names.get(kind)
        if name is not None:
            return [_Row.CLASS, "", name]
        module, name = kind.__module__, kind.__qualname__
        if _class_at(module, name) is not kind:
            raise Unpackable(f"the class {module}.{name}, which is not where it says")
        return [_Row.CLASS, module, name]

    def _shape(self, kind: type) -> _Shape:
        row = self._add(kind)
        if _is_model(kind):
            if not getattr(kind, "model_config", {}).get("frozen"):
                raise Unpackable(f"{kind.__qualname__}, a model that may change")
            return _Shape(row, _model_parts(kind), shared=True)
        if is_dataclass(kind):
            frozen = kind.__dataclass_params__.frozen  # type: ignore[attr-defined]  # typeshed leaves it out
            return _Shape(row, _dataclass_parts(kind), shared=frozen)
        if kind in _PLAIN:
            names = _slots(kind)
            return _Shape(row, lambda value: [getattr(value, name) for name in names], shared=False)
        raise Unpackable(f"a {kind.__module__}.{kind.__qualname__}")


class Unpacker:
    """Makes the objects that were packed, chunk by chunk.

    Args:
        chunks: the table, in pieces.
        classes: as given to the packer.

    """

    def __init__(self, chunks: Iterable[bytes], classes: Mapping[str, type] | None = None) -> None:
        self._chunks = iter(chunks)
        self._classes = classes or {}
        self._table: list[Any] = []

    def steps(self, row: int) -> Iterator[None]:
        """Make objects as far as ``row``, with a stop after each chunk.

        Raises:
            Unpackable: a class is not here, or has other parts now.
            msgspec.DecodeError: the bytes are no table.

        """
        while len(self._table) <= row:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise Unpackable("the table ends too early")
            self._make(msgspec.msgpack.decode(chunk))
            yield

    def get(self, row: int) -> Any:
        """Return the object in ``row``, which `steps` has reached."""
        return self._table[row]

    def _make(self, records: list[Any]) -> None:
        table = self._table
        get, append = table.__getitem__, table.append
        for record in records:
            if type(record) is not list:
                append(record)
                continue
            rest = iter(record)
            head = next(rest)
            if head >= 0:
                append(table[head](map(get, rest)))
            elif head == _TUPLE:
                append(tuple(map(get, rest)))
            elif head == _Row.CLASS:
                append(self._maker(*rest))
            else:
                append(_READERS[head](get, rest))

    def _maker(self, module: str, name: str) -> Any:
        """Return what stands for a class: what makes its instances, or the class of an enum."""
        kind = _class_at(module, name) if module else self._classes.get(name)
        if kind is None:
            raise Unpackable(f"the class {module}.{name} is not here")
        if issubclass(kind, Enum):
            return kind
        if _is_model(kind):
            return _model_maker(kind)
        if is_dataclass(kind):
            return _maker_by_slots(kind, [field.name for field in fields(kind)])
        if kind in _PLAIN:
            return _maker_by_slots(kind, _slots(kind))
        raise Unpackable(f"{module}.{name} is no class that is packed")


_TUPLE = int(_Row.TUPLE)


def _class_at(module: str, name: str) -> type | None:
    """Return a class of a module that was imported before; nothing is imported for this."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) else None


def _is_model(kind: type) -> bool:
    """Whether a class is one of pydantic's models, which only the configuration knows as such."""
    return hasattr(kind, "model_fields")


def _bytes_of(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)


def _slots(kind: type) -> list[str]:
    return sorted(name for each in kind.__mro__ for name in getattr(each, "__slots__", ()))


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
            _Names(value.__pydantic_fields_set__),
            None if extra is None else MappingProxyType(extra),
            *[
                _Fixed(part) if type(part) is dict else part
                for part in map(held.__getitem__, names)
            ],
        )

    return parts


class _Names(frozenset[str]):
    """The keys that a file gives, which equal entries share as one set."""


class _Fixed(dict[Any, Any]):
    """A dictionary of a frozen model, which nobody may change: equal ones are one."""


def _maker_by_slots(kind: type, names: list[str]) -> Callable[[Iterable[Any]], Any]:
    """Return what makes an instance of its parts, without running anything of the class."""
    new = object.__new__
    setters = [_setter(kind, name) for name in names]

    def make(parts: Iterable[Any]) -> Any:
        made: Any = new(kind)
        for put, part in zip(setters, parts, strict=True):
            put(made, part)
        return made

    return make


def _setter(kind: type, name: str) -> Callable[[Any, Any], None]:
    slot = getattr(kind, name, None)
    if isinstance(slot, MemberDescriptorType):
        return slot.__set__
    set_attribute = object.__setattr__
    return lambda made, part: set_attribute(made, name, part)


def _model_maker(kind: Any) -> Callable[[Iterable[Any]], Any]:
    new, put = object.__new__, object.__setattr__
    names = list(kind.model_fields)

    def make(parts: Iterable[Any]) -> Any:
        made = new(kind)
        rest = iter(parts)
        given, extra = next(rest), next(rest)
        # One by one: so all instances of a class share the keys of their dictionaries.
        for name, part in zip(names, rest, strict=True):
            put(made, name, part)
        put(made, "__pydantic_fields_set__", given)
        put(made, "__pydantic_extra__", None if extra is None else dict(extra))
        put(made, "__pydantic_private__", None)
        return made

    return make


def _pairs(value: Mapping[Any, Any]) -> Iterator[Any]:
    for key, item in value.items():
        yield key
        yield item


def _in_order(value: Iterable[Any]) -> list[Any]:
    """Return the members of a set as every process would: theirs depends on chance."""
    return sorted(value, key=lambda each: (type(each).__name__, repr(each)))


def _zone_record(offset: timedelta, *name: str) -> _Record:
    return [_Row.ZONE, offset.total_seconds(), *name]


_Written = tuple[int, Iterable[Any], bool]
_WRITERS: Mapping[type, Callable[[Any], _Written]] = {
    tuple: lambda value: (_Row.TUPLE, value, True),
    list: lambda value: (_Row.LIST, value, False),
    # A copy, made at once: a catalogue in service may learn something while it is packed.
    dict: lambda value: (_Row.DICT, _pairs(value.copy()), False),
    _Fixed: lambda value: (_Row.DICT, _pairs(value), True),
    MappingProxyType: lambda value: (_Row.MAPPING, _pairs(value), True),
    frozenset: lambda value: (_Row.FROZENSET, _in_order(value), True),
    set: lambda value: (_Row.SET, _in_order(value), False),
    _Names: lambda value: (_Row.NAMES, _in_order(value), True),
}
_LITERALS: Mapping[type, Callable[[Any], _Record]] = {
    Decimal: lambda value: [_Row.DECIMAL, str(value)],
    date: lambda value: [_Row.DATE, value.isoformat()],
    timedelta: lambda value: [_Row.TIMEDELTA, value.days, value.seconds, value.microseconds],
    timezone: lambda value: _zone_record(*value.__getinitargs__()),
    PosixPath: lambda value: [_Row.PATH, str(value)],
    WindowsPath: lambda value: [_Row.PATH, str(value)],
}

_Get = Callable[[int], Any]


def _read_mapping(get: _Get, rest: Iterator[Any]) -> dict[Any, Any]:
    return {get(key): get(item) for key, item in zip(rest, rest, strict=True)}


def _read_datetime(get: _Get, rest: Iterator[Any]) -> datetime:
    text, fold, zone = rest
    return datetime.fromisoformat(text).replace(tzinfo=get(zone), fold=fold)


def _read_time(get: _Get, rest: Iterator[Any]) -> time:
    text, fold, zone = rest
    return time.fromisoformat(text).replace(tzinfo=get(zone), fold=fold)


def _read_zone(_get: _Get, rest: Iterator[Any]) -> timezone:
    zone = timezone(timedelta(seconds=next(rest)), *rest)
    # Those that all the code shares are the same objects here.
    return next((one for one in (CHINA_TIME, UTC) if repr(one) == repr(zone)), zone)


def _read_array(_get: _Get, rest: Iterator[Any]) -> array[Any]:
    typecode, content = rest
    found: array[Any] = array(typecode)
    found.frombytes(content)
    return found


_READERS: Mapping[int, Callable[[_Get, Iterator[Any]], Any]] = {
    _Row.LIST: lambda get, rest: list(map(get, rest)),
    _Row.DICT: _read_mapping,
    _Row.MAPPING: lambda get, rest: MappingProxyType(_read_mapping(get, rest)),
    _Row.FROZENSET: lambda get, rest: frozenset(map(get, rest)),
    _Row.SET: lambda get, rest: set(map(get, rest)),
    _Row.NAMES: lambda get, rest: set(map(get, rest)),
    _Row.MEMBER: lambda get, rest: get(next(rest))[next(rest)],
    _Row.DECIMAL: lambda _get, rest: Decimal(next(rest)),
    _Row.DATETIME: _read_datetime,
    _Row.DATE: lambda _get, rest: date.fromisoformat(next(rest)),
    _Row.TIME: _read_time,
    _Row.TIMEDELTA: lambda _get, rest: timedelta(*rest),
    _Row.ZONE: _read_zone,
    _Row.PATH: lambda _get, rest: Path(next(rest)),
    _Row.INTEGER: lambda _get, rest: int.from_bytes(next(rest), "little", signed=True),
    _Row.ARRAY: _read_array,
}
