"""Plans: what an operation asks, field by field, and how each field is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import Path
from strawberry import Schema
from strawberry.schema.config import StrawberryConfig
from strawberry.types.field import StrawberryField

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_wrapping_type,
)
from zhupei.db.tables import View
from zhupei.graphql.asked import AskedField
from zhupei.graphql.coercion import (
    Read,
    reader_of_arguments,
    reader_of_variables,
    variables_in,
)
from zhupei.graphql.engine.answers import shape
from zhupei.graphql.engine.parts import Part, is_lasting, part_of, settled_source
from zhupei.graphql.engine.readings import Below, Reading, reading_of
from zhupei.graphql.inline import Batch
from zhupei.graphql.sources import FieldSource, SourcedField

__all__ = ["Anchor", "Operation", "Place", "Plan", "Site", "Unit"]


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
    def read_variables(self) -> Read:
        """Coerces the values that a request gives for its variables."""
        return reader_of_variables(self.core, self.definition.variable_definitions or ())

    @cached_property
    def is_mutation(self) -> bool:
        """Whether its fields are run one after the other."""
        return self.definition.operation is OperationType.MUTATION


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is in an answer: keys with the type that has them, None for a list's index."""

    steps: tuple[tuple[str, str] | None, ...] = ()

    def at(self, key: str, type_: GraphQLObjectType) -> Place:
        """Return the place of a field of the object that is here."""
        return Place((*self.steps, (key, type_.name)))

    @property
    def item(self) -> Place:
        """The place of the items of the list that is here."""
        return Place((*self.steps, None))

    def path(self, indexes: Sequence[int]) -> tuple[str | int, ...]:
        """Return the path with these indexes of lists."""
        left = iter(indexes)
        return tuple(next(left) if step is None else step[0] for step in self.steps)

    def core_path(self, indexes: Sequence[int]) -> Path:
        """Return the path as graphql-core has it."""
        left = iter(indexes)
        path: Path | None = None
        for step in self.steps:
            path = Path(path, next(left), None) if step is None else Path(path, *step)
        return cast("Path", path)  # a place of a value has at least one step


@dataclass(eq=False)
class Site:
    """A field where an operation asks for it."""

    key: str
    parent: GraphQLObjectType
    field: GraphQLField
    details: FieldDetailsList
    place: Place
    reading: Reading
    source: FieldSource | None = None
    batch: Batch | None = None
    unit: Unit | None = None
    of_catalogue: bool = False
    """Whether the objects of its value are the catalogue's own."""
    in_part: bool = False
    """Whether it is written within a part that is kept."""
    _reader: Read | None = None

    @cached_property
    def variables(self) -> frozenset[str]:
        """The names of the variables among its arguments."""
        return variables_in(*(self.details[0].node.arguments or ()))

    @property
    def is_typename(self) -> bool:
        """Whether it asks for the name of the type."""
        return self.reading is Reading.TYPENAME

    @property
    def is_of_schema(self) -> bool:
        """Whether it follows from the schema: names of types, `__schema` and `__type`.

        The latter are asked at the root alone, of which nothing is kept but whole answers; these
        are told apart by all variables.
        """
        return self.reading in {Reading.TYPENAME, Reading.INTERPRETED}

    @property
    def is_compiled(self) -> bool:
        """Whether it is read where it is written, by an expression or a call."""
        return self.reading in {Reading.WRITTEN, Reading.FUNCTION}

    @property
    def view(self) -> View | None:
        """The view of the rows that it lists, where it is known."""
        return getattr(self.batch, "view", None)

    @property
    def declared(self) -> StrawberryField:
        """The field as strawberry has it."""
        found: StrawberryField = self.field.extensions["strawberry-definition"]
        return found

    def reader(self, config: StrawberryConfig) -> Read:
        """Return what reads its arguments."""
        if self._reader is None:
            declared, node = self.declared, self.details[0].node
            self._reader = reader_of_arguments(self.field, node, declared.arguments, config)
        return self._reader

    @property
    def nodes(self) -> list[FieldNode]:
        """The nodes of the document that ask for it."""
        return [details.node for details in self.details]

    @property
    def name(self) -> str:
        """The type and field, for people."""
        return f"{self.parent.name}.{self.nodes[0].name.value}"

    @cached_property
    def anchor(self) -> Anchor:
        """The place of its value."""
        return Anchor(self, self.field.type, self.place)


@dataclass(eq=False, slots=True)
class Anchor:
    """A place whose value comes later, or that something below may turn to null later."""

    site: Site
    type: GraphQLOutputType
    place: Place


@dataclass(eq=False, slots=True)
class Unit:
    """A function of the program: completes a value of ``type`` at a place.

    One that ``reads`` reads the value of a field of the root as well.
    """

    number: int
    type: GraphQLOutputType
    site: Site
    place: Place
    reads: bool = False
    part: Part | None = None
    """What decides about its JSON, where that is kept."""
    make: Callable[[Any], Callable[..., Any]] | None = None
    """Makes the function for one run; written when the unit is first reached."""
    text: str = ""
    """The Python that was written, for whoever wants to see it."""


@dataclass(eq=False)
class Plan:
    """An operation with the values of the variables that `@skip` and `@include` look at."""

    operation: Operation
    flags: Mapping[str, Any]
    units: list[Unit] = field(default_factory=list)
    roots: tuple[Unit, ...] = ()
    sites: list[Site] = field(default_factory=list)
    _groups: dict[tuple[str, int], tuple[FieldDetailsList, GroupedFieldSet]] = field(
        default_factory=dict
    )
    _nullable: dict[tuple[str, int], bool] = field(default_factory=dict)
    _plain: dict[tuple[str, int], bool] = field(default_factory=dict)
    _by_type: dict[tuple[Site, str], Unit] = field(default_factory=dict)
    _parts: dict[tuple[str, int, bool], Part | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        operation = self.operation
        root = operation.core.get_root_type(operation.definition.operation)
        if root is None:
            raise TypeError("the schema has no such root type")
        grouped = collect_fields(
            operation.core, self._details, self._values, root, operation.definition
        ).grouped_field_set
        sites = self._sites(root, grouped, Place(), of_catalogue=not operation.is_mutation)
        if operation.is_mutation:
            for site in sites:
                # What changes something is done once, whatever becomes of its answer.
                site.reading = Reading.CALLED if site.is_compiled else site.reading
        self.roots = tuple(
            self.unit(site.field.type, site, site.place, reads=True) for site in sites
        )

    @cached_property
    def _details(self) -> dict[str, FragmentDetails]:
        return {name: FragmentDetails(node) for name, node in self.operation.fragments.items()}

    @cached_property
    def _values(self) -> VariableValues:
        return VariableValues({}, dict(self.flags))

    @cached_property
    def shape(self) -> Callable[..., Any]:
        """The class of the whole answer."""
        return shape(tuple(unit.site.key for unit in self.roots))

    def unit(
        self,
        type_: GraphQLOutputType,
        site: Site,
        place: Place,
        *,
        reads: bool = False,
        part: Part | None = None,
    ) -> Unit:
        """Add a function to the program, which is written when it is first called."""
        made = Unit(len(self.units), type_, site, place, reads, part)
        self.units.append(made)
        return made

    def unit_of_site(self, site: Site) -> Unit:
        """Return the function that completes what was read for a field."""
        if site.unit is None:
            site.unit = self.unit(site.field.type, site, site.place)
        return site.unit

    def unit_of_type(self, site: Site, type_: GraphQLObjectType, place: Place) -> Unit:
        """Return the function for the objects of one type at a field of an abstract type."""
        key = (site, type_.name)
        if key not in self._by_type:
            self._by_type[key] = self.unit(type_, site, place)
        return self._by_type[key]

    def fields(
        self, type_: GraphQLObjectType, site: Site, place: Place, *, in_part: bool
    ) -> tuple[Site, ...]:
        """Return the fields that are asked of the objects of a type at a field."""
        grouped, long = self._grouped(type_, site.details), site.of_catalogue
        return self._sites(
            type_, grouped, place, of_catalogue=long, in_part=in_part or site.in_part
        )

    @cached_property
    def whole(self) -> Part | None:
        """What decides about the whole answer; None where more than the catalogue has a say."""
        if self.operation.is_mutation:
            return None
        return part_of(self, [unit.site for unit in self.roots])

    def part(
        self, type_: GraphQLObjectType, details: FieldDetailsList, *, held: bool = False
    ) -> Part | None:
        """Return what decides about all that is asked of the objects of a type."""
        key = (type_.name, id(details), held)
        if key not in self._parts:
            described = self._described(type_, self._grouped(type_, details), Place())
            self._parts[key] = part_of(self, described, held=held)
        return self._parts[key]

    def kept_part(self, type_: GraphQLObjectType, site: Site, *, held: bool = False) -> Part | None:
        """Return the part to keep of the objects of a type at a field, where that pays.

        With ``held`` it may have answers of hooks in it.
        """
        if not site.of_catalogue or site.in_part or not is_lasting(type_):
            return None
        part = self.part(type_, site.details, held=held)
        return part if part is not None and part.pays else None

    def _grouped(self, type_: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
        operation, key = self.operation, (type_.name, id(details))
        if key not in self._groups:
            found = collect_subfields(
                operation.core, self._details, self._values, operation.definition, type_, details
            )
            # With the list itself, whose id would be another's once it were gone.
            self._groups[key] = details, found.grouped_field_set
        return self._groups[key][1]

    def _sites(
        self,
        type_: GraphQLObjectType,
        grouped: GroupedFieldSet,
        place: Place,
        *,
        of_catalogue: bool,
        in_part: bool = False,
    ) -> tuple[Site, ...]:
        found = tuple(self._described(type_, grouped, place))
        for site in found:
            source = settled_source(site) if of_catalogue else None
            site.of_catalogue = source is not None and source.owned
            site.in_part = in_part
        self.sites += found
        return found

    def _described(
        self, type_: GraphQLObjectType, grouped: GroupedFieldSet, place: Place
    ) -> Iterator[Site]:
        for key, details in grouped.items():
            name = details[0].node.name.value
            declared = self.operation.core.get_field(type_, name)
            if declared is None:  # validation has refused it
                raise TypeError(f"{type_.name} has no field {name}")
            below = Below(self, declared.type, details)
            yield _site(key, type_, declared, details, place.at(key, type_), below)

    def asked_of(self, type_: GraphQLObjectType, details: FieldDetailsList) -> Iterator[AskedField]:
        """Yield the fields that are asked of the objects of a type at a field."""
        for each in self._grouped(type_, details).values():
            name = each[0].node.name.value
            declared = self.operation.core.get_field(type_, name)
            if declared is None:
                raise TypeError(f"{type_.name} has no field {name}")
            made = declared.extensions.get("strawberry-definition")
            field_ = made if isinstance(made, StrawberryField) else None
            sourced = isinstance(field_, SourcedField) and field_.base_resolver is None
            source = field_.source if sourced else None  # type: ignore[union-attr]  # just seen
            yield AskedField(field_, source, Below(self, declared.type, each))

    def may_null_above(self, type_: Any, details: FieldDetailsList) -> bool:
        """Return whether something that is read later may turn a value of this type to null.

        Of objects whose type is known only when they are there, it may.
        """
        while is_wrapping_type(type_):
            if is_list_type(type_) and not is_non_null_type(type_.of_type):
                return False
            type_ = type_.of_type
        if is_leaf_type(type_):
            return False
        if is_abstract_type(type_):
            return True
        key = (type_.name, id(details))
        if key not in self._nullable:
            self._nullable[key] = any(
                map(self._may_null, self._described(type_, self._grouped(type_, details), Place()))
            )
        return self._nullable[key]

    def is_plain(self, site: Site) -> bool:
        """Return whether a field and all below is read at once, wherever its object is."""
        if site.is_typename:
            return True
        resolver = site.declared.base_resolver if site.is_compiled else None
        if not site.is_compiled or (resolver is not None and resolver.info_parameter is not None):
            return False
        type_ = get_named_type(site.field.type)
        if is_leaf_type(type_):
            return True
        if not isinstance(type_, GraphQLObjectType):
            return False
        key = (type_.name, id(site.details))
        if key not in self._plain:
            self._plain[key] = all(
                map(
                    self.is_plain,
                    self._described(type_, self._grouped(type_, site.details), Place()),
                )
            )
        return self._plain[key]

    def _may_null(self, site: Site) -> bool:
        if not is_non_null_type(site.field.type):
            return False
        if not site.is_compiled and not site.is_typename:
            return True
        return self.may_null_above(site.field.type, site.details)


def _site(
    key: str,
    parent: GraphQLObjectType,
    declared: GraphQLField,
    details: FieldDetailsList,
    place: Place,
    below: Below,
) -> Site:
    reading, source, batch = reading_of(declared, details[0].node.name.value, below)
    return Site(key, parent, declared, details, place, reading, source, batch)
