"""The queue of an office: what waits, for whom, until when."""

from datetime import datetime

import strawberry

from zhupei.domain import office_queue as domain
from zhupei.domain.admission_process import STATE_LABELS, ApplicationState
from zhupei.domain.office_queue import QueueTaskKind
from zhupei.domain.text import Text
from zhupei.graphql.enums import show
from zhupei.graphql.sources import (
    Attribute,
    Computed,
    GraphInfo,
    Localized,
    One,
    declares,
    field,
)
from zhupei.graphql.types.references import BaseRef, OpeningRef, ProgramRef

__all__ = ["OfficeQueue"]

show(
    QueueTaskKind,
    "What an office has to do beside moving applications on (待办类型).",
    {
        QueueTaskKind.ARRANGE_INTERVIEW: "Applications without a place in a slot (待安排面试).",
        QueueTaskKind.SIGN_SCORE_SHEET: "Score sheets for a second person (待复核成绩表).",
        QueueTaskKind.DECIDE_OBJECTION: "Objections without a decision (待处理异议).",
        QueueTaskKind.DECIDE_PLAN_INCREASE: "Requests for more seats (待审批增加计划).",
    },
)


@declares(
    domain.OpeningCount, description="How many applications of a line are for an opening (分专业)."
)
class OpeningCount:
    """A count."""

    opening: OpeningRef | None = field(
        One("openings"), description="The opening; null where it left the catalogue (招收专业)."
    )
    opening_code: str = field(Attribute("opening"), description="Its code (招收专业代码).")
    count: int = field(Attribute(), description="Number of applications (报名数).")


def _label(root: strawberry.Parent[domain.QueueLine], info: GraphInfo) -> str:
    return STATE_LABELS[root.state].get(info.context.language)


@declares(
    domain.QueueLine,
    description="Applications of one program and round that stand in one state (待办报名).",
)
class OfficeQueueLine:
    """A line."""

    program: ProgramRef | None = field(
        One("programs"), description="The program; null where it left the catalogue (项目)."
    )
    program_code: str = field(Attribute("program"), description="Its code (项目代码).")
    round: str | None = field(Attribute(), description="Code of the round (批次).")
    state: ApplicationState = field(Attribute(), description="Where they stand (状态).")
    state_label: str = field(Computed(_label), description="Name of the state (状态名称).")
    count: int = field(Attribute(), description="Number of applications (报名数).")
    oldest_at: datetime | None = field(
        Attribute(), description="When the first of them was handed in (最早提交时间)."
    )
    next_state: ApplicationState | None = field(
        Attribute("next"), description="The state that comes next; null at the end (下一状态)."
    )
    steps: list[str] = field(
        Attribute(), description="Ids of the steps that lead there (待办环节)."
    )
    todo: Text | None = field(Localized(), description="What has to be done (待办事项).")
    actor: str | None = field(
        Attribute(), description="Who does it, such as `base` or `specialty_base` (办理方)."
    )
    opens_at: datetime | None = field(
        Attribute(), description="When the time for it begins (开始时间)."
    )
    closes_at: datetime | None = field(
        Attribute(), description="When it ends, not included; null where none is set (截止时间)."
    )
    overdue: bool = field(Attribute(), description="Whether it is over (是否逾期).")
    openings: list[OpeningCount] = field(
        Attribute(),
        description="By opening: those with priority in the round first, then by code (分专业).",
    )


@declares(domain.QueueTask, description="Other things that wait in a program's round (其他待办).")
class OfficeTask:
    """A task."""

    kind: QueueTaskKind = field(Attribute(), description="What it is (类型).")
    program: ProgramRef | None = field(One("programs"), description="The program (项目).")
    program_code: str = field(Attribute("program"), description="Its code (项目代码).")
    round: str | None = field(Attribute(), description="Code of the round (批次).")
    count: int = field(Attribute(), description="How many (数量).")
    oldest_at: datetime | None = field(
        Attribute(), description="Since when the first of them waits (最早时间)."
    )


@declares(
    domain.OfficeQueue,
    description=(
        "Everything that waits at a base (工作台): applications by state with what is next and by "
        "when, and other tasks."
    ),
)
class OfficeQueue:
    """A queue."""

    base: BaseRef | None = field(One("bases"), description="The base (培训基地).")
    at: datetime = field(Attribute(), description="When it was counted (统计时间).")
    total: int = field(Attribute(), description="Number of applications in the lines (报名总数).")
    lines: list[OfficeQueueLine] = field(
        Attribute(), description="By program, round and state, in the order of the way (待办报名)."
    )
    tasks: list[OfficeTask] = field(Attribute(), description="What else waits (其他待办).")
