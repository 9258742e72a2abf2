"""Relations from rows to applications, read together for a whole level."""

from __future__ import annotations

from operator import attrgetter

from zhupei.db.reading import Condition
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of
from zhupei.graphql.listed_rows import RowsOf
from zhupei.services.admissions.row_sources import APPLICATIONS
from zhupei.services.admissions.searching import seen_applications

__all__ = ["related_application"]


async def _seen(context: GraphContext) -> Condition:
    return await seen_applications(await desk_of(context))


def related_application(by: str) -> RowsOf:
    """Return the source of the application whose id an attribute holds; null where unseen."""
    return RowsOf(rows=APPLICATIONS, by="id", key=attrgetter(by), where=_seen, single=True)
