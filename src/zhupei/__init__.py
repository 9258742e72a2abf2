"""What plugin authors import: the marker of hooks, the types of the domain, models of YAML.

Everything here stays as it is within a major release. Graph types come from `zhupei.graph`,
tools for tests from `zhupei.testing`; nothing else of zhupei is meant for plugins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zhupei.domain.actors import (
    Actor,
    ActorKind,
    Grant,
    Permission,
    Request,
    SignInRefusedError,
)
from zhupei.domain.admission import (
    AdmissionStep,
    FormField,
    Penalty,
    RequiredDocument,
)
from zhupei.domain.applications import (
    Application,
    Submission,
    SubmittedDocument,
)
from zhupei.domain.assessment import (
    Assessment,
    Score,
)
from zhupei.domain.benefits import (
    AmountRange,
    Benefit,
    BenefitEstimate,
    FundingSource,
    Payer,
    PayFloor,
    PayFloorOutcome,
    Period,
    Subsidy,
    SubsidyLine,
    WageFigure,
    is_night_shift,
    pay_floor,
    total,
)
from zhupei.domain.calendar import (
    CHINA_TIME,
    age_on,
)
from zhupei.domain.connectors import (
    Connector,
    ConnectorError,
    ConnectorUnavailableError,
    PlatformBatch,
    PlatformRecord,
    Receipt,
    ReceiptState,
    RecordProblem,
    UnknownBatchError,
)
from zhupei.domain.eligibility import (
    EligibilityOutcome,
    EligibilityReport,
    Finding,
    FindingOutcome,
    Requirement,
    Verdict,
    outcome_of,
    reads,
    reads_of,
)
from zhupei.domain.events import (
    Event,
)
from zhupei.domain.facts import (
    fact_label,
    list_facts,
)
from zhupei.domain.institutions import (
    Affiliation,
    Base,
    BaseStatus,
    Collaboration,
    CollaborationKind,
    Contact,
    Degradation,
    InstitutionType,
    Jurisdiction,
    JurisdictionKind,
    Phone,
    Section,
    SectionItem,
    SpecialtyBase,
)
from zhupei.domain.kinds import (
    Kind,
    KindGroup,
)
from zhupei.domain.people import (
    Candidate,
    Certificate,
    Degree,
    DegreeLevel,
    DegreeType,
    EnglishProficiency,
    HospitalTier,
    LicenceCategory,
    NightShift,
    NightShiftCounts,
    OriginRegion,
    PostType,
    Profile,
    SendingUnit,
    TitleLevel,
    TraineeType,
    facts,
)
from zhupei.domain.questions import EligibilityQuestion, PayQuestion
from zhupei.domain.sources import (
    Level,
    Origin,
    Source,
    SourceDocument,
)
from zhupei.domain.text import (
    Language,
    Text,
)
from zhupei.domain.trainees import (
    AssessmentRecord,
    Mark,
    Month,
    Trainee,
)
from zhupei.domain.training import (
    Allocation,
    Cycle,
    Direction,
    Opening,
    Policy,
    Program,
    ProgramKind,
    Quota,
    Round,
    RoundQuota,
    Timeline,
    Window,
)
from zhupei.hooks.installation import Commands, Zhupei
from zhupei.hooks.markers import holds, hookimpl

if TYPE_CHECKING:
    from zhupei.config.scalars import Amount, Day, Flag, Share, Slug, Whole
    from zhupei.config.texts import Model

__all__ = [
    "CHINA_TIME",
    "Actor",
    "ActorKind",
    "AdmissionStep",
    "Affiliation",
    "Allocation",
    "Amount",
    "AmountRange",
    "Application",
    "Assessment",
    "AssessmentRecord",
    "Base",
    "BaseStatus",
    "Benefit",
    "BenefitEstimate",
    "Candidate",
    "Certificate",
    "Collaboration",
    "CollaborationKind",
    "Commands",
    "Connector",
    "ConnectorError",
    "ConnectorUnavailableError",
    "Contact",
    "Cycle",
    "Day",
    "Degradation",
    "Degree",
    "DegreeLevel",
    "DegreeType",
    "Direction",
    "EligibilityOutcome",
    "EligibilityQuestion",
    "EligibilityReport",
    "EnglishProficiency",
    "Event",
    "Finding",
    "FindingOutcome",
    "Flag",
    "FormField",
    "FundingSource",
    "Grant",
    "HospitalTier",
    "InstitutionType",
    "Jurisdiction",
    "JurisdictionKind",
    "Kind",
    "KindGroup",
    "Language",
    "Level",
    "LicenceCategory",
    "Mark",
    "Model",
    "Month",
    "NightShift",
    "NightShiftCounts",
    "Opening",
    "Origin",
    "OriginRegion",
    "PayFloor",
    "PayFloorOutcome",
    "PayQuestion",
    "Payer",
    "Penalty",
    "Period",
    "Permission",
    "Phone",
    "PlatformBatch",
    "PlatformRecord",
    "Policy",
    "PostType",
    "Profile",
    "Program",
    "ProgramKind",
    "Quota",
    "Receipt",
    "ReceiptState",
    "RecordProblem",
    "Request",
    "RequiredDocument",
    "Requirement",
    "Round",
    "RoundQuota",
    "Score",
    "Section",
    "SectionItem",
    "SendingUnit",
    "Share",
    "SignInRefusedError",
    "Slug",
    "Source",
    "SourceDocument",
    "SpecialtyBase",
    "Submission",
    "SubmittedDocument",
    "Subsidy",
    "SubsidyLine",
    "Text",
    "Timeline",
    "TitleLevel",
    "Trainee",
    "TraineeType",
    "UnknownBatchError",
    "Verdict",
    "WageFigure",
    "Whole",
    "Window",
    "Zhupei",
    "age_on",
    "fact_label",
    "facts",
    "holds",
    "hookimpl",
    "is_night_shift",
    "list_facts",
    "outcome_of",
    "pay_floor",
    "reads",
    "reads_of",
    "total",
]

# Models need pydantic, which a plugin without parameters need not wait for.
_LAZY = {
    "Model": "zhupei.config.texts",
    "Amount": "zhupei.config.scalars",
    "Day": "zhupei.config.scalars",
    "Flag": "zhupei.config.scalars",
    "Share": "zhupei.config.scalars",
    "Slug": "zhupei.config.scalars",
    "Whole": "zhupei.config.scalars",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - because most plugins never come here

    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return __all__
