"""Preparing: a document parsed, validated and measured, and what decides which plan it needs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from strawberry import Schema
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types.execution import ExecutionContext
from strawberry.types.graphql import OperationType

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLBoolean,
    GraphQLError,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    TypeNode,
    VariableNode,
    Visitor,
    get_operation_ast,
    visit,
)
from zhupei.graphql.hooks import Foreseen
from zhupei.graphql.inline import Repeated
from zhupei.graphql.limits import Cost, LimitedDocuments
from zhupei.graphql.questions.operations import Operation

__all__ = ["Prepared", "Question", "prepare"]

_CONDITIONS = {"skip", "include"}

_Plan = TypeVar("_Plan")
"""What whoever answers makes of an operation."""


@dataclass(slots=True)
class Prepared(Generic[_Plan]):
    """A document as far as it came: refused, without the operation, or ready."""

    operation_type: OperationType | None = None
    errors: list[GraphQLError] = field(default_factory=list)
    operation: Operation | None = None
    conditions: tuple[str, ...] = ()
    plans: dict[tuple[Any, ...], _Plan | None] = field(default_factory=dict)
    """The program for values of conditions; None where it could not be made."""
    questions: dict[bytes, Question[_Plan]] = field(default_factory=dict)
    """What is known of it with the variables that it was asked with lately, by these."""
    cost: Cost | int = 0
    """What it costs, which variables may decide."""
    most_cost: int | None = None
    tokens: int = 0
    unpaid: int = 0
    """Its tokens, until whoever asked for it first was charged for reading them."""


@dataclass(slots=True, eq=False)
class Question(Generic[_Plan]):
    """An operation with its variables: coerced, what it costs, and its program once it has one.

    ``errors`` are what it lacks; with them it is not run. ``shared`` is what some of its fields ask
    for together, by these fields. ``foreseen`` is what it asks plugins.
    """

    prepared: Prepared[_Plan]
    coerced: Mapping[str, Any] = field(default_factory=dict)
    cost: int = 0
    errors: list[GraphQLError] | None = None
    plan: _Plan | None = None
    shared: dict[Hashable, Repeated] = field(default_factory=dict)
    foreseen: Foreseen = field(default_factory=Foreseen)


async def prepare(
    schema: Schema, query: str, name: str | None, extensions: dict[str, Any] | None
) -> Prepared[Any]:
    """Parse and validate, with the schema's extensions taking part as strawberry has it."""
    context = ExecutionContext(
        query=query,
        schema=schema,
        allowed_operations=tuple(OperationType),
        provided_operation_name=name,
        operation_extensions=extensions,
    )
    acting = schema.get_extensions()
    for extension in acting:
        extension.execution_context = context
        if isinstance(extension, LimitedDocuments):
            await extension.prepare(query)
    runner = schema.create_extensions_runner(context, acting)
    try:
        async with runner.operation():
            refused = await schema._prepare_operation_async(context, runner)  # noqa: SLF001 - strawberry offers no other way to stop before the execution
    except CannotGetOperationTypeError:
        raise
    except Exception as error:  # noqa: BLE001 - because an extension may raise anything
        return _measured(Prepared(errors=[_as_graphql_error(error)]), acting, name)
    document = context.graphql_document
    if refused is not None:
        known = None if document is None else context.operation_type
        return _measured(Prepared(known, list(refused.errors or ())), acting, name)
    if document is None:
        raise CannotGetOperationTypeError(name)
    definition = get_operation_ast(document, context.operation_name)
    if definition is None:
        raise CannotGetOperationTypeError(name)
    prepared: Prepared[Any] = Prepared(
        context.operation_type,
        operation=Operation(document, definition, schema),
        conditions=_conditions(document, definition),
    )
    return _measured(prepared, acting, name)


def _measured(
    prepared: Prepared[Any], acting: Iterable[SchemaExtension], name: str | None
) -> Prepared[Any]:
    """Note what the schema's limits found out, where it has them."""
    for extension in acting:
        if isinstance(extension, LimitedDocuments) and extension.document is not None:
            cost = extension.document.cost(name)
            prepared.cost = cost if cost.constant is None else cost.constant
            prepared.most_cost = extension.most_cost
            prepared.tokens = prepared.unpaid = extension.document.tokens
    return prepared


def _as_graphql_error(error: Exception) -> GraphQLError:
    if isinstance(error, GraphQLError):
        return error
    return GraphQLError(str(error), original_error=error)


class _Conditions(Visitor):
    """Collects the variables that decide what is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value in _CONDITIONS:
            self.names += [
                argument.value.name.value
                for argument in node.arguments or ()
                if isinstance(argument.value, VariableNode)
            ]


def _conditions(document: DocumentNode, definition: OperationDefinitionNode) -> tuple[str, ...]:
    """Return the operation's variables that decide what it asks for.

    Others of the document may have conditions with variables of their own, which may have the name
    of one that is something else here.
    """
    visitor = _Conditions()
    visit(document, visitor)
    declared = {
        each.variable.name.value
        for each in definition.variable_definitions or ()
        if _is_boolean(each.type)
    }
    return tuple(name for name in dict.fromkeys(visitor.names) if name in declared)


def _is_boolean(type_: TypeNode) -> bool:
    inner = type_.type if isinstance(type_, NonNullTypeNode) else type_
    return isinstance(inner, NamedTypeNode) and inner.name.value == GraphQLBoolean.name
