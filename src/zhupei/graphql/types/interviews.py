"""Interview slots and places, as offices arrange them and applicants see their own."""

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import strawberry

from zhupei.db.reading import Condition
from zhupei.domain import interviews as domain
from zhupei.domain.interviews import InterviewMode
from zhupei.domain.permissions import Target
from zhupei.graphql.asked import reads
from zhupei.graphql.connections import PageInfo
from zhupei.graphql.enums import show
from zhupei.graphql.listed_rows import ReadEdge, ReadPage, RowsOf
from zhupei.graphql.permissions import permitted
from zhupei.graphql.sources import Attribute, Computed, GraphInfo, One, declares, field
from zhupei.graphql.types.references import ApplicationRef, BaseRef, OpeningRef, ProgramRef
from zhupei.graphql.types.related import related_application
from zhupei.services import interviews
from zhupei.services.admissions.situations import specialty_of

if TYPE_CHECKING:
    from zhupei.graphql.context import GraphContext

__all__ = [
    "AssignedInterviews",
    "InterviewBooking",
    "InterviewSlot",
    "InterviewSlotConnection",
    "InterviewSlotFilter",
    "InterviewsAssigned",
    "OpenedSlots",
    "SlotsOpened",
    "interview_of_application",
]

show(
    InterviewMode,
    "How an interview is held (面试形式).",
    {mode: f"{(mode.label.en or '').capitalize()} ({mode.label.zh})." for mode in InterviewMode},
)


@reads("base", "opening")
def _about(slot: domain.InterviewSlot) -> tuple[Target, ...]:
    specialty = None if slot.opening is None else specialty_of(slot.opening)
    return (Target(base=slot.base, specialty=specialty),)


@declares(domain.SlotMove, description="Where a slot was before, and why it was moved (改期记录).")
class SlotMove:
    """A move."""

    at: datetime = field(Attribute(), description="When it was moved (改期时间).")
    reason: str = field(Attribute(), description="Why (原因).")
    starts_at: datetime = field(Attribute(), description="When it was to begin (原开始时间).")
    ends_at: datetime = field(Attribute(), description="When it was to end (原结束时间).")
    place: str = field(Attribute(), description="Where it was to be (原地点).")


async def _in_force(_context: "GraphContext") -> Condition:
    return Condition("k.released_at IS NULL")


def interview_of_application() -> RowsOf:
    """Return the source of an application's place in an interview slot."""
    return RowsOf(rows=interviews.BOOKINGS, by="application", where=_in_force, single=True)


@reads("mode")
def _mode_label(root: strawberry.Parent[domain.InterviewSlot], info: GraphInfo) -> str:
    return root.mode.label.get(info.context.language)


@reads("capacity", "taken")
def _left(root: strawberry.Parent[domain.InterviewSlot]) -> int:
    return root.capacity - root.taken


@declares(
    domain.InterviewSlot,
    interviews.SLOTS.shown,
    description=(
        "A slot of interviews (面试时段): when, where, and how many people. An applicant sees the "
        "slots that are open to choice, and the one of one's own."
    ),
)
class InterviewSlot:
    """A slot."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    base: BaseRef | None = field(One("bases"), description="The base (培训基地).")
    base_code: str = field(Attribute("base"), description="Its code (基地代码).")
    program: ProgramRef | None = field(One("programs"), description="The program (项目).")
    program_code: str = field(Attribute("program"), description="Its code (项目代码).")
    opening: OpeningRef | None = field(
        One("openings"), description="The opening; null where it is for all of them (招收专业)."
    )
    opening_code: str | None = field(Attribute("opening"), description="Its code (招收专业代码).")
    round: str | None = field(Attribute(), description="Code of the round (批次).")
    mode: InterviewMode = field(Attribute(), description="How it is held (面试形式).")
    mode_label: str = field(Computed(_mode_label), description="Name of the form (形式名称).")
    place: str = field(
        Attribute(), description="The room, or the address of the video meeting (地点)."
    )
    starts_at: datetime = field(Attribute(), description="When it begins (开始时间).")
    ends_at: datetime = field(Attribute(), description="When it ends, not included (结束时间).")
    capacity: int = field(Attribute(), description="Number of places (名额).")
    taken: int = field(Attribute(), description="Places that are taken (已占用).")
    left: int = field(Computed(_left), description="Places that are left (剩余名额).")
    choosable: bool = field(
        Attribute(), description="Whether applicants choose it themselves (是否可自选)."
    )
    moves: list[SlotMove] = field(
        Attribute(), description="How it was moved, oldest first (改期记录)."
    )
    cancelled_at: datetime | None = field(
        Attribute(), description="When it was cancelled (取消时间)."
    )
    cancel_reason: str | None = field(Attribute(), description="Why (取消原因).")
    interviewers: list[strawberry.ID] | None = permitted(
        field(Attribute(), description="Accounts of the panel (考官账号)."),
        "interviews.manage",
        about=_about,
    )
    bookings: list["InterviewBooking"] | None = permitted(
        field(
            RowsOf(rows=interviews.BOOKINGS, by="slot", order=("id",), where=_in_force),
            description="Who is expected (安排的考生).",
        ),
        "interviews.manage",
        about=_about,
    )


@declares(
    domain.InterviewBooking,
    interviews.BOOKINGS.shown,
    description="That somebody is expected in an interview slot (面试安排).",
)
class InterviewBooking:
    """A place."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    slot: InterviewSlot | None = field(
        RowsOf(rows=interviews.SLOTS, by="id", key=attrgetter("slot"), single=True),
        description="The slot (面试时段).",
    )
    application_id: strawberry.ID = field(
        Attribute("application"), description="Identifier of the application (报名标识)."
    )
    application: ApplicationRef | None = field(
        related_application("application"),
        description="The application; null where whoever asks may not see it (报名).",
    )
    chosen: bool = field(
        Attribute(), description="Whether the applicant chose it; else the office did (是否自选)."
    )
    booked_at: datetime = field(Attribute(), description="Since when (安排时间).")
    released_at: datetime | None = field(
        Attribute(), description="When it was given up; null while it holds (释放时间)."
    )
    release_reason: str | None = field(Attribute(), description="Why (释放原因).")


@dataclass(frozen=True, slots=True)
class SlotsOpened:
    """The slots that a request made."""

    slots: tuple[domain.InterviewSlot, ...]


@dataclass(frozen=True, slots=True)
class InterviewsAssigned:
    """The places that a request gave, or would give."""

    bookings: tuple[domain.InterviewBooking, ...]
    dry_run: bool = False


@declares(SlotsOpened, description="The slots that were made (新建的面试时段).")
class OpenedSlots:
    """Slots."""

    slots: list[InterviewSlot] = field(Attribute(), description="In the order of time (时段).")


@declares(InterviewsAssigned, description="The places that were given (面试安排结果).")
class AssignedInterviews:
    """Places."""

    bookings: list[InterviewBooking] = field(
        Attribute(), description="One for each application (各份报名的安排)."
    )
    dry_run: bool = field(Attribute(), description="Whether nothing was kept (是否预演).")


def _left_out(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(description="Which slots to list; all parts must hold (筛选条件).")
class InterviewSlotFilter:
    """A filter."""

    base: str | None = _left_out("Code of the base (基地代码).")
    program: str | None = _left_out("Code of the program (项目代码).")
    opening: str | None = _left_out("Code of the opening (招收专业代码).")
    round: str | None = _left_out("Code of the round (批次).")
    starts_from: datetime | None = _left_out("Begins at this instant or later (开始不早于).")
    starts_before: datetime | None = _left_out("Begins before this instant (开始早于).")
    free: bool | None = _left_out("Only those with a place left (仅有余位).")
    cancelled: bool | None = _left_out("Also those that were cancelled (含已取消).")


@declares(ReadEdge, description="One slot of a page (分页中的一行).")
class InterviewSlotEdge:
    """An edge."""

    cursor: str = field(Attribute(), description="Opaque place of this row (游标).")
    node: InterviewSlot = field(Attribute(), description="The slot (面试时段).")


@declares(ReadPage, description="One page of interview slots (面试时段列表).")
class InterviewSlotConnection:
    """A connection."""

    total_count: int = field(
        Attribute(),
        description="Number of slots that pass the filter, on all pages together (总数).",
    )
    edges: list[InterviewSlotEdge] = field(
        Attribute(), description="The slots of this page, in the order of time (本页各行)."
    )
    page_info: PageInfo = field(
        Attribute(), description="Where the page lies within the list (分页信息)."
    )
