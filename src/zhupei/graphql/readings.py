"""Readings: how the value of each field is come by."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any

from strawberry.types.field import StrawberryField

from graphql import GraphQLField
from zhupei.graphql.asked import Asked, many_of
from zhupei.graphql.inline import Batch, one_by_one
from zhupei.graphql.sources import FieldSource, SourcedField

__all__ = ["Reading", "reading_of"]


class Reading(Enum):
    """How a field is read."""

    TYPENAME = auto()
    WRITTEN = auto()
    """An expression that its source wrote."""
    FUNCTION = auto()
    """A plain function, called directly."""
    BATCHED = auto()
    """All objects of a level at once, awaited."""
    CALLED = auto()
    """The resolver that strawberry made, one object at a time; what it answers is compiled."""
    INTERPRETED = auto()
    """By graphql-core, with everything below."""


def reading_of(
    declared: GraphQLField, name: str, below: Asked
) -> tuple[Reading, FieldSource | None, Batch | None]:
    """Return how a field is read, of its source, and for many objects at once."""
    if name == "__typename":
        return Reading.TYPENAME, None, None
    made = declared.extensions.get("strawberry-definition")
    if not isinstance(made, StrawberryField):
        return Reading.INTERPRETED, None, None
    guards = [each for each in made.extensions if each.has_resolver]
    read = made.source if isinstance(made, SourcedField) and made.base_resolver is None else None
    if not all(getattr(guard, "reads_through", False) for guard in guards):
        batch = _guarded(made, read, guards, below)
        return (Reading.CALLED if batch is None else Reading.BATCHED), read, batch
    if made.base_resolver is not None:
        return (Reading.CALLED if made.is_async else Reading.FUNCTION), None, None
    if read is None or not inspect.iscoroutinefunction(read.reader(made.python_name)):
        return Reading.WRITTEN, read, None
    # A guard that words errors, or bounds the time, would have to be asked for each object.
    plain = all(getattr(guard, "needs", None) is not None for guard in guards)
    many = many_of(read, below) if plain else None
    return (Reading.CALLED if many is None else Reading.BATCHED), read, many


def _guarded(
    made: StrawberryField, read: FieldSource | None, guards: list[Any], below: Asked
) -> Batch | None:
    """Return how a field with one guard that can ask for many objects is read at once."""
    if len(guards) != 1 or not hasattr(guards[0], "batched"):
        return None
    single: Callable[..., Any]
    if read is not None:
        many = many_of(read, below)
        single = read.reader(made.python_name)
    else:
        many, function = None, _function_of(made)
        if function is None:
            return None

        def single(value: Any, _context: Any, given: Mapping[str, Any]) -> Any:
            return function(value, given)

    batch: Batch = guards[0].batched(many or one_by_one(single))
    return batch


def _function_of(made: StrawberryField) -> Callable[[Any, Mapping[str, Any]], Any] | None:
    """Return a field's function as one of object and arguments; None where it takes more."""
    resolver = made.base_resolver
    if resolver is None or resolver.info_parameter is not None:
        return None
    function: Any = resolver.wrapped_func
    named = [
        parameter.name
        for parameter in (resolver.parent_parameter, resolver.root_parameter)
        if parameter is not None
    ]
    if resolver.self_parameter is not None:
        return lambda value, given: function(value, **dict.fromkeys(named, value), **given)
    return lambda value, given: function(**dict.fromkeys(named, value), **given)
