"""Composition: the core's graph with the types and queries of plugins, which may only add to it.

A plugin whose part clashes is left out, and the rest stands. What is served is proven to be the
core's graph and more: no client of the core can tell that plugins were added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import strawberry
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionResult
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from graphql import GraphQLSchema, find_breaking_changes
from zhupei.domain.kinds import KindGroup
from zhupei.domain.text import Text
from zhupei.errors import PluginError
from zhupei.graphql.engine import Engine
from zhupei.graphql.federation.subgraph import Subgraph
from zhupei.graphql.isolation import PluginField, isolated
from zhupei.graphql.mutations.root import Mutation
from zhupei.graphql.queries.root import QUERY_DESCRIPTION, Query
from zhupei.graphql.scalars import SCALARS
from zhupei.graphql.sources import Computed
from zhupei.graphql.sources import field as declared
from zhupei.graphql.subscriptions.root import Subscription
from zhupei.graphql.types.entries import STANDARD_TYPES
from zhupei.graphql.types.interfaces import KINDS_EXTENSION
from zhupei.graphql.walk import Found, reachable
from zhupei.hooks.hook_errors import HookAnswerError, TypeClashError, TypeNameError
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.registrations import pascal
from zhupei.hooks.threads import Bulkhead

__all__ = ["Composition", "Contribution", "GraphSchema", "compose", "contributions"]

_CORE: tuple[type, ...] = (Query, Mutation, Subscription, *STANDARD_TYPES)

Extensions = Iterable[type[SchemaExtension] | Callable[[], SchemaExtension]]

INTERFACE_OF = {
    KindGroup.REQUIREMENT: "Requirement",
    KindGroup.BENEFIT: "Benefit",
    KindGroup.STEP: "AdmissionStep",
    KindGroup.DOCUMENT: "RequiredDocument",
    KindGroup.ASSESSMENT: "Assessment",
}
"""Which interface shows entries of a group of kinds."""


@dataclass(slots=True)
class Contribution:
    """What one plugin adds: types with the hook that registered each, kinds' types, queries."""

    plugin: str
    types: dict[type[Any], str] = field(default_factory=dict)
    kinds: dict[tuple[str, str], str] = field(default_factory=dict)
    queries: type[Any] | None = None

    @property
    def roots(self) -> tuple[type[Any], ...]:
        """Every type that it adds by itself."""
        return (*self.types, *(() if self.queries is None else (self.queries,)))

    @property
    def mounted_at(self) -> str:
        """The field of the root type where its queries are."""
        head, *rest = self.plugin.split("-")
        return head + "".join(part.capitalize() for part in rest)

    def hook_of(self, definition: Found) -> str:
        """Return the hook that answered with a type."""
        origin = getattr(definition, "origin", None)
        if origin is not None and origin is self.queries:
            return "register_queries"
        return self.types.get(origin, "register_types") if origin is not None else "register_types"


@dataclass(frozen=True, slots=True)
class Composition:
    """A schema, the core's alone, and why plugins were left out."""

    schema: GraphSchema
    core: GraphSchema
    problems: tuple[PluginError, ...]
    owners: Mapping[str, str]
    """Slug of the owner by name of a type."""


class GraphSchema(strawberry.Schema):
    """A schema whose plugins' fields are isolated; the web side logs what goes wrong."""

    def __init__(
        self,
        query: type,
        *,
        types: Iterable[type],
        kinds: Mapping[tuple[str, str], str],
        extensions: Extensions,
        isolate: Callable[[StrawberryObjectDefinition], list[StrawberryField] | None],
    ) -> None:
        self._isolate = isolate
        super().__init__(
            query,
            Mutation,
            Subscription,
            types=types,
            extensions=extensions,
            config=StrawberryConfig(scalar_map=SCALARS),
        )
        self.core_schema.extensions[KINDS_EXTENSION] = kinds
        self.engine = Engine(self)
        self.subgraph = Subgraph(self.core_schema)

    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        """Answer an operation through the engine; the arguments are those of strawberry's."""
        return await self.engine.execute(*args, **kwargs)

    @property
    def core_schema(self) -> GraphQLSchema:
        """The schema as graphql-core has it."""
        schema: GraphQLSchema = self._schema
        return schema

    def get_fields(self, type_definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        """Return the fields of a type, those of plugins isolated."""
        fields = self._isolate(type_definition)
        return super().get_fields(type_definition) if fields is None else fields

    def process_errors(self, errors: list[Any], execution_context: Any = None) -> None:
        """Leave logging to the endpoint, which tells refusals from bugs."""


def contributions(host: PluginHost) -> list[Contribution]:
    """Return what each loaded plugin adds to the graph, in the order of plugins."""
    found: dict[str, Contribution] = {}

    def of(plugin: str) -> Contribution:
        return found.setdefault(plugin, Contribution(plugin))

    for registered in host.types:
        of(registered.plugin).types[registered.type] = "register_types"
    for kind in host.kinds:
        owner = host.kinds.owner(kind.group, kind.name)
        if owner is None or kind.graph_type is None:
            continue
        own = of(owner)
        own.types.setdefault(kind.graph_type, "register_kinds")
        name = kind.graph_type.__strawberry_definition__.name
        own.kinds[INTERFACE_OF[kind.group], kind.name] = name
    for plugin, registered in host.queries.items():
        of(plugin).queries = registered.type
    return list(found.values())


def compose(
    added: Iterable[Contribution],
    *,
    slugs: Iterable[str],
    extensions: Extensions = (),
    seconds: float = 5.0,
) -> Composition:
    """Compose the graph.

    Args:
        added: what plugins contribute.
        slugs: every plugin that the configuration names; a type belongs to the plugin whose
            slug is the longest prefix of its name.
        extensions: strawberry extensions, as classes or factories.
        seconds: how long a field of a plugin may take.

    """
    core = _schema([], extensions, seconds)
    judge = _Judge(core, {pascal(slug): slug for slug in slugs})
    accepted: list[Contribution] = []
    problems: list[PluginError] = []
    for contribution in added:
        problem = judge.admit(contribution)
        if problem is None:
            accepted.append(contribution)
        else:
            problems.append(problem)
    schema = core
    if accepted:
        try:
            schema = _proven(core, accepted, extensions, seconds)
        except Exception:  # noqa: BLE001 - because only one by one shows whose fault it is
            accepted, schema, more = _one_by_one(core, accepted, extensions, seconds)
            problems += more
    owners = {name: slug for slug, names in judge.names.items() for name in names}
    left_out = {problem.plugin for problem in problems}
    return Composition(
        schema,
        core,
        tuple(problems),
        {name: slug for name, slug in owners.items() if slug not in left_out},
    )


class _Judge:
    """Decides whether a plugin's types may stand beside the core's and those admitted before."""

    def __init__(self, core: GraphSchema, prefixes: Mapping[str, str]) -> None:
        self._core = {id(definition) for definition in reachable(_CORE)}
        self._core_names = frozenset(core.core_schema.type_map)
        self._fields = set(core.core_schema.type_map["Query"].fields)  # type: ignore[attr-defined]  # Query is an object type
        self._prefixes = prefixes
        self._converter = core.config.name_converter
        self._mounts: dict[str, str] = {}
        self.names: dict[str, set[str]] = {}
        """Names of the types of each admitted plugin."""

    def admit(self, contribution: Contribution) -> PluginError | None:
        """Note a plugin's names, or return why it cannot be admitted."""
        slug = contribution.plugin
        try:
            definitions = [
                found for found in reachable(contribution.roots) if id(found) not in self._core
            ]
            names = {self._converter.from_type(found): found for found in definitions}
            problem = (
                self._interfaces(contribution)
                or self._names(contribution, names)
                or self._field_names(contribution, definitions)
                or self._mount(contribution)
            )
        except Exception as error:  # noqa: BLE001 - because a broken annotation raises anything
            return _broken(slug, error)
        if problem is None:
            self.names[slug] = set(names)
            if contribution.queries is not None:
                self._mounts[contribution.mounted_at] = slug
        return problem

    def _interfaces(self, contribution: Contribution) -> PluginError | None:
        by_name = {
            each.__strawberry_definition__.name: each.__strawberry_definition__
            for each in contribution.types
        }
        for (interface, kind), name in contribution.kinds.items():
            if interface not in {each.name for each in by_name[name].interfaces}:
                return HookAnswerError(
                    contribution.plugin,
                    "register_kinds",
                    f"{kind}.graph_type",
                    Text(
                        f"类型“{name}”没有实现接口 {interface}",
                        f'the type "{name}" does not implement the interface {interface}',
                    ),
                )
        return None

    def _names(self, contribution: Contribution, names: Mapping[str, Found]) -> PluginError | None:
        slug = contribution.plugin
        for name, definition in sorted(names.items()):
            hook = contribution.hook_of(definition)
            if name in self._core_names:
                return TypeClashError(slug, name, None, hook=hook)
            for other, taken in self.names.items():
                if name in taken:
                    return TypeClashError(slug, name, other, hook=hook)
            owner = self._owner(name)
            if owner != slug:
                return TypeNameError(slug, name, pascal(slug), hook=hook, owner=owner)
        return None

    def _owner(self, name: str) -> str | None:
        fitting = [
            prefix
            for prefix in self._prefixes
            if name.startswith(prefix) and not name[len(prefix) :][:1].islower()
        ]
        return self._prefixes[max(fitting, key=len)] if fitting else None

    def _field_names(
        self, contribution: Contribution, definitions: Iterable[Found]
    ) -> PluginError | None:
        """Find two fields of one type with one name in the graph: strawberry keeps the last."""
        for definition in definitions:
            if not isinstance(definition, StrawberryObjectDefinition):
                continue
            named: dict[str, str] = {}
            for each in definition.fields:
                name = self._converter.get_graphql_name(each)
                if name in named:
                    return HookAnswerError(
                        contribution.plugin,
                        contribution.hook_of(definition),
                        f"{definition.name}.{name}",
                        Text(
                            f"字段 {named[name]} 与 {each.python_name} 在图中同名",
                            f"the fields {named[name]} and {each.python_name} have one name in "
                            "the graph",
                        ),
                    )
                named[name] = each.python_name
        return None

    def _mount(self, contribution: Contribution) -> PluginError | None:
        at = contribution.mounted_at
        if contribution.queries is None or (at not in self._fields and at not in self._mounts):
            return None
        return TypeClashError(
            contribution.plugin, f"Query.{at}", self._mounts.get(at), hook="register_queries"
        )


def _broken(plugin: str, error: Exception) -> PluginError:
    said = f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
    return HookAnswerError(
        plugin,
        "register_types",
        "answer",
        Text(f"无法组成图：{said}", f"cannot be composed: {said}"),
    )


def _one_by_one(
    core: GraphSchema, wanted: list[Contribution], extensions: Extensions, seconds: float
) -> tuple[list[Contribution], GraphSchema, list[PluginError]]:
    """Add plugin after plugin and leave out those with which no proven schema can be built."""
    accepted: list[Contribution] = []
    schema, problems = core, list[PluginError]()
    for contribution in wanted:
        try:
            schema = _proven(core, [*accepted, contribution], extensions, seconds)
            accepted.append(contribution)
        except Exception as error:  # noqa: BLE001 - because strawberry raises anything
            problems.append(_broken(contribution.plugin, error))
    return accepted, schema, problems


def _proven(
    core: GraphSchema, added: list[Contribution], extensions: Extensions, seconds: float
) -> GraphSchema:
    schema = _schema(added, extensions, seconds)
    changes = find_breaking_changes(core.core_schema, schema.core_schema)
    if changes:
        listed = "; ".join(change.description for change in changes)
        raise TypeError(f"it changes the core's graph: {listed}")
    return schema


def _schema(added: list[Contribution], extensions: Extensions, seconds: float) -> GraphSchema:
    bulkheads = {each.plugin: Bulkhead() for each in added}
    hooks: dict[int, tuple[str, str]] = {}
    core = {id(found) for found in reachable(_CORE)} if added else set()
    for each in added:
        for found in reachable(each.roots):
            if id(found) not in core:
                hooks[id(found)] = (each.plugin, each.hook_of(found))

    def isolate(definition: StrawberryObjectDefinition) -> list[StrawberryField] | None:
        owner = hooks.get(id(definition))
        if owner is None or definition.is_input:
            return None
        plugin, hook = owner
        return [
            isolated(each, plugin, hook, bulkheads[plugin], seconds=seconds)
            for each in definition.fields
        ]

    return GraphSchema(
        _query(added, bulkheads, seconds),
        types=(*STANDARD_TYPES, *(root for each in added for root in each.types)),
        kinds={key: name for each in added for key, name in each.kinds.items()},
        extensions=extensions,
        isolate=isolate,
    )


def _query(added: list[Contribution], bulkheads: Mapping[str, Bulkhead], seconds: float) -> type:
    mounted = [each for each in added if each.queries is not None]
    if not mounted:
        return Query
    namespace: dict[str, Any] = {"__annotations__": {}, "__module__": __name__}
    for each in mounted:
        name = each.plugin.replace("-", "_")
        mount = declared(
            Computed(_maker(each.queries)),
            name=each.mounted_at,
            description=f"Queries of the plugin {each.plugin} (插件查询).",
        )
        mount.extensions = [
            PluginField(each.plugin, "register_queries", bulkheads[each.plugin], seconds=seconds)
        ]
        namespace[name] = mount
        namespace["__annotations__"][name] = each.queries | None  # type: ignore[operator]  # not None, see above
    return strawberry.type(
        type("Query", (Query,), namespace), name="Query", description=QUERY_DESCRIPTION
    )


def _maker(queries: Any) -> Callable[[], Any]:
    def make() -> Any:
        return queries()

    return make
