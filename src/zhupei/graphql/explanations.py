"""Explanations: which level, file, line and clause set a field, and what it replaced."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from zhupei.catalogue.catalogue import NodeKind
from zhupei.catalogue.explain import LISTED
from zhupei.domain.codes import ShortagePurpose
from zhupei.domain.institutions import Base, Jurisdiction
from zhupei.domain.sources import Level, Origin, Source
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program
from zhupei.graphql import openness
from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import bad_input
from zhupei.graphql.nodes import GlobalId, object_of

__all__ = ["ExplainedEntry", "Explanation", "explain"]

_KINDS: dict[type, NodeKind] = {
    Opening: "opening",
    Program: "program",
    Base: "base",
    Jurisdiction: "jurisdiction",
}
# Where the graph words a field otherwise than the configuration.
_CONFIGURED_AS = {"city": "prefecture", "jurisdictions": "jurisdiction"}
# Fields that follow from another one, whose origin is theirs.
_FOLLOWS = {
    "id": "code",
    "isOpen": "rounds",
    "closesAt": "rounds",
    "remainingSeats": "quota",
}
# Fields whose value does not stand in the configuration as the graph says it.
_COMPUTED = frozenset(
    {"id", "code", "program", "specialtyName", "quotaTotal", "isOpen", "closesAt", "remainingSeats"}
)
# What a brochure has to go through is set by these steps.
_OF_BROCHURE = frozenset({"brochure_submission", "brochure_publication"})
_PURPOSES = {
    ShortagePurpose.QUOTA_PENALTY: Text("招收计划约束", "quota penalty"),
    ShortagePurpose.ADMISSION_PRIORITY: Text("优先招录", "priority in admission"),
    ShortagePurpose.SUBSIDY: Text("紧缺专业补助", "subsidy"),
}


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
    """One field of one object, and who set it; of a list, each entry by itself.

    ``value`` is the value in force as text; of a list, how many entries it has.
    """

    node: Any
    name: str
    value: str | None
    items: tuple[ExplainedEntry, ...] | None = None


def explain(node: str, name: str, context: GraphContext) -> Explanation | None:
    """Explain the field ``name`` of an object given by its code or its global id.

    ``name`` is the field's name in the graph, or a list and the id of one of its entries
    (``benefits.stipend``). A field that follows from others is explained by these: a sum by its
    parts, whether a program is open by its rounds. None where there is no such object.

    Raises:
        GraphRefusal: the object has no such field to explain.

    """
    found = _object(node, context)
    if found is None:
        return None
    if isinstance(found, Opening | Program):
        parts = _parts(found, name, context)
        if parts is not None:
            return Explanation(
                chain=_common(parts),
                node=found,
                name=name,
                value=_computed(found, name, context) if name in _COMPUTED else str(len(parts)),
                items=parts,
            )
    chain = _chain(found, _CONFIGURED_AS.get(name, name), context)
    if chain is None:
        raise bad_input(
            "field",
            Text(
                f"{type(found).__name__} 没有可说明来历的字段“{name}”",
                f'{type(found).__name__} has no field "{name}" whose origin is known',
            ),
            context.language,
        )
    listed = _FOLLOWS.get(name, name) if isinstance(found, Opening | Program) else name
    if listed not in LISTED:
        value = chain[0].value if chain else None
        if isinstance(found, Opening | Program) and name in _COMPUTED:
            value = _computed(found, name, context)
        return Explanation(chain=chain, node=found, name=name, value=value)
    items = tuple(
        ExplainedEntry(
            chain=entry.origins,
            id=getattr(entry, LISTED[listed]),
            label=entry.name if listed == "rounds" else entry.label,
        )
        for entry in _entries(found, listed, context)
    )
    value = str(len(items)) if listed == name else _computed(found, name, context)
    return Explanation(chain=_common(items), node=found, name=name, value=value, items=items)


def _chain(node: Any, name: str, context: GraphContext) -> tuple[Origin, ...] | None:
    """Return who set a field of the configuration, None where there is no such field."""
    kind = _KINDS.get(type(node))
    if kind is None:
        return None
    if isinstance(node, Program) and name in {"base", "jurisdiction"} and not getattr(node, name):
        return ()  # the other one hosts it
    if isinstance(node, Opening | Program):
        name = _FOLLOWS.get(name, name)
    if isinstance(node, Jurisdiction) and name == "kind":
        name = "level"  # the file's own kind says what the file is
    if isinstance(node, Opening) and name == "program":
        return context.catalogue.explain("program", node.program, "code")
    return context.catalogue.explain(kind, node.code, name)


def _parts(
    node: Opening | Program, name: str, context: GraphContext
) -> tuple[ExplainedEntry, ...] | None:
    """Return what a field is made of that no single key of the configuration sets."""
    catalogue = context.catalogue
    match node, name:
        case Program(), "quotaTotal" if not catalogue.explain("program", node.code, name):
            return (
                *(
                    _part("opening", opening, "quota", opening.specialty_name, context)
                    for opening in map(catalogue.openings.__getitem__, node.openings)
                ),
                *_children(node, "quotaTotal", context),
            )
        case Program(), "children" | "brochure":
            return _brochure(node) if name == "brochure" else _children(node, "parent", context)
        case Program(), "shortageSets":
            return _shortages(node, None, context)
        case Opening(), "shortagePurposes":
            return _shortages(catalogue.programs[node.program], node.specialty, context)
        case Opening(), "priorities":
            listed = _shortages(catalogue.programs[node.program], node.specialty, context)
            purpose = ShortagePurpose.ADMISSION_PRIORITY.name
            return tuple(each for each in listed if each.id == purpose)
        case _:
            return None


def _brochure(node: Program) -> tuple[ExplainedEntry, ...]:
    return tuple(
        ExplainedEntry(chain=step.origins, id=step.id, label=step.label)
        for step in node.steps
        if step.kind in _OF_BROCHURE
    )


def _children(node: Program, name: str, context: GraphContext) -> tuple[ExplainedEntry, ...]:
    children = map(context.catalogue.programs.__getitem__, node.children)
    return tuple(_part("program", child, name, child.name, context) for child in children)


def _part(
    kind: NodeKind, node: Opening | Program, name: str, label: Text, context: GraphContext
) -> ExplainedEntry:
    chain = context.catalogue.explain(kind, node.code, name) or ()
    return ExplainedEntry(chain=chain, id=node.code, label=label)


def _shortages(
    program: Program, specialty: str | None, context: GraphContext
) -> tuple[ExplainedEntry, ...]:
    """Return the lists of shortage specialties: levels add to each other, none replaces (T16)."""
    set_in_files = context.catalogue.explain("program", program.code, "shortageSets") or ()
    found = []
    for each in context.catalogue.shortages.get(program.code, ()):
        if specialty is not None and specialty not in each.codes:
            continue
        national = Origin(level=Level.NATIONAL, value=each.purpose, source=each.source)
        origin = next(
            (one for one in set_in_files if (one.value, one.source) == (each.purpose, each.source)),
            national,
        )
        label = _PURPOSES[each.purpose]
        found.append(ExplainedEntry(chain=(origin,), id=each.purpose.name, label=label))
    return tuple(found)


def _computed(node: Opening | Program, name: str, context: GraphContext) -> str | None:
    """Return a value that does not stand in the configuration as it is, None where unknown."""
    value: object = None
    match name:
        case "id":
            value = GlobalId(type(node).__name__, node.code).encode()
        case "code" | "program":
            value = getattr(node, name)
        case "specialtyName" if isinstance(node, Opening):
            value = node.specialty_name.zh
        case "quotaTotal" if isinstance(node, Program):
            value = node.quota_total
        case "isOpen":
            opened = _is_open(node, context)
            value = None if opened is None else str(opened).lower()
        case "closesAt":
            closes = openness.closes_next(_rounds(node, context), context.clock())
            value = None if closes is None else closes.isoformat()
    return None if value is None else str(value)


def _is_open(node: Opening | Program, context: GraphContext) -> bool | None:
    if isinstance(node, Program):
        return openness.is_open(node.rounds, context.clock())
    return openness.takes_applications(node, context.catalogue, context.clock())


def _rounds(node: Opening | Program, context: GraphContext) -> Iterable[Any]:
    if isinstance(node, Program):
        return node.rounds
    return openness.rounds_of(node, context.catalogue.programs[node.program])


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
    found = GlobalId.decode(node)
    return None if found is None else object_of(found, catalogue)


def _entries(node: Any, name: str, context: GraphContext) -> Iterable[Any]:
    if name == "rounds":
        return _rounds(node, context)
    if not hasattr(node, name) and isinstance(node, Opening):
        node = context.catalogue.program_of(node)
    entries: Iterable[Any] = getattr(node, name)
    return entries


def _common(items: tuple[ExplainedEntry, ...]) -> tuple[Origin, ...]:
    """Return the origin of a whole list: the level that set all of it, else nobody's."""
    levels = {item.level for item in items}
    level = levels.pop() if len(levels) == 1 else None
    return () if level is None else (Origin(level=level, value=str(len(items))),)
