"""Lists of applications: filter, orders, and the connection."""

from datetime import datetime
from typing import Any

import strawberry

from zhupei.domain.admission_process import ApplicationState, Channel
from zhupei.graphql.connections import PageInfo
from zhupei.graphql.enums import show
from zhupei.graphql.listed_rows import ReadEdge, ReadPage
from zhupei.graphql.sources import Attribute, declares, field
from zhupei.graphql.types.references import ApplicationRef
from zhupei.services.admissions.searching import ApplicationOrder

__all__ = ["ApplicationConnection", "ApplicationEdge", "ApplicationFilter"]

show(
    ApplicationOrder,
    "What applications are ordered by (报名排序); unknown comes last.",
    {
        ApplicationOrder.CREATED: "By when the draft was begun (创建时间).",
        ApplicationOrder.SUBMITTED: "By when it was handed in (提交时间).",
        ApplicationOrder.OPENING: "By the code of the opening (招收专业代码).",
        ApplicationOrder.STATE: "By the name of the state's code (状态).",
        ApplicationOrder.NAME: (
            "By the pinyin of the applicant's name (姓名拼音); lists only applicants whom whoever "
            "asks may read."
        ),
    },
)


def _left_out(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(
    description=(
        "Which applications to list; all parts must hold, and an empty list holds for none "
        "(筛选条件)."
    )
)
class ApplicationFilter:
    """A filter."""

    applicant: strawberry.ID | None = _left_out("Of this applicant (报考人标识).")
    base_in: list[str] | None = _left_out("Codes of bases (基地代码).")
    program_in: list[str] | None = _left_out("Codes of programs, with those below them (项目代码).")
    opening_in: list[str] | None = _left_out("Codes of openings (招收专业代码).")
    specialty_in: list[str] | None = _left_out("Codes of specialties (专业代码).")
    round_in: list[str] | None = _left_out("Codes of rounds (批次).")
    state_in: list[ApplicationState] | None = _left_out("States (状态).")
    channel_in: list[Channel] | None = _left_out("Channels (渠道).")
    submitted_from: datetime | None = _left_out("Handed in at this instant or later (提交不早于).")
    submitted_before: datetime | None = _left_out("Handed in before this instant (提交早于).")
    name: str | None = _left_out(
        "Part of the applicant's name (姓名); finds only applicants whom whoever asks may read."
    )


@declares(ReadEdge, description="One application of a page (分页中的一行).")
class ApplicationEdge:
    """An edge."""

    cursor: str = field(Attribute(), description="Opaque place of this row (游标).")
    node: ApplicationRef = field(Attribute(), description="The application (报名).")


@declares(ReadPage, description="One page of applications (报名列表).")
class ApplicationConnection:
    """A connection."""

    total_count: int = field(
        Attribute(),
        description="Number of applications that pass the filter, on all pages together (总数).",
    )
    edges: list[ApplicationEdge] = field(
        Attribute(), description="The applications of this page (本页各行)."
    )
    page_info: PageInfo = field(
        Attribute(), description="Where the page lies within the list (分页信息)."
    )
