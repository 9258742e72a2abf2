"""The part of zhupei's graph that is asked for, as the strawberry peers declare it.

What both peers have in common: types and arguments. How values are found is theirs.
"""

import enum
import uuid
from typing import Any, Generic, TypeVar

import strawberry

__all__ = [
    "Connection",
    "Edge",
    "OpeningFilter",
    "PageInfo",
    "TraineeFilter",
    "TraineeState",
    "cut",
    "key_of",
]

T = TypeVar("T")


@strawberry.enum
class TraineeState(enum.Enum):
    """Where a trainee stands."""

    IN_TRAINING = "IN_TRAINING"
    WITHDRAWN = "WITHDRAWN"


@strawberry.input
class OpeningFilter:
    """Which openings."""

    specialty: str | None = None
    year: int | None = None


@strawberry.input
class TraineeFilter:
    """Which trainees."""

    base_in: list[str] | None = None
    state_in: list[TraineeState] | None = None


@strawberry.type
class PageInfo:
    """Where a page lies."""

    has_next_page: bool
    has_previous_page: bool


@strawberry.type
class Edge(Generic[T]):
    """A row."""

    node: T


@strawberry.type
class Connection(Generic[T]):
    """A page; ``counted`` is how many rows there are on all pages, asked only when wanted."""

    edges: list[Edge[T]]
    page_info: PageInfo
    counted: strawberry.Private[Any] = None

    @strawberry.field
    async def total_count(self) -> int:
        """Rows on all pages."""
        return int(await self.counted())


def cut(rows: list[Any], first: int, counted: Any = None) -> Connection[Any]:
    """Return a page of the first rows; one more than asked for tells that there is a next."""
    return Connection(
        edges=[Edge(node=row) for row in rows[:first]],
        page_info=PageInfo(has_next_page=len(rows) > first, has_previous_page=False),
        counted=counted,
    )


def key_of(identifier: object) -> uuid.UUID:
    """Return an identifier as the database has it."""
    return uuid.UUID(str(identifier))
