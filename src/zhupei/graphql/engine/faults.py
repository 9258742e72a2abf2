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
        _forget_way(error)
        self._errors.append(error)

    def forget(self, path: tuple[str | int, ...]) -> None:
        """Take back what was added below a path, which is completed anew."""
        length = len(path)
        self._errors[:] = [
            error for error in self._errors if tuple(error.path or ())[:length] != path
        ]
        self._places = {place for place in self._places if place[:length] != path}


def _forget_way(error: GraphQLError) -> None:
    """Forget how an error came up, by what holds it: with its frames the run would stay.

    Where it began is told by the original, unless that is a refusal, of which nobody wants to know.
    """
    original = error.original_error
    while isinstance(original, GraphQLError):
        original.__traceback__ = original.__context__ = original.__cause__ = None
        original = original.original_error
    error.__traceback__ = None if original is None else original.__traceback__
    error.__context__ = error.__cause__ = None


class NulledError(Exception):
    """An error reached the root: the answer holds nothing."""


def is_located(error: Exception) -> bool:
    """Return whether an error has its place already."""
    return isinstance(error, GraphQLError) and error.path is not None
