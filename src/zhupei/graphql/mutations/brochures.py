"""Mutations of brochures: submitted, approved or returned, and published in every place."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry

from zhupei.graphql.desks import desk_of
from zhupei.graphql.mutations.declaration import Repeatable, mutation, taken, use_case
from zhupei.graphql.sources import GraphInfo
from zhupei.graphql.types.brochures import BrochureVersion
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.services import brochures
from zhupei.services.brochures import inputs

__all__ = ["BrochureMutations"]

BrochureVersionPayload: TypeAlias = Annotated[
    BrochureVersion | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("BrochureVersionPayload", description="The version, or why not (简章结果)."),
]

_BROCHURE = "Identifier of the version (简章版本标识)."


def _left_out(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(description="What submitting a brochure needs (报送招生简章).")
class SubmitBrochureInput(Repeatable):
    """Submitting."""

    program: str = strawberry.field(description="Code of the program (项目代码).")
    attested: list[str] | None = _left_out(
        "What the base vouches for, as `Brochure.toAttest` lists it (基地声明)."
    )
    late_reason: str | None = _left_out("Why it is late, past the deadline (逾期原因).")


@strawberry.input(description="What approving a brochure needs (审核通过简章).")
class ApproveBrochureInput(Repeatable):
    """Approving."""

    brochure: strawberry.ID = strawberry.field(description=_BROCHURE)
    reason: str | None = _left_out("A remark to the base (审核意见).")


@strawberry.input(description="What returning a brochure needs (退回简章).")
class ReturnBrochureInput(Repeatable):
    """Returning."""

    brochure: strawberry.ID = strawberry.field(description=_BROCHURE)
    reason: str = strawberry.field(description="What has to be changed (退回原因).")


@strawberry.input(description="What recording a publication needs (登记简章发布).")
class RecordBrochurePublicationInput(Repeatable):
    """Publishing."""

    brochure: strawberry.ID = strawberry.field(description=_BROCHURE)
    place: str = strawberry.field(description="One of `Brochure.places` (发布平台).")
    address: str = strawberry.field(description="Under which address it stands (网址).")
    published_at: datetime = strawberry.field(description="Since when (发布时间).")


async def _approve(info: GraphInfo, input: ApproveBrochureInput) -> BrochureVersionPayload | None:  # noqa: A002 - the argument's name in the graph
    given = taken(input, inputs.DecideBrochureInput, info.context, approved=True)
    found: Any = await brochures.decide_brochure(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _return(info: GraphInfo, input: ReturnBrochureInput) -> BrochureVersionPayload | None:  # noqa: A002 - as above
    given = taken(input, inputs.DecideBrochureInput, info.context, approved=False)
    found: Any = await brochures.decide_brochure(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@strawberry.type
class BrochureMutations:
    """What may be done with brochures."""

    submit_brochure: BrochureVersionPayload | None = mutation(
        use_case(brochures.submit_brochure, inputs.SubmitBrochureInput, SubmitBrochureInput),
        "brochures.submit",
        description=(
            "Submit a program's brochure as the configuration makes it now (报送招生简章): it has "
            "to state all that the lists ask for, and its pages are frozen."
        ),
    )
    approve_brochure: BrochureVersionPayload | None = mutation(
        _approve,
        "brochures.approve",
        description="Approve a version that was submitted (审核通过简章).",
    )
    return_brochure: BrochureVersionPayload | None = mutation(
        _return,
        "brochures.approve",
        description="Return a version with a reason (退回简章); the base submits it anew.",
    )
    record_brochure_publication: BrochureVersionPayload | None = mutation(
        use_case(
            brochures.record_brochure_publication,
            inputs.RecordBrochurePublicationInput,
            RecordBrochurePublicationInput,
        ),
        "brochures.submit",
        description=(
            "Record that an approved version stands in one of its places (登记简章发布); it is "
            "published once it stands in all of them."
        ),
    )
