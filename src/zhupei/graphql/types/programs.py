"""Programs of a cycle: rounds with their windows, and every list of rules."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from zhupei.domain import admission, codes, training
from zhupei.domain.benefits import FundingSource
from zhupei.domain.codes import ShortagePurpose
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import Allocation, ProgramKind
from zhupei.graphql import openness
from zhupei.graphql.connections import Connected, Connection
from zhupei.graphql.listings import OPENINGS
from zhupei.graphql.nodes import Node
from zhupei.graphql.scalars import plain
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
from zhupei.graphql.types.interfaces import (
    USE_KEY,
    AdmissionStep,
    Assessment,
    Benefit,
    RequiredDocument,
    Requirement,
)
from zhupei.graphql.types.origins import Origin, Source
from zhupei.graphql.types.references import BaseRef, BrochureRef, JurisdictionRef, OpeningRef
from zhupei.services.brochures import brochure_situation

__all__ = ["At", "Penalty", "Policy", "Program", "Round", "ShortageSet", "Window"]

At = Annotated[
    datetime | None,
    strawberry.argument(description="The instant to ask about (时刻); the present one by default."),
]


def _window_is_open(
    root: strawberry.Parent[training.Window], info: GraphInfo, at: At = None
) -> bool | None:
    return root.is_open(at or info.context.clock())


@declares(
    training.Window,
    description=("A period of a round (时段): from `opensAt` up to but not including `closesAt`."),
)
class Window:
    """A window."""

    kind: str = field(
        Attribute(),
        description=(
            "What happens in it (类型), such as `registration`, `preference`, `assessment`, "
            "`publicity`, `confirmation` or `report`."
        ),
    )
    label: Text = field(Localized(), description="What to call it (名称).")
    opens_at: datetime | None = field(
        Attribute(), description="Its beginning; null for a mere deadline (开始时间)."
    )
    closes_at: datetime | None = field(
        Attribute(),
        description="Its end, not included; null where none is published (截止时间).",
    )
    is_open: bool | None = field(
        Computed(_window_is_open, settled=True),
        description=(
            "Whether an instant lies in it (是否开放); null where an end that matters is unknown."
        ),
    )
    note: Text | None = field(Localized(), description="What to know (备注).")
    source: Source | None = field(Attribute(), description="The clause that sets it (出处).")


@declares(training.Round, description="One round or batch of admissions (批次).")
class Round:
    """A round."""

    code: str = field(Attribute(), description="Code within the program (代码).")
    name: Text = field(Localized(), description="Name (名称).")
    windows: list[Window] = field(Attribute(), description="Its windows, in order (时段).")
    allocation: Allocation = field(
        Attribute(), description="How its seats are given out (录取方式)."
    )
    max_preferences: int | None = field(
        Attribute(),
        description=(
            "Preferences that may be filed in it (志愿数); null where the program's policy "
            "`max_preferences` holds."
        ),
    )
    quota: int | None = field(
        Attribute(),
        description="Places of the whole program that it fills, where published (招收人数).",
    )
    quota_note: Text | None = field(
        Localized(), description="Why its share is not known (人数说明)."
    )
    note: Text | None = field(Localized(), description="What to know (备注).")
    level: Level = field(Attribute(), description="Who sets it (规定层级).")
    source: Source | None = field(Attribute(), description="The clause that sets it (出处).")
    origins: list[Origin] = field(Attribute(), description="Who set it (来历).")


def _policy_value(root: strawberry.Parent[training.Policy]) -> str | None:
    value = root.value
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return plain(value)
        case _:
            return str(value)


@declares(
    training.Policy,
    description="One parameter of a program (参数), such as the length of publicity.",
)
class Policy:
    """A parameter."""

    key: str = field(Attribute(), description="Key, such as `publicity_working_days` (键).")
    label: Text = field(Localized(), description="What it is about (名称).")
    value: str | None = field(
        Computed(_policy_value, settled=True),
        description="Value as text; null where the documents give none, then see `note` (值).",
    )
    unit: str | None = field(Attribute(), description="Unit, such as `months` (单位).")
    level: Level = field(Attribute(), description="Who sets it (规定层级).")
    note: Text | None = field(Localized(), description="Why it is unknown, or how decided (备注).")
    source: Source | None = field(Attribute(), description="The clause that sets it (出处).")
    origins: list[Origin] = field(Attribute(), description="Who set it (来历).")


@declares(admission.Penalty, description="What follows a breach, announced in advance (违规处理).")
class Penalty:
    """A penalty."""

    key: str = field(Attribute("id"), description="What tells it apart in its list (标识).")
    id: str = field(
        Attribute(), description="The same as `key` (标识).", deprecation_reason=USE_KEY
    )
    label: Text = field(Localized(), description="What to call it (名称).")
    description: Text | None = field(Localized(), description="What it says (说明).")
    level: Level = field(Attribute(), description="Who sets it (规定层级).")
    trigger: str = field(
        Attribute(),
        description=(
            "What it follows from (触发情形), such as `withdrawal`, `no_show`, `fraud`, "
            "`quit_after_report`, `serious_breach`, `misconduct`, `postgraduate_exam`, "
            "`shortage_shortfall` or `quality`."
        ),
    )
    consequences: list[str] = field(
        Attribute(),
        description=(
            "What follows (后果), such as `application_cancelled`, `admission_cancelled`, "
            "`eligibility_cancelled`, `ban`, `repayment`, `subsidy_stopped`, `terminated`, "
            "`public_criticism`, `plan_cut` or `no_growth`."
        ),
    )
    ban_years: int | None = field(
        Attribute(), description="Years without a new application (禁止报名年限)."
    )
    after_days: int | None = field(
        Attribute(),
        description=(
            "Days after which it follows by itself; null where a person decides (自动生效天数)."
        ),
    )
    repays: list[FundingSource] = field(Attribute(), description="Funding to pay back (退还资金).")
    decided_by: str | None = field(
        Attribute(),
        description="Who decides (决定方): `base`, `jurisdiction` or `automatic`.",
    )
    source: Source | None = field(Attribute(), description="The clause that sets it (出处).")
    origins: list[Origin] = field(Attribute(), description="Who set it (来历).")


@declares(
    codes.ShortageSet,
    description=(
        "Specialties in short supply, for one purpose, as one source lists them (紧缺专业)."
    ),
)
class ShortageSet:
    """A list of shortage specialties."""

    purpose: ShortagePurpose = field(Attribute(), description="What the list is for (用途).")
    codes: list[str] = field(
        Attribute(ordered=True), description="Codes of the specialties (专业代码)."
    )
    open_ended: bool = field(
        Attribute(),
        description=(
            "Whether the list ends in “and others” (等): what is not listed may still be meant."
        ),
    )
    rounds: list[str] = field(
        Attribute(ordered=True),
        description="Codes of the rounds that it concerns; empty for all (适用批次).",
    )
    source: Source = field(Attribute(), description="The clause that lists them (出处).")


def _shortage_sets(
    root: strawberry.Parent[training.Program], info: GraphInfo
) -> list[codes.ShortageSet]:
    return list(info.context.catalogue.shortages.get(root.code, ()))


def _is_open(
    root: strawberry.Parent[training.Program], info: GraphInfo, at: At = None
) -> bool | None:
    return openness.is_open(root.rounds, at or info.context.clock())


def _closes_at(
    root: strawberry.Parent[training.Program], info: GraphInfo, at: At = None
) -> datetime | None:
    return openness.closes_next(root.rounds, at or info.context.clock())


def _brochure(root: strawberry.Parent[training.Program], info: GraphInfo) -> BrochureRef | None:
    found: Any = brochure_situation(info.context.catalogue, root.code)
    return found  # type: ignore[no-any-return]  # the graph's type describes the service's


@declares(
    training.Program,
    description=(
        "A residency or fellowship program of one cycle (培训项目), hosted by a base or a "
        "jurisdiction. Its lists are complete: national, jurisdiction and institution rules, "
        "merged by id."
    ),
)
class Program(Node):
    """A program."""

    code: str = field(Attribute(), description="Code (代码).")
    name: Text = field(Localized(), description="Name (名称).")
    kind: ProgramKind = field(Attribute(), description="Residency or fellowship (类型).")
    year: int = field(Attribute(), description="Cycle (年度).")
    last_year: int | None = field(
        Attribute(), description="Last year of a program that runs over several (终止年度)."
    )
    base: BaseRef | None = field(
        One("bases"), description="Base that hosts it; null for a jurisdiction's (培训基地)."
    )
    jurisdiction: JurisdictionRef | None = field(
        One("jurisdictions"), description="Jurisdiction that hosts it; null for a base's (辖区)."
    )
    parent: "Program | None" = field(
        One("programs"),
        description="Program from which it takes what it does not set itself (上级项目).",
    )
    children: list["Program"] = field(
        Many("programs"), description="Programs that take from it (下级项目)."
    )
    duration_months: int | None = field(Attribute(), description="Length in months (培训月数).")
    duration_note: Text | None = field(
        Localized(), description="What the length depends on (时长说明)."
    )
    quota_total: int | None = field(
        Attribute(),
        description=(
            "Number of places (招收总数): the sum of its openings and children; null where one "
            "of them is unknown, then see `quotaNote`."
        ),
    )
    quota_note: Text | None = field(
        Localized(), description="Why the number is unknown (人数说明)."
    )
    openings: Connection[OpeningRef] = field(
        Connected(OPENINGS, index="openings_of_program"),
        description="What it recruits, row by row (招收专业).",
    )
    rounds: list[Round] = field(Attribute(), description="Rounds or batches (批次).")
    rounds_note: Text | None = field(
        Localized(), description="Why there are no rounds (批次说明); null where there are."
    )
    steps: list[AdmissionStep] = field(
        Attribute(), description="Steps of admission, in order (招收环节)."
    )
    documents: list[RequiredDocument] = field(
        Attribute(), description="Documents that applicants give (申请材料)."
    )
    requirements: list[Requirement] = field(
        Attribute(), description="Conditions of admission (招收条件)."
    )
    benefits: list[Benefit] = field(Attribute(), description="Pay and benefits (待遇).")
    penalties: list[Penalty] = field(
        Attribute(), description="Penalties, announced in advance (违规处理)."
    )
    assessments: list[Assessment] = field(Attribute(), description="Assessments (考核).")
    policies: list[Policy] = field(Attribute(), description="Parameters (参数).")
    shortage_sets: list[ShortageSet] = field(
        Computed(_shortage_sets, settled=True),
        description="Shortage specialties that bind it, by purpose (紧缺专业).",
    )
    sections: list[Section] = field(Attribute(), description="Published information (信息栏目).")
    contacts: list[Contact] = field(Attribute(), description="Contacts for it (联系方式).")
    is_open: bool | None = field(
        Computed(_is_open, settled=True),
        description=(
            "Whether one can apply at an instant (是否可报名); null where nobody can tell: no "
            "window is published, or an end is unknown."
        ),
    )
    closes_at: datetime | None = field(
        Computed(_closes_at, settled=True),
        description="When its next window of application closes after an instant (截止时间).",
    )
    brochure: BrochureRef | None = field(
        Computed(_brochure, settled=True),
        description=(
            "Its brochure and how far it is (招生简章); null for a program that no base hosts."
        ),
    )
    note: Text | None = field(Localized(), description="What to know (备注).")
    source: Source | None = field(Attribute(), description="Document that announces it (出处).")
