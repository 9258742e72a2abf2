"""A walk over strawberry types: everything that a type leads to, before a schema is built."""

from collections.abc import Iterable, Iterator
from typing import Any

from strawberry.types.base import (
    StrawberryContainer,
    StrawberryObjectDefinition,
    get_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType
from strawberry.types.union import StrawberryUnion

__all__ = ["Found", "reachable"]

Found = StrawberryObjectDefinition | StrawberryEnumDefinition | StrawberryUnion
"""What has a name of its own in a schema; scalars of plugins are not walked."""


def reachable(types: Iterable[Any]) -> Iterator[Found]:
    """Yield the definitions of ``types`` and of everything that their fields lead to, each once.

    Raises whatever a broken annotation raises when it is resolved.
    """
    seen: set[int] = set()
    waiting: list[Any] = list(types)
    while waiting:
        definition = _definition(waiting.pop())
        if definition is None or id(definition) in seen:
            continue
        seen.add(id(definition))
        yield definition
        if isinstance(definition, StrawberryUnion):
            waiting.extend(definition.types)
        elif isinstance(definition, StrawberryObjectDefinition):
            waiting.extend(interface.origin for interface in definition.interfaces)
            for field in definition.fields:
                waiting.extend(_types_of(field, definition))


def _types_of(field: StrawberryField, owner: StrawberryObjectDefinition) -> Iterator[Any]:
    yield field.resolve_type(type_definition=owner)
    for argument in field.arguments:
        yield argument.type


def _definition(type_: Any) -> Found | None:
    while isinstance(type_, StrawberryContainer):
        type_ = type_.of_type
    if isinstance(type_, LazyType):
        type_ = type_.resolve_type()
    if isinstance(type_, Found):
        return type_
    found: Found | None = getattr(type_, "__strawberry_definition__", None)
    return found if found is not None else get_object_definition(type_)
