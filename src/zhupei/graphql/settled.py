"""Settled fields: what follows from the catalogue alone, as declared sources say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import is_dataclass
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLUnionType
from zhupei.graphql.sources import FieldSource, IsOneOf, SourcedField, is_settled

__all__ = ["is_lasting", "is_told_by_value", "settled_source"]


def settled_source(
    field: GraphQLField, parent: GraphQLObjectType, *, held: bool = False
) -> FieldSource | None:
    """Return the source of a field where it is settled and nobody is asked before it is read.

    With ``held`` it may also be one whose values hold for a while.
    """
    made = field.extensions.get("strawberry-definition")
    if not isinstance(made, SourcedField):
        return None
    if not is_settled(made.source) and not (held and made.source.held):
        return None
    guards = [each for each in made.extensions if each.has_resolver]
    # A plugin's field may be read of the domain's objects; its own objects it may change.
    through = all(getattr(guard, "reads_through", False) for guard in guards)
    return made.source if not guards or (through and is_lasting(parent)) else None


def is_lasting(type_: GraphQLObjectType) -> bool:
    """Return whether objects of a type cannot change."""
    test = type_.is_type_of
    return isinstance(test, IsOneOf) and all(
        is_dataclass(each) and each.__dataclass_params__.frozen  # type: ignore[attr-defined]  # typeshed does not know it
        for each in test.described
    )


def is_told_by_value(type_: Any, possible: Iterable[GraphQLObjectType]) -> bool:
    """Return whether the type of an object follows from the object."""
    told = None
    if not isinstance(type_, GraphQLUnionType):
        told = getattr(type_.extensions.get("strawberry-definition"), "resolve_type", None)
    return (told is None or getattr(told, "settled", False)) and all(map(is_lasting, possible))
