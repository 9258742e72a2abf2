"""Sites: where an operation asks for a field, and what it asks of the objects that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, cast

from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_wrapping_type,
)
from zhupei.db.tables import View
from zhupei.graphql.answers import Place
from zhupei.graphql.asked import AskedField
from zhupei.graphql.kept_parts import Part
from zhupei.graphql.leaves import plain_class
from zhupei.graphql.questions import Argued, Operation
from zhupei.graphql.readings import Reading, reading_of
from zhupei.graphql.settled import is_lasting, is_told_by_value, settled_source
from zhupei.graphql.sources import FieldSource, is_settled

__all__ = ["Anchor", "Runs", "Selection", "Site", "selection_of"]


@dataclass(eq=False, slots=True)
class Anchor:
    """A place whose value comes later, or that something below may turn to null later."""

    site: Site
    type: GraphQLOutputType
    place: Place


class Selection:
    """What an operation asks of the objects of one type at one place."""

    def __init__(
        self,
        scope: _Scope,
        type_: GraphQLObjectType,
        grouped: GroupedFieldSet,
        above: Site | None,
        place: Place,
    ) -> None:
        self.type, self.above, self.scope = type_, above, scope
        self._grouped, self._place = grouped, place

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The fields, in the order of the answer."""
        return tuple(self._site(key, details) for key, details in self._grouped.items())

    def _site(self, key: str, details: FieldDetailsList) -> Site:
        name = details[0].node.name.value
        declared = self.scope.operation.core.get_field(self.type, name)
        if declared is None:  # validation has refused it
            raise TypeError(f"{self.type.name} has no field {name}")
        return Site(declared, details, key, self, self._place.at(key, self.type))

    @property
    def asked(self) -> tuple[AskedField, ...]:
        """The fields as sources are told of them."""
        return tuple(
            AskedField(
                site.field.extensions.get("strawberry-definition"), site.source, _Below(site)
            )
            for site in self.sites
        )

    @cached_property
    def may_null(self) -> bool:
        """Whether something that is read later may turn one of these objects to null."""
        return any(map(_may_null, self.sites))

    @cached_property
    def is_plain(self) -> bool:
        """Whether all of it is read at once, wherever the object is."""
        return all(site.is_plain for site in self.sites)

    @cached_property
    def settled(self) -> Part | None:
        """What decides about all of it; None where more than the catalogue has a say."""
        return self._part(self.sites)

    @cached_property
    def held(self) -> Part | None:
        """The same where hooks may have a say whose answers hold for a while."""
        return self._part(self.sites, held=True)

    @cached_property
    def runs(self) -> Runs:
        """The fields; of those that are settled and stand together the first, and their part."""
        runs: list[tuple[Site, Part | None]] = []
        for _, group in groupby(self.sites, lambda site: self._part((site,)) is None):
            sites = tuple(group)
            run = self._part(sites, is_run=True)
            pays = run is not None and run.pays and len(sites) > 1
            runs += [(sites[0], run)] if pays else [(site, None) for site in sites]
        return runs

    def part_of(self, site: Site) -> Part | None:
        """Return what decides about one of the fields, as `settled` does about all."""
        return self._part((site,))

    def of(self, part: Part) -> Runs:
        """Return the fields of a part."""
        return [(site, None) for site in self.sites if site.key in part.fields]

    def _part(
        self, sites: Sequence[Site], *, held: bool = False, is_run: bool = False
    ) -> Part | None:
        size = len(sites)
        variables: set[str] = set()
        argued: list[tuple[FieldSource, Argued]] = []
        for site in sites:
            if site.is_of_schema:
                continue
            source = settled_source(site.field, self.type, held=held)
            below = None if source is None else site.below(held=held)
            if source is None or below is None:
                return None
            variables |= site.variables
            if site.field.args and is_settled(source):
                argued.append((source, site))
            for part in below:
                size += part.size
                variables |= part.variables
                argued += part.argued
        keys = tuple(site.key for site in sites)
        return Part(size, frozenset(variables), tuple(argued), keys, is_run)


class Site(Argued):
    """A field where an operation asks for it, and how it is read there."""

    def __init__(
        self,
        field: GraphQLField,
        details: FieldDetailsList,
        key: str,
        selection: Selection,
        place: Place,
    ) -> None:
        super().__init__(field, details)
        self.key, self.place, self._selection = key, place, selection
        self._selections: dict[str, Selection] = {}
        name = details[0].node.name.value
        self.reading, self.source, self.batch = reading_of(field, name, _Below(self))

    @property
    def parent(self) -> GraphQLObjectType:
        """The type of the object that has it."""
        return self._selection.type

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
    def is_column(self) -> bool:
        """Whether what is read later goes straight into the object: errors stop there."""
        return self.reading is Reading.BATCHED and plain_class(self.field.type) is not None

    @property
    def view(self) -> View | None:
        """The view of the rows that it lists, where it is known."""
        return getattr(self.batch, "view", None)

    @property
    def name(self) -> str:
        """The type and field, for people."""
        return f"{self.parent.name}.{self.nodes[0].name.value}"

    @cached_property
    def anchor(self) -> Anchor:
        """The place of its value."""
        return Anchor(self, self.field.type, self.place)

    def type_named(self, name: str) -> GraphQLObjectType | None:
        """Return a type of objects by its name."""
        found = self._selection.scope.operation.core.get_type(name)
        return found if isinstance(found, GraphQLObjectType) else None

    def selection(self, type_: GraphQLObjectType) -> Selection:
        """Return what is asked of its objects of one type."""
        found = self._selections.get(type_.name)
        if found is None:
            scope, place, wrapped = self._selection.scope, self.place, self.field.type
            while is_wrapping_type(wrapped):
                place = place.item if is_list_type(wrapped) else place
                wrapped = wrapped.of_type
            grouped = scope.below(type_, self.details)
            found = self._selections[type_.name] = Selection(scope, type_, grouped, self, place)
        return found

    def may_null(self, type_: Any) -> bool:
        """Return whether something that is read later may turn a value of this type to null.

        Of objects whose type is known only when they are there, it may.
        """
        while is_wrapping_type(type_):
            if is_list_type(type_) and not is_non_null_type(type_.of_type):
                return False
            type_ = type_.of_type
        if is_leaf_type(type_):
            return False
        return is_abstract_type(type_) or self.selection(type_).may_null

    @property
    def is_plain(self) -> bool:
        """Whether it and all below is read at once, wherever its object is."""
        if self.is_typename:
            return True
        resolver = self.declared.base_resolver if self.is_compiled else None
        if not self.is_compiled or (resolver is not None and resolver.info_parameter is not None):
            return False
        type_ = get_named_type(self.field.type)
        if is_leaf_type(type_):
            return True
        return isinstance(type_, GraphQLObjectType) and self.selection(type_).is_plain

    # Parts that are kept

    def below(self, *, held: bool) -> tuple[Part, ...] | None:
        """Return what decides about the objects of its value; None where one is not settled."""
        type_ = get_named_type(self.field.type)
        if is_leaf_type(type_):
            return ()
        possible = [cast("GraphQLObjectType", type_)]
        if is_abstract_type(type_):
            possible = list(self._selection.scope.operation.core.get_possible_types(type_))
            if not is_told_by_value(type_, possible):
                return None
        found = []
        for each in possible:
            selection = self.selection(each)
            part = selection.held if held else selection.settled
            if part is None:
                return None
            found.append(part)
        return tuple(found)

    @cached_property
    def is_owned(self) -> bool:
        """Whether the objects of its value are the catalogue's own, as those above it are."""
        above = self._selection.above
        if not (self._selection.scope.reads if above is None else above.is_owned):
            return False
        source = settled_source(self.field, self.parent)
        return source is not None and source.owned

    @cached_property
    def is_in_part(self) -> bool:
        """Whether it is written within a part that is kept."""
        above = self._selection.above
        return above is not None and (above.is_in_part or above.part(self.parent) is not None)

    def part(self, type_: GraphQLObjectType, *, held: bool = False) -> Part | None:
        """Return the part to keep of its objects of a type, where that pays.

        With ``held`` it may have answers of hooks in it.
        """
        if not self.is_owned or self.is_in_part or not is_lasting(type_):
            return None
        selection = self.selection(type_)
        part = selection.held if held else selection.settled
        return part if part is not None and part.pays else None

    @cached_property
    def column_part(self) -> Part | None:
        """The part to keep of each value of a column that alone decides about it, if it may be."""
        type_ = get_named_type(self.field.type)
        if isinstance(type_, GraphQLObjectType) and not is_lasting(type_):
            return None
        return self._selection.part_of(self)


Runs = Sequence[tuple[Site, Part | None]]
"""Fields of an object; with a part where it stands for the fields after it, too."""


class _Below:
    """What is asked below a field, looked up when its source wants to know."""

    def __init__(self, site: Site) -> None:
        self._site = site

    @cached_property
    def fields(self) -> tuple[AskedField, ...] | None:
        """The fields; None where objects of several types may be there."""
        type_ = get_named_type(self._site.field.type)
        if is_leaf_type(type_):
            return ()
        if not isinstance(type_, GraphQLObjectType):
            return None
        return self._site.selection(type_).asked

    def of(self, name: str) -> Sequence[AskedField]:
        """Return the fields of objects of one of the types that may be there."""
        type_ = self._site.type_named(name)
        return () if type_ is None else self._site.selection(type_).asked


class _Scope:
    """An operation with the values of the variables that `@skip` and `@include` look at."""

    def __init__(self, operation: Operation, flags: Mapping[str, Any]) -> None:
        self.operation = operation
        self.reads = not operation.is_mutation
        self.fragments = {name: FragmentDetails(node) for name, node in operation.fragments.items()}
        self.values = VariableValues({}, dict(flags))

    def below(self, type_: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
        """Return what is asked of the objects of a type at a field, by keys of the answer."""
        operation = self.operation
        return collect_subfields(
            operation.core, self.fragments, self.values, operation.definition, type_, details
        ).grouped_field_set


def selection_of(operation: Operation, flags: Mapping[str, Any]) -> Selection:
    """Return what an operation asks of the root, with these values of conditions."""
    scope, definition = _Scope(operation, flags), operation.definition
    root = operation.core.get_root_type(definition.operation)
    if root is None:
        raise TypeError("the schema has no such root type")
    grouped = collect_fields(operation.core, scope.fragments, scope.values, root, definition)
    selection = Selection(scope, root, grouped.grouped_field_set, None, Place())
    if operation.is_mutation:
        for site in selection.sites:
            # What changes something is done once, whatever becomes of its answer.
            site.reading = Reading.CALLED if site.is_compiled else site.reading
    return selection


def _may_null(site: Site) -> bool:
    if not is_non_null_type(site.field.type):
        return False
    if not site.is_compiled and not site.is_typename:
        return True
    return site.may_null(site.field.type)
