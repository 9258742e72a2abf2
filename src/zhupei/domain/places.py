"""Where bases are: provinces and prefectures by their GB/T 2260 codes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from zhupei.domain.text import Text

__all__ = ["Prefecture", "Province", "ProvinceKind"]


class ProvinceKind(StrEnum):
    """What a province-level division is (省级行政区类型)."""

    PROVINCE = "province"
    """省"""
    MUNICIPALITY = "municipality"
    """直辖市"""
    AUTONOMOUS_REGION = "autonomous_region"
    """自治区"""
    SPECIAL_ADMINISTRATIVE_REGION = "special_administrative_region"
    """特别行政区"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefecture:
    """A prefecture-level division, or a county-level one that its province administers directly.

    ``code`` is the six-digit GB/T 2260 code as text; ``pinyin`` a lower-case sort key without
    tones or spaces, read as people of the place read it.
    """

    code: str
    name: Text
    pinyin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Province:
    """A province-level division: province, municipality, autonomous region, or SAR.

    ``name`` is the official name, ``short_name`` the customary one (without 省, 市, 自治区 …);
    ``pinyin`` is a lower-case sort key of the short name. Two names may share a sort key, so
    order by ``(pinyin, code)``. ``prefectures`` are in the order of their codes; they are
    complete where ``prefectures_recorded`` is true, otherwise what is absent is not recorded
    here, which does not mean that it does not exist.
    """

    code: str
    name: Text
    short_name: Text
    pinyin: str
    kind: ProvinceKind
    prefectures: tuple[Prefecture, ...] = ()
    prefectures_recorded: bool = True

    def prefecture(self, code: str) -> Prefecture | None:
        """Return the prefecture with this code, None where none is recorded."""
        return next((found for found in self.prefectures if found.code == code), None)
