"""Frozen dataclasses as plain values for JSON, and back, without loss."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

__all__ = ["plain", "restored"]

T = TypeVar("T")


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line for each type
    """Return a value as JSON can hold it: decimals, dates, enums and UUIDs as text.

    Instants become UTC, so that the same instant is the same text. Raise TypeError for a value of
    a type that `restored` could not bring back.
    """
    match value:
        case None | bool() | int() | str() if not isinstance(value, Enum):
            return value
        case Enum():
            return value.value
        case Decimal() | UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case tuple() | list():
            return [plain(item) for item in value]
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case _ if is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            raise TypeError(f"{type(value).__name__} is not kept")


def restored(kind: type[T], value: Any) -> T:
    """Return the value of type ``kind`` that `plain` made ``value`` of.

    Fields that are missing, because they are newer than the value, take their defaults.
    """
    found: T = _restored(kind, value)
    return found


def _restored(kind: Any, value: Any) -> Any:  # noqa: PLR0911 - one line for each type
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        (kind,) = (part for part in get_args(kind) if part is not type(None))
        return _restored(kind, value)
    if origin is tuple:
        item = get_args(kind)[0]
        return tuple(_restored(item, part) for part in value)
    if origin is not None and issubclass(origin, Mapping):
        item = get_args(kind)[1]
        return types.MappingProxyType({key: _restored(item, part) for key, part in value.items()})
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(
            **{name: _restored(hints[name], part) for name, part in value.items() if name in hints}
        )
    if kind is datetime or kind is date:
        return kind.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum | Decimal | UUID):
        return kind(value)
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
