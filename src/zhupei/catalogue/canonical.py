"""The canonical form of what plugins answer: equal answers have the same text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

__all__ = ["canonical_json"]


def canonical_json(value: Any) -> bytes:
    """Return a value as JSON, the same for equal ones.

    Raises:
        RecursionError: the value holds itself.
        UnicodeEncodeError: a text holds half of a character.

    """
    return json.dumps(_plain(value), ensure_ascii=False).encode()


def _plain(value: Any) -> Any:
    """Return a value as JSON with a stable order; sets have none of their own."""
    match value:
        case Enum():
            plain: Any = str(value.value)
        case Mapping():
            plain = {str(key): _plain(value[key]) for key in sorted(value, key=str)}
        case list() | tuple():
            plain = [_plain(item) for item in value]
        case set() | frozenset():
            plain = sorted((_plain(item) for item in value), key=str)
        case None | bool() | int() | float() | str():
            plain = value
        case _ if is_dataclass(value):
            plain = {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
        case _:
            plain = str(value)
    return plain
