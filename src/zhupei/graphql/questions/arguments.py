"""Arguments: what those of fields are in one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from functools import cached_property
from typing import Any

from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from graphql import FieldNode, GraphQLField
from zhupei.graphql.coercion import Read, UnusualError, reader_of_arguments, variables_in
from zhupei.graphql.questions.operations import Operation

__all__ = ["Argued", "RunArguments"]

_Given = Mapping[str, Any]


@dataclass(eq=False)
class Argued:
    """A field of the schema where an operation asks for it, with the arguments it has there."""

    field: GraphQLField
    details: FieldDetailsList
    _reader: Read | None = attribute(default=None, init=False)

    @property
    def declared(self) -> StrawberryField:
        """The field as strawberry has it."""
        found: StrawberryField = self.field.extensions["strawberry-definition"]
        return found

    @property
    def nodes(self) -> list[FieldNode]:
        """The nodes of the document that ask for it."""
        return [details.node for details in self.details]

    @cached_property
    def variables(self) -> frozenset[str]:
        """The names of the variables among its arguments."""
        return variables_in(*(self.details[0].node.arguments or ()))

    def reader(self, config: StrawberryConfig) -> Read:
        """Return what reads its arguments by the names of its Python parameters."""
        if self._reader is None:
            declared, node = self.declared, self.details[0].node
            self._reader = reader_of_arguments(self.field, node, declared.arguments, config)
        return self._reader


class RunArguments:
    """The arguments of fields in one run.

    ``info`` makes what strawberry calls the info of a field.
    """

    def __init__(
        self,
        operation: Operation,
        given: dict[str, Any],
        coerced: _Given,
        info: Callable[[Any], Any],
    ) -> None:
        self._operation, self._raw, self.coerced, self._info = operation, given, coerced, info
        self._known: dict[Argued, _Given] = {}

    def of(self, asked: Argued) -> _Given:
        """Return the arguments of a field by the names of its Python parameters."""
        if not asked.field.args:
            return {}
        found = self._known.get(asked)
        if found is None:
            converter = self._operation.schema.schema_converter
            try:
                found = asked.reader(converter.config)(self.coerced)
            except UnusualError:
                found = convert_arguments(
                    self.as_core(asked),
                    asked.declared.arguments,
                    scalar_registry=converter.scalar_registry,
                    config=converter.config,
                    info=self._info(asked),
                )
            self._known[asked] = found
        return found

    def end(self) -> None:
        """Forget the run, which holds this; what it has said so far can still be asked."""
        self._info = _ended

    def as_core(self, asked: Argued) -> dict[str, Any]:
        """Return the arguments of a field as graphql-core coerces them."""
        if not asked.field.args:
            return {}
        return get_argument_values(asked.field, asked.details[0].node, self.variables)

    @cached_property
    def variables(self) -> VariableValues:
        """The variables as graphql-core has them, with where they come from."""
        found = self._operation.core_variables(self._raw)
        assert isinstance(found, VariableValues)  # noqa: S101 - they were coerced before
        return found


def _ended(_asked: Argued) -> Any:
    raise RuntimeError("the run has ended")
