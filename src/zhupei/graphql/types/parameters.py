"""Parameters of a kind as plain name, value and unit, for front ends that know no plugin."""

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from zhupei.config.entries import (
    AssessmentEntry,
    BenefitEntry,
    DocumentEntry,
    Entry,
    RequirementEntry,
    StepEntry,
)
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
    def value(self) -> str:
        """The value as one text."""
        return ", ".join(self.values)


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
    value: str = field(
        Attribute(), description="The value as text; the parts of a list joined (值)."
    )
    values: list[str] = field(Attribute(), description="The parts of a list, else one (值列表).")
    unit: str | None = field(Attribute(), description="Unit of the figure, such as `yuan` (单位).")


@dataclasses.dataclass(frozen=True)
class Parameters(FieldSource):
    """The parameters of an entry's kind, written out; those that are not set are left out."""

    @property
    def settled(self) -> bool:
        """True: the parameters of an entry do not change."""
        return True

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
    common = _common(type(params))
    for name, info in type(params).model_fields.items():
        if name in common:
            continue
        value = getattr(params, name)
        yield from _values(_camel(name), value, _unit(name, value, info, params), language)


def _unit(name: str, value: Any, info: Any, params: Any) -> str | None:
    """Return the unit of a parameter: as its model declares it, else as its name or type tells.

    Decimals of benefits are yuan unless their name ends in a unit of time.
    """
    extra = info.json_schema_extra
    if isinstance(extra, Mapping) and extra.get("unit") is not None:
        return str(extra["unit"])
    last = name.rpartition("_")[2]
    if last in _TIMES:
        return last
    amounts = value.values() if isinstance(value, Mapping) else (value,)
    if isinstance(params, BenefitEntry) and any(isinstance(one, Decimal) for one in amounts):
        return "yuan"
    return None


_TIMES = frozenset({"days", "hours", "months", "years"})


def _common(model: type) -> frozenset[str]:
    """Return the keys of an entry that all kinds have: the graph has fields for them."""
    entries = [one for one in model.__mro__ if issubclass(one, Entry) and one in _ENTRIES]
    return frozenset(name for one in entries for name in one.model_fields)


_ENTRIES = frozenset(
    {Entry, AssessmentEntry, BenefitEntry, DocumentEntry, RequirementEntry, StepEntry}
)


def _values(
    name: str, value: Any, unit: str | None, language: Language
) -> Iterator[ParameterValue]:
    if value is None or value in ((), [], frozenset()):
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
