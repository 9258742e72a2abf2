"""Makes the objects that were packed, without running anything of their classes.

Chunks of the table are unpacked one by one, so that other threads get their turn in between.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import MappingProxyType, MemberDescriptorType
from typing import Any

import msgspec

from zhupei.catalogue.packed import PLAIN, Row, Unpackable, class_at, is_model, slots_of
from zhupei.domain.calendar import CHINA_TIME

__all__ = ["Unpacker"]


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
            elif head == Row.CLASS:
                append(self._maker(*rest))
            else:
                append(_READERS[head](get, rest))

    def _maker(self, module: str, name: str) -> Any:
        """Return what stands for a class: what makes its instances, or the class of an enum."""
        kind = class_at(module, name) if module else self._classes.get(name)
        if kind is None:
            raise Unpackable(f"the class {module}.{name} is not here")
        if issubclass(kind, Enum):
            return kind
        if is_model(kind):
            return _model_maker(kind)
        if is_dataclass(kind):
            return _maker_by_slots(kind, [field.name for field in fields(kind)])
        if kind in PLAIN:
            return _maker_by_slots(kind, slots_of(kind))
        raise Unpackable(f"{module}.{name} is no class that is packed")


_TUPLE = int(Row.TUPLE)


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
    Row.LIST: lambda get, rest: list(map(get, rest)),
    Row.DICT: _read_mapping,
    Row.MAPPING: lambda get, rest: MappingProxyType(_read_mapping(get, rest)),
    Row.FROZENSET: lambda get, rest: frozenset(map(get, rest)),
    Row.SET: lambda get, rest: set(map(get, rest)),
    Row.NAMES: lambda get, rest: set(map(get, rest)),
    Row.MEMBER: lambda get, rest: get(next(rest))[next(rest)],
    Row.DECIMAL: lambda _get, rest: Decimal(next(rest)),
    Row.DATETIME: _read_datetime,
    Row.DATE: lambda _get, rest: date.fromisoformat(next(rest)),
    Row.TIME: _read_time,
    Row.TIMEDELTA: lambda _get, rest: timedelta(*rest),
    Row.ZONE: _read_zone,
    Row.PATH: lambda _get, rest: Path(next(rest)),
    Row.INTEGER: lambda _get, rest: int.from_bytes(next(rest), "little", signed=True),
    Row.ARRAY: _read_array,
}
