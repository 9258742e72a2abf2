"""The files: national, jurisdiction, base, plan and calendar, with the kinds that are known.

`FileModels` builds the models once for a set of kinds and plugin blocks. The classes below are
their static shape: code reads files through them, whatever kinds were added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, Field, create_model

from zhupei.config import entries as parts
from zhupei.config.citations import SourceDocumentEntry, SourceRef
from zhupei.config.collaborations import CollaborationEntry
from zhupei.config.entries import ContactEntry, RuleBlocks, WageEntry
from zhupei.config.programs import OpeningEntry, ProgramEntry, Seats
from zhupei.config.scalars import Code, Day, Flag, Slug, SpecialtyCode, Whole, Year, YearMonth
from zhupei.config.texts import Label, Model, Passage
from zhupei.domain.institutions import InstitutionType, JurisdictionKind
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.people import HospitalTier

__all__ = [
    "AffiliationEntry",
    "BaseFile",
    "CalendarFile",
    "FileModels",
    "JurisdictionFile",
    "NationalFile",
    "PlanFile",
    "PlanRow",
    "SpecialtyBaseEntry",
]


class AffiliationEntry(Model):
    """That the hospital is affiliated to a school."""

    school: Label
    """The school."""
    school_aliases: tuple[str, ...] = ()
    """Other names of the school."""
    mainland_school: Flag
    """Whether the school grants degrees of mainland China (T20)."""
    source: SourceRef | None = None
    """Where it stands."""


class SpecialtyBaseEntry(Model):
    """An accredited specialty of the base."""

    specialty: SpecialtyCode
    """Specialty code."""
    name: Label | None = None
    """Name where the hospital words it otherwise."""
    capacity: Seats | None = None
    """Training capacity, where published."""
    suspended: Passage | None = None
    """Why it may not recruit for the time being: no new places, no applications (R272)."""
    note: Passage | None = None
    """What to know."""
    source: SourceRef | None = None
    """Where it stands."""


class _SharedFile(RuleBlocks):
    """What national, jurisdiction and base files share."""

    code: Slug
    """Code of what the file describes."""
    name: Label
    """Its name."""
    plugins: tuple[Slug, ...] = ()
    """Plugins that answer for it."""
    sources: dict[str, SourceDocumentEntry] = Field(default_factory=dict)
    """Documents that sources refer to, by code."""


class _File(_SharedFile):
    """What jurisdiction and base files share: who they describe hosts programs."""

    programs: tuple[ProgramEntry, ...] = ()
    """Programs that it hosts."""
    contacts: tuple[ContactEntry, ...] = ()
    """How to reach its office."""
    extra: Any = None
    """Blocks of plugins, by slug."""


class NationalFile(_SharedFile):
    """Rules that hold everywhere."""

    kind: Literal["national"]
    """What this file describes."""


class JurisdictionFile(_File):
    """A province, autonomous region, municipality or city, and its rules."""

    kind: Literal["jurisdiction"]
    """What this file describes."""
    level: JurisdictionKind
    """What kind of authority it is."""
    province: Code
    """Province by GB/T 2260."""
    prefecture: Code | None = None
    """Prefecture-level division by GB/T 2260, for a city."""
    parent: Slug | None = None
    """The jurisdiction above it, where it has one."""
    wages: tuple[WageEntry, ...] = ()
    """Average wages for the pay floor (R283)."""


class BaseFile(_File):
    """A training base."""

    kind: Literal["base"]
    """What this file describes."""
    aliases: tuple[str, ...] = ()
    """Other names, as printed."""
    province: Code
    """Province by GB/T 2260."""
    prefecture: Code | None = None
    """Prefecture-level division by GB/T 2260."""
    jurisdiction: Slug | None = None
    """The nearest jurisdiction whose rules bind it."""
    tier: HospitalTier | None = None
    """Tier of the hospital, where a document says so."""
    grade: str | None = None
    """Grade as published, such as 三级甲等."""
    type: InstitutionType | None = None
    """Kind of hospital."""
    base_since: YearMonth | None = None
    """Month in which it became a national base."""
    accredited_count: Annotated[Whole, Field(ge=0)] | None = None
    """Number of accredited specialties as published."""
    affiliations: tuple[AffiliationEntry, ...] = ()
    """Schools that it is affiliated to."""
    collaborations: tuple[CollaborationEntry, ...] = ()
    """Hospitals that it trains together with."""
    specialty_bases: tuple[SpecialtyBaseEntry, ...] = ()
    """Accredited specialties that a document names."""
    source: SourceRef | None = None
    """Where its identity stands."""


class PlanRow(Model):
    """One row of a province's plan."""

    base: Slug
    """Code of the base."""
    specialty: SpecialtyCode
    """Specialty code."""
    quota: Seats | None = None
    """Seats; null where the table leaves it blank."""


class PlanFile(Model):
    """A province's plan table for one program, as `zhupei import plan` writes it."""

    kind: Literal["plan"]
    """What this file describes."""
    program: Slug
    """The jurisdiction's program; rows belong to the bases' programs below it."""
    sources: dict[str, SourceDocumentEntry] = Field(default_factory=dict)
    """Documents that sources refer to, by code."""
    source: SourceRef | None = None
    """The table."""
    note: Passage | None = None
    """What to know, such as that the figures are fictional."""
    rows: tuple[PlanRow, ...]
    """The rows."""


class _DayEntry(Model):
    date: Day
    """The date."""
    name: Label | None = None
    """Why."""


class CalendarFile(Model):
    """Holidays and make-up working days of one year, over the packaged calendar."""

    kind: Literal["calendar"]
    """What this file describes."""
    year: Year
    """The year; it then counts as complete."""
    holidays: tuple[_DayEntry, ...] = ()
    """Days off on what would be a working day."""
    working_days: tuple[_DayEntry, ...] = ()
    """Weekend days that are worked (调休)."""
    sources: dict[str, SourceDocumentEntry] = Field(default_factory=dict)
    """Documents that sources refer to, by code."""
    source: SourceRef | None = None
    """The notice of the State Council."""


_BLOCKS: Mapping[KindGroup, tuple[str, type[parts.Entry]]] = {
    KindGroup.REQUIREMENT: ("requirements", parts.RequirementEntry),
    KindGroup.BENEFIT: ("benefits", parts.BenefitEntry),
    KindGroup.STEP: ("steps", parts.StepEntry),
    KindGroup.DOCUMENT: ("documents", parts.DocumentEntry),
    KindGroup.ASSESSMENT: ("assessments", parts.AssessmentEntry),
}


class FileModels:
    """The models of all files for one set of kinds and plugin blocks.

    ``by_kind`` maps a file's ``kind:`` to its model. An entry of a rule list is checked with the
    parameters of its own kind; an unknown kind's error lists the known ones. ``by_entry`` has the
    models of the entries, which are made here and so are in no module: by list and kind, such as
    ``requirement:major``.
    """

    def __init__(self, kinds: Iterable[Kind], extras: Mapping[str, type[BaseModel]]) -> None:
        by_group: dict[KindGroup, list[Kind]] = {group: [] for group in _BLOCKS}
        for kind in kinds:
            by_group[kind.group].append(kind)
        entries = {
            group: {
                f"{group.value}:{kind.name}": _entry_model(entry, kind) for kind in by_group[group]
            }
            for group, (_, entry) in _BLOCKS.items()
            if by_group[group]
        }
        self.by_entry: Mapping[str, type[BaseModel]] = {
            name: model for models in entries.values() for name, model in models.items()
        }
        blocks = {
            _BLOCKS[group][0]: (_many(_union(tuple(models.values()))), ())
            for group, models in entries.items()
        }
        opening = _extended("Opening", OpeningEntry, blocks)
        program = _extended("Program", ProgramEntry, {**blocks, "openings": (_many(opening), ())})
        extra = _extended(
            "Extra",
            Model,
            {
                slug.replace("-", "_"): (model | None, Field(default=None, alias=slug))
                for slug, model in extras.items()
            },
        )
        hosting: dict[str, Any] = {
            **blocks,
            "programs": (_many(program), ()),
            "extra": (extra | None, None),
        }

        self.by_kind: Mapping[str, type[BaseModel]] = {
            "national": _extended("NationalFile", NationalFile, blocks),
            "jurisdiction": _extended("JurisdictionFile", JurisdictionFile, hosting),
            "base": _extended("BaseFile", BaseFile, hosting),
            "plan": PlanFile,
            "calendar": CalendarFile,
        }

    @classmethod
    def of(cls, kinds: Iterable[Kind], extras: Mapping[str, type[BaseModel]]) -> FileModels:
        """Return the models for these kinds and blocks, those built before where they are equal."""
        return _file_models(tuple(kinds), tuple(sorted(extras.items())))


@lru_cache(maxsize=8)
def _file_models(
    kinds: tuple[Kind, ...], extras: tuple[tuple[str, type[BaseModel]], ...]
) -> FileModels:
    return FileModels(kinds, dict(extras))


def _extended(
    name: str,
    bases: type[BaseModel] | tuple[type[BaseModel], ...],
    fields: Mapping[str, Any],
    doc: str | None = None,
) -> Any:
    """Return a model with more fields; their descriptions are given, not read from source."""
    return create_model(
        name,
        __base__=bases,
        __doc__=doc or (bases.__doc__ if isinstance(bases, type) else None),
        __cls_kwargs__={"use_attribute_docstrings": False},
        **fields,
    )


def _many(item: Any) -> Any:
    """Return the type of a list in YAML, kept as a tuple; ``item`` is only known at run time."""
    return tuple.__class_getitem__((item, ...))


def _union(models: tuple[type[BaseModel], ...]) -> Any:
    if len(models) == 1:
        return models[0]
    return Annotated[Union[models], Field(discriminator="kind")]  # noqa: UP007 - because the members are only known at run time


def _entry_model(entry: type[parts.Entry], kind: Kind) -> Any:
    bases = (entry,) if kind.params is None else (entry, kind.params)
    name = "".join(part.capitalize() for part in kind.name.replace(".", "_").split("_"))
    literal: Any = Literal
    field = Field(description=f"{kind.label.zh}: {kind.label.en}")
    return _extended(
        f"{name}{kind.group.value.capitalize()}",
        bases,
        {"kind": (literal[kind.name], field)},
        doc=kind.description.en or kind.description.zh,
    )
