"""Mutations of whole rounds: freezing them, and lifting that."""

from typing import Annotated, Any, TypeAlias

import strawberry

from zhupei.graphql.desks import desk_of
from zhupei.graphql.mutations.declaration import Repeatable, mutation, taken
from zhupei.graphql.sources import GraphInfo
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.graphql.types.rounds import RoundFreeze
from zhupei.services import admissions
from zhupei.services.admissions import inputs

__all__ = ["RoundMutations"]

RoundFreezePayload: TypeAlias = Annotated[
    RoundFreeze | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("RoundFreezePayload", description="The freeze, or why not (冻结结果)."),
]


@strawberry.input(description="What freezing a round needs (冻结批次).")
class FreezeRoundInput(Repeatable):
    """Freezing."""

    program: str = strawberry.field(description="Code of the program (项目代码).")
    round: str = strawberry.field(description="Code of its round (批次).")
    reason: str = strawberry.field(description="Why; it is shown to those it stops (原因).")


@strawberry.input(description="What lifting a freeze needs (解冻批次).")
class LiftFreezeInput(Repeatable):
    """Lifting."""

    program: str = strawberry.field(description="Code of the program (项目代码).")
    round: str = strawberry.field(description="Code of its round (批次).")
    reason: str = strawberry.field(description="Why (原因).")


async def _freeze(info: GraphInfo, input: FreezeRoundInput) -> RoundFreezePayload | None:  # noqa: A002 - the argument's name in the graph
    given = taken(input, inputs.FreezeRoundInput, info.context)
    found: Any = await admissions.freeze_round(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _lift(info: GraphInfo, input: LiftFreezeInput) -> RoundFreezePayload | None:  # noqa: A002 - the argument's name in the graph
    given = taken(input, inputs.LiftFreezeInput, info.context)
    found: Any = await admissions.lift_freeze(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@strawberry.type
class RoundMutations:
    """What may be done with a round."""

    freeze_round: RoundFreezePayload | None = mutation(
        _freeze,
        "rounds.manage",
        description=(
            "Freeze a round (冻结批次): nothing changes in it, nor in its programs below, until "
            "the freeze is lifted."
        ),
    )
    lift_freeze: RoundFreezePayload | None = mutation(
        _lift, "rounds.manage", description="Lift the freeze of a round (解冻批次)."
    )
