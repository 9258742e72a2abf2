"""The cost of an operation: at most how many values its answer holds, and what is dear to find.

Every field costs what its source declares, 1 where it declares nothing, for every object that
the operation asks it of. Lists multiply: a page by its size, ``nodes`` by its ids, any other list
by `ASSUMED`. Sizes may be variables, so that a cost is a polynomial in them (`Cost`): computed
once for a document, evaluated for a request.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from strawberry.types.field import StrawberryField

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_interface_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from zhupei.graphql.pages import DEFAULT_PAGE, LARGEST_PAGE
from zhupei.graphql.sources import Computed, FieldSource, cost_of, source_of

__all__ = ["ASSUMED", "FREE", "Cost", "Size", "Weight", "Weights"]

ASSUMED = 10
"""How many items a list is taken to have that no argument limits."""

_CHANGE = 100
_AWAITED = 10
_COMPUTED = 2

# What the standard question about a schema meets on average, by list of the introspection types.
_DESCRIBED = {
    "__Schema.directives": 8,
    "__Type.fields": 10,
    "__Type.interfaces": 1,
    "__Type.possibleTypes": 2,
    "__Type.enumValues": 3,
    "__Type.inputFields": 2,
    "__Field.args": 2,
    "__Directive.args": 2,
}


class Size(NamedTuple):
    """How many items a list has: a number, or the name of the variable that says it.

    Of a page the smaller of ``first`` and ``last`` counts, `DEFAULT_PAGE` where neither is given.
    ``items`` is a variable with a list, whose length counts.
    """

    first: int | str | None = None
    last: int | str | None = None
    items: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether no variable takes part."""
        return not (
            isinstance(self.first, str) or isinstance(self.last, str) or self.items is not None
        )

    def value(self, variables: Mapping[str, Any]) -> int:
        """Return the number of items with these variables."""
        if self.items is not None:
            given = variables.get(self.items)
            return len(given) if isinstance(given, list) else 1
        sizes = [
            size
            for each in (self.first, self.last)
            if isinstance(size := variables.get(each) if isinstance(each, str) else each, int)
        ]
        # A size that is out of range is refused where the page is opened.
        return min(max(min(sizes, default=DEFAULT_PAGE), 0), LARGEST_PAGE)


@dataclass(frozen=True, slots=True)
class Cost:
    """A polynomial: how often each product of sizes counts."""

    terms: Mapping[tuple[Size, ...], int]

    @staticmethod
    def total(costs: Iterable[Cost]) -> Cost:
        """Return the sum."""
        terms: dict[tuple[Size, ...], int] = {}
        for cost in costs:
            for sizes, number in cost.terms.items():
                terms[sizes] = terms.get(sizes, 0) + number
        return Cost(terms) if terms else FREE

    def times(self, size: int | Size) -> Cost:
        """Return the cost of so many."""
        if isinstance(size, Size) and size.is_known:
            size = size.value({})
        if isinstance(size, int):
            return Cost({sizes: number * size for sizes, number in self.terms.items()})
        return Cost({(*sizes, size): number for sizes, number in self.terms.items()})

    @property
    def constant(self) -> int | None:
        """The cost where no variable takes part, else None."""
        if any(self.terms.keys() - {()}):
            return None
        return self.terms.get((), 0)

    def value(self, variables: Mapping[str, Any]) -> int:
        """Return the cost with these variables."""
        total = 0
        for sizes, number in self.terms.items():
            for size in sizes:
                number *= size.value(variables)  # noqa: PLW2901 - is the product
            total += number
        return total


FREE = Cost({})


@dataclass(frozen=True, slots=True)
class Weight:
    """What asking for a field costs, and how what lies below it is multiplied.

    Args:
        own: the field itself.
        below: the type of what it leads to; None of a leaf.
        items: how many of those there are where no argument says it; 1 where it is no list.
        paged: whether arguments limit the items: those of this list, or of the page below.
        counted: the argument whose values the items are, one each.
        rows: whether the items are rows of the page that the field belongs to.

    """

    own: int
    below: GraphQLNamedType | None
    items: int
    paged: bool
    counted: str | None
    rows: bool

    def size(self, node: FieldNode) -> int | Size:
        """Return how many items the list has where ``node`` asks for it."""
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        if self.counted is not None:
            value = given.get(self.counted)
            if isinstance(value, VariableNode):
                return Size(items=value.name.value)
            return len(value.values) if isinstance(value, ListValueNode) else 1
        if self.paged:
            return Size(_number(given.get("first")), _number(given.get("last")))
        return self.items


def _number(value: ValueNode | None) -> int | str | None:
    if isinstance(value, VariableNode):
        return value.name.value
    if isinstance(value, IntValueNode):
        # Beyond that it is refused, and reading it may take long.
        return int(value.value) if len(value.value) < 10 else LARGEST_PAGE
    if value is None or isinstance(value, NullValueNode):
        return None
    return LARGEST_PAGE


@dataclass(slots=True)
class Weights:
    """The weights of a schema's fields, each found when it is first asked for."""

    schema: GraphQLSchema
    _known: dict[tuple[str, str], Weight | None] = field(default_factory=dict)
    _pages: frozenset[str] | None = None

    def of(self, parent: GraphQLNamedType, name: str) -> Weight | None:
        """Return the weight of a field, None where the type has no such field."""
        key = (parent.name, name)
        if key not in self._known:
            found = self._field(parent, name)
            self._known[key] = None if found is None else self._weigh(parent, name, found)
        return self._known[key]

    def _field(self, parent: GraphQLNamedType, name: str) -> GraphQLField | None:
        if not is_composite_type(parent):
            return None
        return self.schema.get_field(parent, name)

    def _weigh(self, parent: GraphQLNamedType, name: str, found: GraphQLField) -> Weight:
        below = get_named_type(found.type)
        is_list = is_list_type(get_nullable_type(found.type))
        leaf = is_leaf_type(below)
        paged = "first" in found.args
        counted = None
        if is_list and not leaf and not paged:
            wanted = [
                argument
                for argument, declared in found.args.items()
                if is_non_null_type(declared.type)
                and is_list_type(get_nullable_type(declared.type))
            ]
            counted = wanted[0] if len(wanted) == 1 else None
        items = 1
        if is_list and not leaf:
            items = self._described(parent, name) or ASSUMED
        return Weight(
            self._own(parent, found),
            None if leaf else below,
            items,
            paged,
            counted,
            is_list and not leaf and parent.name in self._page_types(),
        )

    def _described(self, parent: GraphQLNamedType, name: str) -> int | None:
        if (parent.name, name) == ("__Schema", "types"):
            return len(self.schema.type_map)
        return _DESCRIBED.get(f"{parent.name}.{name}")

    def _own(self, parent: GraphQLNamedType, found: GraphQLField) -> int:
        declared = found.extensions.get("strawberry-definition")
        if not isinstance(declared, StrawberryField):
            return 1
        given = cost_of(declared)
        if given is not None:
            return given
        if parent is self.schema.mutation_type:
            return _CHANGE
        return _cost_of_source(source_of(declared), declared.python_name)

    def _page_types(self) -> frozenset[str]:
        if self._pages is None:
            self._pages = frozenset(
                get_named_type(found.type).name
                for found in _fields(self.schema.type_map.values())
                if "first" in found.args and not is_list_type(get_nullable_type(found.type))
            )
        return self._pages


def _cost_of_source(source: FieldSource, name: str) -> int:
    """Return what a field costs that declares nothing: more where it is awaited than elsewhere."""
    if isinstance(source, Computed):
        awaited = inspect.iscoroutinefunction(inspect.unwrap(source.function))
        return _AWAITED if awaited else _COMPUTED
    # Rows and hooks, which are asked for many objects at once.
    together = inspect.iscoroutinefunction(getattr(source, "many", None))
    awaited = together or inspect.iscoroutinefunction(source.reader(name))
    return _AWAITED if awaited else 1


def _fields(types: Iterable[GraphQLNamedType]) -> Iterable[GraphQLField]:
    for each in types:
        if is_object_type(each) or is_interface_type(each):
            yield from each.fields.values()
