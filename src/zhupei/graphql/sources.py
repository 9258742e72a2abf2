"""Declared sources: each field says, in its own line, where its value comes from.

A type of the graph is a declaration over a class of the domain: the graph returns the domain
object itself, and a field names an attribute of it, a localized text, a relation by code, a
connection, a hook, or a function. The declaration is kept in the field's metadata
(`source_of`), so that a compiler can read what graphql-core interprets.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import strawberry
from strawberry import UNSET
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryContainer
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from zhupei.domain.text import Text
from zhupei.graphql import admission_enums as _admission_enums  # noqa: F401 - as below
from zhupei.graphql import enums as _enums  # noqa: F401 - declares the domain's enumerations before a field uses one
from zhupei.graphql.context import GraphContext
from zhupei.graphql.field_sources import (
    Attribute,
    Computed,
    FieldSource,
    Localized,
    Many,
    OfRows,
    One,
    Param,
    Reader,
    Via,
    is_settled,
)

__all__ = [
    "Attribute",
    "Computed",
    "FieldSource",
    "GraphInfo",
    "IsOneOf",
    "Localized",
    "Many",
    "OfRows",
    "One",
    "Param",
    "Reader",
    "SourcedField",
    "Via",
    "cost_of",
    "declares",
    "field",
    "is_settled",
    "source_of",
    "writer_of",
]

GraphInfo = strawberry.Info[GraphContext, None]
"""What a function of a `Computed` field may take as ``info``."""

_METADATA_KEY = "zhupei.source"
_COST_KEY = "zhupei.cost"
_Class = TypeVar("_Class", bound=type[Any])


def writer_of(source: FieldSource) -> Callable[..., str]:
    """Return how a source writes itself: by what belongs to its reader, not to a parent's."""
    for each in type(source).__mro__:
        if "inline" in vars(each):
            found: Callable[..., str] = each.inline  # type: ignore[attr-defined]  # just seen
            return found
        if "reader" in vars(each):
            break
    return FieldSource.inline


class SourcedField(StrawberryField):
    """A field of the graph that knows its declared source."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reader: Reader | None = None
        source = self._declared
        if source is not None and not source.stored:
            self.init = self.repr = self.compare = False

    @property
    def _declared(self) -> FieldSource | None:
        return self.metadata.get(_METADATA_KEY)

    @property
    def source(self) -> FieldSource:
        """The declared source; without one, a text is localized and the rest is an attribute."""
        return self._declared or (Localized() if _is_text(self.type) else Attribute())

    @property
    def is_basic_field(self) -> bool:
        """False, because a source may need the context or arguments."""
        return False

    @property
    def arguments(self) -> list[StrawberryArgument]:
        """The arguments of the source, or of the function."""
        if self._arguments is None:
            given = (
                self.base_resolver.arguments
                if self.base_resolver is not None
                else self.source.arguments()
            )
            for argument in given:
                if argument.default is None:
                    # An argument that may be left out is not printed as "= null".
                    argument.default = UNSET
            self._arguments = list(given)
        return self._arguments

    @arguments.setter
    def arguments(self, value: list[StrawberryArgument]) -> None:
        self._arguments = value

    def get_result(
        self, source: Any, info: strawberry.Info | None, args: list[Any], kwargs: Any
    ) -> Any:
        """Read the value of the field from the domain object ``source``."""
        if self.base_resolver is not None:
            return self.base_resolver(*args, **kwargs)
        reader = self._reader
        if reader is None:
            reader = self._reader = self.source.reader(self.python_name)
        return reader(source, None if info is None else info.context, kwargs)  # type: ignore[arg-type]  # strawberry gives no info to basic fields only


def field(
    source: FieldSource | None = None,
    *,
    description: str,
    name: str | None = None,
    deprecation_reason: str | None = None,
    default: object = dataclasses.MISSING,
    cost: int | None = None,
) -> Any:
    """Declare a field of a graph type and where its value comes from.

    Args:
        source: where the value comes from; without it, the attribute named like the field, in
            the language asked for where the field's type is `Text`.
        description: what the field means, in English with the Chinese term.
        name: the name in the graph, where it is not the Python name in camelCase.
        deprecation_reason: what to use instead, and when the field goes.
        default: for a plugin's own type, the value of an instance that was made without it.
        cost: what asking for it counts, where that is more than its source is taken to cost; the
            description says it.

    """
    if cost is not None:
        description = f"{description} Costs {cost} (开销)."
    resolver = StrawberryResolver(source.function) if isinstance(source, Computed) else None
    return SourcedField(
        graphql_name=name,
        description=description,
        base_resolver=resolver,
        deprecation_reason=deprecation_reason,
        default=default,
        metadata=({} if source is None else {_METADATA_KEY: source})
        | ({} if cost is None else {_COST_KEY: cost}),
    )


def cost_of(declared: StrawberryField) -> int | None:
    """Return the declared cost of a field; None where its source decides."""
    cost: int | None = declared.metadata.get(_COST_KEY)
    return cost


def source_of(declared: StrawberryField) -> FieldSource:
    """Return the source of a field; one that was not declared here is a function or attribute."""
    if isinstance(declared, SourcedField):
        return declared.source
    if declared.base_resolver is not None:
        function: Any = declared.base_resolver.wrapped_func
        return Computed(function)
    return Attribute()


@dataclasses.dataclass(frozen=True, slots=True)
class IsOneOf:
    """Tells whether a value is of a graph type, by its class alone."""

    described: tuple[type, ...]

    def __call__(self, value: object, _info: object) -> bool:
        """Return whether the value is an object of one of the classes."""
        return isinstance(value, self.described)


def declares(
    *described: type, description: str, name: str | None = None
) -> Callable[[_Class], _Class]:
    """Return the decorator of a graph type that is a declaration over these domain classes."""

    def decorate(cls: _Class) -> _Class:
        cls.is_type_of = IsOneOf(described)
        decorated: _Class = strawberry.type(cls, name=name, description=description)
        return decorated

    return decorate


def _is_text(type_: object) -> bool:
    while isinstance(type_, StrawberryContainer):
        type_ = type_.of_type
    return type_ is Text
