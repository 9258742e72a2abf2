"""Mutations of rounds and plans: freezing and thawing, and asking for more seats."""

from typing import Any

import strawberry

from zhupei.graphql.mutations.declaration import Repeatable, mutation, use_case
from zhupei.graphql.mutations.payloads import PlanIncreasePayload, RoundFreezePayload
from zhupei.services import admissions
from zhupei.services.admissions import inputs

__all__ = ["RoundMutations"]


def _left_out(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


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


@strawberry.input(description="What asking for more seats needs (申请增加招收计划).")
class RequestPlanIncreaseInput(Repeatable):
    """Asking."""

    opening: str = strawberry.field(description="Code of the opening (招收专业代码).")
    seats: int = strawberry.field(description="How many more seats (增加名额).")
    reason: str = strawberry.field(description="Why (申请理由).")
    round: str | None = _left_out(
        "Code of the round, needed where seats are published by round (批次)."
    )
    direction: str | None = _left_out(
        "Id of the direction, needed where seats are published by direction (方向)."
    )


@strawberry.input(description="What deciding on a request for more seats needs (审批增加计划).")
class DecidePlanIncreaseInput(Repeatable):
    """Deciding."""

    plan_increase: strawberry.ID = strawberry.field(
        description="Identifier of the request (申请标识)."
    )
    approved: bool = strawberry.field(description="Whether it is approved (是否批准).")
    reason: str = strawberry.field(description="Why (审批意见).")


@strawberry.type
class RoundMutations:
    """What may be done with a round and with a plan."""

    freeze_round: RoundFreezePayload | None = mutation(
        use_case(admissions.freeze_round, inputs.FreezeRoundInput, FreezeRoundInput),
        "rounds.manage",
        description=(
            "Freeze a round (冻结批次): nothing changes in it, nor in its programs below, until "
            "the freeze is lifted."
        ),
    )
    lift_freeze: RoundFreezePayload | None = mutation(
        use_case(admissions.lift_freeze, inputs.LiftFreezeInput, LiftFreezeInput),
        "rounds.manage",
        description="Lift the freeze of a round (解冻批次).",
    )
    request_plan_increase: PlanIncreasePayload | None = mutation(
        use_case(
            admissions.request_plan_increase,
            inputs.RequestPlanIncreaseInput,
            RequestPlanIncreaseInput,
        ),
        "plans.request",
        description="Ask for more seats of an opening, within its capacity (申请增加招收计划).",
    )
    decide_plan_increase: PlanIncreasePayload | None = mutation(
        use_case(
            admissions.decide_plan_increase,
            inputs.DecidePlanIncreaseInput,
            DecidePlanIncreaseInput,
        ),
        "plans.approve",
        description="Approve or refuse more seats (审批增加计划); approved ones count at once.",
    )
