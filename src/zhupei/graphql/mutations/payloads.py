"""What mutations answer: the changed object, or a refusal."""

from typing import Annotated, TypeAlias

import strawberry

from zhupei.graphql.types.admissions import (
    BulkOutcome,
    Invitation,
    Objection,
    PlanIncrease,
)
from zhupei.graphql.types.applications import Application
from zhupei.graphql.types.consents import ConsentWithdrawal
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.graphql.types.rounds import RoundFreeze

__all__ = [
    "ApplicationPayload",
    "BulkPayload",
    "ConsentPayload",
    "InvitationPayload",
    "ObjectionPayload",
    "PlanIncreasePayload",
    "RoundFreezePayload",
]

ApplicationPayload: TypeAlias = Annotated[
    Application | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union(
        "ApplicationPayload", description="The application as it is now, or why not (报名结果)."
    ),
]
BulkPayload: TypeAlias = Annotated[
    BulkOutcome | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("BulkPayload", description="What a bulk step did, or why not (批量操作结果)."),
]
ConsentPayload: TypeAlias = Annotated[
    ConsentWithdrawal | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("ConsentPayload", description="What follows, or why not (撤回同意结果)."),
]
InvitationPayload: TypeAlias = Annotated[
    Invitation | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("InvitationPayload", description="The invitation, or why not (邀请结果)."),
]
ObjectionPayload: TypeAlias = Annotated[
    Objection | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("ObjectionPayload", description="The objection, or why not (异议结果)."),
]
PlanIncreasePayload: TypeAlias = Annotated[
    PlanIncrease | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("PlanIncreasePayload", description="The request, or why not (增加计划结果)."),
]
RoundFreezePayload: TypeAlias = Annotated[
    RoundFreeze | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("RoundFreezePayload", description="The freeze, or why not (冻结结果)."),
]
