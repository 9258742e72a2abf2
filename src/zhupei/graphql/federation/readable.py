"""The graph as people and clients read it: without what only gateways ask."""

from __future__ import annotations

from typing import Any

from graphql import (
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_specified_scalar_type,
    print_type,
)

__all__ = ["GATEWAY_FIELDS", "GATEWAY_TYPES", "printed", "shown_types"]

GATEWAY_FIELDS = frozenset({"_entities", "_service"})
"""Fields of the root type that Apollo Federation demands."""
GATEWAY_TYPES = frozenset({"_Any", "_Entity", "_Service"})
"""Types that only they use."""


def shown_types(schema: GraphQLSchema) -> list[GraphQLNamedType]:
    """Return the types of a schema by name, without those of GraphQL itself and of gateways."""
    return [
        _without_gateway_fields(type_) if type_ is schema.query_type else type_
        for name, type_ in sorted(schema.type_map.items())
        if name not in GATEWAY_TYPES
        and not is_introspection_type(type_)
        and not is_specified_scalar_type(type_)
    ]


def printed(schema: GraphQLSchema) -> str:
    """Return the text of a schema without what only gateways ask."""
    return "\n\n".join(print_type(type_) for type_ in shown_types(schema)) + "\n"


def _without_gateway_fields(type_: GraphQLNamedType) -> GraphQLNamedType:
    if not isinstance(type_, GraphQLObjectType):
        return type_
    fields = {name: each for name, each in type_.fields.items() if name not in GATEWAY_FIELDS}
    kwargs: Any = {**type_.to_kwargs(), "fields": fields}
    return GraphQLObjectType(**kwargs)
