"""Queries about notices and their delivery, and about long work."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import strawberry

from zhupei.db.reading import PageQuery
from zhupei.domain.permissions import Target
from zhupei.graphql.asked import reads
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of, signed_in
from zhupei.graphql.found_rows import Before, Found, Names, newest_first
from zhupei.graphql.identifiers import read_id
from zhupei.graphql.pages import checked_first
from zhupei.graphql.permissions import permitted_inside, refused_by
from zhupei.graphql.sources import field
from zhupei.graphql.types.notices import Notice, Operation
from zhupei.services import progress
from zhupei.services.admissions.searching import seen_by
from zhupei.services.notices import log
from zhupei.services.notices.kinds import NoticeState

__all__ = ["NoticeQueries", "may_see_notice"]

_READ = "notices.read"

_First = Annotated[
    int | None,
    strawberry.argument(description="How many to give, 1 to 100 (数量); 20 by default."),
]


def _id(text: str | None, place: str, context: GraphContext) -> UUID | None:
    return None if text is None else read_id(text, place, context)


async def _notices(
    context: GraphContext,
    names: Names,
    application: Annotated[
        strawberry.ID | None,
        strawberry.argument(description="About this application only (报名标识)."),
    ] = None,
    program: Annotated[
        str | None, strawberry.argument(description="Of this program only (项目代码).")
    ] = None,
    states: Annotated[
        list[NoticeState] | None,
        strawberry.argument(description="States (状态); all by default, none with an empty list."),
    ] = None,
    first: _First = None,
    before: Annotated[
        strawberry.ID | None,
        strawberry.argument(description="Older than this notice only, for the next page (标识)."),
    ] = None,
) -> PageQuery:
    seen = await seen_by(await desk_of(context), _READ)
    query = log.notice_query(
        names,
        bases=frozenset(seen.bases),
        applicant=seen.applicants[0] if seen.applicants else None,
        application=_id(application, "application", context),
        program=program,
        states=states,
        before=_id(before, "before", context),
    )
    query.first = checked_first(first, context)
    return query


async def may_see_notice(context: GraphContext, notice: log.Notice, permission: str) -> bool:
    """Whether whoever asks holds a permission for a notice, as its office or its recipient."""
    desk = await desk_of(context)
    own = desk.applicant is not None and notice.recipient == str(desk.applicant)
    owners = frozenset({desk.actor.id}) if own else frozenset()
    target = Target(base=notice.base, owners=owners)
    return await refused_by(context, permission, (target,)) is None


async def _operation(
    context: GraphContext,
    names: Names,
    id: Annotated[  # noqa: A002 - the argument's name in the graph
        strawberry.ID, strawberry.argument(description="Identifier of the work (标识).")
    ],
) -> PageQuery | None:
    signed_in(context)
    try:
        return progress.operation_query(names, operation=UUID(id))
    except ValueError:
        return None


@reads("started_by", "base")
async def _seen(context: GraphContext, _given: Mapping[str, Any], found: Any) -> Any:
    """Return work for whoever started it and the offices of its base; else null."""
    desk = await desk_of(context)
    if found is None or found.started_by == desk.actor.id:
        return found
    refusal = await refused_by(context, "operations.read", (Target(base=found.base),))
    return found if refusal is None else None


async def _operations(
    context: GraphContext,
    names: Names,
    running: Annotated[
        bool | None, strawberry.argument(description="Whether it goes on still (是否进行中).")
    ] = None,
    first: _First = None,
    before: Before = None,
) -> PageQuery:
    desk = await desk_of(context)
    seen = await seen_by(desk, "operations.read")
    query = progress.operation_query(
        names, by=desk.actor.id, bases=frozenset(seen.bases), running=running
    )
    return newest_first(query, first, before, context)


@strawberry.type
class NoticeQueries:
    """Fields of the root type about notices and long work."""

    notices: list[Notice] | None = permitted_inside(
        field(
            Found(log.NOTICES, _notices),
            description=(
                "Notices and every attempt to deliver them, the newest first (通知记录): one's own "
                "and those of one's base."
            ),
        ),
        _READ,
    )
    operation: Operation | None = permitted_inside(
        field(
            Found(progress.OPERATIONS, _operation, single=True, allowed=_seen),
            description=(
                "How far a piece of long work is (处理进度), for whoever started it and the "
                "offices of its base."
            ),
        ),
        "operations.read",
    )
    operations: list[Operation] | None = permitted_inside(
        field(
            Found(progress.OPERATIONS, _operations),
            description=(
                "Long work, the newest first (处理进度列表): one's own and that of one's base."
            ),
        ),
        "operations.read",
    )
