"""Queries about who asks, and about applicants."""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from uuid import UUID

import strawberry

from zhupei.db.reading import PageQuery
from zhupei.domain.permissions import Target
from zhupei.graphql.asked import reads
from zhupei.graphql.context import GraphContext
from zhupei.graphql.found_rows import Found, Names
from zhupei.graphql.permissions import for_signed_in, permitted_inside, require
from zhupei.graphql.sources import FieldSource, Reader, field
from zhupei.graphql.types.applicants import Applicant, targets_of
from zhupei.graphql.types.viewer import Viewer
from zhupei.services.applicant_rows import APPLICANTS, applicant_query

__all__ = ["AccessQueries"]


@dataclasses.dataclass(frozen=True)
class WhoAsks(FieldSource):
    """The actor of the request; null for the public."""

    is_noted: ClassVar[bool] = True

    def reader(self, name: str) -> Reader:
        """Read it off the context."""

        def read(_value: Any, context: GraphContext, _arguments: Mapping[str, Any]) -> Any:
            return context.actor

        return read


_READ = "applicants.read"


async def _applicant(
    context: GraphContext,
    names: Names,
    id: Annotated[  # noqa: A002 - the argument's name in the graph
        strawberry.ID | None,
        strawberry.argument(
            description="Identifier of the applicant (标识); without it, the viewer's own."
        ),
    ] = None,
) -> PageQuery | None:
    if context.actor is None:
        await require(context, _READ, ())
        return None
    try:
        if id is None:
            return applicant_query(names, account=UUID(context.actor.id))
        return applicant_query(names, applicant=UUID(id))
    except ValueError:
        # No id; or a plugin's actor, who is no account of ours.
        return None if id is None else await _seen(context, {"id": id}, None)


@reads("account", "departments")
async def _seen(context: GraphContext, given: Mapping[str, Any], found: Any) -> Any:
    """Return an applicant whom whoever asks may see.

    Somebody who does not exist is refused as somebody whom they may not see.
    """
    if found is not None or given.get("id") is not None:
        await require(context, _READ, (Target(),) if found is None else targets_of(found))
    return found


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
            Found(APPLICANTS, _applicant, single=True, allowed=_seen),
            description="An applicant (报考人); null where the viewer is none.",
        ),
        _READ,
    )
