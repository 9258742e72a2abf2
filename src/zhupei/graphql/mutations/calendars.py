"""Mutations of applicants: the address under which a calendar program fetches their dates."""

from typing import Annotated, Any, TypeAlias

import strawberry

from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.permissions import Target
from zhupei.domain.text import Text
from zhupei.graphql.desks import desk_of
from zhupei.graphql.mutations.declaration import Repeatable, mutation, once
from zhupei.graphql.permissions import require
from zhupei.graphql.sources import GraphInfo
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.services.calendars import end_calendar, issue_calendar

__all__ = ["CalendarMutations"]

_SUBSCRIBE = "calendar.subscribe"


@strawberry.type(description="Where a calendar program fetches one's own dates (个人日历地址).")
class PersonalCalendar:
    """A calendar's address."""

    path: str = strawberry.field(
        description=(
            "Path and query below this installation's address, with the token that opens it: "
            "shown here and nowhere else (日历路径，仅显示一次)."
        )
    )


@strawberry.type(description="That an address of a calendar opens nothing any more (日历已停用).")
class EndedCalendar:
    """An ended calendar."""

    ended: bool = strawberry.field(description="Whether there was one (此前是否有效).")


PersonalCalendarPayload: TypeAlias = Annotated[
    PersonalCalendar | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("PersonalCalendarPayload", description="The address, or why not (日历)."),
]
EndedCalendarPayload: TypeAlias = Annotated[
    EndedCalendar | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("EndedCalendarPayload", description="What ended, or why not (日历停用)."),
]


@strawberry.input(description="What the address of one's calendar needs (开通个人日历).")
class IssueCalendarInput(Repeatable):
    """Issuing."""


@strawberry.input(description="What ending it needs (停用个人日历).")
class EndCalendarInput(Repeatable):
    """Ending."""


_NOBODY = Refusal(
    code=RefusalCode.NOT_FOUND,
    message=Text("该账号没有报考人信息", "the account is no applicant's"),
)


async def _issue(info: GraphInfo, input: IssueCalendarInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    desk = await desk_of(context)
    await require(context, _SUBSCRIBE, (Target(owners=frozenset({desk.actor.id})),))
    if desk.applicant is None:
        return _NOBODY
    tokens: tuple[str, ...] = ()
    if input.idempotency_key and context.keyring is not None:
        # Kept nowhere, and the same again for a request that is repeated.
        of_request = f"{desk.applicant}:{input.idempotency_key}"
        tokens = context.keyring().lookup_hashes("calendar-token", of_request)
    with desk.database.use():
        token = await issue_calendar(desk.applicant, context.clock(), tokens)
    return PersonalCalendar(path=f"/calendar/personal.ics?token={token}")


async def _end(info: GraphInfo, input: EndCalendarInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    desk = await desk_of(context)
    await require(context, _SUBSCRIBE, (Target(owners=frozenset({desk.actor.id})),))
    applicant = desk.applicant
    if applicant is None:
        return _NOBODY

    async def work() -> bool:
        return await end_calendar(applicant, context.clock())

    with desk.database.use():
        answer = await once(context, input, "endCalendar", work)
    return EndedCalendar(ended=answer) if isinstance(answer, bool) else answer


@strawberry.type
class CalendarMutations:
    """What an applicant may do with the own calendar."""

    issue_calendar: PersonalCalendarPayload | None = mutation(
        _issue,
        _SUBSCRIBE,
        description=(
            "Give out the address of one's own calendar of deadlines and interviews, and end the "
            "one before it (开通个人日历)."
        ),
    )
    end_calendar: EndedCalendarPayload | None = mutation(
        _end,
        _SUBSCRIBE,
        description="End the address of one's own calendar (停用个人日历).",
    )
