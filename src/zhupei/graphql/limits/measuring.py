"""The measure of a document: one pass, linear in its length, before anything else reads it.

Fragments are measured once and counted wherever they are used, so that a short text that writes
out to millions of fields costs no more than any other of its length.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLNamedType,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    introspection_types,
    is_object_type,
)
from zhupei.graphql.limits.cost import ASSUMED, FREE, Cost, Weights
from zhupei.graphql.limits.refusals import exceeded

__all__ = ["Measured", "QueryLimits", "measure"]


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What one document may ask at most.

    Args:
        depth: nesting of fields, the root's being 1.
        aliases: fields under another name.
        fields: fields after fragments are written out where they are used.
        tokens: words and brackets of the text.
        cost: values that the answer may hold, with what is dear counted more (`cost`).
        characters: length of the text, comments included.
        brackets: nesting of brackets of any kind, and of fragments within each other.
        roots: fields of an operation itself, fragments written out.
        changes: such fields of a mutation.
        fragments: fragments with a name.
        directives: directives that are used.
        operations: operations in one document.
        questions: questions about the schema in one document.

    """

    depth: int
    aliases: int
    fields: int
    tokens: int
    cost: int = 100_000
    characters: int = 65_536
    brackets: int = 60
    roots: int = 40
    changes: int = 10
    fragments: int = 100
    directives: int = 100
    operations: int = 20
    questions: int = 10


@dataclass(frozen=True, slots=True)
class Measured:
    """A document's measure: what it costs by operation, and whether fragments form a circle.

    ``described`` is what its questions about the schema cost.
    """

    costs: dict[str | None, Cost]
    circular: bool
    described: int = 0

    def cost(self, name: str | None) -> Cost:
        """Return the cost of an operation; without a name, of the only one."""
        found = self.costs.get(name)
        if found is None and name is None and len(self.costs) == 1:
            return next(iter(self.costs.values()))
        return FREE if found is None else found


@dataclass(frozen=True, slots=True)
class _Part:
    """What selections amount to; ``rows`` is the cost of one row of the page that they are of."""

    depth: int = 0
    nesting: int = 0
    fields: int = 0
    roots: int = 0
    cost: Cost = FREE
    rows: Cost = FREE


_ABOUT_THE_SCHEMA = frozenset({"__schema", "__type"})
_WRAPPED = "ofType"
_NOTHING = _Part()
_ASKED_OF_ALL = Cost({(): 1})


class _Pass:
    def __init__(self, weights: Weights, document: DocumentNode, limits: QueryLimits) -> None:
        self._weights = weights
        self._limits = limits
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, _Part] = {}
        self._open: set[str] = set()
        self._aliases = 0
        self._directives = 0
        self._questions = 0
        self.circular = False
        self.described = 0

    def operation(self, node: OperationDefinitionNode) -> Cost:
        root = self._weights.schema.get_root_type(node.operation)
        self._count_directives(node)
        part = self.selections(node.selection_set, root)
        limits = self._limits
        if part.depth > limits.depth:
            raise exceeded(
                f"The query is {part.depth} fields deep; at most {limits.depth} are allowed.", node
            )
        if part.roots > limits.roots:
            raise exceeded(
                f"The operation has {part.roots} fields of its own; at most {limits.roots} are "
                "allowed.",
                node,
            )
        if node.operation is OperationType.MUTATION and part.roots > limits.changes:
            raise exceeded(
                f"The mutation makes {part.roots} changes; at most {limits.changes} are allowed.",
                node,
            )
        return Cost.total((part.cost, part.rows.times(ASSUMED)))

    def rest(self) -> None:
        """Measure fragments that no operation uses, which validation will refuse."""
        for name in self._fragments:
            self._fragment(name)

    def selections(self, selections: SelectionSetNode | None, of: GraphQLNamedType | None) -> _Part:
        if selections is None:
            return _NOTHING
        depth = nesting = fields = roots = 0
        costs: list[Cost] = []
        rows: list[Cost] = []
        # Of several object types an object is only one: what is asked of each counts once, of the
        # dearest.
        apart: dict[str, list[_Part]] = {}
        for selection in selections.selections:
            part, condition = self._selection(selection, of)
            depth, nesting = max(depth, part.depth), max(nesting, part.nesting)
            fields += part.fields
            roots += part.roots
            if condition is not None and condition is not of and is_object_type(condition):
                apart.setdefault(condition.name, []).append(part)
            else:
                costs.append(part.cost)
                rows.append(part.rows)
        if apart:
            parts = apart.values()
            costs.append(_dearest(Cost.total(each.cost for each in of_one) for of_one in parts))
            rows.append(_dearest(Cost.total(each.rows for each in of_one) for of_one in parts))
        if fields > self._limits.fields:
            raise exceeded(
                f"The query asks for {fields} fields, its fragments written out; "
                f"at most {self._limits.fields} are allowed.",
                selections,
            )
        if nesting >= self._limits.brackets:
            raise exceeded(
                f"The query is nested more than {self._limits.brackets} times.", selections
            )
        return _Part(depth, nesting + 1, fields, roots, Cost.total(costs), Cost.total(rows))

    def _selection(
        self, node: Any, of: GraphQLNamedType | None
    ) -> tuple[_Part, GraphQLNamedType | None]:
        self._count_directives(node)
        if isinstance(node, FieldNode):
            return self._field(node, of), None
        if isinstance(node, InlineFragmentNode):
            condition = of
            if node.type_condition is not None:
                condition = self._weights.schema.get_type(node.type_condition.name.value)
            return self.selections(node.selection_set, condition), condition
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        return _NOTHING, None

    def _field(self, node: FieldNode, of: GraphQLNamedType | None) -> _Part:
        if node.alias is not None:
            self._aliases += 1
            if self._aliases > self._limits.aliases:
                raise exceeded(f"The query uses more than {self._limits.aliases} aliases.", node)
        name = node.name.value
        weight = None if of is None else self._weights.of(of, name)
        below = self.selections(node.selection_set, None if weight is None else weight.below)
        # A question about the schema nests by its nature; what it asks is counted by cost.
        depth = 1 if name.startswith("__") else below.depth + 1
        fields = below.fields + 1
        if weight is None:
            return _Part(depth, below.nesting, fields, 1, Cost.total((_ASKED_OF_ALL, below.cost)))
        own = Cost({(): weight.own})
        inside = below.cost
        size = weight.size(node)
        if below.rows.terms:
            page = below.rows.times(size if weight.paged else ASSUMED)
            inside = Cost.total((inside, page))
            size = 1
        if name == _WRAPPED and of is introspection_types["__Type"]:
            # Of the types that are asked for what they wrap, less than half wrap anything.
            return _Part(depth, below.nesting, fields, 1, Cost({(): 1 + inside.value({}) // 2}))
        if name in _ABOUT_THE_SCHEMA:
            self._questions += 1
            if self._questions > self._limits.questions:
                raise exceeded(
                    f"The query asks about the schema more than {self._limits.questions} times.",
                    node,
                )
            asked = inside.times(size).value({})
            self.described += asked
            # Words of the schema, which are read quickly.
            return _Part(depth, below.nesting, fields, 1, Cost({(): asked // 100}))
        if weight.rows:
            return _Part(depth, below.nesting, fields, 1, own, inside)
        return _Part(depth, below.nesting, fields, 1, Cost.total((own, inside.times(size))))

    def _fragment(self, name: str) -> tuple[_Part, GraphQLNamedType | None]:
        node = self._fragments.get(name)
        if node is None:
            return _NOTHING, None
        condition = self._weights.schema.get_type(node.type_condition.name.value)
        if name in self._open:
            self.circular = True
            return _NOTHING, condition
        part = self._known.get(name)
        if part is None:
            self._count_directives(node)
            self._open.add(name)
            part = self._known[name] = self.selections(node.selection_set, condition)
            self._open.discard(name)
        return part, condition

    def _count_directives(self, node: Any) -> None:
        self._directives += len(node.directives or ())
        if self._directives > self._limits.directives:
            raise exceeded(f"The query uses more than {self._limits.directives} directives.", node)


def measure(document: DocumentNode, weights: Weights, limits: QueryLimits) -> Measured:
    """Return the measure of ``document``.

    Raises:
        GraphQLError: it exceeds one of ``limits``, or is no document of operations.

    """
    operations: list[OperationDefinitionNode] = []
    fragments = 0
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            operations.append(node)
        elif isinstance(node, FragmentDefinitionNode):
            fragments += 1
        else:
            raise GraphQLError("The document holds more than operations and fragments.", node)
    for what, found, most in (
        ("fragments", fragments, limits.fragments),
        ("operations", len(operations), limits.operations),
    ):
        if found > most:
            raise exceeded(f"The query has {found} {what}; at most {most} are allowed.")
    counting = _Pass(weights, document, limits)
    try:
        costs = {
            None if node.name is None else node.name.value: counting.operation(node)
            for node in operations
        }
        counting.rest()
    except RecursionError:
        costs = {}
    if not costs and operations:
        # Outside of the handler, whose frames it would keep.
        raise exceeded(f"The query is nested more than {limits.brackets} times.")
    return Measured(costs, counting.circular, counting.described)


def _dearest(costs: Iterable[Cost]) -> Cost:
    """Return the largest; where variables decide which that is, the sum, which is no less."""
    known = list(costs)
    constants = [cost.constant for cost in known]
    if None in constants:
        return Cost.total(known)
    return max(known, key=lambda cost: cost.constant or 0)
