"""Provinces, prefectures and jurisdictions."""

import strawberry

from zhupei.domain import institutions, places
from zhupei.domain.institutions import JurisdictionKind
from zhupei.domain.places import ProvinceKind
from zhupei.domain.text import Text
from zhupei.graphql.connections import Connected, Connection
from zhupei.graphql.listings import BASES
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
from zhupei.graphql.types.contacts import Contact, Section
from zhupei.graphql.types.references import BaseRef, ProgramRef

__all__ = ["Jurisdiction", "Prefecture", "Province", "prefecture_of"]


@declares(
    places.Prefecture,
    description=(
        "A prefecture-level division, or one that its province administers directly (地级行政区)."
    ),
)
class Prefecture:
    """A prefecture."""

    code: str = field(Attribute(), description="Six-digit GB/T 2260 code (代码).")
    name: Text = field(Localized(), description="Name (名称).")
    pinyin: str = field(Attribute(), description="Sort key in pinyin (拼音).")


def prefecture_of(root: strawberry.Parent[object], info: GraphInfo) -> object:
    """Return the prefecture whose code the object holds, None where none is recorded."""
    code: str | None = getattr(root, "prefecture", None)
    if code is None:
        return None
    province = info.context.catalogue.provinces.get(f"{code[:2]}0000")
    return None if province is None else province.prefecture(code)


@declares(
    places.Province,
    description="A province, municipality, autonomous region or SAR (省级行政区).",
)
class Province(Node):
    """A province-level division."""

    code: str = field(Attribute(), description="Six-digit GB/T 2260 code (代码).")
    name: Text = field(Localized(), description="Official name (名称).")
    short_name: Text = field(Localized(), description="Customary name (简称).")
    pinyin: str = field(Attribute(), description="Sort key in pinyin (拼音).")
    kind: ProvinceKind = field(Attribute(), description="What it is (类型).")
    prefectures: list[Prefecture] = field(
        Attribute(), description="Prefectures, by code (地级行政区)."
    )
    prefectures_recorded: bool = field(
        Attribute(),
        description="Whether its prefectures are recorded completely (地级行政区是否齐全).",
    )
    bases: Connection[BaseRef] = field(
        Connected(BASES, index="bases_of_province"),
        description="Training bases in the province (培训基地).",
    )


@declares(
    institutions.Jurisdiction,
    description="An authority whose rules bind the bases below it (辖区主管部门).",
)
class Jurisdiction(Node):
    """A province, region or city that sets rules."""

    code: str = field(Attribute(), description="Code (代码).")
    name: Text = field(Localized(), description="Name (名称).")
    kind: JurisdictionKind = field(Attribute(), description="What it is (类型).")
    province: Province | None = field(
        One("provinces"), description="Province that it is or lies in (省份)."
    )
    city: Prefecture | None = field(
        Computed(prefecture_of, settled=True), description="Prefecture, for a city (城市)."
    )
    parent: "Jurisdiction | None" = field(
        One("jurisdictions"), description="Jurisdiction above it (上级辖区)."
    )
    plugins: list[str] = field(Attribute(), description="Plugins that answer for it (插件).")
    contacts: list[Contact] = field(Attribute(), description="How to reach it (联系方式).")
    sections: list[Section] = field(Attribute(), description="Published information (信息栏目).")
    programs: list[ProgramRef] = field(
        Many("programs"), description="Programs that it hosts itself (项目)."
    )
    bases: Connection[BaseRef] = field(
        Connected(BASES, index="bases_of_jurisdiction"),
        description="Training bases that its rules bind (培训基地).",
    )
