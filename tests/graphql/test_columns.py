"""Columns: which values are taken as they are, made once, or made row by row."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from graphql.type import GraphQLObjectType

from asked_graph import core_graph
from zhupei.graphql.answers import encoded
from zhupei.graphql.columns import NAMES, held_by_list, written_column
from zhupei.graphql.leaves import in_china
from zhupei.graphql.sources import Attribute, Localized, SourcedField
from zhupei.services.admissions.row_sources import TRAINEES

_TYPE: Any = core_graph().schema.core_schema.get_type("Trainee")
_VIEW = TRAINEES.view({"id", "state", "state_label", "months", "started_on", "registered_at"})


class _Names:
    """Gives names, and keeps what they stand for."""

    def __init__(self) -> None:
        self.constants: dict[str, Any] = dict(NAMES)
        self._numbers = itertools.count()

    def constant(self, value: object) -> str:
        """Return the name of a value."""
        name = f"k{next(self._numbers)}"
        self.constants[name] = value
        return name

    def scratch(self) -> str:
        """Return the name of a variable."""
        return f"x{next(self._numbers)}"


def _written(name: str, names: _Names, *, keeps: bool = False) -> str:
    assert isinstance(_TYPE, GraphQLObjectType)
    found = _TYPE.fields[name]
    declared = found.extensions["strawberry-definition"]
    assert isinstance(declared, SourcedField)
    return written_column(
        found.type,
        declared,
        declared.source,
        _VIEW,
        names,
        lambda: "make",
        (lambda: "keep") if keeps else None,
        rows="rows",
        columns="c",
    )


def _at(name: str) -> int:
    return _VIEW.positions[frozenset({name})]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("id", "c[{id}]"),
        ("startedOn", "c[{started_on}]"),
        ("months", "c[{months}]"),
        ("state", "made_once(k0, make, c[{state}], rows)"),
        ("stateLabel", "map(made_of_each(make, c[{state}], rows), c[{state}])"),
        ("registeredAt", "map(k0, c[{registered_at}])"),
        ("payments", "map(make, rows)"),
    ],
)
def test_a_field_is_written_as_its_column_allows(name: str, expected: str) -> None:
    places = {each: _at(each) for each in ("id", "started_on", "months", "state", "registered_at")}
    assert _written(name, _Names()) == expected.format(**places)
    # What may be kept for other runs is, where it is not the column itself.
    kept = {"stateLabel": "keep(make, c[{state}], rows)"}.get(name, expected)
    assert _written(name, _Names(), keeps=True) == kept.format(**places)


def test_instants_of_a_column_are_written_without_a_look_at_each() -> None:
    names = _Names()
    assert _written("registeredAt", names) == f"map(k0, c[{_at('registered_at')}])"
    assert names.constants["k0"] is in_china
    assert encoded(in_china(datetime(2026, 4, 9, 16, 30, tzinfo=UTC))) == (
        b'"2026-04-10T00:30:00+08:00"'
    )


def test_what_follows_from_one_column_is_made_once_for_each_value_that_is_there() -> None:
    names, made = _Names(), []
    state = _at("state")

    def make(row: Any) -> str:
        made.append(row[state])
        return f"made of {row[state]}"

    rows = [tuple(value if at == state else None for at in range(_VIEW.width)) for value in "abba"]
    expected = ["made of a", "made of b", "made of b", "made of a"]
    for name, more in (("stateLabel", "ab"), ("state", "abba")):
        text, known = _written(name, names), {**names.constants, "make": make, "rows": rows}
        for _ in range(2):
            assert list(eval(text, {**known, "c": list(zip(*rows, strict=True))})) == expected
        # An enumeration is known from the runs before; what a catalogue says is not.
        assert made == list(more) * (2 if name == "stateLabel" else 1)
        made.clear()


def test_what_stands_for_a_row_says_what_lists_of_it_hold() -> None:
    """A type of a page's edges by its class; what is no plain attribute of it is read of each."""
    schema = core_graph().schema.core_schema
    found = {}
    for name in ("TraineeEdge", "Trainee", "BaseEdge"):
        type_ = schema.get_type(name)
        assert isinstance(type_, GraphQLObjectType)
        for key, field in type_.fields.items():
            declared = field.extensions["strawberry-definition"]
            source = declared.source if declared.base_resolver is None else None
            found[f"{name}.{key}"] = held_by_list(type_, declared, source)
    held = {name: column for name, column in found.items() if column is not None}
    assert held == {"TraineeEdge.cursor": "cursors", "TraineeEdge.node": "rows"}
    edge = schema.get_type("TraineeEdge")
    assert isinstance(edge, GraphQLObjectType)
    node = edge.fields["node"].extensions["strawberry-definition"]
    assert held_by_list(edge, node, Attribute("cursor")) == "cursors"
    assert held_by_list(edge, node, Attribute("other")) is None
    assert held_by_list(edge, node, Attribute(ordered=True)) is None
    assert held_by_list(edge, node, Localized()) is None
