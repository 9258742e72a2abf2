"""Arguments: what those of fields are in one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from graphql.execution.values import (
    VariableValues,
    get_argument_values,
    get_variable_values,
)
from strawberry.types.arguments import convert_arguments

from zhupei.graphql.coercion import UnusualError

if TYPE_CHECKING:
    from zhupei.graphql.engine.plans import Operation, Site

__all__ = ["RunArguments"]

_Given = Mapping[str, Any]


class RunArguments:
    """The arguments of fields in one run."""

    def __init__(
        self,
        operation: Operation,
        given: dict[str, Any],
        coerced: _Given,
        info: Callable[[Site], Any],
    ) -> None:
        self._operation, self._raw, self.coerced, self._info = operation, given, coerced, info
        self._known: dict[Site, _Given] = {}

    def of(self, site: Site) -> _Given:
        """Return the arguments of a field by the names of its Python parameters."""
        if not site.field.args:
            return {}
        found = self._known.get(site)
        if found is None:
            converter = self._operation.schema.schema_converter
            try:
                found = site.reader(converter.config)(self.coerced)
            except UnusualError:
                found = convert_arguments(
                    self.as_core(site),
                    site.declared.arguments,
                    scalar_registry=converter.scalar_registry,
                    config=converter.config,
                    info=self._info(site),
                )
            self._known[site] = found
        return found

    def end(self) -> None:
        """Forget the run, which holds this; what it has said so far can still be asked."""
        self._info = _ended

    def as_core(self, site: Site) -> dict[str, Any]:
        """Return the arguments of a field as graphql-core coerces them."""
        if not site.field.args:
            return {}
        return get_argument_values(site.field, site.details[0].node, self.variables)

    @cached_property
    def variables(self) -> VariableValues:
        """The variables as graphql-core has them, with where they come from."""
        definitions = self._operation.definition.variable_definitions or ()
        found = get_variable_values(self._operation.core, definitions, self._raw)
        assert isinstance(found, VariableValues)  # noqa: S101 - they were coerced before
        return found


def _ended(_site: Site) -> Any:
    raise RuntimeError("the run has ended")
