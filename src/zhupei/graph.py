"""What plugins' own graph types are written with: interfaces, declared fields, scalars.

A type over a core object declares its fields and names their sources; the graph fills them::

    @strawberry.type(description="Pay for night shifts, by how they are stood (夜班补贴).")
    class SampleNightShift(Benefit):
        independent: Yuan = field(Param(), description="Yuan for an independent shift (独立值班).")

A type for `base_extension` is made with its values (``SampleFacts(id=…, kind=…, label=…)``).
Names of types begin with the plugin's slug in PascalCase.
"""

from zhupei.domain.permissions import Target
from zhupei.graphql.enums import ENUMS as _ENUMS  # noqa: F401 - declares the domain's enumerations
from zhupei.graphql.permissions import permitted
from zhupei.graphql.scalars import Yuan
from zhupei.graphql.sources import (
    Attribute,
    Computed,
    FieldSource,
    Localized,
    Many,
    One,
    Param,
    Via,
    field,
)
from zhupei.graphql.sources import GraphInfo as Info
from zhupei.graphql.types.bases import Base
from zhupei.graphql.types.interfaces import (
    AdmissionStep,
    Assessment,
    BaseExtension,
    Benefit,
    Entry,
    FormField,
    RequiredDocument,
    Requirement,
)
from zhupei.graphql.types.openings import Opening
from zhupei.graphql.types.origins import Origin, Source
from zhupei.graphql.types.parameters import Parameter
from zhupei.graphql.types.places import Jurisdiction, Province
from zhupei.graphql.types.programs import Program
from zhupei.graphql.types.specialties import Specialty

__all__ = [
    "AdmissionStep",
    "Assessment",
    "Attribute",
    "Base",
    "BaseExtension",
    "Benefit",
    "Computed",
    "Entry",
    "FieldSource",
    "FormField",
    "Info",
    "Jurisdiction",
    "Localized",
    "Many",
    "One",
    "Opening",
    "Origin",
    "Param",
    "Parameter",
    "Program",
    "Province",
    "RequiredDocument",
    "Requirement",
    "Source",
    "Specialty",
    "Target",
    "Via",
    "Yuan",
    "field",
    "permitted",
]
