"""Mutations of allocation: a round is matched, simulated otherwise, and the result is proposed."""

from decimal import Decimal
from typing import Annotated, Any, TypeAlias

import strawberry
from strawberry import UNSET

from zhupei.domain.ranking import TieRule
from zhupei.graphql.allocation_enums import Mechanism
from zhupei.graphql.desks import desk_of
from zhupei.graphql.mutations.declaration import Repeatable, mutation, taken
from zhupei.graphql.mutations.payloads import BulkPayload
from zhupei.graphql.sources import GraphInfo
from zhupei.graphql.types.allocation import AllocationRun
from zhupei.graphql.types.allocation_figures import AllocationComparison
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.services import allocation

__all__ = ["AllocationMutations"]

_PERMISSION = "rounds.manage"

AllocationRunPayload: TypeAlias = Annotated[
    AllocationRun | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("AllocationRunPayload", description="The run, or why not (匹配结果)."),
]
AllocationComparisonPayload: TypeAlias = Annotated[
    AllocationComparison | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union(
        "AllocationComparisonPayload", description="The comparison, or why not (模拟结果)."
    ),
]


@strawberry.input(description="Which round to match (匹配).")
class RunAllocationInput(Repeatable):
    """Running."""

    program: str = strawberry.field(
        description="Code of the program, or of one below it (项目代码)."
    )
    round: str = strawberry.field(description="Code of its round (批次).")
    dry_run: bool = strawberry.field(
        default=False, description="True to see the figures and keep nothing (仅试算)."
    )


@strawberry.input(description="Which run to propose (按匹配结果拟录取).")
class ProposeAllocationInput(Repeatable):
    """Proposing."""

    run: strawberry.ID = strawberry.field(description="The run (匹配标识).")
    dry_run: bool = strawberry.field(
        default=False, description="True to see every effect and change nothing (仅试算)."
    )


@strawberry.input(description="Seats as they would be published (名额调整).")
class ChangedSeatsInput:
    """Changed seats."""

    opening: str = strawberry.field(description="Code of the opening (招收专业代码).")
    direction: str | None = strawberry.field(
        default=UNSET, description="Id of the direction, where it has seats of its own (方向)."
    )
    seats: int = strawberry.field(description="Seats, as if that were published (名额).")


@strawberry.input(description="A weight as it would be configured (权重调整).")
class ChangedWeightInput:
    """A changed weight."""

    assessment: str = strawberry.field(description="`interview` or `examination` (考核).")
    weight: Decimal = strawberry.field(description="Its share; all add up to 1 (权重).")


@strawberry.input(description="A round matched otherwise, on the same data (模拟).")
class SimulateAllocationInput(Repeatable):
    """Simulating."""

    program: str = strawberry.field(
        description="Code of the program, or of one below it (项目代码)."
    )
    round: str = strawberry.field(description="Code of its round (批次).")
    mechanism: Mechanism = strawberry.field(
        default=Mechanism.DEFERRED_ACCEPTANCE, description="By which mechanism (机制)."
    )
    seats: list[ChangedSeatsInput] | None = strawberry.field(
        default=UNSET, description="Openings with other seats; quotas around follow (名额调整)."
    )
    weights: list[ChangedWeightInput] | None = strawberry.field(
        default=UNSET, description="Weights of all assessments that rank (权重调整)."
    )
    tie_rule: TieRule | None = strawberry.field(
        default=UNSET, description="Another rule for equal totals (并列规则)."
    )
    tie_lottery_seed: str | None = strawberry.field(
        default=UNSET, description="Seed, where that rule draws lots (抽签种子)."
    )


async def _run(info: GraphInfo, input: RunAllocationInput) -> AllocationRunPayload | None:  # noqa: A002 - the argument's name in the graph
    given = taken(input, allocation.RunAllocationInput, info.context)
    found: Any = await allocation.run_allocation(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _propose(info: GraphInfo, input: ProposeAllocationInput) -> BulkPayload | None:  # noqa: A002 - the argument's name in the graph
    given = taken(input, allocation.ProposeAllocationInput, info.context)
    found: Any = await allocation.propose_allocation(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _simulate(
    info: GraphInfo,
    input: SimulateAllocationInput,  # noqa: A002 - the argument's name in the graph
) -> AllocationComparisonPayload | None:
    given = taken(input, allocation.SimulateAllocationInput, info.context)
    found: Any = await allocation.simulate_allocation(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@strawberry.type
class AllocationMutations:
    """What may be done with a round of preference lists."""

    run_allocation: AllocationRunPayload | None = mutation(
        _run,
        _PERMISSION,
        description=(
            "Match the preference lists of a round that declares `DEFERRED_ACCEPTANCE` (匹配). The "
            "result is checked by an independent checker and kept; nobody is proposed yet."
        ),
    )
    propose_allocation: BulkPayload | None = mutation(
        _propose,
        _PERMISSION,
        description=(
            "Propose everybody whom a run placed, in one step that `revertBulk` takes back "
            "(按匹配结果拟录取). Refused where the run is not proven, or something changed since."
        ),
    )
    simulate_allocation: AllocationComparisonPayload | None = mutation(
        _simulate,
        _PERMISSION,
        description=(
            "Match a round by another mechanism, other seats, weights or ties, beside how it is "
            "declared (模拟). Nothing is written."
        ),
    )
