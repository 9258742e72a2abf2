"""Limits on a single query, and the caches that make repeated ones cheap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from strawberry.extensions import (
    AddValidationRules,
    MaxTokensLimiter,
    ParserCache,
    SchemaExtension,
    ValidationCache,
)

from graphql import (
    ASTValidationRule,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
)
from zhupei.web.errors import ErrorCode

__all__ = ["QueryLimits", "schema_extensions"]

# Distinct query texts whose parsed and validated form is kept; front ends repeat theirs.
_CACHED_DOCUMENTS = 128


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What one query may ask at most.

    Args:
        depth: nesting of fields, the root's being 1.
        aliases: fields under another name.
        fields: fields after fragments are written out where they are used.
        tokens: words and brackets of the text.

    """

    depth: int
    aliases: int
    fields: int
    tokens: int


class _Size(NamedTuple):
    depth: int
    fields: int


class _QuerySizeRule(ASTValidationRule):
    """Refuses a query that is larger than ``limits``, which a subclass sets."""

    limits: ClassVar[QueryLimits]

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._aliases = 0
        self._fragments: dict[str, _Size] = {}
        self._open: set[str] = set()

    def enter_field(self, node: FieldNode, *_args: Any) -> None:
        if node.alias is None:
            return
        self._aliases += 1
        if self._aliases == self.limits.aliases + 1:
            self._refuse(f"The query uses more than {self.limits.aliases} aliases.", node)

    def enter_operation_definition(self, node: OperationDefinitionNode, *_args: Any) -> None:
        size = self._measure(node.selection_set)
        if size.depth > self.limits.depth:
            self._refuse(
                f"The query is {size.depth} fields deep; at most {self.limits.depth} are allowed.",
                node,
            )
        if size.fields > self.limits.fields:
            self._refuse(
                f"The query asks for {size.fields} fields, its fragments written out; "
                f"at most {self.limits.fields} are allowed.",
                node,
            )

    def _refuse(self, message: str, node: FieldNode | OperationDefinitionNode) -> None:
        self.report_error(
            GraphQLError(message, node, extensions={"code": ErrorCode.LIMIT_EXCEEDED.value})
        )

    def _measure(self, selections: SelectionSetNode | None) -> _Size:
        depth = fields = 0
        for selection in selections.selections if selections else ():
            size = self._measure_selection(selection)
            depth = max(depth, size.depth)
            fields += size.fields
        return _Size(depth, fields)

    def _measure_selection(self, selection: Any) -> _Size:
        if isinstance(selection, FieldNode):
            # Introspection nests by its nature and has a rule of its own.
            if selection.name.value.startswith("__"):
                return _Size(1, 1)
            below = self._measure(selection.selection_set)
            return _Size(below.depth + 1, below.fields + 1)
        if isinstance(selection, InlineFragmentNode):
            return self._measure(selection.selection_set)
        if isinstance(selection, FragmentSpreadNode):
            return self._measure_fragment(selection.name.value)
        return _Size(0, 0)

    def _measure_fragment(self, name: str) -> _Size:
        # A fragment that leads back to itself is refused by a standard rule.
        if name in self._open:
            return _Size(0, 0)
        if name not in self._fragments:
            fragment = self.context.get_fragment(name)
            self._open.add(name)
            self._fragments[name] = self._measure(fragment.selection_set if fragment else None)
            self._open.discard(name)
        return self._fragments[name]


class _NoIntrospectionRule(NoSchemaIntrospectionCustomRule):
    """Refuses to describe the schema, under a code of its own."""

    def report_error(self, error: GraphQLError) -> None:
        super().report_error(
            GraphQLError(
                "This server does not describe its schema to clients.",
                error.nodes,
                extensions={"code": ErrorCode.INTROSPECTION_DISABLED.value},
            )
        )


class _NamedOperation(SchemaExtension):
    """Refuses a text with several operations where none is named.

    GraphQL demands it (6.1); strawberry would run the first one.
    """

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        document = context.graphql_document
        given = context._provided_operation_name  # noqa: SLF001 - operation_name falls back
        if given is None and document is not None and not context.pre_execution_errors:
            operations = [
                node for node in document.definitions if isinstance(node, OperationDefinitionNode)
            ]
            if len(operations) > 1:
                context.pre_execution_errors = [
                    GraphQLError("Must provide `operationName`: there are several operations.")
                ]
        yield


def schema_extensions(
    limits: QueryLimits, *, introspection: bool
) -> list[Callable[[], SchemaExtension]]:
    """Return factories of the extensions that a schema needs to be served.

    Factories, because strawberry shares instances between requests that run at the same time
    (strawberry #4369).
    """
    # graphql-core makes the rules itself, so that what they need travels in the class.
    sized = type("QuerySizeRule", (_QuerySizeRule,), {"limits": limits})
    rules: list[type[ASTValidationRule]] = [sized]
    if not introspection:
        rules.append(_NoIntrospectionRule)
    return [
        lambda: AddValidationRules(rules),
        lambda: MaxTokensLimiter(max_token_count=limits.tokens),
        lambda: ParserCache(maxsize=_CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=_CACHED_DOCUMENTS),
        # After the validation, whose result it would lose.
        _NamedOperation,
    ]
