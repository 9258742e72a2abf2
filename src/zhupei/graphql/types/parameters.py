"""Parameters of a kind as plain name, value and unit, for front ends that know no plugin."""

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.scalars import plain
from zhupei.graphql.sources import Attribute, FieldSource, Reader, declares, field

__all__ = ["Parameter", "ParameterValue", "Parameters"]


@dataclasses.dataclass(frozen=True, slots=True)
class ParameterValue:
    """One figure or word of a kind's parameters; ``values`` are the parts of a list."""

    name: str
    values: tuple[str, ...]
    unit: str | None = None

    @property
    def value(self) -> str | None:
        """The value as one text, None for an empty list."""
        return ", ".join(self.values) or None


@declares(
    ParameterValue,
    description=(
        "One parameter of a rule's kind (参数), so that a front end that does not know the kind "
        "can still show it."
    ),
)
class Parameter:
    """A named value."""

    name: str = field(
        Attribute(),
        description="Name, with the way to it where it is nested, such as `amounts.MASTER` (名称).",
    )
    value: str | None = field(
        Attribute(), description="The value as text; the parts of a list joined (值)."
    )
    values: list[str] = field(Attribute(), description="The parts of a list, else one (值列表).")
    unit: str | None = field(Attribute(), description="Unit of the figure, such as `yuan` (单位).")


@dataclasses.dataclass(frozen=True)
class Parameters(FieldSource):
    """The parameters of an entry's kind, written out; those that are not set are left out."""

    def reader(self, name: str) -> Reader:
        """Write the validated model of the kind out."""

        def read(value: Any, context: GraphContext, _arguments: Mapping[str, Any]) -> Any:
            params = getattr(value, "params", None)
            if params is None:
                return []
            return list(_written(params, context.language))

        return read


def _written(params: Any, language: Language) -> Iterator[ParameterValue]:
    # Models of kinds are pydantic's; only their public reflection is used.
    for name, info in type(params).model_fields.items():
        extra = info.json_schema_extra
        unit = extra.get("unit") if isinstance(extra, Mapping) else None
        yield from _values(_camel(name), getattr(params, name), unit, language)


def _values(
    name: str, value: Any, unit: str | None, language: Language
) -> Iterator[ParameterValue]:
    if value is None:
        return
    if _is_label(value):
        text = value.en if language is Language.EN and value.en else value.zh
        yield ParameterValue(name, (text,), unit)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _values(f"{name}.{_shown(key)}", item, unit, language)
    elif hasattr(type(value), "model_fields"):
        for nested in _written(value, language):
            yield dataclasses.replace(nested, name=f"{name}.{nested.name}")
    elif isinstance(value, tuple | list | frozenset | set):
        items = sorted(value) if isinstance(value, frozenset | set) else list(value)
        if any(_is_nested(item) for item in items):
            for index, item in enumerate(items):
                yield from _values(f"{name}.{index}", item, unit, language)
        else:
            yield ParameterValue(name, tuple(_shown(item) for item in items), unit)
    else:
        yield ParameterValue(name, (_shown(value),), unit)


def _is_label(value: Any) -> bool:
    return hasattr(value, "zh") and hasattr(value, "en")


def _is_nested(value: Any) -> bool:
    return (
        isinstance(value, Mapping | tuple | list)
        or _is_label(value)
        or hasattr(type(value), "model_fields")
    )


def _shown(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Enum():
            return value.name
        case Decimal() | int():
            return plain(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
