"""The catalogue itself: objects by code, the ways between them, search, and where values stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal, TypeVar

from zhupei.catalogue.facets import Facets
from zhupei.catalogue.search import SearchIndex, pinyin_of
from zhupei.domain.benefits import Subsidy, WageFigure
from zhupei.domain.calendar import Calendar
from zhupei.domain.codes import ShortageSet, Specialty
from zhupei.domain.institutions import Base, Jurisdiction
from zhupei.domain.places import Province
from zhupei.domain.sources import Level, Origin, SourceDocument
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program
from zhupei.hooks.scope import Scope
from zhupei.reference import Reference

__all__ = ["Catalogue", "Explanations", "NodeKind", "PluginStatus", "ProgramSpecialty"]

NodeKind = Literal["base", "jurisdiction", "program", "opening"]
Explanations = Callable[[NodeKind, str, str], tuple[Origin, ...] | None]

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class PluginStatus:
    """One plugin as the graph shows it; ``reason`` says why it is degraded."""

    slug: str
    version: str | None
    level: Level
    hooks: tuple[str, ...]
    reason: Text | None = None

    @property
    def degraded(self) -> bool:
        """Whether it was left out or failed while the catalogue was built."""
        return self.reason is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramSpecialty:
    """A specialty that a program declares itself, such as a department of a fellowship."""

    code: str
    name: Text
    program: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, repr=False)
class Catalogue:
    """Provinces, jurisdictions, bases, programs and openings; immutable and consistent.

    ``hash`` is the version of the rules: the same configuration, plugins and answers give the
    same hash. Mappings are by code, in the order of codes.
    """

    hash: str
    reference: Reference
    calendar: Calendar
    jurisdictions: Mapping[str, Jurisdiction]
    bases: Mapping[str, Base]
    programs: Mapping[str, Program]
    openings: Mapping[str, Opening]
    documents: Mapping[str, SourceDocument]
    program_specialties: Mapping[tuple[str, str], ProgramSpecialty] = field(default_factory=dict)
    amended: Mapping[str, Program] = field(default_factory=dict)
    shortages: Mapping[str, tuple[ShortageSet, ...]] = field(default_factory=dict)
    subsidies: Mapping[tuple[str, int], tuple[Subsidy, ...]] = field(default_factory=dict)
    wages: Mapping[str, tuple[WageFigure, ...]] = field(default_factory=dict)
    scopes: Mapping[str, Scope] = field(default_factory=dict)
    configs: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    plugins: tuple[PluginStatus, ...] = ()
    explanations: Explanations = field(default=lambda kind, code, name: None, repr=False)

    @property
    def provinces(self) -> Mapping[str, Province]:
        """Every province by its GB/T 2260 code."""
        return self.reference.provinces

    def specialties(self, year: int) -> Mapping[str, Specialty]:
        """Return the national specialty catalogue of one cycle by code."""
        return self.reference.specialties.for_cycle(year)

    def specialty(self, year: int, code: str) -> Specialty | None:
        """Return a national specialty of a cycle, None where the cycle has none."""
        return self.reference.specialties.get(year, code)

    def specialty_of(self, opening: Opening) -> Specialty | ProgramSpecialty | None:
        """Return the specialty of an opening: its program's or a parent's own, else a national."""
        program = self.programs.get(opening.program)
        while program is not None:
            declared = self.program_specialties.get((program.code, opening.specialty))
            if declared is not None:
                return declared
            program = self.programs.get(program.parent or "")
        return self.specialty(opening.year, opening.specialty)

    def program_of(self, opening: Opening) -> Program:
        """Return the program as it binds an opening: with the rules of the opening's own."""
        return self.amended.get(opening.code) or self.programs[opening.program]

    def program_binding(self, program: str, opening: str) -> Program | None:
        """Return the program as it binds an application, by the codes that are kept with that.

        None where it left the catalogue. Where only the opening left, its program binds.
        """
        known = self.openings.get(opening)
        return self.programs.get(program) if known is None else self.program_of(known)

    def scope_of(self, base: str) -> Scope:
        """Return whom hooks about a base are asked of."""
        return self.scopes.get(base, Scope(base=base))

    def configs_of(self, base: str) -> Mapping[str, object]:
        """Return the plugins' own blocks of configuration that bind a base, by slug."""
        return self.configs.get(base, {})

    def wage(self, base: str, year: int) -> WageFigure | None:
        """Return the average wage that binds a base for ``year``, the nearest jurisdiction's."""
        for jurisdiction in self.bases[base].jurisdictions:
            for figure in self.wages.get(jurisdiction, ()):
                if figure.year == year:
                    return figure
        return None

    def explain(self, kind: NodeKind, code: str, name: str) -> tuple[Origin, ...] | None:
        """Return who set a field: first what is in force, then what it replaced.

        None where the node or the field does not exist; empty where nobody set it.
        """
        return self.explanations(kind, code, name)

    @cached_property
    def openings_of_program(self) -> Mapping[str, tuple[Opening, ...]]:
        """Openings by program."""
        return _grouped(self.openings.values(), lambda opening: opening.program)

    @cached_property
    def openings_of_base(self) -> Mapping[str, tuple[Opening, ...]]:
        """Openings by base."""
        return _grouped(self.openings.values(), lambda opening: opening.base)

    @cached_property
    def openings_of_specialty(self) -> Mapping[str, tuple[Opening, ...]]:
        """Openings by specialty code, of all cycles."""
        return _grouped(self.openings.values(), lambda opening: opening.specialty)

    @cached_property
    def departments(self) -> frozenset[tuple[str, str]]:
        """Base and specialty of every opening and every accredited specialty base."""
        found = {(each.base, each.specialty) for each in self.openings.values()}
        for base in self.bases.values():
            found.update((base.code, each.specialty) for each in base.specialty_bases)
        return frozenset(found)

    @cached_property
    def bases_of_province(self) -> Mapping[str, tuple[Base, ...]]:
        """Bases by province code."""
        return _grouped(self.bases.values(), lambda base: base.province)

    @cached_property
    def bases_of_jurisdiction(self) -> Mapping[str, tuple[Base, ...]]:
        """Bases by every jurisdiction above them."""
        pairs = [(code, base) for base in self.bases.values() for code in base.jurisdictions]
        grouped = _grouped(pairs, lambda pair: pair[0])
        return {code: tuple(base for _, base in found) for code, found in grouped.items()}

    @cached_property
    def programs_of_jurisdiction(self) -> Mapping[str, tuple[Program, ...]]:
        """Programs that jurisdictions themselves host."""
        hosted = [program for program in self.programs.values() if program.jurisdiction]
        return _grouped(hosted, lambda program: program.jurisdiction or "")

    @cached_property
    def opening_facets(self) -> Facets[Opening]:
        """What openings are filtered by, but for time and words."""
        bases = self.bases
        return Facets(
            self.openings.values(),
            {
                "base": lambda one: (one.base,),
                "specialty": lambda one: (one.specialty,),
                "kind": lambda one: (one.kind,),
                "year": lambda one: (one.year,),
                "quota_known": lambda one: (one.quota is not None,),
                "shortage": lambda one: one.shortage_purposes,
                "province": lambda one: (bases[one.base].province,),
                "city": lambda one: (bases[one.base].prefecture,),
                "jurisdiction": lambda one: bases[one.base].jurisdictions,
            },
        )

    @cached_property
    def pinyin(self) -> Mapping[str, str]:
        """Sort keys by pinyin of bases, programs and openings (their base, then specialty)."""
        return self._sort_keys({}, frozenset())

    def _sort_keys(self, known: Mapping[str, str], unchanged: Set[str]) -> Mapping[str, str]:
        """Return sort keys; those of ``unchanged`` bases are ``known``."""
        keys: dict[str, str] = {}
        for base in self.bases.values():
            code = base.code
            keys[code] = known[code] if code in unchanged else _pinyin(base.name.zh)
        for program in self.programs.values():
            code = program.code
            keys[code] = known[code] if program.base in unchanged else _pinyin(program.name.zh)
        by_name: dict[str, str] = {}
        for opening in self.openings.values():
            if opening.base in unchanged:
                keys[opening.code] = known[opening.code]
                continue
            name = opening.specialty_name.zh
            if name not in by_name:
                by_name[name] = _pinyin(name)
            keys[opening.code] = f"{by_name[name]} {keys[opening.base]}"
        return keys

    @cached_property
    def _base_index(self) -> SearchIndex[str]:
        return SearchIndex.build(
            (base.code, (base.name.zh, base.name.en or "", base.code, *base.aliases))
            for base in self.bases.values()
        )

    @cached_property
    def _program_index(self) -> SearchIndex[str]:
        return SearchIndex.build(
            (
                program.code,
                (program.name.zh, program.name.en or "", program.code, *self._host(program)),
            )
            for program in self.programs.values()
        )

    @cached_property
    def _opening_index(self) -> SearchIndex[str]:
        return SearchIndex.build(
            (opening.code, self._opening_texts(opening)) for opening in self.openings.values()
        )

    @cached_property
    def _specialty_index(self) -> SearchIndex[str]:
        rows: dict[str, list[str]] = {}
        for row in self.reference.specialties.specialties:
            rows.setdefault(row.code, []).extend(
                (row.code, row.name.zh, row.name.en or "", *row.aliases)
            )
        return SearchIndex.build((code, tuple(texts)) for code, texts in rows.items())

    def search_bases(self, text: str) -> list[str]:
        """Return codes of bases whose name, alias, pinyin or code matches, best first."""
        return self._base_index.find(text)

    def search_programs(self, text: str) -> list[str]:
        """Return codes of programs that match, best first."""
        return self._program_index.find(text)

    def search_openings(self, text: str) -> list[str]:
        """Return codes of openings whose specialty, direction or base matches, best first."""
        return self._opening_index.find(text)

    def search_specialties(self, text: str) -> list[str]:
        """Return codes of national specialties that match, best first."""
        return self._specialty_index.find(text)

    def pieces(self) -> list[object]:
        """Return what takes most of the memory, one by one."""
        return [*self.openings.values(), *self.programs.values(), *self.bases.values()]

    def warm(self) -> None:
        """Build every index and sort key now, before the catalogue is put into service."""
        for name, value in vars(type(self)).items():
            if isinstance(value, cached_property):
                getattr(self, name)

    def warm_after(self, earlier: Catalogue, unchanged: Set[str]) -> None:
        """Do as `warm` does; what ``earlier`` knows of ``unchanged`` bases is taken from there."""
        vars(self)["pinyin"] = self._sort_keys(earlier.pinyin, unchanged)
        self.warm()

    def _host(self, program: Program) -> tuple[str, ...]:
        base = self.bases.get(program.base or "")
        return () if base is None else (base.name.zh, base.name.en or "", *base.aliases)

    def _opening_texts(self, opening: Opening) -> tuple[str, ...]:
        base = self.bases[opening.base]
        specialty = self.specialty(opening.year, opening.specialty)
        names = (
            ()
            if specialty is None
            else (specialty.name.zh, specialty.name.en or "", *specialty.aliases)
        )
        directions = tuple(direction.name.zh for direction in opening.directions)
        return (
            opening.specialty_name.zh,
            opening.specialty_name.en or "",
            opening.code,
            *names,
            *directions,
            base.name.zh,
            base.name.en or "",
            *base.aliases,
        )


def _pinyin(text: str) -> str:
    return "".join(pinyin_of(text)).casefold()


def _grouped(items: Iterable[V], key: Callable[[V], K]) -> Mapping[K, tuple[V, ...]]:
    groups: dict[K, list[V]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return MappingProxyType({group: tuple(found) for group, found in groups.items()})
