"""The subgraph: the graph's text with the directives of Apollo Federation 2, all of them derived.

Keys come from `zhupei.graphql.federation.entities`, tags and, where it is wanted, access from the
permissions that fields declare, sizes of lists from the arguments of connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from threading import Lock
from typing import Any

from graphql.language import parse_const_value

from graphql import ConstArgumentNode as Argument
from graphql import (
    ConstDirectiveNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    NameNode,
    get_named_type,
    parse,
    print_ast,
    print_type,
)
from zhupei.domain.actors import Permission
from zhupei.domain.permissions import PERMISSIONS
from zhupei.graphql.federation.audiences import Audience, Audiences, needed
from zhupei.graphql.federation.entities import ENTITIES
from zhupei.graphql.federation.readable import shown_types
from zhupei.graphql.pages import DEFAULT_PAGE
from zhupei.settings import FederationAccess

__all__ = ["FEDERATION", "Subgraph"]

FEDERATION = "https://specs.apollo.dev/federation/v2.9"
"""The version of Apollo Federation that the directives are of."""

_ROOTS = frozenset({"Query", "Mutation", "Subscription"})


class Subgraph:
    """One schema as a subgraph.

    Args:
        schema: the composed schema.
        permissions: those of plugins; the core's are known.
        access: how gateways are told what protects a field.

    """

    def __init__(
        self,
        schema: GraphQLSchema,
        permissions: Mapping[str, Permission] | None = None,
        access: FederationAccess = FederationAccess.NONE,
    ) -> None:
        self._schema = schema
        self._permissions = {**PERMISSIONS, **(permissions or {})}
        self.access = access
        self._printing = Lock()
        self._printed: str | None = None

    @property
    def sdl(self) -> str:
        """The text; made when it is first asked for, which takes about half a second."""
        with self._printing:
            if self._printed is None:
                self._printed = self._print()
        return self._printed

    @cached_property
    def audiences(self) -> Audiences:
        """Who reaches what."""
        return Audiences(self._schema, self._permissions)

    def _print(self) -> str:
        parts = [self._definition(type_) for type_ in shown_types(self._schema)]
        used = [
            name
            for name in (
                "authenticated",
                "key",
                "listSize",
                "policy",
                "requiresScopes",
                "shareable",
                "tag",
            )
            if any(f"@{name}" in part for part in parts)
        ]
        imports = ", ".join(f'"@{name}"' for name in used)
        link = f'extend schema @link(url: "{FEDERATION}", import: [{imports}])'
        return "\n\n".join([link, *parts]) + "\n"

    def _definition(self, type_: GraphQLNamedType) -> str:
        node: Any = parse(print_type(type_)).definitions[0]
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            return print_ast(self._fielded(type_, node))
        return print_ast(_with(node, _tags(self.audiences.of_type(type_.name))))

    def _fielded(self, type_: GraphQLObjectType | GraphQLInterfaceType, node: Any) -> Any:
        """Return the definition of an object or interface with directives."""
        tags = {name: self.audiences.of_field(type_.name, name) for name in type_.fields}
        entity = ENTITIES.get(type_.name)
        # Fields that others add to an entity or a root are theirs to tag.
        alike = len(set(tags.values())) == 1 and entity is None and type_.name not in _ROOTS
        own: list[ConstDirectiveNode] = []
        if entity is not None:
            own += [_directive("key", fields=key) for key in entity.keys]
        elif self._is_value(type_):
            own.append(_directive("shareable"))
        if alike:
            own += _tags(next(iter(tags.values())))
        fields = []
        for field in node.fields:
            name = field.name.value
            shown = () if alike else _tags(tags[name])
            # A contract leaves out arguments that are not tagged themselves.
            given = tuple(_with(argument, shown) for argument in field.arguments or ())
            found = self._of_field(type_.name, name, type_.fields[name])
            fields.append(replace(_with(field, [*found, *shown]), arguments=given))
        return replace(_with(node, own), fields=tuple(fields))

    def _is_value(self, type_: GraphQLNamedType) -> bool:
        """Return whether an object is nothing but what it holds, so that others may answer it."""
        return (
            isinstance(type_, GraphQLObjectType)
            and type_.name not in _ROOTS
            and self.audiences.may_read(Audience.PUBLIC, type_.name)
        )

    def _of_field(self, type_: str, name: str, field: GraphQLField) -> list[ConstDirectiveNode]:
        found: list[ConstDirectiveNode] = []
        need, entity = needed(field), ENTITIES.get(type_)
        if need is not None:
            found += self._access(need.permission)
        elif entity is not None and entity.permission is not None and name not in entity.keys:
            # Not on the type, nor on its id: composition would ask it of all that is a `Node`.
            found += self._access(entity.permission)
        if "first" in field.args and get_named_type(field.type).name.endswith("Connection"):
            sizes = [name for name in ("first", "last") if name in field.args]
            found.append(
                _directive(
                    "listSize",
                    assumedSize=DEFAULT_PAGE,
                    slicingArguments=sizes,
                    sizedFields=["edges"],
                    requireOneSlicingArgument=False,
                )
            )
        return found

    def _access(self, permission: str | None) -> list[ConstDirectiveNode]:
        if self.access is FederationAccess.NONE:
            return []
        if permission is None or self.access is FederationAccess.AUTHENTICATED:
            return [_directive("authenticated")]
        if self.access is FederationAccess.POLICIES:
            return [_directive("policy", policies=[[permission]])]
        return [_directive("requiresScopes", scopes=[[permission]])]


def _with(node: Any, directives: Iterable[ConstDirectiveNode]) -> Any:
    """Return a definition with more directives."""
    return replace(node, directives=(*(node.directives or ()), *directives))


def _tags(audiences: Sequence[Audience]) -> tuple[ConstDirectiveNode, ...]:
    return tuple(_directive("tag", name=audience.value) for audience in audiences)


def _directive(name: str, /, **arguments: object) -> ConstDirectiveNode:
    return ConstDirectiveNode(
        name=NameNode(value=name),
        arguments=tuple(
            Argument(name=NameNode(value=key), value=parse_const_value(_literal(value)))
            for key, value in arguments.items()
        ),
    )


def _literal(value: object) -> str:
    """Return a value as GraphQL writes it; texts are names, which need no escapes."""
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)
