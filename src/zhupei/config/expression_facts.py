"""What expressions may read: the known facts by their names, with their types."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache

from zhupei.domain.institutions import InstitutionType
from zhupei.domain.people import Candidate, HospitalTier, Profile
from zhupei.domain.training import ProgramKind

__all__ = ["FactType", "Roots", "fact_names", "roots"]


class Roots(StrEnum):
    """About whom an expression speaks, which decides its variables."""

    CANDIDATE = "candidate"
    """``candidate``, ``opening``, ``program``, ``base``, ``today``."""
    PROFILE = "profile"
    """``profile``, ``opening``, ``program``, ``base``."""


@dataclass(frozen=True, slots=True)
class FactType:
    """The type of a value: ``bool``, ``int``, ``double``, ``text``, ``list``, ``object``, …

    ``choices`` are the values of an enumeration, ``fields`` those of an object, ``item`` the
    type of a list's elements. ``day`` tells a date, which is text such as ``2026-06-30``.
    """

    kind: str
    choices: tuple[str, ...] = ()
    fields: Mapping[str, FactType] = field(default_factory=dict, hash=False)
    item: FactType | None = None
    day: bool = False


_DAY = FactType("text", day=True)
_BOOL, _INT, _DOUBLE, _TEXT = (FactType(kind) for kind in ("bool", "int", "double", "text"))
_NULL, _ANY = FactType("null"), FactType("any")


def _choice(enumeration: type[Enum]) -> FactType:
    return FactType("text", choices=tuple(str(member.value) for member in enumeration))


def _object(**fields: FactType) -> FactType:
    return FactType("object", fields=fields)


_OPENING = _object(
    code=_TEXT,
    specialty=_TEXT,
    specialtyName=_TEXT,
    year=_INT,
    kind=_choice(ProgramKind),
    quota=_INT,
)
_PROGRAM = _object(code=_TEXT, year=_INT, kind=_choice(ProgramKind))
_BASE = _object(
    code=_TEXT,
    province=_TEXT,
    prefecture=_TEXT,
    type=_choice(InstitutionType),
    tier=_choice(HospitalTier),
)


@cache
def roots(about: Roots) -> Mapping[str, FactType]:
    """Return the variables of an expression with their types."""
    shared = {"opening": _OPENING, "program": _PROGRAM, "base": _BASE}
    if about is Roots.PROFILE:
        return {"profile": _type_of(Profile), **shared}
    return {"candidate": _type_of(Candidate), **shared, "today": _DAY}


def fact_names(about: Roots) -> tuple[str, ...]:
    """Return all facts that an expression may read, such as ``candidate.english.cet4``."""
    return tuple(name for root, type_ in roots(about).items() for name in _names(root, type_))


def _names(prefix: str, type_: FactType) -> Iterable[str]:
    if type_.item is not None and type_.item.fields:
        type_ = type_.item
    if not type_.fields:
        yield prefix
    for name, part in type_.fields.items():
        yield from _names(f"{prefix}.{name}", part)


def _type_of(annotation: object) -> FactType:
    """Return the type of a fact by the annotation of its field, as `people.facts` renders it."""
    origin = typing.get_origin(annotation)
    if origin in {typing.Union, types.UnionType}:
        parts = [part for part in typing.get_args(annotation) if part is not type(None)]
        return _type_of(parts[0]) if len(parts) == 1 else _ANY
    if origin is tuple:
        return FactType("list", item=_type_of(typing.get_args(annotation)[0]))
    if not isinstance(annotation, type):
        return _ANY
    if issubclass(annotation, Enum):
        return _choice(annotation)
    if is_dataclass(annotation):
        hints = typing.get_type_hints(annotation)
        return FactType(
            "object", fields={_camel(name): _type_of(part) for name, part in hints.items()}
        )
    plain = {bool: _BOOL, int: _INT, float: _DOUBLE, Decimal: _DOUBLE, str: _TEXT, date: _DAY}
    return plain.get(annotation, _ANY)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
