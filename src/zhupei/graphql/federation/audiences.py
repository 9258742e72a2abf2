"""Audiences: who sees which part of the graph, out of the permissions that fields declare.

A contract for the public is composed of what is tagged ``public``; one for applicants of that and
``applicant``, one for offices and authorities of that and ``staff``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from enum import StrEnum

from strawberry.types.field import StrawberryField

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
)
from zhupei.domain.actors import Permission
from zhupei.domain.roles import Role
from zhupei.graphql.federation.entities import ENTITIES
from zhupei.graphql.federation.readable import GATEWAY_FIELDS
from zhupei.graphql.permissions import Noted, is_for_signed_in, needs_sign_in

__all__ = ["Audience", "Audiences", "Needed", "needed"]


class Audience(StrEnum):
    """Whom a part of the graph is for."""

    PUBLIC = "public"
    APPLICANT = "applicant"
    STAFF = "staff"


_EVERYBODY = frozenset(Audience)
_SIGNED_IN = frozenset({Audience.APPLICANT, Audience.STAFF})
_APPLICANTS = frozenset({Role.APPLICANT.value, Role.SENDING_UNIT.value})


class Needed:
    """What a field needs: to be signed in, and perhaps a permission."""

    __slots__ = ("permission",)

    def __init__(self, permission: str | None) -> None:
        self.permission = permission


def needed(field: GraphQLField) -> Needed | None:
    """Return what reading a field needs; None where the public may, if only a masked value."""
    declared = field.extensions.get("strawberry-definition")
    if not isinstance(declared, StrawberryField):
        return None
    for extension in declared.extensions:
        if isinstance(extension, Noted) and not extension.masks:
            return Needed(extension.permission)
    return Needed(None) if needs_sign_in(declared) else None


class Audiences:
    """Who reaches each field and type of a schema.

    Args:
        schema: with the strawberry fields that it was made of.
        permissions: with the roles that hold them, by name; one that is not among them is
            staff's.

    """

    def __init__(self, schema: GraphQLSchema, permissions: Mapping[str, Permission]) -> None:
        self._schema, self._permissions = schema, permissions
        self._fields: dict[tuple[str, str], set[Audience]] = defaultdict(set)
        self._types: dict[str, set[Audience]] = defaultdict(set)
        for audience in Audience:
            self._reach(audience)

    def of_field(self, type_: str, field: str) -> tuple[Audience, ...]:
        """Return the tags of a field of an object or interface."""
        return _tags(self._fields[type_, field])

    def of_type(self, type_: str) -> tuple[Audience, ...]:
        """Return the tags of a type as a whole."""
        return _tags(self._types[type_])

    def may_read(self, audience: Audience, type_: str) -> bool:
        """Return whether an audience reaches a type."""
        return audience in self._types[type_]

    def _reach(self, audience: Audience) -> None:
        schema = self._schema
        waiting: list[GraphQLNamedType] = [
            root
            for root in (schema.query_type, schema.mutation_type, schema.subscription_type)
            if root is not None
        ]
        seen: set[str] = set()
        while waiting:
            type_ = waiting.pop()
            if type_.name in seen or is_introspection_type(type_):
                continue
            if is_specified_scalar_type(type_) or audience not in self._whole(type_):
                continue
            seen.add(type_.name)
            self._types[type_.name].add(audience)
            waiting += self._next(type_, audience)

    def _next(self, type_: GraphQLNamedType, audience: Audience) -> Iterator[GraphQLNamedType]:
        if isinstance(type_, GraphQLUnionType):
            yield from type_.types
        elif isinstance(type_, GraphQLInputObjectType):
            yield from (get_named_type(each.type) for each in type_.fields.values())
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            yield from type_.interfaces
            if isinstance(type_, GraphQLInterfaceType):
                yield from self._schema.get_implementations(type_).objects
            for name, field in type_.fields.items():
                if name in GATEWAY_FIELDS or audience not in self._own(field):
                    continue
                self._fields[type_.name, name].add(audience)
                yield get_named_type(field.type)
                yield from (get_named_type(each.type) for each in field.args.values())

    def _own(self, field: GraphQLField) -> frozenset[Audience]:
        need = needed(field)
        if need is not None:
            return self._holding(need.permission)
        declared = field.extensions.get("strawberry-definition")
        if isinstance(declared, StrawberryField) and is_for_signed_in(declared):
            return _SIGNED_IN
        return _EVERYBODY

    def _whole(self, type_: GraphQLNamedType) -> frozenset[Audience]:
        """Return who may see objects of a type, wherever they come from."""
        entity = ENTITIES.get(type_.name)
        if entity is None or entity.permission is None:
            return _EVERYBODY
        return self._holding(entity.permission)

    def _holding(self, permission: str | None) -> frozenset[Audience]:
        if permission is None:
            return _SIGNED_IN
        known = self._permissions.get(permission)
        roles = frozenset(() if known is None else known.roles)
        found = set[Audience]()
        if roles & _APPLICANTS:
            found.add(Audience.APPLICANT)
        if roles - _APPLICANTS or not roles:
            found.add(Audience.STAFF)
        return frozenset(found)


def _tags(found: set[Audience]) -> tuple[Audience, ...]:
    """Return the tags: what the public sees everybody sees, and need not be told again."""
    if Audience.PUBLIC in found:
        return (Audience.PUBLIC,)
    return tuple(each for each in Audience if each in found)
