"""Queries about allocation: runs of a round, and why somebody was placed where."""

from typing import Annotated, Any
from uuid import UUID

import strawberry

from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.permissions import Target
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of, signed_in
from zhupei.graphql.errors import Code, GraphRefusal
from zhupei.graphql.permissions import permitted_inside, require
from zhupei.graphql.sources import Computed, GraphInfo, field
from zhupei.graphql.types.allocation import AllocationExplanation, AllocationRun
from zhupei.services import allocation

__all__ = ["AllocationQueries", "explained"]

_MANAGE, _READ = "rounds.manage", "applications.read"


async def _run(
    info: GraphInfo,
    id: Annotated[  # noqa: A002 - the argument's name in the graph
        strawberry.ID, strawberry.argument(description="Identifier of the run (匹配标识).")
    ],
) -> AllocationRun | None:
    context = info.context
    signed_in(context)
    try:
        found: Any = await allocation.allocation_run(await desk_of(context), UUID(id))
    except ValueError:
        found = None
    if found is None or isinstance(found, Refusal):
        # The same answer whether there is none or it is not for the actor.
        await require(context, _MANAGE, (Target(),))
        return None
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _runs(
    info: GraphInfo,
    program: Annotated[
        str, strawberry.argument(description="Code of the program, or of one below it (项目代码).")
    ],
    round: Annotated[str, strawberry.argument(description="Code of the round (批次).")],  # noqa: A002 - the argument's name in the graph
) -> list[AllocationRun] | None:
    context = info.context
    signed_in(context)
    found: Any = await allocation.allocation_runs(await desk_of(context), program, round)
    if isinstance(found, Refusal):
        if found.code is RefusalCode.NOT_PERMITTED:
            raise GraphRefusal(Code.FORBIDDEN, found.message, context.language, permission=_MANAGE)
        await require(context, _MANAGE, (Target(),))
        return None
    return list(found)


async def explained(context: GraphContext, application: UUID | None) -> Any:
    """Return the explanation of an application's allocation, for who may read it."""
    signed_in(context)
    desk = await desk_of(context)
    found: Any = None
    if application is not None:
        found = await allocation.allocation_explanation(desk, application)
    if application is None or (isinstance(found, Refusal) and found.code is RefusalCode.NOT_FOUND):
        await require(context, _READ, (Target(),))
        return None
    if isinstance(found, Refusal):
        raise GraphRefusal(
            Code.FORBIDDEN, found.message, context.language, permission="scores.read"
        )
    return found


async def _explanation(
    info: GraphInfo,
    application: Annotated[
        strawberry.ID, strawberry.argument(description="The application (报名标识).")
    ],
) -> AllocationExplanation | None:
    try:
        asked = UUID(application)
    except ValueError:
        asked = None
    found: Any = await explained(info.context, asked)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@strawberry.type
class AllocationQueries:
    """Fields of the root type about allocation."""

    allocation_run: AllocationRun | None = permitted_inside(
        field(
            Computed(_run),
            description="A run of the allocation of a round, with its certificate (匹配).",
        ),
        _MANAGE,
    )
    allocation_runs: list[AllocationRun] | None = permitted_inside(
        field(
            Computed(_runs),
            description="The runs of a round, the latest first (各次匹配).",
        ),
        _MANAGE,
    )
    allocation_explanation: AllocationExplanation | None = permitted_inside(
        field(
            Computed(_explanation),
            description=(
                "Why an applicant was placed where, or nowhere (匹配说明); null where the "
                "application took part in no run, or the list is not public yet. Staff need the "
                "permission `scores.read` for every base among the choices."
            ),
        ),
        _READ,
    )
