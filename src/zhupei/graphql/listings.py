"""What can be listed and in which orders: openings, programs, bases, specialties, places."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any

import strawberry

from zhupei.domain.codes import Specialty, SpecialtyCatalogue
from zhupei.domain.institutions import Base
from zhupei.domain.training import Opening, Program
from zhupei.graphql import filters, openness, selection
from zhupei.graphql.pages import Listing, Selected, Value

__all__ = [
    "BASES",
    "JURISDICTIONS",
    "OPENINGS",
    "PROGRAMS",
    "PROVINCES",
    "SPECIALTIES",
    "specialty_key",
    "specialty_rows",
]

_BY_CODE = "By code (代码)."
_BY_NAME = "By the pinyin of the name (名称拼音)."
_BY_QUOTA = "By the number of places (招收人数); unknown numbers come last."
_BY_CLOSING = (
    "By when the next window of application closes after the instant `at` (截止时间); what never "
    "closes again, or has no published end, comes last."
)


@strawberry.enum(description="What openings (招收专业排序) are ordered by; unknown comes last.")
class OpeningOrder(Enum):
    """Orders of openings."""

    CODE = strawberry.enum_value("CODE", description=_BY_CODE)
    NAME = strawberry.enum_value("NAME", description=_BY_NAME)
    QUOTA = strawberry.enum_value("QUOTA", description=_BY_QUOTA)
    CLOSING = strawberry.enum_value("CLOSING", description=_BY_CLOSING)


@strawberry.enum(description="What programs (项目排序) are ordered by; unknown comes last.")
class ProgramOrder(Enum):
    """Orders of programs."""

    CODE = strawberry.enum_value("CODE", description=_BY_CODE)
    NAME = strawberry.enum_value("NAME", description=_BY_NAME)
    QUOTA = strawberry.enum_value("QUOTA", description=_BY_QUOTA)
    CLOSING = strawberry.enum_value("CLOSING", description=_BY_CLOSING)


@strawberry.enum(description="What bases (培训基地排序) are ordered by; unknown comes last.")
class BaseOrder(Enum):
    """Orders of bases."""

    CODE = strawberry.enum_value("CODE", description=_BY_CODE)
    NAME = strawberry.enum_value("NAME", description=_BY_NAME)
    QUOTA = strawberry.enum_value("QUOTA", description=_BY_QUOTA)
    CLOSING = strawberry.enum_value("CLOSING", description=_BY_CLOSING)


@strawberry.enum(description="What specialties (专业排序) are ordered by; unknown comes last.")
class SpecialtyOrder(Enum):
    """Orders of specialties."""

    CODE = strawberry.enum_value("CODE", description=_BY_CODE)
    NAME = strawberry.enum_value("NAME", description=_BY_NAME)


@strawberry.enum(description="What provinces (省份排序) are ordered by; unknown comes last.")
class ProvinceOrder(Enum):
    """Orders of provinces."""

    CODE = strawberry.enum_value("CODE", description=_BY_CODE)
    NAME = strawberry.enum_value("NAME", description=_BY_NAME)


@strawberry.enum(description="What jurisdictions (辖区排序) are ordered by; unknown comes last.")
class JurisdictionOrder(Enum):
    """Orders of jurisdictions."""

    CODE = strawberry.enum_value("CODE", description=_BY_CODE)


def _pinyin(value: Any, selected: Selected) -> str | None:
    return selected.catalogue.pinyin.get(value.code)


def _own_pinyin(value: Any, _selected: Selected) -> str | None:
    pinyin: str | None = getattr(value, "pinyin", None)
    return pinyin


def _opening_closes(opening: Opening, selected: Selected) -> datetime | None:
    # Openings of a program close together unless a plan splits its seats over rounds.
    program = selected.catalogue.programs[opening.program]
    if opening.round_quotas:
        return openness.closes_next(openness.rounds_of(opening, program), selected.at)
    return _program_closes(program, selected)


def _program_closes(program: Program, selected: Selected) -> datetime | None:
    kept = selected.context.kept
    key = ("closes", program.code, selected.at)
    if key not in kept:
        kept[key] = openness.closes_next(program.rounds, selected.at)
    found: datetime | None = kept[key]
    return found


def _base_quota(base: Base, selected: Selected) -> int | None:
    """Add up the places of a base's openings; unknown where one of them is."""
    total = 0
    for opening in selected.catalogue.openings_of_base.get(base.code, ()):
        if opening.quota is None:
            return None
        total += opening.quota
    return total if base.code in selected.catalogue.openings_of_base else None


def _base_closes(base: Base, selected: Selected) -> datetime | None:
    closings = (
        _program_closes(selected.catalogue.programs[code], selected) for code in base.programs
    )
    return min((closing for closing in closings if closing is not None), default=None)


def _all(collection: str) -> Callable[[Any], Iterable[Any]]:
    return lambda catalogue: getattr(catalogue, collection).values()


def specialty_key(specialty: Specialty) -> str:
    """Return what tells two rows of the national catalogue apart: code and first cycle."""
    return f"{specialty.code}@{specialty.valid_from}"


@lru_cache(maxsize=4)
def specialty_rows(specialties: SpecialtyCatalogue) -> Mapping[str, Specialty]:
    """Return every row of the national catalogue by `specialty_key`, in the order of keys."""
    return {specialty_key(row): row for row in specialties.specialties}


def _specialty_key(value: Any) -> str:
    return specialty_key(value) if isinstance(value, Specialty) else str(value.code)


_NAME: Mapping[str, Value] = {"NAME": _pinyin}

OPENINGS = Listing(
    all=_all("openings"),
    filter=filters.OpeningFilter,
    orders=OpeningOrder,
    by={
        **_NAME,
        "QUOTA": lambda opening, _selected: opening.quota,
        "CLOSING": _opening_closes,
    },
    select=selection.select_openings,
    narrow=selection.narrow_openings,
)
"""Openings of the catalogue."""

PROGRAMS = Listing(
    all=_all("programs"),
    filter=filters.ProgramFilter,
    orders=ProgramOrder,
    by={
        **_NAME,
        "QUOTA": lambda program, _selected: program.quota_total,
        "CLOSING": _program_closes,
    },
    select=selection.select_programs,
)
"""Programs of the catalogue."""

BASES = Listing(
    all=_all("bases"),
    filter=filters.BaseFilter,
    orders=BaseOrder,
    by={**_NAME, "QUOTA": _base_quota, "CLOSING": _base_closes},
    select=selection.select_bases,
)
"""Bases of the catalogue."""

SPECIALTIES = Listing(
    all=lambda catalogue: specialty_rows(catalogue.reference.specialties).values(),
    filter=filters.SpecialtyFilter,
    orders=SpecialtyOrder,
    by={"NAME": _own_pinyin},
    select=selection.select_specialties,
    key=_specialty_key,
)
"""The national specialties of every cycle; with a condition, those that a program declares."""

PROVINCES = Listing(
    all=_all("provinces"),
    filter=filters.ProvinceFilter,
    orders=ProvinceOrder,
    by={"NAME": _own_pinyin},
    select=selection.select_provinces,
)
"""Every province-level division."""

JURISDICTIONS = Listing(
    all=_all("jurisdictions"),
    filter=filters.JurisdictionFilter,
    orders=JurisdictionOrder,
    by={},
    select=selection.select_jurisdictions,
)
"""The jurisdictions whose rules are configured."""
