"""Parts: what follows from the catalogue alone is written once, and kept as JSON.

A part is all that an operation asks of one object of the catalogue, where every field of it is
settled (`FieldSource.settled`) and the object is reached by settled fields. The same object, in
the same language and with the same values of the variables below it, then has the same JSON as
long as the catalogue stands; with another catalogue everything is dropped.

Where answers of hooks are among the fields (`FieldSource.held`), it is kept as long as the hooks
that were asked for the question give the same answers (`zhupei.graphql.hooks.Foreseen`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, Any, cast

import msgspec

from graphql import (
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)
from zhupei.graphql.sources import FieldSource, IsOneOf, SourcedField, is_settled

if TYPE_CHECKING:
    from zhupei.graphql.engine.arguments import RunArguments
    from zhupei.graphql.engine.plans import Plan, Site, Unit

__all__ = ["KeptParts", "Part", "Parts", "is_lasting", "is_timed", "part_of", "settled_source"]

# What an object costs beside its JSON: the dictionary's row, two objects' heads.
_ROW = 200
_LONGEST_KEY = 1_000
# A part of fewer fields is made as fast as it is found.
_FEWEST_FIELDS = 3


@dataclass(frozen=True, slots=True)
class Part:
    """What decides about a part: its variables, and the fields that may look at the clock."""

    fields: int
    variables: frozenset[str]
    sites: tuple[Site, ...]

    @property
    def pays(self) -> bool:
        """Whether it is worth being kept."""
        return self.fields >= _FEWEST_FIELDS


def part_of(plan: Plan, sites: Iterable[Site], *, held: bool = False) -> Part | None:
    """Return what decides about these fields and all below; None where one is not settled.

    With ``held`` a field may also be one whose values hold for a while.
    """
    fields = 0
    variables: set[str] = set()
    argued: list[Site] = []
    for site in sites:
        fields += 1
        if site.is_of_schema:
            continue
        source = settled_source(site, held=held)
        if source is None:
            return None
        variables |= site.variables
        if site.field.args:
            argued.append(site)
        type_ = get_named_type(site.field.type)
        if is_leaf_type(type_):
            continue
        possible = [type_]
        if is_abstract_type(type_):
            possible = list(plan.operation.core.get_possible_types(type_))
            if not _told_by_value(type_, possible):
                return None
        for each in possible:
            below = plan.part(cast("GraphQLObjectType", each), site.details, held=held)
            if below is None:
                return None
            fields += below.fields
            variables |= below.variables
            argued += below.sites
    return Part(fields, frozenset(variables), tuple(argued))


def settled_source(site: Site, *, held: bool = False) -> FieldSource | None:
    """Return the source of a field where it is settled and nobody is asked before it is read."""
    made = site.field.extensions.get("strawberry-definition")
    if not isinstance(made, SourcedField):
        return None
    if not is_settled(made.source) and not (held and made.source.held):
        return None
    guards = [each for each in made.extensions if each.has_resolver]
    # A plugin's field may be read of the domain's objects; its own objects it may change.
    through = all(getattr(guard, "reads_through", False) for guard in guards)
    return made.source if not guards or (through and is_lasting(site.parent)) else None


def is_lasting(type_: GraphQLObjectType) -> bool:
    """Return whether objects of a type cannot change."""
    test = type_.is_type_of
    return isinstance(test, IsOneOf) and all(
        is_dataclass(each) and each.__dataclass_params__.frozen  # type: ignore[attr-defined]  # typeshed does not know it
        for each in test.described
    )


def _told_by_value(type_: Any, possible: Iterable[Any]) -> bool:
    """Return whether the type of an object follows from the object."""
    told = None
    if not isinstance(type_, GraphQLUnionType):
        told = getattr(type_.extensions.get("strawberry-definition"), "resolve_type", None)
    return (told is None or getattr(told, "settled", False)) and all(map(is_lasting, possible))


def is_timed(part: Part, arguments: RunArguments) -> bool:
    """Return whether the clock has a say in a part with these arguments."""
    try:
        return any(
            source.timed(arguments.of(site))
            for site in part.sites
            if (source := settled_source(site)) is not None
        )
    except Exception:  # noqa: BLE001 - because the field that has these arguments says so
        return True


class Parts(dict[int, msgspec.Raw]):
    """The JSON of the objects at one place of an operation, by the identity of the object.

    Where answers of hooks are in it, ``told`` is what they were.
    """

    __slots__ = ("bytes", "is_open", "objects", "told")

    def __init__(self, *, is_open: bool) -> None:
        super().__init__()
        self.is_open = is_open
        self.bytes = 0
        self.told: object = None
        self.objects: dict[int, Any] = {}
        """The objects themselves, whose identities would be others' once they were gone."""


_Key = tuple[Any, Any, Any, str]
"""The place, the language, whose answers of hooks are in it, and the values of variables."""


class KeptParts:
    """The parts of one catalogue within ``most`` bytes; what was not used for longest goes first.

    ``made`` counts the objects that were ever written.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.bytes = 0
        self.made = 0
        self._catalogue: Any = None
        self._parts: OrderedDict[_Key, Parts] = OrderedDict()

    def of(self, catalogue: Any, key: _Key) -> Parts | None:
        """Return the parts at a place; None where it was not asked for yet."""
        if catalogue is not self._catalogue:
            self._parts.clear()
            self._catalogue, self.bytes = catalogue, 0
        found = self._parts.get(key)
        if found is not None:
            self._parts.move_to_end(key)
        return found

    def at(
        self,
        catalogue: Any,
        unit: Unit,
        language: Any,
        arguments: RunArguments,
        foreseen: Hashable = None,
        told: object = None,
    ) -> Parts:
        """Return the parts of the objects that a unit writes, closed where none is kept.

        Where ``foreseen`` is asked for answers of hooks, those that were made of what it ``told``.
        """
        part = unit.part
        assert part is not None  # noqa: S101 - it is why the unit was made
        given = arguments.coerced
        values = repr([given[name] for name in sorted(part.variables) if name in given])
        key = (unit, language, foreseen, values)
        found = self.of(catalogue, key)
        if found is None or found.told is not told:
            found = self.begin(key, is_open=not is_timed(part, arguments))
            found.told = told
        return found

    def begin(self, key: _Key, *, is_open: bool) -> Parts:
        """Return the parts of a place that was not asked for yet, closed where none is kept."""
        if len(key[-1]) > _LONGEST_KEY or not self.most:
            return Parts(is_open=False)
        gone = self._parts.pop(key, None)
        if gone is not None:
            self.bytes -= gone.bytes
            gone.is_open, gone.bytes = False, 0
        made = self._parts[key] = Parts(is_open=is_open)
        self._grow(made, _ROW + _LONGEST_KEY)
        return made

    def add(self, parts: Parts, value: Any, written: bytes) -> msgspec.Raw:
        """Keep the JSON of an object."""
        raw = msgspec.Raw(written)
        if len(written) * 8 <= self.most:
            parts[id(value)] = raw
            parts.objects[id(value)] = value
            self.made += 1
            self._grow(parts, len(written) + _ROW)
        return raw

    def _grow(self, parts: Parts, by: int) -> None:
        parts.bytes += by
        self.bytes += by
        while self.bytes > self.most and self._parts:
            _, gone = self._parts.popitem(last=False)
            self.bytes -= gone.bytes
            gone.clear()
            gone.objects.clear()
            gone.is_open, gone.bytes = False, 0
