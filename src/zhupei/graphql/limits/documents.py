"""Documents as the server takes them: scanned, parsed, measured and validated, once for a text.

Everything here takes time and memory that the limits bound; what a text came to is kept as long
as texts of a bounded number of tokens have not been asked for since.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

from strawberry.extensions import SchemaExtension

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    get_introspection_query,
    parse,
    specified_rules,
    validate,
)
from zhupei.graphql.limits.cost import FREE, Cost, Weights
from zhupei.graphql.limits.measuring import Measured, QueryLimits, measure
from zhupei.graphql.limits.merging import merging_conflicts
from zhupei.graphql.limits.refusals import LimitCode, exceeded, not_text
from zhupei.graphql.limits.scanning import holds_nul, scan

__all__ = ["Document", "Documents", "LimitedDocuments", "check_cost", "schema_extensions"]

_MOST_ERRORS = 20
_MOST_COMMENTS = 1000
_MORE_THAN_READ = "Syntax Error: Document contains more than"
# Documents with fewer tokens are prepared at one go, others in pieces.
_LARGE = 300
_PIECES = 3
# About 600 bytes of memory stand behind each token of a parsed document.
_KEPT_TOKENS = 100_000
# The standard question about a schema, and twice that for those of other tools.
_MOST_INTROSPECTION = 2
_ANY_SIZE = QueryLimits(depth=1_000, aliases=1_000, fields=100_000, tokens=100_000)


class _NoIntrospectionRule(NoSchemaIntrospectionCustomRule):
    """Refuses to describe the schema, under a code of its own."""

    def report_error(self, error: GraphQLError) -> None:
        super().report_error(
            GraphQLError(
                "This server does not describe its schema to clients.",
                error.nodes,
                extensions={"code": LimitCode.INTROSPECTION_DISABLED.value},
            )
        )


@dataclass(slots=True)
class Document:
    """What a text came to: an error instead of a document, or a document with what is wrong."""

    tokens: int
    ast: DocumentNode | None = None
    unreadable: GraphQLError | None = None
    measured: Measured | None = None
    errors: list[GraphQLError] | None = None
    """What validation found; None before it."""

    def cost(self, operation: str | None) -> Cost:
        """Return the cost of an operation; nothing where the document was refused."""
        return FREE if self.measured is None else self.measured.cost(operation)


class Documents:
    """The documents of one schema.

    Args:
        schema: what they are validated against.
        limits: what one may ask at most.
        introspection: whether they may ask about the schema.

    """

    def __init__(self, schema: GraphQLSchema, limits: QueryLimits, *, introspection: bool) -> None:
        self.limits = limits
        self._schema = schema
        self._weights = Weights(schema)
        self._suggest = introspection
        self._rules: list[type[ASTValidationRule]] = [
            rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule
        ]
        if not introspection:
            self._rules.append(_NoIntrospectionRule)
        self._known: OrderedDict[str, Document] = OrderedDict()
        self._tokens = 0

    def parsed(self, text: str) -> Document:
        """Return the document of a text, as far as it was prepared."""
        found = self._known.get(text)
        if found is not None:
            self._known.move_to_end(text)
            return found
        found = self._read(text)
        self._known[text] = found
        self._tokens += found.tokens
        while self._tokens > _KEPT_TOKENS and len(self._known) > 1:
            _, gone = self._known.popitem(last=False)
            self._tokens -= gone.tokens
        return found

    def validated(self, document: Document) -> list[GraphQLError]:
        """Return what is wrong with a document that could be parsed."""
        if document.errors is None:
            for _ in self._check(document):
                pass
        return document.errors or []

    async def prepare(self, text: str) -> None:
        """Read and validate a text, and let others run between the pieces where it is large."""
        document = self.parsed(text)
        if document.unreadable is not None or document.errors is not None:
            return
        pauses = document.tokens > _LARGE
        if pauses:
            await asyncio.sleep(0)
        for _ in self._check(document):
            if pauses:
                await asyncio.sleep(0)

    def _read(self, text: str) -> Document:
        limits = self.limits
        if len(text) > limits.characters:
            return Document(
                # The text is part of the key: what it takes is counted as if it were tokens.
                1 + len(text) // 100,
                unreadable=exceeded(
                    f"The query is {len(text)} characters long; at most {limits.characters} "
                    "are allowed."
                ),
            )
        seen = scan(text, limits.tokens)
        tokens = 1 + max(min(seen.tokens, limits.tokens), len(text) // 100)
        refused: GraphQLError | None = None
        if seen.tokens > limits.tokens:
            refused = exceeded(
                f"The query has {seen.tokens} tokens; at most {limits.tokens} are allowed."
            )
        elif seen.depth > limits.brackets:
            refused = exceeded(f"The query is nested more than {limits.brackets} times.")
        elif holds_nul(text):
            refused = not_text("The query holds")
        if refused is not None:
            return Document(tokens, unreadable=refused)
        try:
            return Document(
                tokens, parse(text, max_lexical_tokens=limits.tokens, max_comments=_MOST_COMMENTS)
            )
        except GraphQLError as error:
            if error.message.startswith(_MORE_THAN_READ):
                return Document(tokens, unreadable=exceeded(error.message))
            return Document(tokens, unreadable=error.with_traceback(None))

    def _check(self, document: Document) -> Iterator[None]:
        """Note what is wrong with a document, and stop after each piece of the work."""
        ast = document.ast
        if ast is None:
            return
        try:
            measured = measure(ast, self._weights, self.limits)
            self._check_cost(ast, measured)
        except GraphQLError as error:
            document.errors = [error.with_traceback(None)]
            return
        yield
        errors: list[GraphQLError] = []
        pieces = _PIECES if document.tokens > _LARGE else 1
        for number in range(pieces):
            errors += validate(
                self._schema,
                ast,
                self._rules[number::pieces],
                max_errors=_MOST_ERRORS,
                hide_suggestions=not self._suggest,
            )
            if errors:
                break
            yield
        if not errors and not measured.circular:
            try:
                errors = merging_conflicts(self._schema, ast)
            except GraphQLError as error:
                errors = [error.with_traceback(None)]
            yield
        document.measured = measured
        document.errors = errors

    def _check_cost(self, ast: DocumentNode, measured: Measured) -> None:
        """Refuse what costs too much whatever its variables are."""
        for node in ast.definitions:
            if isinstance(node, OperationDefinitionNode):
                name = None if node.name is None else node.name.value
                cost = measured.cost(name).constant
                if cost is not None:
                    check_cost(cost, self.limits.cost, node)
        # What a document may ask about the schema does not grow with the schema.
        if measured.described:
            most = _MOST_INTROSPECTION * self._standard_question
            if measured.described > most:
                raise exceeded(
                    f"What is asked about the schema costs {measured.described}; at most {most} "
                    "are allowed."
                )

    @cached_property
    def _standard_question(self) -> int:
        standard = parse(get_introspection_query(input_value_deprecation=True))
        return measure(standard, self._weights, _ANY_SIZE).described


def check_cost(cost: int, most: int, node: OperationDefinitionNode | None = None) -> None:
    """Refuse an operation that costs too much.

    Raises:
        GraphQLError: ``cost`` is more than ``most``.

    """
    if cost > most:
        raise exceeded(
            f"The operation costs {cost}; at most {most} is allowed. Ask for smaller pages or "
            "fewer fields.",
            node,
            cost=cost,
            maximum=most,
        )


class LimitedDocuments(SchemaExtension):
    """Has strawberry parse and validate through `Documents`."""

    def __init__(self, documents: Callable[[GraphQLSchema], Documents]) -> None:
        super().__init__()
        self._documents = documents
        self.document: Document | None = None
        """The document of this request, once it was read."""

    def on_parse(self) -> Iterator[None]:
        """Parse, unless the text was met before."""
        context = self.execution_context
        if context.query:
            self.document = self._all.parsed(context.query)
            if self.document.unreadable is not None:
                raise self.document.unreadable
            context.graphql_document = self.document.ast
        yield

    def on_validate(self) -> Iterator[None]:
        """Measure and validate, unless the text was met before; then see what is to be run."""
        context = self.execution_context
        if self.document is not None and not context.pre_execution_errors:
            errors = self._all.validated(self.document)
            given = context._provided_operation_name  # noqa: SLF001 - operation_name falls back
            ast = self.document.ast
            if not errors and given is None and ast is not None:
                # GraphQL demands a name (6.1); strawberry would run the first one.
                operations = [
                    node for node in ast.definitions if isinstance(node, OperationDefinitionNode)
                ]
                if len(operations) > 1:
                    errors = [
                        GraphQLError("Must provide `operationName`: there are several operations.")
                    ]
            context.pre_execution_errors = errors
        yield

    async def prepare(self, text: str) -> None:
        """Read and validate a text beforehand, without holding up others."""
        await self._all.prepare(text)

    @property
    def most_cost(self) -> int:
        """What an operation may cost."""
        return self._all.limits.cost

    @property
    def _all(self) -> Documents:
        schema: GraphQLSchema = self.execution_context.schema._schema  # noqa: SLF001 - strawberry offers no other way
        return self._documents(schema)


def schema_extensions(
    limits: QueryLimits, *, introspection: bool
) -> list[Callable[[], SchemaExtension]]:
    """Return factories of the extensions that a schema needs to be served.

    Factories, because strawberry shares instances between requests that run at the same time
    (strawberry #4369).
    """
    known: WeakKeyDictionary[GraphQLSchema, Documents] = WeakKeyDictionary()

    def documents(schema: GraphQLSchema) -> Documents:
        found = known.get(schema)
        if found is None:
            found = known[schema] = Documents(schema, limits, introspection=introspection)
        return found

    return [lambda: LimitedDocuments(documents)]
