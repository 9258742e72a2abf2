"""Names its queries otherwise."""

from __future__ import annotations

import strawberry

from zhupei import hookimpl


@strawberry.type
class BrokenQueriesRoot:
    """Ends in Root, not in Queries."""

    taps: int = 3


@hookimpl
def register_queries() -> type:
    """The type."""
    return BrokenQueriesRoot
