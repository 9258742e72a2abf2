"""Score sheets: what somebody entered, and what a second person sees before signing."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from zhupei.domain import score_sheets as domain
from zhupei.domain.permissions import Target
from zhupei.domain.score_sheets import ScoreSheetState
from zhupei.graphql.asked import reads
from zhupei.graphql.connections import PageInfo
from zhupei.graphql.desks import desk_of
from zhupei.graphql.enums import show
from zhupei.graphql.listed_rows import ReadEdge, ReadPage
from zhupei.graphql.permissions import permitted
from zhupei.graphql.sources import Attribute, Computed, GraphInfo, One, declares, field
from zhupei.graphql.types.admissions import BulkOutcome
from zhupei.graphql.types.references import ApplicationRef, BaseRef, OpeningRef, ProgramRef
from zhupei.graphql.types.refusals import Refusal, refused
from zhupei.graphql.types.related import related_application
from zhupei.services import score_sheets
from zhupei.services.admissions.situations import specialty_of

__all__ = ["ScoreSheet", "ScoreSheetConnection", "ScoreSheetFilter", "SignedScoreSheet"]

show(
    ScoreSheetState,
    "What became of a score sheet (成绩表状态).",
    {
        ScoreSheetState.PENDING: "It waits for a second person (待复核).",
        ScoreSheetState.SIGNED: "Its scores are recorded (已复核录入).",
        ScoreSheetState.REJECTED: "It was turned down or withdrawn (已退回).",
    },
)


@reads("base", "opening")
def _about(sheet: domain.ScoreSheet) -> tuple[Target, ...]:
    specialty = None if sheet.opening is None else specialty_of(sheet.opening)
    return (Target(base=sheet.base, specialty=specialty),)


@declares(domain.SheetScore, description="Points of one assessment on a sheet (得分).")
class SheetScore:
    """Points."""

    assessment: str = field(
        Attribute("kind"), description="`interview` or `examination` (考核项目)."
    )
    points: Decimal = field(Attribute(), description="Points (得分).")
    of: int = field(Attribute(), description="The full mark (满分).")


@declares(domain.SheetRow, description="One application of a score sheet (成绩表中的一行).")
class ScoreSheetRow:
    """A row."""

    row: int = field(Attribute(), description="Number of the row in the file (行号).")
    application_id: strawberry.ID = field(
        Attribute("application"), description="Identifier of the application (报名标识)."
    )
    application: ApplicationRef | None = field(
        related_application("application"),
        description="The application; null where whoever asks may not see it (报名).",
    )
    scores: list[SheetScore] = field(Attribute(), description="The points (得分).")
    absent: list[str] = field(
        Attribute(), description="Assessments that were missed; none of them is a zero (缺考)."
    )


@reads("id", "rows", "state")
async def _against(root: strawberry.Parent[domain.ScoreSheet], info: GraphInfo) -> Refusal | None:
    found = await score_sheets.sheet_problems(await desk_of(info.context), root)
    shown: Any = None if found is None else refused(found)
    return shown  # type: ignore[no-any-return]  # the graph's type describes the other module's


@declares(
    domain.ScoreSheet,
    score_sheets.SHEETS.shown,
    description=(
        "A score sheet whose rows were all right when it came (成绩表). It changes no application "
        "until a second person signs it; then all its scores are recorded in one step, or none."
    ),
)
class ScoreSheet:
    """A sheet."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    base: BaseRef | None = field(One("bases"), description="The base (培训基地).")
    program: ProgramRef | None = field(One("programs"), description="The program (项目).")
    program_code: str = field(Attribute("program"), description="Its code (项目代码).")
    opening: OpeningRef | None = field(
        One("openings"), description="The opening; null where it is for all of them (招收专业)."
    )
    round: str | None = field(Attribute(), description="Code of the round (批次).")
    assessments: list[str] = field(
        Attribute(), description="What it is about: `interview`, `examination` (考核项目)."
    )
    state: ScoreSheetState = field(Attribute(), description="What became of it (状态).")
    row_count: int = field(Attribute(), description="Number of applications (人数).")
    absent_count: int = field(
        Attribute(), description="How many of them missed something (缺考人数)."
    )
    low: list[str] = field(
        Attribute(),
        description=(
            "Assessments whose points look like ranks; whoever signs confirms that they are none "
            "(疑似名次的考核项目)."
        ),
    )
    sha256: str = field(Attribute(), description="SHA-256 of the file (校验值).")
    entered_by: strawberry.ID = field(Attribute(), description="Account that entered it (录入人).")
    entered_at: datetime = field(Attribute(), description="When it came (录入时间).")
    decided_by: strawberry.ID | None = field(
        Attribute(), description="Account that signed or rejected it (复核人)."
    )
    decided_at: datetime | None = field(Attribute(), description="When (复核时间).")
    reason: str | None = field(Attribute(), description="Why it was rejected (退回原因).")
    operation_id: strawberry.ID | None = field(
        Attribute("operation"),
        description="The bulk step that recorded the scores, for `revertBulk` (批量操作标识).",
    )
    rows: list[ScoreSheetRow] | None = permitted(
        field(Attribute(), description="Its rows, in the order of the file (各行)."),
        "scores.read",
        about=_about,
    )
    stands_against: Refusal | None = permitted(
        field(
            Computed(_against),
            description=(
                "What would refuse it if it were signed now, with every application concerned "
                "(复核前检查); null where nothing would."
            ),
        ),
        "scores.sign",
        about=_about,
    )


@declares(domain.SheetSigned, description="A sheet and what signing it did (复核结果).")
class SignedScoreSheet:
    """A signature."""

    sheet: ScoreSheet = field(Attribute(), description="The sheet as it is now (成绩表).")
    outcome: BulkOutcome | None = field(
        Attribute(),
        description="What it did to each application; null where all were absent (录入结果).",
    )


def _left_out(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(
    description=(
        "Which sheets to list; all parts must hold, and an empty list holds for none (筛选条件)."
    )
)
class ScoreSheetFilter:
    """A filter."""

    base: str | None = _left_out("Code of the base (基地代码).")
    program: str | None = _left_out("Code of the program (项目代码).")
    opening: str | None = _left_out("Code of the opening (招收专业代码).")
    round: str | None = _left_out("Code of the round (批次).")
    state_in: list[ScoreSheetState] | None = _left_out("States (状态).")


@declares(ReadEdge, description="One sheet of a page (分页中的一行).")
class ScoreSheetEdge:
    """An edge."""

    cursor: str = field(Attribute(), description="Opaque place of this row (游标).")
    node: ScoreSheet = field(Attribute(), description="The sheet (成绩表).")


@declares(ReadPage, description="One page of score sheets, the newest first (成绩表列表).")
class ScoreSheetConnection:
    """A connection."""

    total_count: int = field(
        Attribute(),
        description="Number of sheets that pass the filter, on all pages together (总数).",
    )
    edges: list[ScoreSheetEdge] = field(
        Attribute(), description="The sheets of this page (本页各行)."
    )
    page_info: PageInfo = field(
        Attribute(), description="Where the page lies within the list (分页信息)."
    )
