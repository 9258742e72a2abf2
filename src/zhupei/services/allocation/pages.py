"""Pages of a stored run: its places, and what came of each application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise.queryset import QuerySet

from zhupei.db.models import AllocationChoiceRow, AllocationPlaceRow
from zhupei.domain.allocation import AllocationChoice, AllocationPlace
from zhupei.services.admissions.desk import Desk
from zhupei.services.allocation.rows import choice_of, place_of

__all__ = ["Slice", "choices_page", "count_choices", "count_places", "places_page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """At most ``limit`` rows after ``place`` in the order of keys; ``backwards`` those before."""

    limit: int
    place: str | None = None
    backwards: bool = False


async def places_page(desk: Desk, run: UUID, asked: Slice) -> list[AllocationPlace]:
    """Return places of a run in the order of their codes."""
    with desk.database.use():
        query = AllocationPlaceRow.filter(run_id=run)
        return [place_of(row) for row in await _sliced(query, "code", asked, asked.place)]


async def choices_page(desk: Desk, run: UUID, asked: Slice) -> list[AllocationChoice]:
    """Return what came of the applications of a run, in the order of their ids."""
    place = None if asked.place is None else UUID(asked.place)
    with desk.database.use():
        query = AllocationChoiceRow.filter(run_id=run)
        return [choice_of(row) for row in await _sliced(query, "application_id", asked, place)]


async def count_places(desk: Desk, run: UUID) -> int:
    """Return how many places a run has."""
    with desk.database.use():
        return await AllocationPlaceRow.filter(run_id=run).count()


async def count_choices(desk: Desk, run: UUID) -> int:
    """Return how many applications took part in a run."""
    with desk.database.use():
        return await AllocationChoiceRow.filter(run_id=run).count()


async def _sliced(query: QuerySet[Any], key: str, asked: Slice, place: object) -> list[Any]:
    if place is not None:
        query = query.filter(**{f"{key}__{'lt' if asked.backwards else 'gt'}": place})
    rows = await query.order_by(f"-{key}" if asked.backwards else key).limit(asked.limit)
    return rows[::-1] if asked.backwards else rows
