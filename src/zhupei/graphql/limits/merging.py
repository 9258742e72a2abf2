"""Whether the fields of an answer can be merged (GraphQL, 5.3.2), in time that is bounded.

GraphQL's own way compares every pair of fields with the same key, and every pair below them. Here
fields with one key are held against the first of them, and what lies below all of them is looked
at once: sameness is an equivalence. A set of fields that was looked at is not looked at again. What
remains could still grow with nested object types, so that the work is counted and refused beyond
a limit.

Only for documents that are valid otherwise, without circles of fragments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from graphql.utilities.sort_value_node import sort_value_node

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    print_ast,
)
from zhupei.graphql.limits.refusals import exceeded

__all__ = ["merging_conflicts"]

_MOST_STEPS = 20_000
_TYPENAME = "__typename"


class _Field(NamedTuple):
    node: FieldNode
    parent: GraphQLNamedType
    declared: GraphQLField


class _ConflictError(Exception):
    """Two fields that cannot be one, with the keys of the fields that lead to them."""

    def __init__(
        self, keys: tuple[str, ...], reason: str, one: FieldNode, other: FieldNode
    ) -> None:
        self.keys, self.reason, self.nodes = keys, reason, [one, other]
        super().__init__(reason)


class _Merging:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._steps = 0
        self._seen: set[tuple[bool, frozenset[int]]] = set()
        self._arguments: dict[int, str] = {}

    def check(self, operation: OperationDefinitionNode) -> None:
        root = self._schema.get_root_type(operation.operation)
        if root is None:
            return
        fields = self._collected([(operation.selection_set, root)])
        self._same_in_common(fields, ())
        self._same_shape(fields, ())

    def _collected(
        self, sets: Iterable[tuple[SelectionSetNode, GraphQLNamedType]]
    ) -> dict[str, list[_Field]]:
        """Return the fields of selection sets by key, each fragment written out once."""
        found: dict[str, list[_Field]] = defaultdict(list)
        spread: set[str] = set()
        waiting = list(sets)
        # Grows while it is gone through.
        for selections, parent in waiting:
            for node in selections.selections:
                self._step()
                if isinstance(node, FieldNode):
                    declared = (
                        self._schema.get_field(parent, node.name.value)
                        if is_composite_type(parent)
                        else None
                    )
                    if declared is not None:
                        key = node.alias or node.name
                        found[key.value].append(_Field(node, parent, declared))
                    continue
                if isinstance(node, InlineFragmentNode):
                    condition, inner = node.type_condition, node.selection_set
                elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                    spread.add(node.name.value)
                    fragment = self._fragments[node.name.value]
                    condition, inner = fragment.type_condition, fragment.selection_set
                else:
                    continue
                of = parent if condition is None else self._schema.get_type(condition.name.value)
                if of is not None:
                    waiting.append((inner, of))
        return found

    def _same_shape(self, fields: dict[str, list[_Field]], keys: tuple[str, ...]) -> None:
        for key, group in fields.items():
            # graphql-core (and graphql-js) hold __typename against no other field's type.
            typed = [field for field in group if field.node.name.value != _TYPENAME]
            first = (typed or group)[0]
            shape = _shape(first.declared.type)
            for other in typed[1:]:
                self._step()
                if _shape(other.declared.type) != shape:
                    raise _ConflictError(
                        (*keys, key),
                        f"they return conflicting types '{first.declared.type}'"
                        f" and '{other.declared.type}'",
                        first.node,
                        other.node,
                    )
            if self._is_new(group, shapes=True):
                self._same_shape(self._collected(self._below_of(group)), _under(group, keys, key))

    def _same_in_common(self, fields: dict[str, list[_Field]], keys: tuple[str, ...]) -> None:
        for key, group in fields.items():
            for common in _by_common_parent(group):
                first = common[0]
                for other in common[1:]:
                    self._step()
                    reason = self._difference(first.node, other.node)
                    if reason is not None:
                        raise _ConflictError((*keys, key), reason, first.node, other.node)
                if self._is_new(common, shapes=False):
                    self._same_in_common(
                        self._collected(self._below_of(common)), _under(common, keys, key)
                    )

    def _difference(self, one: FieldNode, other: FieldNode) -> str | None:
        if one is other:
            return None
        if one.name.value != other.name.value:
            return f"'{one.name.value}' and '{other.name.value}' are different fields"
        if self._given(one) != self._given(other):
            return "they have differing arguments"
        return None

    def _given(self, node: FieldNode) -> str:
        if not node.arguments:
            return ""
        known = self._arguments.get(id(node))
        if known is None:
            known = self._arguments[id(node)] = "\0".join(
                sorted(
                    f"{argument.name.value}:{print_ast(sort_value_node(argument.value))}"
                    for argument in node.arguments
                )
            )
        return known

    def _below_of(self, group: Iterable[_Field]) -> list[tuple[SelectionSetNode, GraphQLNamedType]]:
        return [
            (field.node.selection_set, get_named_type(field.declared.type))
            for field in group
            if field.node.selection_set is not None
        ]

    def _is_new(self, group: Iterable[_Field], *, shapes: bool) -> bool:
        """Return whether there is something below a group that was not looked at yet."""
        below = frozenset(
            id(field.node.selection_set) for field in group if field.node.selection_set is not None
        )
        if not below or (shapes, below) in self._seen:
            return False
        self._step(len(below))
        self._seen.add((shapes, below))
        return True

    def _step(self, number: int = 1) -> None:
        self._steps += number
        if self._steps > _MOST_STEPS:
            raise exceeded(
                "The query asks for the same fields in too many ways; use fewer fragments on "
                "the same objects, or split it."
            )


def _under(group: list[_Field], keys: tuple[str, ...], key: str) -> tuple[str, ...]:
    """Return the keys to name in a conflict below: from where the first two fields are one."""
    return (*keys, key) if keys or len(group) > 1 else ()


def _shape(type_: GraphQLOutputType) -> str:
    """Return the wrappers of a type, and a leaf's name; all composite types look alike."""
    wrappers = ""
    inner: GraphQLOutputType = type_
    while True:
        if is_non_null_type(inner):
            wrappers += "!"
        elif is_list_type(inner):
            wrappers += "["
        else:
            return wrappers + (inner.name if is_leaf_type(inner) else "")
        inner = inner.of_type


def _by_common_parent(group: list[_Field]) -> list[list[_Field]]:
    """Return the fields that can be of one object: by object type, those of interfaces in each."""
    if len(group) == 1:
        return [group]
    objects: dict[str, list[_Field]] = defaultdict(list)
    abstract: list[_Field] = []
    for field in group:
        if is_object_type(field.parent):
            objects[field.parent.name].append(field)
        else:
            abstract.append(field)
    if not objects:
        return [abstract]
    return [[*abstract, *fields] for fields in objects.values()]


def merging_conflicts(schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
    """Return why fields cannot be merged: the first conflict of each operation.

    Raises:
        GraphQLError: it takes too long to find out.

    """
    errors = []
    merging = _Merging(schema, document)
    for node in document.definitions:
        if not isinstance(node, OperationDefinitionNode):
            continue
        try:
            merging.check(node)
        except _ConflictError as conflict:
            below = "".join(f"subfields '{key}' conflict because " for key in conflict.keys[1:])
            errors.append(
                GraphQLError(
                    f"Fields '{conflict.keys[0]}' conflict because {below}{conflict.reason}. Use "
                    "different aliases on the fields to fetch both if this was intentional.",
                    conflict.nodes,
                )
            )
    return errors
