"""Interfaces that graph types of plugins implement, and what every front end may rely on."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import strawberry

from zhupei.domain import admission, assessment, benefits, eligibility
from zhupei.domain.benefits import FundingSource, Payer, Period
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.graphql.errors import Code, GraphRefusal
from zhupei.graphql.sources import Attribute, IsOneOf, Localized, declares, field
from zhupei.graphql.types.origins import Origin, Source
from zhupei.graphql.types.parameters import Parameter, Parameters

if TYPE_CHECKING:
    from graphql import GraphQLAbstractType, GraphQLResolveInfo

__all__ = [
    "INTERFACES",
    "KINDS_EXTENSION",
    "USE_KEY",
    "AdmissionStep",
    "Assessment",
    "BaseExtension",
    "Benefit",
    "Entry",
    "FormField",
    "RequiredDocument",
    "Requirement",
]

USE_KEY = "use `key`: clients' caches take an `id` for unique in the whole graph; removed in 2.0"
"""Why values that are unique in their list only have no `id` of their own."""

KINDS_EXTENSION = "zhupei.graphTypes"
"""Where a composed schema keeps which type shows a kind: ``(interface, kind)`` to type name."""


@strawberry.interface(
    description=(
        "One entry of a list that national, jurisdiction and institution rules are merged into "
        "(条目): what every front end needs to show it."
    )
)
class Entry:
    """What all kinds have in common."""

    key: str = field(
        Attribute("id"),
        description=(
            "What tells it apart in its list, `id` in the configuration; a lower level replaces "
            "the entry with the same key (条目标识). Lists of other openings have the same keys."
        ),
    )
    id: str = field(
        Attribute(), description="The same as `key` (标识).", deprecation_reason=USE_KEY
    )
    kind: str = field(
        Attribute(),
        description="Word of the configuration that says what it is, such as `english` (类型).",
    )
    label: Text = field(Localized(), description="What to call it (名称).")
    description: Text | None = field(Localized(), description="What it says (说明).")
    level: Level = field(Attribute(), description="Who sets it (规定层级).")
    source: Source | None = field(Attribute(), description="The clause that sets it (出处).")
    parameters: list[Parameter] = field(
        Parameters(), description="The parameters of its kind, whatever the kind (参数)."
    )
    origins: list[Origin] = field(
        Attribute(),
        description="Who set it, and behind that what it replaced, most specific first (来历).",
    )


def _standard(value: Any, interface: str, info: "GraphQLResolveInfo[Any]") -> str:
    """Return the name of the type that shows an entry: its kind's own, or the core's plain one."""
    types = info.schema.extensions.get(KINDS_EXTENSION, {})
    found: str = types.get((interface, value.kind), f"Standard{interface}")
    return found


def _interface(describes: type, description: str) -> Any:
    """Return the decorator of an interface whose objects are of one domain class."""

    def decorate(cls: type) -> type:
        def resolve_type(
            value: Any, info: "GraphQLResolveInfo[Any]", abstract_type: "GraphQLAbstractType"
        ) -> str:
            return _standard(value, abstract_type.name, info)

        resolve_type.settled = True  # type: ignore[attr-defined]  # the kinds of a schema do not change
        # Both are inherited by the types that implement the interface: strawberry looks there.
        cls.resolve_type = staticmethod(resolve_type)  # type: ignore[attr-defined]  # see above
        cls.is_type_of = IsOneOf((describes,))  # type: ignore[attr-defined]  # see above
        return strawberry.interface(cls, description=description)

    return decorate


@_interface(
    eligibility.Requirement,
    "One condition of admission (招收条件), complete with those of all levels.",
)
class Requirement(Entry):
    """A condition of admission."""

    hard: bool = field(
        Attribute(),
        description=(
            "False for a rule with “in principle” (原则上): failing it asks for a review instead "
            "of refusing (是否硬性)."
        ),
    )
    deferred: str | None = field(
        Attribute(),
        description=(
            "The later step that settles it (后续核验环节): `declaration`, `medical_examination`, "
            "`registry`, `document` or `interview`; null where the facts given decide now."
        ),
    )
    when: str | None = field(
        Attribute(),
        description="Expression that says whom it concerns; null for everybody (适用条件).",
    )


@_interface(
    benefits.Benefit, "One thing that trainees are paid or given, or a cost they bear (待遇)."
)
class Benefit(Entry):
    """Something that trainees are paid or given."""

    payer: Payer | None = field(
        Attribute(),
        description="Who pays (支付方); null where the documents contradict each other.",
    )
    funding_source: FundingSource | None = field(
        Attribute(), description="Where the money comes from (资金来源)."
    )
    period: Period | None = field(Attribute(), description="How often it is paid (发放周期).")
    condition: Text | None = field(
        Localized(), description="On what it depends, for readers (发放条件)."
    )
    when: str | None = field(
        Attribute(),
        description="Expression that says whom it concerns; null for everybody (适用条件).",
    )
    note: Text | None = field(
        Localized(), description="What to know, such as why there is no figure (备注)."
    )


@_interface(admission.AdmissionStep, "One step of a program's admission, in order (招收环节).")
class AdmissionStep(Entry):
    """A step of admission."""

    actor: str | None = field(
        Attribute(),
        description=(
            "Who does it (办理方): `applicant`, `sending_unit`, `department`, `specialty_base`, "
            "`base` or `jurisdiction`."
        ),
    )
    round: str | None = field(
        Attribute(), description="Code of the round that it belongs to, null for all (批次)."
    )
    window: str | None = field(
        Attribute(), description="Kind of window of the round that bounds it (时段类型)."
    )


@declares(admission.FormField, description="One field of a form (表单项目).")
class FormField:
    """A field of a form."""

    key: str = field(Attribute("id"), description="What tells it apart in the form (标识).")
    id: str = field(
        Attribute(), description="The same as `key` (标识).", deprecation_reason=USE_KEY
    )
    label: Text = field(Localized(), description="What the form prints (名称).")
    type: str = field(
        Attribute(),
        description=(
            "What it holds (填写类型): `text`, `date`, `number`, `photo`, `signature`, `seal` or "
            "`choice`."
        ),
    )
    required: bool = field(Attribute(), description="Whether it must be filled (是否必填).")
    held: str | None = field(
        Attribute(),
        description=(
            "What of the applicant's own record fills it (取自个人档案): `phone` or `email`; null "
            "where it is answered."
        ),
    )
    note: Text | None = field(Localized(), description="How to fill it (填写说明).")


@_interface(admission.RequiredDocument, "A document that an applicant gives (申请材料).")
class RequiredDocument(Entry):
    """A document to give."""

    aliases: list[str] = field(Attribute(), description="Other names of the same document (别名).")
    at_step: str | None = field(
        Attribute(), description="Id of the step at which it is due (提交环节)."
    )
    form: str | None = field(
        Attribute(),
        description=(
            "In which form (提交形式): `original`, `copy`, `original_and_copy`, `scan`, "
            "`sealed_scan` or `form`."
        ),
    )
    when: str | None = field(
        Attribute(), description="Expression that says of whom it is asked (适用条件)."
    )
    required: bool = field(
        Attribute(), description="Whether an application is incomplete without it (是否必需)."
    )
    fields: list[FormField] = field(
        Attribute(), description="The fields, where it is a form (表单项目)."
    )


@_interface(
    assessment.Assessment,
    "One assessment: of admission, of the process of training, or at completion (考核).",
)
class Assessment(Entry):
    """An assessment."""

    phase: str = field(
        Attribute(),
        description="When it takes place (阶段): `admission`, `process` or `completion`.",
    )
    full_mark: int | None = field(Attribute(), description="Points of full marks (满分).")
    pass_mark: int | None = field(
        Attribute(), description="Points to pass; null where not published (合格线)."
    )
    weight: Decimal | None = field(
        Attribute(),
        description=(
            "Share in the ranking (权重); null where the documents give none, then see "
            "`weightNote`."
        ),
    )
    weight_note: Text | None = field(Localized(), description="Why there is no weight (权重说明).")
    every_months: int | None = field(Attribute(), description="Interval in months (间隔月数).")
    forms: list[Text] = field(Localized(), description="Forms that it may take (考核形式).")
    grades: list[Text] = field(Localized(), description="Grades, best first (等次).")
    criteria: list[Text] = field(Localized(), description="What is judged (考核内容).")


def _resolve_extension(
    value: Any, info: "GraphQLResolveInfo[Any]", _abstract_type: "GraphQLAbstractType"
) -> str:
    """Return the name of a plugin's own type; refuse where its part of the graph was left out."""
    name: str = value.__strawberry_definition__.name
    if name in info.schema.type_map:
        return name
    plugin = str(value.kind).partition(".")[0]
    raise GraphRefusal(
        Code.PLUGIN_PROBLEM,
        Text(
            f"插件 {plugin} 的图类型“{name}”未能加入图中",
            f'the graph type "{name}" of plugin {plugin} was left out of the graph',
        ),
        info.context.language,
        plugin=plugin,
        hook="register_types",
    )


@strawberry.interface(
    description=(
        "What a plugin adds to a base beyond the common shape (扩展信息); the plugin's own type "
        "has more fields."
    )
)
class BaseExtension:
    """The base class of a plugin's own object beside a base; instances hold their values.

    ``label`` and ``description`` are `zhupei.Text`, ``source`` is a `zhupei.Source`.
    """

    resolve_type = staticmethod(_resolve_extension)

    id: strawberry.ID = field(
        Attribute(),
        description="Id of the object, unique in the whole graph: it begins with the slug (标识).",
    )
    kind: str = field(Attribute(), description="What it is, beginning with the slug (类型).")
    label: Text = field(Localized(), description="What to call it (名称).")
    description: Text | None = field(Localized(), description="What it says (说明).", default=None)
    source: Source | None = field(Attribute(), description="Where it stands (出处).", default=None)


INTERFACES: tuple[type, ...] = (
    AdmissionStep,
    Assessment,
    BaseExtension,
    Benefit,
    RequiredDocument,
    Requirement,
)
"""The interfaces that types of plugins may implement."""
