"""Explanations: which level, file, line and clause set a field, and what it replaced."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from zhupei.catalogue.catalogue import NodeKind
from zhupei.domain.institutions import Base, Jurisdiction
from zhupei.domain.sources import Level, Origin, Source
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program
from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import bad_input
from zhupei.graphql.nodes import GlobalId, fetch

__all__ = ["ExplainedEntry", "Explanation", "explain"]

_KINDS: dict[type, NodeKind] = {
    Opening: "opening",
    Program: "program",
    Base: "base",
    Jurisdiction: "jurisdiction",
}
_LISTS = {
    "requirements": "id",
    "benefits": "id",
    "steps": "id",
    "documents": "id",
    "penalties": "id",
    "assessments": "id",
    "sections": "id",
    "policies": "key",
    "rounds": "code",
}
# Where the graph words a field otherwise than the configuration.
_CONFIGURED_AS = {"city": "prefecture", "jurisdictions": "jurisdiction"}


@dataclass(frozen=True, slots=True)
class _Chain:
    """Who set a value: the first origin is in force, the others are what it replaced."""

    chain: tuple[Origin, ...]

    @property
    def in_force(self) -> Origin | None:
        """The origin that counts, None where nobody set the value."""
        return self.chain[0] if self.chain else None

    @property
    def replaced(self) -> tuple[Origin, ...]:
        """What the value replaced, most specific first."""
        return self.chain[1:]

    @property
    def level(self) -> Level | None:
        """Who set the value."""
        return None if self.in_force is None else self.in_force.level

    @property
    def file(self) -> str | None:
        """File of the configuration."""
        return None if self.in_force is None else self.in_force.file

    @property
    def line(self) -> int | None:
        """Line of the file."""
        return None if self.in_force is None else self.in_force.line

    @property
    def plugin(self) -> str | None:
        """Plugin that answered."""
        return None if self.in_force is None else self.in_force.plugin

    @property
    def hook(self) -> str | None:
        """Hook that it answered."""
        return None if self.in_force is None else self.in_force.hook

    @property
    def source(self) -> Source | None:
        """Clause that it cites."""
        return None if self.in_force is None else self.in_force.source


@dataclass(frozen=True, slots=True)
class ExplainedEntry(_Chain):
    """One entry of a list, and who set it."""

    id: str
    label: Text


@dataclass(frozen=True, slots=True)
class Explanation(_Chain):
    """One field of one object, and who set it; of a list, each entry by itself."""

    node: Any
    name: str
    items: tuple[ExplainedEntry, ...] | None = None

    @property
    def value(self) -> str | None:
        """The value in force as text; of a list, how many entries it has."""
        if self.items is not None:
            return str(len(self.items))
        return None if self.in_force is None else self.in_force.value


def explain(node: str, name: str, context: GraphContext) -> Explanation | None:
    """Explain the field ``name`` of an object given by its code or its global id.

    ``name`` is the field's name in the graph, or a list and the id of one of its entries
    (``benefits.stipend``). None where there is no such object.

    Raises:
        GraphRefusal: the object has no such field to explain.

    """
    found = _object(node, context)
    if found is None:
        return None
    kind = _KINDS.get(type(found))
    configured = _CONFIGURED_AS.get(name, name)
    chain = None if kind is None else context.catalogue.explain(kind, found.code, configured)
    if chain is None:
        raise bad_input(
            "field",
            Text(
                f"{type(found).__name__} 没有可说明来历的字段“{name}”",
                f'{type(found).__name__} has no field "{name}" whose origin is known',
            ),
            context.language,
        )
    if configured not in _LISTS:
        return Explanation(chain=chain, node=found, name=name)
    entries = _entries(found, configured, context)
    items = tuple(
        ExplainedEntry(
            chain=entry.origins,
            id=getattr(entry, _LISTS[configured]),
            label=entry.name if configured == "rounds" else entry.label,
        )
        for entry in entries
    )
    return Explanation(chain=_common(items), node=found, name=name, items=items)


def _object(node: str, context: GraphContext) -> Any:
    catalogue = context.catalogue
    for collection in (
        catalogue.openings,
        catalogue.programs,
        catalogue.bases,
        catalogue.jurisdictions,
    ):
        if node in collection:
            return collection[node]
    return None if GlobalId.decode(node) is None else fetch(node, "node", context)


def _entries(node: Any, name: str, context: GraphContext) -> Iterable[Any]:
    if not hasattr(node, name) and isinstance(node, Opening):
        node = context.catalogue.programs[node.program]
    entries: Iterable[Any] = getattr(node, name)
    return entries


def _common(items: tuple[ExplainedEntry, ...]) -> tuple[Origin, ...]:
    """Return the origin of a whole list: the level that set all of it, else nobody's."""
    levels = {item.level for item in items}
    level = levels.pop() if len(levels) == 1 else None
    return () if level is None else (Origin(level=level, value=str(len(items))),)
