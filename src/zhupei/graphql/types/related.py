"""Relations from rows to applications and applicants, loaded together for a whole level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from zhupei.graphql.asked import reads
from zhupei.graphql.desks import desk_of
from zhupei.graphql.loading import Loaded
from zhupei.services.admissions.searching import visible_cases

if TYPE_CHECKING:
    from zhupei.graphql.context import GraphContext

__all__ = ["related_application"]


def related_application(by: str) -> Loaded:
    """Return the source of the application whose id an attribute holds; null where unseen."""
    key = attrgetter(by)

    @reads(by)
    async def load(values: Sequence[Any], context: GraphContext) -> Mapping[Any, Any]:
        cases = await visible_cases(await desk_of(context), [key(value) for value in values])
        return {case.id: case for case in cases}

    return Loaded(load, key)
