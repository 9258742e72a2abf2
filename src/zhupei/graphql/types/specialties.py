"""Specialties: national ones by cycle, and those that a program declares itself."""

from typing import TYPE_CHECKING

import strawberry

from zhupei.catalogue.catalogue import ProgramSpecialty
from zhupei.domain import codes
from zhupei.domain.codes import ShortagePurpose, SpecialtyField
from zhupei.domain.text import Text
from zhupei.domain.training import Opening as DomainOpening
from zhupei.graphql.connections import Connected, Connection
from zhupei.graphql.listings import OPENINGS
from zhupei.graphql.nodes import Node
from zhupei.graphql.sources import (
    Attribute,
    Computed,
    GraphInfo,
    Localized,
    One,
    declares,
    field,
)
from zhupei.graphql.types.origins import Source
from zhupei.graphql.types.references import OpeningRef, ProgramRef

if TYPE_CHECKING:
    from zhupei.catalogue import Catalogue

__all__ = ["Specialty", "SpecialtyEvidence"]

_National = codes.Specialty
_Either = codes.Specialty | ProgramSpecialty


@declares(
    codes.Evidence,
    description="A supplied document that prints a specialty's code and name (依据).",
)
class SpecialtyEvidence:
    """Where code and name stand together."""

    cycle: int = field(Attribute(), description="Recruitment year of the document (年度).")
    source: Source = field(Attribute(), description="The clause (出处).")


def _verified(root: strawberry.Parent[_National | ProgramSpecialty]) -> bool:
    # A program's own specialty is printed by the document that announces the program.
    return root.verified if isinstance(root, _National) else True


def _shortage_purposes(
    root: strawberry.Parent[_National | ProgramSpecialty], info: GraphInfo
) -> list[ShortagePurpose]:
    if not isinstance(root, _National):
        return []
    sets = info.context.catalogue.reference.specialties.shortages
    return sorted({each.purpose for each in sets if root.code in each})


def _openings(value: _Either, catalogue: "Catalogue") -> list[DomainOpening]:
    found = catalogue.openings_of_specialty.get(value.code, ())
    return [opening for opening in found if catalogue.specialty_of(opening) == value]


@declares(
    codes.Specialty,
    ProgramSpecialty,
    description=(
        "A specialty (专业): of the national residency catalogue in one or more cycles, or one "
        "that a program declares itself, such as a department of a fellowship."
    ),
)
class Specialty(Node):
    """A specialty."""

    code: str = field(
        Attribute(), description="National four-digit code as text, or a program's own (代码)."
    )
    name: Text = field(Localized(), description="Name (名称).")
    aliases: list[str] = field(Attribute(), description="Other names (别名).")
    pinyin: str | None = field(
        Attribute(optional=True), description="Sort key in pinyin of a national one (拼音)."
    )
    specialty_field: SpecialtyField | None = field(
        Attribute("field", optional=True),
        name="field",
        description="Field of medicine; null for a program's own (专业类别).",
    )
    program: ProgramRef | None = field(
        One("programs", optional=True),
        description="The program that declares it; null for a national one (所属项目).",
    )
    valid_from: int | None = field(
        Attribute(optional=True),
        description="First cycle in which the code stands for it (起始年度).",
    )
    valid_to: int | None = field(
        Attribute(optional=True),
        description="Last cycle, null where no end is recorded (终止年度).",
    )
    verified: bool = field(
        Computed(_verified, settled=True),
        description="Whether a supplied document prints this code with this name (是否有文件依据).",
    )
    evidence: list[SpecialtyEvidence] | None = field(
        Attribute(optional=True), description="The documents that print it (依据)."
    )
    note: Text | None = field(
        Localized(optional=True), description="What to check, where nothing proves it (备注)."
    )
    shortage_purposes: list[ShortagePurpose] = field(
        Computed(_shortage_purposes, settled=True),
        description="National sets of shortage specialties that list it (国家紧缺专业).",
    )
    openings: Connection[OpeningRef] = field(
        Connected(OPENINGS, within=_openings), description="Openings that recruit it (招收专业)."
    )
