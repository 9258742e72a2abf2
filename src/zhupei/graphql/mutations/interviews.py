"""Mutations of interviews: slots and who has a place in them."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry

from zhupei.domain.admission_refusals import Refusal
from zhupei.domain.interviews import InterviewMode
from zhupei.graphql.desks import desk_of
from zhupei.graphql.mutations.declaration import Repeatable, mutation, taken, use_case
from zhupei.graphql.sources import GraphInfo
from zhupei.graphql.types.interviews import (
    AssignedInterviews,
    InterviewBooking,
    InterviewsAssigned,
    InterviewSlot,
    OpenedSlots,
    SlotsOpened,
)
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.services import interviews
from zhupei.services.interviews import inputs

__all__ = ["InterviewMutations"]

OpenedSlotsPayload: TypeAlias = Annotated[
    OpenedSlots | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("OpenedSlotsPayload", description="The slots, or why not (新建结果)."),
]
InterviewSlotPayload: TypeAlias = Annotated[
    InterviewSlot | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("InterviewSlotPayload", description="The slot, or why not (时段结果)."),
]
AssignedInterviewsPayload: TypeAlias = Annotated[
    AssignedInterviews | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("AssignedInterviewsPayload", description="The places, or why not (安排结果)."),
]
InterviewBookingPayload: TypeAlias = Annotated[
    InterviewBooking | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("InterviewBookingPayload", description="The place, or why not (面试安排)."),
]

_SLOT = "Identifier of the slot (时段标识)."
_APPLICATION = "Identifier of the application (报名标识)."


def _left_out(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(description="A period of a slot, half-open (时段).")
class SlotPeriodInput:
    """A period."""

    starts_at: datetime = strawberry.field(description="When it begins, with its zone (开始时间).")
    ends_at: datetime = strawberry.field(description="When it ends, not included (结束时间).")
    capacity: int | None = _left_out("Number of places, 1 by default (名额).")


@strawberry.input(description="What making interview slots needs (新建面试时段).")
class OpenInterviewSlotsInput(Repeatable):
    """Slots."""

    program: str = strawberry.field(description="Code of the program (项目代码).")
    mode: InterviewMode = strawberry.field(description="How they are held (面试形式).")
    place: str = strawberry.field(
        description="The room, or the address of the video meeting (地点)."
    )
    periods: list[SlotPeriodInput] = strawberry.field(description="One for each slot (时段).")
    base: str | None = _left_out("Code of the base, where the program has several (基地代码).")
    opening: str | None = _left_out("Code of the opening; all of them by default (招收专业代码).")
    round: str | None = _left_out("Code of the round, where there are rounds (批次).")
    interviewers: list[strawberry.ID] | None = _left_out("Accounts of the panel (考官账号).")
    choosable: bool | None = _left_out("Whether applicants choose it themselves (是否可自选).")


@strawberry.input(description="What moving an interview slot needs (调整面试时段).")
class MoveInterviewSlotInput(Repeatable):
    """Moving."""

    slot: strawberry.ID = strawberry.field(description=_SLOT)
    reason: str = strawberry.field(description="Why; it is shown to who is in it (原因).")
    starts_at: datetime | None = _left_out("When it begins now (开始时间).")
    ends_at: datetime | None = _left_out("When it ends now (结束时间).")
    place: str | None = _left_out("Where it is now (地点).")
    mode: InterviewMode | None = _left_out("How it is held now (面试形式).")
    capacity: int | None = _left_out("Number of places now (名额).")
    interviewers: list[strawberry.ID] | None = _left_out("The whole panel as it is now (考官账号).")
    choosable: bool | None = _left_out("Whether applicants choose it now (是否可自选).")


@strawberry.input(description="What cancelling an interview slot needs (取消面试时段).")
class CancelInterviewSlotInput(Repeatable):
    """Cancelling."""

    slot: strawberry.ID = strawberry.field(description=_SLOT)
    reason: str = strawberry.field(description="Why; it is shown to who was in it (原因).")


@strawberry.input(description="What assigning interviews needs (安排面试).")
class AssignInterviewsInput(Repeatable):
    """Assigning."""

    slot: strawberry.ID = strawberry.field(description=_SLOT)
    applications: list[strawberry.ID] = strawberry.field(
        description="Applications whose people are to come (报名标识)."
    )
    dry_run: bool | None = _left_out("Only show the places, and keep nothing (试运行).")


@strawberry.input(description="What choosing an interview slot needs (选择面试时段).")
class ChooseInterviewSlotInput(Repeatable):
    """Choosing."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    slot: strawberry.ID = strawberry.field(description=_SLOT)


@strawberry.input(description="What giving up a place in a slot needs (释放面试安排).")
class ReleaseInterviewInput(Repeatable):
    """Giving up."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    reason: str = strawberry.field(description="Why (原因).")


async def _open(info: GraphInfo, input: OpenInterviewSlotsInput) -> OpenedSlotsPayload | None:  # noqa: A002 - the argument's name in the graph
    given = taken(input, inputs.OpenInterviewSlotsInput, info.context)
    made = await interviews.open_interview_slots(await desk_of(info.context), given)
    found: Any = made if isinstance(made, Refusal) else SlotsOpened(made)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _assign(
    info: GraphInfo,
    input: AssignInterviewsInput,  # noqa: A002 - as above
) -> AssignedInterviewsPayload | None:
    given = taken(input, inputs.AssignInterviewsInput, info.context)
    done = await interviews.assign_interviews(await desk_of(info.context), given)
    found: Any = (
        done if isinstance(done, Refusal) else InterviewsAssigned(done, dry_run=given.dry_run)
    )
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@strawberry.type
class InterviewMutations:
    """What may be done with interviews."""

    open_interview_slots: OpenedSlotsPayload | None = mutation(
        _open,
        "interviews.manage",
        description=(
            "Make interview slots, one for each period (新建面试时段): inside the interview's "
            "window, with a panel that is free."
        ),
    )
    move_interview_slot: InterviewSlotPayload | None = mutation(
        use_case(
            interviews.move_interview_slot, inputs.MoveInterviewSlotInput, MoveInterviewSlotInput
        ),
        "interviews.manage",
        description="Move a slot with all who are in it (调整面试时段), with a reason.",
    )
    cancel_interview_slot: InterviewSlotPayload | None = mutation(
        use_case(
            interviews.cancel_interview_slot,
            inputs.CancelInterviewSlotInput,
            CancelInterviewSlotInput,
        ),
        "interviews.manage",
        description="Cancel a slot (取消面试时段); who was in it needs another one.",
    )
    assign_interviews: AssignedInterviewsPayload | None = mutation(
        _assign,
        "interviews.manage",
        description=(
            "Give applications a place in a slot, all or none (安排面试); nobody is in two "
            "interviews at once, whichever base makes them."
        ),
    )
    choose_interview_slot: InterviewBookingPayload | None = mutation(
        use_case(
            interviews.choose_interview_slot,
            inputs.ChooseInterviewSlotInput,
            ChooseInterviewSlotInput,
        ),
        "interviews.choose",
        description="Choose a slot that is open to choice (选择面试时段), or another one instead.",
    )
    release_interview: InterviewBookingPayload | None = mutation(
        use_case(interviews.release_interview, inputs.ReleaseInterviewInput, ReleaseInterviewInput),
        "interviews.choose",
        description=(
            "Give up a place in a slot (释放面试安排): an applicant the one that was chosen, the "
            "office (`interviews.manage`) any."
        ),
    )
