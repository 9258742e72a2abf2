"""Queries about who asks."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import strawberry

from zhupei.graphql.context import GraphContext
from zhupei.graphql.sources import FieldSource, Reader, field
from zhupei.graphql.types.viewer import Viewer

__all__ = ["AccessQueries"]


@dataclasses.dataclass(frozen=True)
class WhoAsks(FieldSource):
    """The actor of the request; null for the public."""

    def reader(self, name: str) -> Reader:
        """Read it off the context."""

        def read(_value: Any, context: GraphContext, _arguments: Mapping[str, Any]) -> Any:
            return context.actor

        return read


@strawberry.type
class AccessQueries:
    """Fields of the root type about who asks."""

    viewer: Viewer | None = field(
        WhoAsks(),
        description="Who asks, by the bearer token of the request (当前用户); null for the public.",
    )
