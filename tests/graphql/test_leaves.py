"""Leaves: what is written of a value is what graphql-core writes, or it is left to it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql.type import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from graphql import Undefined
from zhupei.graphql.answers import encoded
from zhupei.graphql.leaves import IrregularError, leaf, listed, plain_class
from zhupei.graphql.scalars import SCALARS


@strawberry.enum
class _Colour(Enum):
    RED = "red"
    BLUE = "blue"


@strawberry.type
class _Query:
    colour: _Colour
    day: date
    instant: datetime
    money: Decimal


_FIELDS = strawberry.Schema(
    _Query, config=StrawberryConfig(scalar_map=SCALARS)
)._schema.query_type.fields  # type: ignore[union-attr]  # it has a query
_TYPES: dict[str, Any] = {
    "boolean": GraphQLBoolean,
    "float": GraphQLFloat,
    "id": GraphQLID,
    "int": GraphQLInt,
    "string": GraphQLString,
    **{name: found.type.of_type for name, found in _FIELDS.items()},
}


class _Names:
    """Gives names, and keeps what they stand for."""

    def __init__(self) -> None:
        self.constants: dict[str, Any] = {}
        self._numbers = itertools.count()

    def constant(self, value: object) -> str:
        """Return the name of a value."""
        name = f"k{next(self._numbers)}"
        self.constants[name] = value
        return name

    def scratch(self) -> str:
        """Return the name of a variable."""
        return f"x{next(self._numbers)}"


def _written(type_: Any, expression: str = "value") -> Callable[[Any], Any]:
    names = _Names()
    text = leaf(type_, expression, names)
    assert text is not None
    made: Callable[[Any], Any] = eval(f"lambda value: {text}", names.constants)
    return made


def _completed(type_: Any, value: Any) -> Any:
    """Complete a value as the specification says; raise where it is not what the type allows."""
    if isinstance(type_, GraphQLNonNull):
        found = _completed(type_.of_type, value)
        if found is None:
            raise ValueError
        return found
    if value is None:
        return None
    if isinstance(value, Exception):
        raise value
    if isinstance(type_, GraphQLList):
        if not isinstance(value, (list, tuple)):
            raise TypeError
        return [_completed(type_.of_type, each) for each in value]
    found = type_.coerce_output_value(value)
    if found is None or found is Undefined:
        raise ValueError
    return found


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**33), 2**33),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.dates(),
    st.datetimes(timezones=st.sampled_from([UTC, timezone(-timedelta(hours=11, minutes=30))])),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.uuids(),
    st.sampled_from(_Colour),
    st.just(ValueError("x")),
)


_LISTS = (
    GraphQLList(GraphQLString),
    GraphQLNonNull(GraphQLList(GraphQLNonNull(GraphQLString))),
    GraphQLList(GraphQLNonNull(GraphQLInt)),
)
_NESTED = GraphQLList(GraphQLNonNull(GraphQLList(GraphQLString)))
_WRITTEN = [
    (type_, _written(type_, expression))
    for each in _TYPES.values()
    for type_ in (each, GraphQLNonNull(each))
    for expression in ("value", "(value)")
]
_WRITTEN_LISTS = [(type_, _written(type_)) for type_ in _LISTS]
_WRITTEN_NESTED = _written(_NESTED)


def _compare(type_: Any, written: Callable[[Any], Any], value: Any) -> None:
    try:
        expected = encoded(_completed(type_, value))
    except Exception:  # noqa: BLE001 - whatever is wrong with it
        with pytest.raises(Exception):  # noqa: B017, PT011 - as above
            written(value)
    else:
        assert encoded(written(value)) == expected, type_


@given(_VALUES)
def test_a_value_is_written_as_by_graphql_core_or_left_to_it(value: Any) -> None:
    for type_, written in _WRITTEN:
        _compare(type_, written, value)


@given(st.lists(st.one_of(st.none(), st.text(max_size=3), st.integers(0, 5)), max_size=4))
def test_a_list_is_as_its_items_are(items: list[Any]) -> None:
    for type_, written in _WRITTEN_LISTS:
        for value in (items, tuple(items), None, "text"):
            _compare(type_, written, value)
    _compare(_NESTED, _WRITTEN_NESTED, [items, []])


def test_what_is_no_leaf_is_written_by_others() -> None:
    assert leaf(GraphQLObjectType("T", {}), "value", _Names()) is None
    assert leaf(GraphQLList(GraphQLObjectType("T", {})), "value", _Names()) is None


def test_plain_values_are_known_by_their_class_where_they_may_be_null() -> None:
    assert plain_class(GraphQLInt) is int
    assert plain_class(GraphQLID) is str
    assert plain_class(GraphQLNonNull(GraphQLInt)) is None
    assert plain_class(GraphQLList(GraphQLInt)) is None


def test_an_awaitable_is_no_value() -> None:
    async def later() -> str:
        return "x"

    waiting = later()
    with pytest.raises(IrregularError):
        _written(GraphQLString)(waiting)
    waiting.close()


def test_what_can_be_gone_through_once_is_made_a_list() -> None:
    assert listed([1]) == [1]
    assert listed((1,)) == (1,)
    assert listed({1: 2}.keys()) == [1]
    for value in ("text", 1, None):
        with pytest.raises(IrregularError):
            listed(value)
