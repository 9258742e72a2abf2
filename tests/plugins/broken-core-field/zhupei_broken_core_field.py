"""Has the slug of a field that the core's Query has."""

from __future__ import annotations

import strawberry

from zhupei import hookimpl


@strawberry.type(description="节点查询 (queries).")
class NodesQueries:
    """Would be mounted at Query.nodes."""

    taps: int = strawberry.field(default=3, description="水龙头 (taps).")


@hookimpl
def register_queries() -> type:
    """The type."""
    return NodesQueries
