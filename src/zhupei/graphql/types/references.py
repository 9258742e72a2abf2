"""References between types that stand in different modules, resolved when the schema is built."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

if TYPE_CHECKING:
    from zhupei.graphql.types.applicants import Applicant
    from zhupei.graphql.types.applications import Application
    from zhupei.graphql.types.bases import Base, SpecialtyBase
    from zhupei.graphql.types.brochures import Brochure
    from zhupei.graphql.types.openings import Opening
    from zhupei.graphql.types.places import Jurisdiction, Province
    from zhupei.graphql.types.programs import Program
    from zhupei.graphql.types.specialties import Specialty
    from zhupei.graphql.types.trainees import Trainee

__all__ = [
    "ApplicantRef",
    "ApplicationRef",
    "BaseRef",
    "BrochureRef",
    "JurisdictionRef",
    "OpeningRef",
    "ProgramRef",
    "ProvinceRef",
    "SpecialtyBaseRef",
    "SpecialtyRef",
    "TraineeRef",
]

_TYPES = "zhupei.graphql.types"

ApplicantRef: TypeAlias = Annotated["Applicant", strawberry.lazy(f"{_TYPES}.applicants")]
ApplicationRef: TypeAlias = Annotated["Application", strawberry.lazy(f"{_TYPES}.applications")]
BaseRef: TypeAlias = Annotated["Base", strawberry.lazy(f"{_TYPES}.bases")]
BrochureRef: TypeAlias = Annotated["Brochure", strawberry.lazy(f"{_TYPES}.brochures")]
SpecialtyBaseRef: TypeAlias = Annotated["SpecialtyBase", strawberry.lazy(f"{_TYPES}.bases")]
OpeningRef: TypeAlias = Annotated["Opening", strawberry.lazy(f"{_TYPES}.openings")]
ProgramRef: TypeAlias = Annotated["Program", strawberry.lazy(f"{_TYPES}.programs")]
ProvinceRef: TypeAlias = Annotated["Province", strawberry.lazy(f"{_TYPES}.places")]
JurisdictionRef: TypeAlias = Annotated["Jurisdiction", strawberry.lazy(f"{_TYPES}.places")]
SpecialtyRef: TypeAlias = Annotated["Specialty", strawberry.lazy(f"{_TYPES}.specialties")]
TraineeRef: TypeAlias = Annotated["Trainee", strawberry.lazy(f"{_TYPES}.trainees")]
