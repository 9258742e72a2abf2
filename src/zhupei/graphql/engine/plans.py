"""Plans: the functions that an operation consists of, and the fields that they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from graphql import GraphQLObjectType
from zhupei.graphql.answers import Place, shape
from zhupei.graphql.asked import is_noted
from zhupei.graphql.kept_parts import Part
from zhupei.graphql.questions import Operation
from zhupei.graphql.sites import Anchor, Site, selection_of

__all__ = ["Plan", "Unit"]


class Unit:
    """A function of the program: completes the value at an anchor.

    One that ``reads`` reads the value of a field of the root as well; ``part`` is what decides
    about its JSON, where that is kept.
    """

    __slots__ = ("anchor", "make", "number", "part", "reads", "text")

    def __init__(self, number: int, anchor: Anchor, part: Part | None, *, reads: bool) -> None:
        self.number, self.anchor, self.part, self.reads = number, anchor, part, reads
        self.make: Callable[[Any], Callable[..., Any]] | None = None
        """Makes the function for one run; written when the unit is first reached."""
        self.text = ""
        """The Python that was written, for whoever wants to see it."""


class Plan:
    """An operation with the values of the variables that `@skip` and `@include` look at."""

    def __init__(self, operation: Operation, flags: Mapping[str, Any]) -> None:
        self.operation = operation
        self.units: list[Unit] = []
        self._root = selection_of(operation, flags)
        self._by_site: dict[Site, Unit] = {}
        self._by_type: dict[tuple[Site, str], Unit] = {}
        self._reached: dict[tuple[Site, str], tuple[Site, ...]] = {}
        self.roots = tuple(self.unit(site.anchor, reads=True) for site in self._root.sites)

    @property
    def sites(self) -> list[Site]:
        """The fields that were reached so far."""
        return [*self._root.sites, *(site for found in self._reached.values() for site in found)]

    @cached_property
    def shape(self) -> Callable[..., Any]:
        """The class of the whole answer."""
        return shape(tuple(site.key for site in self._root.sites))

    @cached_property
    def whole(self) -> Part | None:
        """What decides about the whole answer; None where more than the catalogue has a say."""
        return None if self.operation.is_mutation else self._root.settled

    @cached_property
    def is_noted(self) -> bool:
        """Whether it is noted what decides about the whole answer (`zhupei.noted_reads`)."""
        return not self.operation.is_mutation and all(map(is_noted, self._root.asked))

    def unit(self, anchor: Anchor, part: Part | None = None, *, reads: bool = False) -> Unit:
        """Add a function to the program, which is written when it is first called."""
        made = Unit(len(self.units), anchor, part, reads=reads)
        self.units.append(made)
        return made

    def unit_of_site(self, site: Site) -> Unit:
        """Return the function that completes what was read for a field."""
        if site not in self._by_site:
            self._by_site[site] = self.unit(site.anchor)
        return self._by_site[site]

    def unit_of_type(self, site: Site, type_: GraphQLObjectType, place: Place) -> Unit:
        """Return the function for the objects of one type at a field of an abstract type."""
        key = (site, type_.name)
        if key not in self._by_type:
            self._by_type[key] = self.unit(Anchor(site, type_, place))
        return self._by_type[key]

    def fields(self, site: Site, type_: GraphQLObjectType) -> tuple[Site, ...]:
        """Return the fields that are asked of the objects of a type at a field."""
        return self._reached.setdefault((site, type_.name), site.selection(type_).sites)
