"""Queries that gateways ask of a subgraph: its text, and entities by their keys."""

import asyncio
from typing import Annotated, Any

import strawberry

from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import Code, GraphRefusal
from zhupei.graphql.federation.entities import MOST_ENTITIES, entities_of
from zhupei.graphql.nodes import Fetched, RowNames
from zhupei.graphql.scalars import Representation
from zhupei.graphql.sources import Attribute, Computed, GraphInfo, field
from zhupei.graphql.types.applications import Application
from zhupei.graphql.types.bases import Base
from zhupei.graphql.types.openings import Opening
from zhupei.graphql.types.places import Jurisdiction, Province
from zhupei.graphql.types.programs import Program
from zhupei.graphql.types.specialties import Specialty
from zhupei.graphql.types.trainees import Trainee

__all__ = ["FederationQueries"]


@strawberry.type(name="_Service", description="This subgraph (子图), for gateways.")
class SubgraphService:
    """What composition reads."""

    sdl: str = field(
        Attribute(),
        description="The graph with the directives of Apollo Federation 2 (子图模式文本).",
    )


Entity = Annotated[
    Application | Base | Jurisdiction | Opening | Program | Province | Specialty | Trainee,
    strawberry.union("_Entity", description="What other subgraphs may extend (实体)."),
]


async def _service(info: GraphInfo) -> SubgraphService:
    if not info.context.describes:
        raise GraphRefusal(
            Code.INTROSPECTION_DISABLED,
            Text(
                "此服务不向客户端说明其模式",
                "this server does not describe its schema to clients",
            ),
            info.context.language,
        )
    schema: Any = info.schema
    # It takes a moment when it is first asked for, in which others are answered.
    return SubgraphService(sdl=await asyncio.to_thread(lambda: schema.subgraph.sdl))


async def _entities(
    context: GraphContext,
    names: RowNames,
    representations: Annotated[
        list[Representation],
        strawberry.argument(description=f"What to find, at most {MOST_ENTITIES} (实体引用)."),
    ],
) -> list[Any]:
    return await entities_of(representations, context, names)


@strawberry.type
class FederationQueries:
    """Fields of the root type that Apollo Federation demands."""

    subgraph_service: SubgraphService = field(
        Computed(_service),
        name="_service",
        description="This subgraph, for the gateway that joins it with others (子图说明).",
    )
    entities: list[Entity | None] = field(
        Fetched(_entities),
        name="_entities",
        description=(
            "Entities by their keys, for a gateway (实体查询), in the order given: null for one "
            "that is not there or not for whoever asks, and for one that cannot be read, with an "
            "error of its own."
        ),
    )
