"""National code lists: the residency specialties by cycle, and the shortage sets by purpose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from zhupei.domain.sources import Source
from zhupei.domain.text import Text

__all__ = [
    "AmbiguousSpecialty",
    "Evidence",
    "ShortagePurpose",
    "ShortageSet",
    "Specialty",
    "SpecialtyCatalogue",
    "SpecialtyField",
]


class SpecialtyField(StrEnum):
    """The field of medicine that a specialty belongs to (专业类别)."""

    CLINICAL = "clinical"
    """临床"""
    STOMATOLOGY = "stomatology"
    """口腔"""
    TCM = "tcm"
    """中医"""


class ShortagePurpose(StrEnum):
    """What a set of shortage specialties (紧缺专业) is used for.

    The sets of the three purposes differ, and none may stand in for another (T16).
    """

    QUOTA_PENALTY = "quota_penalty"
    """An unfilled quota of these limits the other specialties (招收计划约束)."""
    ADMISSION_PRIORITY = "admission_priority"
    """Recruitment favours these (优先招录)."""
    SUBSIDY = "subsidy"
    """Residents of these are paid more (紧缺专业补助)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A supplied document that prints a specialty's code and name, and for which cycle."""

    cycle: int
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Specialty:
    """A specialty of the national residency catalogue (住院医师规范化培训专业).

    ``code`` is four digits as text (``0100``). ``valid_from`` and ``valid_to`` are the first and
    last cycle (years, inclusive) in which the code is recorded to stand for this specialty;
    ``valid_to`` None means that no end is recorded. ``evidence`` lists the supplied documents
    that print code and name together; where it is empty the row is ``verified=False`` and
    ``note`` says where it is from and what to check.
    """

    code: str
    name: Text
    pinyin: str
    field: SpecialtyField
    valid_from: int
    valid_to: int | None = None
    aliases: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    note: Text | None = None

    @property
    def verified(self) -> bool:
        """True where a supplied document prints this code with this name."""
        return bool(self.evidence)

    def valid_in(self, cycle: int) -> bool:
        """Return whether the code is recorded for this cycle (a year such as 2026)."""
        return self.valid_from <= cycle and (self.valid_to is None or cycle <= self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortageSet:
    """Specialties that are in short supply, for one purpose, as one source lists them.

    ``open_ended`` is true where the source's list ends in 等 ("and others"): a specialty that
    is not in ``codes`` is then *not listed*, which is not the same as *not in shortage*.
    ``rounds`` are codes of the rounds that the set concerns; empty for all.
    """

    purpose: ShortagePurpose
    codes: frozenset[str]
    open_ended: bool
    source: Source
    rounds: frozenset[str] = frozenset()

    def __contains__(self, code: object) -> bool:
        return code in self.codes


class AmbiguousSpecialty(LookupError):  # noqa: N818 - names the situation, like KeyError's kin
    """Raised when a name or alias stands for several specialties of one cycle."""

    def __init__(self, cycle: int, text: str, codes: tuple[str, ...]) -> None:
        self.cycle = cycle
        self.text = text
        self.codes = codes
        listed = ", ".join(codes)
        self.message = Text(
            f"{cycle} 年专业目录中“{text}”对应多个专业（{listed}），请改用专业代码",
            f'"{text}" stands for several specialties of {cycle} ({listed}): use the code',
        )
        super().__init__(self.message.en)


class SpecialtyCatalogue:
    """The national specialties, versioned by cycle: one code, one specialty in each cycle."""

    __slots__ = ("_by_cycle", "_shortages", "_specialties")

    def __init__(
        self, specialties: Iterable[Specialty], shortages: Iterable[ShortageSet] = ()
    ) -> None:
        """Hold ``specialties``; raise ValueError where two claim one code in the same cycle."""
        self._specialties = tuple(sorted(specialties, key=lambda row: (row.code, row.valid_from)))
        self._shortages = tuple(shortages)
        self._by_cycle: dict[int, Mapping[str, Specialty]] = {}
        for one, other in zip(self._specialties, self._specialties[1:], strict=False):
            if one.code == other.code and one.valid_in(other.valid_from):
                raise ValueError(
                    f"specialty {one.code} is given twice for {other.valid_from}: "
                    f"{one.name.zh} and {other.name.zh}"
                )

    @property
    def specialties(self) -> tuple[Specialty, ...]:
        """Every row of every cycle, ordered by code and first cycle."""
        return self._specialties

    @property
    def shortages(self) -> tuple[ShortageSet, ...]:
        """The national shortage sets; jurisdictions and institutions add their own elsewhere."""
        return self._shortages

    def for_cycle(self, year: int) -> Mapping[str, Specialty]:
        """Return the specialties recorded for the cycle ``year`` by code, in the order of codes.

        The mapping is read-only, and empty for a year before the first recorded catalogue.
        """
        known = self._by_cycle.get(year)
        if known is None:
            known = MappingProxyType(
                {row.code: row for row in self._specialties if row.valid_in(year)}
            )
            self._by_cycle[year] = known
        return known

    def get(self, year: int, code: str) -> Specialty | None:
        """Return the specialty with this code in this cycle; None where none is recorded."""
        return self.for_cycle(year).get(code)

    def find(self, year: int, text: str) -> Specialty | None:
        """Return the specialty that ``text`` names exactly in this cycle, else None.

        ``text`` may be the code, the Chinese or English name, or an alias; blanks around it and
        the case of Latin letters do not matter. A code wins over a name, a name over an alias.
        Raise `AmbiguousSpecialty` where several specialties share the name or alias.
        """
        rows = self.for_cycle(year)
        wanted = text.strip().casefold()
        if wanted in rows:
            return rows[wanted]
        names = [row for row in rows.values() if wanted in _folded((row.name.zh, row.name.en))]
        found = names or [row for row in rows.values() if wanted in _folded(row.aliases)]
        if len(found) > 1:
            raise AmbiguousSpecialty(year, text.strip(), tuple(row.code for row in found))
        return found[0] if found else None

    def shortage(self, purpose: ShortagePurpose) -> ShortageSet | None:
        """Return the national shortage set for this purpose, None where none is given."""
        return next((found for found in self._shortages if found.purpose is purpose), None)


def _folded(texts: Iterable[str | None]) -> frozenset[str]:
    return frozenset(text.casefold() for text in texts if text)
