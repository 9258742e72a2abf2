"""Readings and what is settled: what follows from how a field is declared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from graphql.type import GraphQLField, GraphQLObjectType, SchemaMetaFieldDef, TypeNameMetaFieldDef

from asked_graph import core_graph
from zhupei.graphql.asked import AskedField
from zhupei.graphql.readings import Reading, reading_of
from zhupei.graphql.settled import is_lasting, is_told_by_value, settled_source

_CORE = core_graph().schema.core_schema


class _Anything:
    """Below a field there may be objects of several types."""

    @property
    def fields(self) -> Sequence[AskedField] | None:
        """Nobody knows."""
        return None

    def of(self, _name: str) -> Sequence[AskedField]:
        """Nothing of any of them."""
        return ()


def _field(name: str) -> tuple[GraphQLObjectType, GraphQLField]:
    type_name, field_name = name.split(".")
    type_ = _CORE.get_type(type_name)
    assert isinstance(type_, GraphQLObjectType)
    return type_, type_.fields[field_name]


def _reading(declared: GraphQLField, name: str) -> tuple[Reading, bool, bool]:
    reading, source, batch = reading_of(declared, name, _Anything())
    return reading, source is not None, batch is not None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Base.code", (Reading.WRITTEN, True, False)),
        ("Base.name", (Reading.WRITTEN, True, False)),
        ("Base.city", (Reading.FUNCTION, False, False)),
        ("Query.specialty", (Reading.FUNCTION, False, False)),
        ("Query.trainees", (Reading.BATCHED, True, True)),
        ("Opening.remainingSeats", (Reading.BATCHED, True, True)),
        ("Query.nodes", (Reading.BATCHED, True, True)),
        ("Query.eligibility", (Reading.CALLED, False, False)),
    ],
)
def test_how_a_field_is_read_follows_from_its_declaration(
    name: str, expected: tuple[Reading, bool, bool]
) -> None:
    assert _reading(_field(name)[1], name.split(".")[1]) == expected


def test_what_the_schema_says_of_itself_is_no_field_of_a_source() -> None:
    assert _reading(TypeNameMetaFieldDef, "__typename") == (Reading.TYPENAME, False, False)
    assert _reading(SchemaMetaFieldDef, "__schema") == (Reading.INTERPRETED, False, False)


@pytest.mark.parametrize(
    ("name", "settled", "held"),
    [
        ("Base.code", True, True),
        ("Query.bases", True, True),
        ("Opening.remainingSeats", False, True),
        ("Query.trainees", False, False),
        ("Query.viewer", False, False),
    ],
)
def test_only_what_the_catalogue_alone_decides_is_settled(
    name: str, settled: bool, held: bool
) -> None:
    parent, declared = _field(name)
    assert (settled_source(declared, parent) is not None) is settled
    assert (settled_source(declared, parent, held=True) is not None) is held


def test_objects_last_where_their_classes_are_frozen() -> None:
    lasting = {
        each.name
        for each in _CORE.type_map.values()
        if isinstance(each, GraphQLObjectType) and is_lasting(each)
    }
    assert {"Base", "Opening", "Program"} <= lasting
    assert not {"Query", "Mutation", "PageInfo"} & lasting


def test_entries_are_told_by_what_they_are() -> None:
    requirement: Any = _CORE.get_type("Requirement")
    assert is_told_by_value(requirement, _CORE.get_possible_types(requirement))
    node: Any = _CORE.get_type("Node")
    # Rows are among them, which may change.
    assert not is_told_by_value(node, _CORE.get_possible_types(node))
