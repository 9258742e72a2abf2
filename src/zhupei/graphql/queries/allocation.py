"""Queries about allocation: runs of a round, and why somebody was placed where."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import strawberry

from zhupei.db.reading import Condition, PageQuery
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.permissions import Target
from zhupei.graphql.asked import reads
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of, signed_in
from zhupei.graphql.errors import Code, GraphRefusal
from zhupei.graphql.found_rows import Found, Names
from zhupei.graphql.permissions import permitted_inside, require
from zhupei.graphql.sources import GraphInfo, OfRows, field
from zhupei.graphql.types.allocation import AllocationExplanation, AllocationRun
from zhupei.services import allocation
from zhupei.services.allocation.pages import MOST_RUNS, is_managed, run_query, runs_of_round
from zhupei.services.allocation.rows import RUNS

__all__ = ["AllocationQueries", "explained"]

_MANAGE, _READ = "rounds.manage", "applications.read"


async def _run(
    context: GraphContext,
    names: Names,
    id: Annotated[  # noqa: A002 - the argument's name in the graph
        strawberry.ID, strawberry.argument(description="Identifier of the run (匹配标识).")
    ],
) -> PageQuery | None:
    signed_in(context)
    try:
        return run_query(names, Condition("r.id = ?", (UUID(id),)))
    except ValueError:
        await _managed(context, {}, None)
        return None


@reads("root_program")
async def _managed(context: GraphContext, _given: Mapping[str, Any], found: Any) -> Any:
    """Return a run for who manages its round; the same answer where there is none."""
    if found is not None and await is_managed(await desk_of(context), found.root_program):
        return found
    await require(context, _MANAGE, (Target(),))
    return None


async def _runs(
    context: GraphContext,
    names: Names,
    program: Annotated[
        str, strawberry.argument(description="Code of the program, or of one below it (项目代码).")
    ],
    round: Annotated[str, strawberry.argument(description="Code of the round (批次).")],  # noqa: A002 - the argument's name in the graph
) -> PageQuery | None:
    signed_in(context)
    found = await runs_of_round(await desk_of(context), program, round, names)
    if isinstance(found, Refusal):
        if found.code is RefusalCode.NOT_PERMITTED:
            raise GraphRefusal(Code.FORBIDDEN, found.message, context.language, permission=_MANAGE)
        await require(context, _MANAGE, (Target(),))
        return None
    found.first = MOST_RUNS
    return found


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
            Found(RUNS, _run, single=True, allowed=_managed),
            description="A run of the allocation of a round, with its certificate (匹配).",
        ),
        _MANAGE,
    )
    allocation_runs: list[AllocationRun] | None = permitted_inside(
        field(
            Found(RUNS, _runs),
            description="The runs of a round, the latest first (各次匹配).",
        ),
        _MANAGE,
    )
    allocation_explanation: AllocationExplanation | None = permitted_inside(
        field(
            OfRows(_explanation),
            description=(
                "Why an applicant was placed where, or nowhere (匹配说明); null where the "
                "application took part in no run, or the list is not public yet. Staff need the "
                "permission `scores.read` for every base among the choices."
            ),
        ),
        _READ,
    )
