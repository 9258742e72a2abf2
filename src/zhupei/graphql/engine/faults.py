"""Faults: the errors of a run in their order, and the places that they turned to null."""

from __future__ import annotations

from graphql.execution.executor import CollectedErrors
from graphql.pyutils import Path

from graphql import GraphQLError

__all__ = ["Errors", "NulledError", "is_located"]


class Errors(CollectedErrors):
    """Errors in their order, with the places that they turned to null."""

    def __init__(self) -> None:
        super().__init__()
        self._places: set[tuple[str | int, ...]] = set()

    def add(self, error: GraphQLError, path: Path | None) -> None:
        """Add an error unless its place, or one above it, is null already."""
        place = () if path is None else tuple(path.as_list())
        if any(place[:length] in self._places for length in range(len(place) + 1)):
            return
        self._places.add(place)
        # On its way up it came by what holds it; where it began, is told by the original.
        error.__traceback__ = getattr(error.original_error, "__traceback__", None)
        self._errors.append(error)

    def forget(self, path: tuple[str | int, ...]) -> None:
        """Take back what was added below a path, which is completed anew."""
        length = len(path)
        self._errors[:] = [
            error for error in self._errors if tuple(error.path or ())[:length] != path
        ]
        self._places = {place for place in self._places if place[:length] != path}


class NulledError(Exception):
    """An error reached the root: the answer holds nothing."""


def is_located(error: Exception) -> bool:
    """Return whether an error has its place already."""
    return isinstance(error, GraphQLError) and error.path is not None
