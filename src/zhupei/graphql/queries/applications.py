"""Queries about applications and what surrounds them: lists, rankings, seats, registers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from uuid import UUID

import strawberry

from zhupei.db.reading import PageQuery
from zhupei.domain.admission_case import InvitationState, PlanIncreaseState
from zhupei.graphql.asked import Asked, needed, reads
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of
from zhupei.graphql.errors import Code, GraphRefusal, not_found
from zhupei.graphql.found_rows import Before, Found, Names, newest_first
from zhupei.graphql.inline import Batch, one_by_one
from zhupei.graphql.listed_applications import ListedApplications
from zhupei.graphql.listed_rows import RowsOf
from zhupei.graphql.permissions import for_signed_in, permitted_inside
from zhupei.graphql.sources import (
    Attribute,
    Computed,
    FieldSource,
    GraphInfo,
    Reader,
    declares,
    field,
)
from zhupei.graphql.types.admissions import (
    BulkOutcome,
    Invitation,
    Objection,
    PlanIncrease,
    RankedApplication,
)
from zhupei.graphql.types.application_lists import ApplicationConnection
from zhupei.graphql.types.applications import Application
from zhupei.graphql.types.rounds import RoundFreeze
from zhupei.services import admissions
from zhupei.services.admissions import bulk_rows, inputs, registers
from zhupei.services.admissions.questions import application_row
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.register_rows import (
    INVITATIONS,
    OBJECTIONS,
    PLAN_INCREASES,
    ROUND_FREEZES,
)
from zhupei.services.admissions.row_sources import APPLICATIONS

__all__ = ["ApplicationQueries"]

_READ = "applications.read"


_First = Annotated[
    int | None,
    strawberry.argument(description="How many to give, 1 to 100 (数量); 20 by default."),
]
_Opening = Annotated[str, strawberry.argument(description="Code of the opening (招收专业代码).")]
_OneOpening = Annotated[
    str | None, strawberry.argument(description="Of this opening only (招收专业代码).")
]
_Program = Annotated[
    str | None, strawberry.argument(description="Of this program only (项目代码).")
]
_Round = Annotated[str | None, strawberry.argument(description="Code of the round (批次).")]
_Direction = Annotated[str | None, strawberry.argument(description="Id of the direction (方向).")]


def _by_id(
    id: Annotated[  # noqa: A002 - the argument's name in the graph
        strawberry.ID, strawberry.argument(description="Identifier of the application (标识).")
    ],
) -> None: ...


@dataclass(frozen=True)
class _ApplicationById(FieldSource):
    """One application that whoever asks may see."""

    template: ClassVar[Callable[..., None] | None] = staticmethod(_by_id)
    is_noted: ClassVar[bool] = True

    def reader(self, name: str) -> Reader:
        """Read all of it."""

        async def read(_value: Any, context: GraphContext, given: Mapping[str, Any]) -> Any:
            desk = await desk_of(context)
            asked = _uuid(given["id"])
            return None if asked is None else await admissions.application_of(desk, asked)

        return read

    def planned(self, asked: Asked) -> Batch:
        """Read what is asked of it."""
        names = needed(asked)
        if names is None or not APPLICATIONS.knows(names):
            return one_by_one(self.reader(""))
        # What belongs to it comes in the same statement, of one table.
        relation, below = next(
            (
                (each.source, each.source.belonging(each.below))
                for each in asked.fields or ()
                if isinstance(each.source, RowsOf)
            ),
            (None, None),
        )

        async def many(
            values: Sequence[Any], context: GraphContext, given: Mapping[str, Any]
        ) -> Sequence[Any]:
            desk = await desk_of(context)
            id_ = _uuid(given["id"])
            found = None if id_ is None else await application_row(desk, id_, names, below)
            if found is None:
                return [None] * len(values)
            row, rows = found
            if relation is not None and below is not None:
                relation.hand_over(context, below, relation.key(row), rows)
            return [row] * len(values)

        return many


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def _ranking(
    info: GraphInfo,
    opening: _Opening,
    round: _Round = None,  # noqa: A002 - as above
    direction: _Direction = None,
) -> list[RankedApplication] | None:
    given = inputs.RankingInput(opening=opening, round=round, direction=direction)
    found: Any = await admissions.ranking_of(await desk_of(info.context), given)
    told: list[RankedApplication] | None = _told(found, "scores.read", info.context)
    return told


@declares(
    registers.QuotaUsage,
    description="How one quota around an opening stands (名额使用情况).",
)
class SeatQuota:
    """A quota."""

    scope: str = field(
        Attribute(), description="What it limits, such as `opening:<code>` (名额范围)."
    )
    seats: int = field(Attribute(), description="Seats, with approved increases (名额).")
    taken: int = field(Attribute(), description="Seats that are held (已占用).")
    left: int = field(Attribute(), description="Seats that can still be taken (剩余).")


async def _seats(
    info: GraphInfo,
    opening: _Opening,
    round: _Round = None,  # noqa: A002 - as above
    direction: _Direction = None,
) -> list[SeatQuota] | None:
    context = info.context
    entry = context.catalogue.openings.get(opening)
    if entry is None:
        raise not_found("opening", opening, context.language)
    found: Any = await registers.seats_of(await desk_of(context), entry, round, direction)
    told: list[SeatQuota] | None = _told(found, "statistics.read", context)
    return told


async def _plan_increases(
    context: GraphContext,
    names: Names,
    opening: _OneOpening = None,
    states: Annotated[
        list[PlanIncreaseState] | None,
        strawberry.argument(description="States (状态); all by default, none with an empty list."),
    ] = None,
    first: _First = None,
    before: Before = None,
) -> PageQuery:
    query = await registers.plan_increase_query(
        await desk_of(context), names, opening=opening, states=states
    )
    return newest_first(query, first, before, context)


async def _objections(
    context: GraphContext,
    names: Names,
    program: _Program = None,
    round: _Round = None,  # noqa: A002 - as above
    open: Annotated[  # noqa: A002 - as above
        bool | None,
        strawberry.argument(description="Whether nobody has decided yet (是否待处理)."),
    ] = None,
    first: _First = None,
    before: Before = None,
) -> PageQuery:
    query = await registers.objection_query(
        await desk_of(context), names, program=program, round_code=round, is_open=open
    )
    return newest_first(query, first, before, context)


async def _invitations(
    context: GraphContext,
    names: Names,
    opening: _OneOpening = None,
    round: _Round = None,  # noqa: A002 - as above
    states: Annotated[
        list[InvitationState] | None,
        strawberry.argument(description="States (状态); all by default, none with an empty list."),
    ] = None,
    first: _First = None,
    before: Before = None,
) -> PageQuery:
    query = await registers.invitation_query(
        await desk_of(context), names, opening=opening, round_code=round, states=states
    )
    return newest_first(query, first, before, context)


async def _freezes(
    context: GraphContext,
    names: Names,
    program: _Program = None,
    holds: Annotated[
        bool | None, strawberry.argument(description="Whether it holds still (是否仍有效).")
    ] = None,
    first: _First = None,
    before: Before = None,
) -> PageQuery:
    query = registers.freeze_query(await desk_of(context), names, program=program, holds=holds)
    return newest_first(query, first, before, context)


async def _bulk_operation(
    context: GraphContext,
    names: Names,
    id: Annotated[  # noqa: A002 - as above
        strawberry.ID, strawberry.argument(description="Identifier of the bulk step (操作标识).")
    ],
) -> PageQuery | None:
    await desk_of(context)
    asked = _uuid(id)
    return None if asked is None else bulk_rows.bulk_step_query(names, asked)


@reads(*bulk_rows.DECIDES_ON_STEPS)
async def _seen_step(context: GraphContext, _given: Mapping[str, Any], step: Any) -> Any:
    if step is None:
        return None
    return step if await bulk_rows.may_see_step(await desk_of(context), step) else None


def _told(found: Any, permission: str, context: GraphContext) -> Any:
    """Return an answer, or raise the refusal that it is."""
    if not isinstance(found, Refusal):
        return found
    if found.code is admissions.RefusalCode.NOT_PERMITTED:
        raise GraphRefusal(Code.FORBIDDEN, found.message, context.language, permission=permission)
    if found.code is admissions.RefusalCode.NOT_FOUND:
        raise GraphRefusal(Code.NOT_FOUND, found.message, context.language, argument=found.field)
    raise GraphRefusal(
        Code.BAD_USER_INPUT, found.message, context.language, refusal=found.code.value
    )


@strawberry.type
class ApplicationQueries:
    """Fields of the root type about applications."""

    application: Application | None = permitted_inside(
        field(
            _ApplicationById(),
            description="An application (报名); null where there is none for whoever asks.",
        ),
        _READ,
    )
    applications: ApplicationConnection | None = permitted_inside(
        field(
            ListedApplications(),
            description="The applications that whoever asks may see (报名列表).",
        ),
        _READ,
    )
    ranking: list[RankedApplication] | None = permitted_inside(
        field(
            Computed(_ranking),
            description=(
                "The ranking of an opening in a round by weighted scores (排名), with the reserve "
                "list: who has no seat."
            ),
        ),
        "scores.read",
    )
    seat_quotas: list[SeatQuota] | None = permitted_inside(
        field(
            Computed(_seats),
            description="How every quota around an opening stands (名额使用情况).",
        ),
        "statistics.read",
    )
    plan_increases: list[PlanIncrease] | None = permitted_inside(
        field(
            Found(PLAN_INCREASES, _plan_increases),
            description=(
                "Requests for more seats, the newest first (增加计划申请), for those who ask and "
                "those who decide."
            ),
        ),
        "plans.request",
    )
    objections: list[Objection] | None = permitted_inside(
        field(
            Found(OBJECTIONS, _objections),
            description=(
                "Objections, the newest first (异议列表): one's own, and those one decides on."
            ),
        ),
        "objections.decide",
    )
    invitations: list[Invitation] | None = permitted_inside(
        field(
            Found(INVITATIONS, _invitations),
            description="Invitations, the newest first (邀请列表): one's own and one's base's.",
        ),
        _READ,
    )
    round_freezes: list[RoundFreeze] | None = for_signed_in(
        field(
            Found(ROUND_FREEZES, _freezes),
            description="Freezes of rounds, the newest first (批次冻结), for whoever is signed in.",
        )
    )
    bulk_operation: BulkOutcome | None = permitted_inside(
        field(
            Found(bulk_rows.BULK_STEPS, _bulk_operation, single=True, allowed=_seen_step),
            description=(
                "A bulk step that was carried out (批量操作), for whoever did it and whoever may "
                "take it back."
            ),
        ),
        "rounds.manage",
    )
