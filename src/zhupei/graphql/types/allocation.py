"""Allocation by preference lists: runs with their certificate, and explanations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import strawberry
from strawberry.types.arguments import StrawberryArgument

from zhupei.db.reading import PageQuery
from zhupei.db.tables import RowSource
from zhupei.domain import allocation
from zhupei.domain import matching_certificate as certificates
from zhupei.domain import matching_explanation as explanations
from zhupei.domain.permissions import Target
from zhupei.domain.text import Text
from zhupei.graphql.allocation_enums import TieRule, Verdict, ViolationKind
from zhupei.graphql.asked import reads
from zhupei.graphql.connections import PageInfo
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of
from zhupei.graphql.found_rows import Names
from zhupei.graphql.listed_rows import ListedRows, ReadEdge, ReadPage
from zhupei.graphql.permissions import permitted
from zhupei.graphql.row_pages import RowRequest, row_arguments
from zhupei.graphql.sources import Attribute, Computed, GraphInfo, Localized, One, declares, field
from zhupei.graphql.types.allocation_figures import AllocationFigures
from zhupei.graphql.types.references import ApplicationRef, OpeningRef, ProgramRef
from zhupei.graphql.types.related import related_application
from zhupei.services import allocation as use_cases
from zhupei.services.allocation import pages
from zhupei.services.allocation.rows import CHOICES, PLACES, RUNS

__all__ = ["AllocationCheck", "AllocationExplanation", "AllocationRun"]


@declares(
    allocation.AllocationPlace, PLACES.shown, description="An opening or direction in a run (岗位)."
)
class AllocationPlace:
    """A place."""

    code: str = field(
        Attribute(),
        description="Code: that of the opening, with `#` and the direction's id where the "
        "direction has seats of its own (代码).",
    )
    opening: OpeningRef | None = field(
        One("openings"), description="The opening; null where it left the catalogue (招收专业)."
    )
    direction: str | None = field(Attribute(), description="Id of the direction (方向).")
    quota: int = field(Attribute(), description="Seats that were left to the round (名额).")
    taken: int = field(Attribute(), description="Applicants placed here (录取人数).")
    ranked: int = field(Attribute(), description="Applicants who asked for it (填报人数).")
    cut_off: Decimal | None = field(
        Attribute(),
        description="Total of the last one placed, out of 100; null where nobody was (分数线).",
    )
    last_applicant_id: strawberry.ID | None = field(
        Attribute("last"), description="Identifier of that applicant (最后录取者标识)."
    )
    tie_rule: TieRule = field(
        Attribute("ties.rule"), description="What decides between equal totals (并列规则)."
    )
    tie_lottery_seed: str | None = field(
        Attribute("ties.seed"), description="Published seed of the lottery (抽签种子)."
    )
    criteria: list[str] = field(
        Attribute(), description="Assessments compared before that, in order (单项成绩顺序)."
    )


@declares(
    allocation.AllocationChoice, CHOICES.shown, description="One application in a run (一个志愿)."
)
class AllocationChoice:
    """A choice."""

    application_id: strawberry.ID = field(
        Attribute("application"), description="Identifier of the application (报名标识)."
    )
    application: ApplicationRef | None = field(
        related_application("application"), description="The application (报名)."
    )
    applicant_id: strawberry.ID = field(
        Attribute("applicant"), description="Identifier of the applicant (报考人标识)."
    )
    place: str = field(Attribute(), description="Code of the place (岗位代码).")
    preference: int = field(Attribute(), description="Number of the preference (志愿序号).")
    total: Decimal = field(Attribute("value"), description="Weighted score out of 100 (总分).")
    singles: list[Decimal] = field(
        Attribute(), description="Scores out of 100 by the place's criteria (单项成绩)."
    )
    submitted_at: datetime = field(Attribute(), description="When it was handed in (提交时间).")
    rank: int = field(Attribute(), description="Place among those who asked for it (名次).")
    verdict: Verdict = field(Attribute(), description="What became of it (结果).")


@declares(certificates.Violation, description="One thing that is wrong with a result (问题).")
class AllocationViolation:
    """A violation."""

    kind: ViolationKind = field(Attribute(), description="What is wrong (类型).")
    message: Text = field(Localized(), description="In words (说明).")
    applicant_id: strawberry.ID | None = field(
        Attribute("applicant"), description="Which applicant (报考人标识)."
    )
    place: str | None = field(Attribute("opening"), description="Code of the place (岗位代码).")


@declares(
    allocation.AllocationCheck,
    description="What the independent checker says of a stored run (核验).",
)
class AllocationCheck:
    """A check."""

    holds: bool = field(Attribute(), description="Whether the run is proven (是否成立).")
    market: str = field(Attribute(), description="SHA-256 of all that it was made from (数据摘要).")
    applications: int = field(Attribute(), description="Applications checked (志愿数).")
    places: int = field(Attribute(), description="Places checked (岗位数).")
    violations: list[AllocationViolation] = field(
        Attribute(), description="What is wrong; empty where it holds (问题)."
    )


@dataclass(frozen=True)
class _Places(ListedRows):
    """A page of the places of a run."""

    rows: ClassVar[RowSource] = PLACES
    default_order: ClassVar[str] = "PLACES"
    by: ClassVar[str | None] = "run"

    def arguments(self) -> list[StrawberryArgument]:
        """Return Relay's arguments."""
        return row_arguments(None, None, "")

    async def query(
        self, _context: GraphContext, request: RowRequest, _given: Mapping[str, Any], names: Names
    ) -> PageQuery:
        """Return which places are listed."""
        after = None if request.place is None else str(request.place.value)
        return pages.place_query(names, after=after, backwards=request.backwards)


@dataclass(frozen=True)
class _Choices(ListedRows):
    """A page of what came of the applications of a run."""

    rows: ClassVar[RowSource] = CHOICES
    default_order: ClassVar[str] = "CHOICES"
    by: ClassVar[str | None] = "run"

    def arguments(self) -> list[StrawberryArgument]:
        """Return Relay's arguments."""
        return row_arguments(None, None, "")

    async def query(
        self, _context: GraphContext, request: RowRequest, _given: Mapping[str, Any], names: Names
    ) -> PageQuery:
        """Return which applications are listed."""
        after = None if request.place is None else request.place.id
        return pages.choice_query(names, after=after, backwards=request.backwards)


@reads("root_program")
def _whole(run: allocation.AllocationRun, context: GraphContext) -> Sequence[Target]:
    """Return what a permission over the whole round is asked for."""
    root = context.catalogue.programs.get(run.root_program)
    return (Target() if root is None else Target(base=root.base, jurisdiction=root.jurisdiction),)


@declares(ReadEdge, description="One place of a page (分页中的一行).")
class AllocationPlaceEdge:
    """An edge."""

    cursor: str = field(Attribute(), description="Opaque place of this row (游标).")
    node: AllocationPlace = field(Attribute(), description="The place (岗位).")


@declares(ReadPage, description="One page of places (岗位列表).")
class AllocationPlaceConnection:
    """A connection."""

    total_count: int = field(Attribute(), description="Number of places (总数).")
    edges: list[AllocationPlaceEdge] = field(
        Attribute(), description="The places of this page (本页各行)."
    )
    page_info: PageInfo = field(
        Attribute(), description="Where the page lies within the list (分页信息)."
    )


@declares(ReadEdge, description="One application of a run (分页中的一行).")
class AllocationChoiceEdge:
    """An edge."""

    cursor: str = field(Attribute(), description="Opaque place of this row (游标).")
    node: AllocationChoice = field(Attribute(), description="The application (志愿).")


@declares(ReadPage, description="One page of applications of a run (志愿列表).")
class AllocationChoiceConnection:
    """A connection."""

    total_count: int = field(Attribute(), description="Number of applications (总数).")
    edges: list[AllocationChoiceEdge] = field(
        Attribute(), description="The applications of this page (本页各行)."
    )
    page_info: PageInfo = field(
        Attribute(), description="Where the page lies within the list (分页信息)."
    )


@reads("id")
async def _check(
    root: strawberry.Parent[allocation.AllocationRun], info: GraphInfo
) -> AllocationCheck | None:
    desk = await desk_of(info.context)
    with desk.database.use():
        found: Any = await use_cases.verify_run(root.id)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@declares(
    allocation.AllocationRun,
    RUNS.shown,
    description=(
        "One run of the allocation of a round (匹配). With `market`, `digest`, `places` and "
        "`choices` it is its own certificate: everything that decided is there, and anyone can "
        "check it as docs/matching.md describes."
    ),
)
class AllocationRun:
    """A run."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    program: ProgramRef | None = field(
        One("programs", by="root_program"),
        description="The topmost program whose round it is (项目).",
    )
    program_code: str = field(Attribute("root_program"), description="Its code (项目代码).")
    round: str = field(Attribute(), description="Code of the round (批次).")
    actor: str = field(Attribute(), description="Account that ran it (操作人).")
    at: datetime = field(Attribute(), description="When (时间).")
    catalogue_hash: str = field(Attribute(), description="Version of the rules (规则版本).")
    market: str = field(Attribute(), description="SHA-256 of all that it was made from (数据摘要).")
    digest: str = field(
        Attribute("certificate"),
        description="SHA-256 of the result; it stands in the record of each application that was "
        "proposed (结果摘要).",
    )
    figures: AllocationFigures = field(Attribute(), description="In numbers (匹配数据).")
    warnings: list[str] = field(
        Localized(), description="What a person should read before it is proposed (提示)."
    )
    operation_id: strawberry.ID | None = field(
        Attribute("operation"),
        description="The bulk step that proposed it, for `revertBulk`; null before (操作标识).",
    )
    proposed_at: datetime | None = field(
        Attribute(), description="When it was proposed; null before (拟录取时间)."
    )
    places: AllocationPlaceConnection = field(
        _Places(), description="Where admission ended at each place (岗位)."
    )
    choices: AllocationChoiceConnection | None = permitted(
        field(_Choices(), description="What decided, and what came of each application (志愿)."),
        "scores.read",
        about=_whole,
    )
    check: AllocationCheck | None = field(
        Computed(_check),
        description="The independent checker, run now on the rows; null for a dry run (核验).",
    )


@declares(explanations.Reason, description="What became of one choice, and why (志愿结果).")
class AllocationReason:
    """A reason."""

    preference: int = field(Attribute("choice"), description="Number of the preference (志愿序号).")
    place: str = field(Attribute("opening"), description="Code of the place (岗位代码).")
    verdict: Verdict = field(Attribute(), description="What became of it (结果).")
    quota: int = field(Attribute(), description="Seats that were left to the round (名额).")
    taken: int = field(Attribute(), description="Applicants placed (录取人数).")
    ranked: int = field(Attribute(), description="Applicants who asked for it (填报人数).")
    rank: int | None = field(Attribute(), description="Place among them (名次).")
    total: Decimal | None = field(Attribute("value"), description="One's own total (总分).")
    cut_off: Decimal | None = field(
        Attribute(),
        description="Total of the last one placed; null where seats are left (分数线).",
    )
    tie: Text | None = field(
        Localized(), description="By which rule an equal total lost; null otherwise (并列规则)."
    )


@declares(
    allocation.AllocationExplanation,
    description=(
        "Why one applicant was placed where, or nowhere (匹配说明). Of others nothing is told but "
        "their number and where admission ended."
    ),
)
class AllocationExplanation:
    """An explanation."""

    application_id: strawberry.ID = field(
        Attribute("application"), description="The application that was asked about (报名标识)."
    )
    run_id: strawberry.ID = field(Attribute("run"), description="The run (匹配标识).")
    text: Text = field(Localized(), description="Line by line, the result first (说明).")
    reasons: list[AllocationReason] = field(
        Attribute(), description="The same as data, in the order of preferences (各志愿结果)."
    )
