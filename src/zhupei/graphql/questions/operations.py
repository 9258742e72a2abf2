"""Operations: one of a validated document, with what its variables are read by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql.execution.values import VariableValues, get_variable_values
from strawberry import Schema

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from zhupei.graphql.coercion import Read, UnusualError, reader_of_variables

__all__ = ["Operation"]

_MOST_ERRORS = 50  # as graphql-core has it


@dataclass(frozen=True)
class Operation:
    """One operation of a validated document."""

    document: DocumentNode
    definition: OperationDefinitionNode
    schema: Schema

    @cached_property
    def core(self) -> GraphQLSchema:
        """The schema as graphql-core has it."""
        schema: GraphQLSchema = self.schema._schema  # noqa: SLF001 - strawberry offers no other way
        return schema

    @cached_property
    def fragments(self) -> dict[str, FragmentDefinitionNode]:
        """The fragments of the document by name."""
        return {
            node.name.value: node
            for node in self.document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    @cached_property
    def _read_variables(self) -> Read:
        return reader_of_variables(self.core, self.definition.variable_definitions or ())

    def variables(self, given: dict[str, Any]) -> VariableValues | list[GraphQLError]:
        """Return the variables that a request gives, or what is wrong with them."""
        try:
            return VariableValues({}, self._read_variables(given))
        except UnusualError:
            return self.core_variables(given)

    def core_variables(self, given: dict[str, Any]) -> VariableValues | list[GraphQLError]:
        """Return the variables as graphql-core reads them, with where they come from."""
        definitions = self.definition.variable_definitions or ()
        return get_variable_values(self.core, definitions, given, max_errors=_MOST_ERRORS)

    @property
    def is_mutation(self) -> bool:
        """Whether its fields are run one after the other."""
        return self.definition.operation is OperationType.MUTATION
