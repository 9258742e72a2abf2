"""Brochures: how far a program's brochure is, what it states, and what changed since last year."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any

import strawberry

from zhupei.db.reading import PageQuery
from zhupei.domain import brochures as domain
from zhupei.domain.brochures import BrochureState
from zhupei.domain.permissions import Target
from zhupei.domain.text import Text
from zhupei.graphql.asked import reads
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_or_public
from zhupei.graphql.enums import show
from zhupei.graphql.errors import not_found
from zhupei.graphql.found_rows import Found, Names
from zhupei.graphql.loading import Loaded
from zhupei.graphql.permissions import permitted
from zhupei.graphql.sources import (
    Attribute,
    Computed,
    GraphInfo,
    Localized,
    One,
    declares,
    field,
)
from zhupei.graphql.types.interfaces import USE_KEY
from zhupei.graphql.types.origins import Source
from zhupei.graphql.types.references import BaseRef, ProgramRef
from zhupei.services import brochures
from zhupei.services.brochures.rows import brochure_checks
from zhupei.services.brochures.versions import VERSIONS, version_query
from zhupei.services.papers import brochure_diff
from zhupei.services.papers.brochure_check import check_brochure
from zhupei.services.papers.brochure_diff import diff_brochures

__all__ = ["Brochure", "BrochureVersion"]

show(
    BrochureState,
    "How far a version of a brochure has come (简章状态).",
    {
        BrochureState.SUBMITTED: "It waits for the authority (待审核).",
        BrochureState.RETURNED: "The authority gave it back with a reason (已退回).",
        BrochureState.APPROVED: "It may be published (审核通过，待发布).",
        BrochureState.PUBLISHED: "It stands in every place (已发布).",
    },
)
show(
    brochure_diff.Change,
    "What happened to an entry of a brochure (变化).",
    {
        brochure_diff.Change.ADDED: "It is new (新增).",
        brochure_diff.Change.REMOVED: "It is gone (删除).",
        brochure_diff.Change.CHANGED: "It says something else (修改).",
    },
    name="BrochureChangeKind",
)


@reads("base")
def _about_version(version: domain.Brochure) -> tuple[Target, ...]:
    return (Target(base=version.base),)


@declares(
    domain.BrochureCheck,
    description="What a brochure states on one topic, and whether a list asks for it (内容核对).",
)
class BrochureCheck:
    """A check."""

    topic: str = field(Attribute(), description="Code of the topic, such as `plan` (事项代码).")
    label: Text = field(Localized(), description="What it is about (事项).")
    outcome: str = field(Attribute(), description="`present`, `unknown` or `missing` (结论).")
    detail: Text = field(Localized(), description="What was found (说明).")
    demanded: bool = field(Attribute(), description="Whether a list asks for it (是否必须写明).")
    source: Source | None = field(Attribute(), description="The clause that asks for it (出处).")


@declares(domain.BrochurePublication, description="One place where a brochure stands (发布情况).")
class BrochurePublication:
    """A publication."""

    place: str = field(Attribute(), description="Where (发布平台).")
    address: str = field(Attribute(), description="Under which address (网址).")
    published_at: datetime = field(Attribute(), description="Since when (发布时间).")
    recorded_at: datetime = field(Attribute(), description="When it was recorded (登记时间).")


@reads("html")
def _html_path(root: strawberry.Parent[domain.Brochure]) -> str:
    return f"/brochures/{root.html}.html"


@reads("pdf")
def _pdf_path(root: strawberry.Parent[domain.Brochure]) -> str:
    return f"/brochures/{root.pdf}.pdf"


@reads("program", "html")
async def _changed(
    versions: Sequence[domain.Brochure], context: GraphContext
) -> Mapping[tuple[str, str], bool]:
    return await brochures.changed_since(
        context.catalogue, {(each.program, each.html) for each in versions}
    )


@declares(
    domain.Brochure,
    VERSIONS.shown,
    name="BrochureVersion",
    description=(
        "One version of a program's brochure, frozen as it was submitted (简章版本). What was "
        "published is everybody's; the rest is shown to the base and the authority."
    ),
)
class BrochureVersion:
    """A version."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    version: int = field(Attribute(), description="Number of the version, from 1 (版本).")
    state: BrochureState = field(Attribute(), description="How far it has come (状态).")
    html_sha256: str = field(Attribute("html"), description="SHA-256 of the page (网页校验值).")
    html_path: str = field(
        Computed(_html_path), description="Where the page is, on this server (网页路径)."
    )
    pdf_sha256: str = field(Attribute("pdf"), description="SHA-256 of the PDF (PDF 校验值).")
    pdf_path: str = field(
        Computed(_pdf_path), description="Where the PDF is, on this server (PDF 路径)."
    )
    catalogue_hash: str = field(
        Attribute(), description="Version of the configuration it was made from (配置版本)."
    )
    changed_since: bool = field(
        Loaded(_changed, attrgetter("program", "html")),
        description="Whether the configuration says something else now (审核后是否有变化).",
        cost=1000,
    )
    checks: list[BrochureCheck] = field(
        Attribute(), description="What it states, as it was submitted (内容核对)."
    )
    submitted_at: datetime = field(Attribute(), description="When it was submitted (报送时间).")
    due_at: datetime | None = field(
        Attribute(), description="When it was due, not included (报送截止时间)."
    )
    late: bool = field(Attribute(), description="Whether it was submitted late (是否逾期).")
    decided_at: datetime | None = field(
        Attribute(), description="When the authority decided (审核时间)."
    )
    publications: list[BrochurePublication] = field(
        Attribute(), description="Where it stands (发布情况)."
    )
    published_at: datetime | None = field(
        Attribute(), description="Since when it stands in every place (发布完成时间)."
    )
    attested: list[str] | None = permitted(
        field(
            Attribute(),
            description="What the base vouches for, because no check understands it (基地声明).",
        ),
        "brochures.read",
        about=_about_version,
    )
    late_reason: str | None = permitted(
        field(Attribute(), description="Why it was late (逾期原因)."),
        "brochures.read",
        about=_about_version,
    )
    reason: str | None = permitted(
        field(Attribute(), description="What the authority said (审核意见)."),
        "brochures.read",
        about=_about_version,
    )


@declares(
    brochure_diff.FieldChange,
    description="One field of an entry with both values (字段变化).",
)
class BrochureFieldChange:
    """A field."""

    name: str = field(Attribute(), description="Name of the field (字段).")
    before: str | None = field(Attribute(), description="What it said before (原值).")
    after: str | None = field(Attribute(), description="What it says now (现值).")


@declares(
    brochure_diff.EntryChange,
    description="One entry of a brochure that was added, removed or changed (条目变化).",
)
class BrochureChange:
    """A change."""

    group: str = field(
        Attribute(), description="List that it stands in, such as `openings` (类别)."
    )
    key: str = field(Attribute("id"), description="What tells it apart there (标识).")
    id: str = field(
        Attribute(), description="The same as `key` (标识).", deprecation_reason=USE_KEY
    )
    label: Text = field(Localized(), description="What it is called (名称).")
    change: brochure_diff.Change = field(Attribute(), description="What happened (变化).")
    fields: list[BrochureFieldChange] = field(Attribute(), description="What differs (字段).")


@declares(
    brochure_diff.BrochureDiff,
    description="All changes from one program's brochure to another's (简章对比).",
)
class BrochureDiff:
    """A comparison."""

    before: str = field(Attribute(), description="Code of the earlier program (原项目).")
    after: str = field(Attribute(), description="Code of the later one (现项目).")
    changes: list[BrochureChange] = field(
        Attribute(), description="In the order of a brochure (各项变化)."
    )


def _diff(
    root: strawberry.Parent[brochures.BrochureSituation],
    info: GraphInfo,
    against: Annotated[
        str | None,
        strawberry.argument(
            description=(
                "Code of the program to compare with (对比项目); the same base's of the year "
                "before by default."
            )
        ),
    ] = None,
) -> BrochureDiff | None:
    context = info.context
    before = against or brochures.previous_program(context.catalogue, root.program)
    if before is None:
        return None
    if before not in context.catalogue.programs:
        raise not_found("against", before, context.language)
    found: Any = diff_brochures(context.catalogue, before, root.program)
    return found  # type: ignore[no-any-return]  # the graph's type describes the service's


def _checks(
    root: strawberry.Parent[brochures.BrochureSituation], info: GraphInfo
) -> list[BrochureCheck]:
    found: Any = list(brochure_checks(check_brochure(info.context.catalogue, root.program)))
    return found  # type: ignore[no-any-return]  # the graph's type describes the service's


def _to_attest(root: strawberry.Parent[brochures.BrochureSituation], info: GraphInfo) -> list[str]:
    report = check_brochure(info.context.catalogue, root.program)
    return [each.label.zh for each in report.unrecognised]


async def _versions(context: GraphContext, names: Names) -> PageQuery:
    return await version_query(await desk_or_public(context), names)


@declares(
    brochures.BrochureSituation,
    name="Brochure",
    description=(
        "A program's recruitment brochure (招生简章): what the configuration states now, and its "
        "way from submission to both places of publication."
    ),
)
class Brochure:
    """A brochure."""

    program: ProgramRef | None = field(One("programs"), description="The program (项目).")
    base: BaseRef | None = field(One("bases"), description="The base (培训基地).")
    current: BrochureVersion | None = field(
        Found(VERSIONS, _versions, single=True, by="program", key=attrgetter("program")),
        description=(
            "The newest version that whoever asks may see (最新版本); null before it is published."
        ),
    )
    versions: list[BrochureVersion] = field(
        Found(VERSIONS, _versions, by="program", key=attrgetter("program")),
        description="All that whoever asks may see, the newest first (各版本).",
    )
    approval_needed: bool = field(
        Attribute(), description="Whether an authority approves it (是否须审核)."
    )
    places: list[Text] = field(Localized(), description="Where it has to be published (发布平台).")
    submit_by: datetime | None = field(
        Attribute(), description="Deadline of the submission, not included (报送截止时间)."
    )
    publish_by: datetime | None = field(
        Attribute(), description="Deadline of the publication, not included (发布截止时间)."
    )
    checks: list[BrochureCheck] = field(
        Computed(_checks),
        description="What it would state if it were submitted now (内容核对).",
        cost=100,
    )
    to_attest: list[str] = field(
        Computed(_to_attest),
        description=(
            "Demands that no check understands, in Chinese (须声明事项): the base repeats them in "
            "`attested` when it submits."
        ),
        cost=100,
    )
    diff: BrochureDiff | None = field(
        Computed(_diff),
        description="What differs from another year's; null where there is none (与往年对比).",
        cost=4000,
    )
