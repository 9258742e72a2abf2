"""What a packed table is made of: the kinds of its rows, and the classes that are packed."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import Any

from zhupei.catalogue.facets import Facets
from zhupei.catalogue.search import SearchIndex, TextForm

__all__ = ["PLAIN", "Row", "Unpackable", "class_at", "is_model", "slots_of"]

PLAIN: tuple[type, ...] = (SearchIndex, TextForm, Facets)
"""Classes of ours that are neither dataclasses nor models, and are packed by their slots."""


class Unpackable(TypeError):  # noqa: N818 - a property of what was given, not a fault
    """Something cannot be packed, or what was packed cannot be made here."""


class Row(IntEnum):
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


def class_at(module: str, name: str) -> type | None:
    """Return a class of a module that was imported before; nothing is imported for this."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) else None


def is_model(kind: type) -> bool:
    """Whether a class is one of pydantic's models, which only the configuration knows as such."""
    return hasattr(kind, "model_fields")


def slots_of(kind: type) -> list[str]:
    """Return the names of the parts of a class that has slots."""
    return sorted(name for each in kind.__mro__ for name in getattr(each, "__slots__", ()))
