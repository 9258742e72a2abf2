"""Queries about who asks, and about applicants."""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import strawberry

from zhupei.domain.permissions import Target
from zhupei.graphql.context import GraphContext
from zhupei.graphql.permissions import for_signed_in, permitted_inside, require
from zhupei.graphql.sources import Computed, FieldSource, GraphInfo, Reader, field
from zhupei.graphql.types.applicants import Applicant, see
from zhupei.graphql.types.viewer import Viewer
from zhupei.services.applicants import applicant_of, applicant_of_account

__all__ = ["AccessQueries"]


@dataclasses.dataclass(frozen=True)
class WhoAsks(FieldSource):
    """The actor of the request; null for the public."""

    def reader(self, name: str) -> Reader:
        """Read it off the context."""

        def read(_value: Any, context: GraphContext, _arguments: Mapping[str, Any]) -> Any:
            return context.actor

        return read


_READ = "applicants.read"


async def _applicant(
    info: GraphInfo,
    id: Annotated[  # noqa: A002 - the argument's name in the graph
        strawberry.ID | None,
        strawberry.argument(
            description="Identifier of the applicant (标识); without it, the viewer's own."
        ),
    ] = None,
) -> Applicant | None:
    context = info.context
    if id is None:
        return await _own(context)
    record = None
    if context.actor is not None and context.keyring is not None:
        try:
            record = await applicant_of(context.keyring(), UUID(id))
        except ValueError:
            record = None
    # Somebody who does not exist is refused as somebody whom the actor may not see.
    seen = None if record is None else await see(record)
    await require(context, _READ, (Target(),) if seen is None else seen.targets)
    found: Any = seen
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _own(context: GraphContext) -> Applicant | None:
    if context.actor is None:
        await require(context, _READ, ())
    if context.actor is None or context.keyring is None:
        return None
    try:
        record = await applicant_of_account(context.keyring(), UUID(context.actor.id))
    except ValueError:  # a plugin's actor is no account of ours
        return None
    found: Any = None if record is None else await see(record)
    if found is not None:
        await require(context, _READ, found.targets)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@strawberry.type
class AccessQueries:
    """Fields of the root type about who asks."""

    viewer: Viewer | None = for_signed_in(
        field(
            WhoAsks(),
            description=(
                "Who asks, by the bearer token of the request (当前用户); null for the public."
            ),
        ),
        refuses=False,
    )
    applicant: Applicant | None = permitted_inside(
        field(
            Computed(_applicant),
            description="An applicant (报考人); null where the viewer is none.",
        ),
        _READ,
    )
