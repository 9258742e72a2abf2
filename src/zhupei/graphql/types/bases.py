"""Training bases: hospitals with their specialties, contacts, programs and openings."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import strawberry

from zhupei.domain import institutions
from zhupei.domain.institutions import BaseStatus, InstitutionType
from zhupei.domain.people import HospitalTier
from zhupei.domain.text import Text
from zhupei.domain.training import Program as DomainProgram
from zhupei.graphql.connections import Connected, Connection
from zhupei.graphql.listings import OPENINGS, PROGRAMS
from zhupei.graphql.nodes import Node
from zhupei.graphql.sources import (
    Attribute,
    Computed,
    GraphInfo,
    Localized,
    Many,
    One,
    declares,
    field,
)
from zhupei.graphql.types.collaborations import Collaboration
from zhupei.graphql.types.contacts import Contact, Section
from zhupei.graphql.types.interfaces import BaseExtension
from zhupei.graphql.types.origins import Source
from zhupei.graphql.types.places import Jurisdiction, Prefecture, Province, prefecture_of
from zhupei.graphql.types.references import OpeningRef, ProgramRef, SpecialtyRef

if TYPE_CHECKING:
    from zhupei.catalogue import Catalogue

__all__ = ["Affiliation", "Base", "Degradation", "SpecialtyBase"]


@declares(
    institutions.Affiliation,
    description="That a hospital is affiliated to a school (附属医院关系).",
)
class Affiliation:
    """An affiliation."""

    school: Text = field(Localized(), description="The school (院校).")
    school_aliases: list[str] = field(Attribute(), description="Other names of it (院校别名).")
    mainland_school: bool = field(
        Attribute(),
        description="Whether the school grants degrees of mainland China (是否内地院校).",
    )
    source: Source | None = field(Attribute(), description="Where it stands (出处).")


@declares(
    institutions.Degradation,
    description="What could not be built for a base, and why (降级原因).",
)
class Degradation:
    """A part that is missing."""

    plugin: str = field(Attribute(), description="Plugin that failed or was left out (插件).")
    hook: str | None = field(Attribute(), description="Hook that failed (钩子).")
    reason: Text = field(Localized(), description="Why (原因).")


def _any_specialty(root: strawberry.Parent[institutions.SpecialtyBase], info: GraphInfo) -> object:
    rows = [
        row
        for row in info.context.catalogue.reference.specialties.specialties
        if row.code == root.specialty
    ]
    return rows[-1] if rows else None


def _openings_of_specialty_base(
    value: institutions.SpecialtyBase, catalogue: "Catalogue"
) -> Iterable[object]:
    return [
        opening
        for opening in catalogue.openings_of_base.get(value.base, ())
        if opening.specialty == value.specialty
    ]


@declares(
    institutions.SpecialtyBase,
    description=("An accredited specialty of a base (专业基地); it may recruit nobody in a cycle."),
)
class SpecialtyBase:
    """An accredited specialty."""

    code: str = field(Attribute("specialty"), description="Code of the specialty (专业代码).")
    name: Text = field(Localized(), description="Name as the base words it (名称).")
    specialty: SpecialtyRef | None = field(
        Computed(_any_specialty, settled=True),
        description="The latest national specialty with this code, where there is one (专业).",
    )
    base: "Base" = field(One("bases"), description="The base (培训基地).")
    note: Text | None = field(Localized(), description="What to know (备注).")
    capacity: int | None = field(
        Attribute(), description="Places that it can train at a time, where known (培训容量)."
    )
    suspended: Text | None = field(
        Localized(), description="Why it may not recruit for the time being (暂停招收)."
    )
    source: Source | None = field(Attribute(), description="Where it stands (出处).")
    openings: Connection[OpeningRef] = field(
        Connected(OPENINGS, within=_openings_of_specialty_base),
        description="Openings of this base in this specialty, of all cycles (招收专业).",
    )


def _programs_of_base(value: institutions.Base, catalogue: "Catalogue") -> list[DomainProgram]:
    return [catalogue.programs[code] for code in sorted(value.programs)]


@declares(
    institutions.Base,
    description="A training base (培训基地): a hospital that trains residents or fellows.",
)
class Base(Node):
    """A training base."""

    code: str = field(Attribute(), description="Code, a slug (代码).")
    name: Text = field(Localized(), description="Name (名称).")
    aliases: list[str] = field(Attribute(), description="Other names, as printed (别名).")
    province: Province | None = field(One("provinces"), description="Province (省份).")
    city: Prefecture | None = field(
        Computed(prefecture_of, settled=True), description="Prefecture, where known (城市)."
    )
    jurisdictions: list[Jurisdiction] = field(
        Many("jurisdictions"), description="Jurisdictions above it, the nearest first (辖区)."
    )
    plugins: list[str] = field(Attribute(), description="Plugins that answer for it (插件).")
    tier: HospitalTier | None = field(
        Attribute(), description="Tier, where a document says so (医院等级)."
    )
    grade: str | None = field(Attribute(), description="Grade as published (等次).")
    type: InstitutionType | None = field(Attribute(), description="Kind of hospital (类别).")
    base_since: str | None = field(
        Attribute(), description="Month in which it became a national base (认定时间)."
    )
    accredited_count: int | None = field(
        Attribute(),
        description=(
            "Number of accredited specialties as published (专业基地数); it can exceed the "
            "`specialtyBases` that a document names."
        ),
    )
    contacts: list[Contact] = field(Attribute(), description="How to reach it (联系方式).")
    affiliations: list[Affiliation] = field(
        Attribute(), description="Schools that it is affiliated to (附属关系)."
    )
    collaborations: list[Collaboration] = field(
        Attribute(), description="Hospitals that it trains together with (协作关系)."
    )
    specialty_bases: list[SpecialtyBase] = field(
        Attribute(), description="Accredited specialties that a document names (专业基地)."
    )
    sections: list[Section] = field(Attribute(), description="Published information (信息栏目).")
    programs: Connection[ProgramRef] = field(
        Connected(PROGRAMS, within=_programs_of_base), description="Programs that it hosts (项目)."
    )
    openings: Connection[OpeningRef] = field(
        Connected(OPENINGS, index="openings_of_base"),
        description="What it recruits, of all programs and cycles (招收专业).",
    )
    status: BaseStatus = field(
        Attribute(), description="Whether all its data could be built (数据状态)."
    )
    degradations: list[Degradation] = field(
        Attribute(), description="What is missing, and why (降级原因)."
    )
    extension: BaseExtension | None = field(
        Attribute(),
        description="What its plugin adds; null without one, or where it failed (扩展信息).",
    )
    source: Source | None = field(Attribute(), description="Where its identity stands (出处).")
