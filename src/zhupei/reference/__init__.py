"""Reference data that ships with zhupei: provinces, specialties and national shortage sets.

The facts are in ``provinces.yaml`` and ``specialties.yaml`` beside this module. Every scalar of
these files is text (``0100`` stays ``0100``); a row that no supplied document proves says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

import yaml

from zhupei.domain.codes import (
    Evidence,
    ShortagePurpose,
    ShortageSet,
    Specialty,
    SpecialtyCatalogue,
    SpecialtyField,
)
from zhupei.domain.places import Prefecture, Province, ProvinceKind
from zhupei.domain.sources import Source
from zhupei.domain.text import Text

__all__ = ["Reference", "load"]


@dataclass(frozen=True)
class Reference:
    """The national reference data: ``provinces`` by code, and the ``specialties`` catalogue."""

    provinces: Mapping[str, Province]
    specialties: SpecialtyCatalogue

    @cached_property
    def prefectures(self) -> Mapping[str, Prefecture]:
        """Every recorded prefecture by its GB/T 2260 code."""
        return {
            prefecture.code: prefecture
            for province in self.provinces.values()
            for prefecture in province.prefectures
        }


def load() -> Reference:
    """Read the reference data that is packaged with zhupei (two small files, no network)."""
    provinces = (_province(row) for row in _read("provinces.yaml")["provinces"])
    national = _read("specialties.yaml")
    return Reference(
        provinces={province.code: province for province in provinces},
        specialties=SpecialtyCatalogue(
            (_specialty(row) for row in national["specialties"]),
            (_shortage(row) for row in national["shortage"]),
        ),
    )


def _read(name: str) -> dict[str, Any]:
    text = files(__name__).joinpath(name).read_text(encoding="utf-8")
    # The base loader resolves no types, so codes with leading zeros stay text; it is as safe as
    # the safe loader because it builds nothing but text, lists and mappings.
    content: dict[str, Any] = yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 - see above
    return content


def _province(row: dict[str, Any]) -> Province:
    return Province(
        code=row["code"],
        name=_text(row["name"]),
        short_name=_text(row["short_name"]),
        pinyin=row["pinyin"],
        kind=ProvinceKind(row["kind"]),
        prefectures=tuple(
            Prefecture(code=part["code"], name=_text(part), pinyin=part["pinyin"])
            for part in row.get("prefectures", ())
        ),
        prefectures_recorded="prefectures" in row,
    )


def _specialty(row: dict[str, Any]) -> Specialty:
    valid = row["valid"]
    return Specialty(
        code=row["code"],
        name=_text(row["name"]),
        pinyin=row["pinyin"],
        field=SpecialtyField(row["field"]),
        valid_from=int(valid["from"]),
        valid_to=int(valid["to"]) if "to" in valid else None,
        aliases=tuple(row.get("aliases", ())),
        evidence=tuple(
            Evidence(cycle=int(part["cycle"]), source=_source(part["source"]))
            for part in row.get("evidence", ())
        ),
        note=_text(row["note"]) if "note" in row else None,
    )


def _shortage(row: dict[str, Any]) -> ShortageSet:
    return ShortageSet(
        purpose=ShortagePurpose(row["purpose"]),
        codes=frozenset(row["codes"]),
        open_ended=row["open_ended"] == "true",
        source=_source(row["source"]),
    )


def _source(row: dict[str, Any]) -> Source:
    return Source(document=row["document"], clause=row["clause"], lines=row.get("lines"))


def _text(row: dict[str, Any]) -> Text:
    return Text(row["zh"], row.get("en"))
