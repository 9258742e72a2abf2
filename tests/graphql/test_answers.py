"""Answers: what is written as JSON, and the places in it that are filled later."""

from __future__ import annotations

import json

import msgspec
import pytest
from graphql.type import GraphQLObjectType

from zhupei.graphql.answers import Answer, Place, Slot, encoded, shape, strictly_encoded


class _Anchor:
    """Where a slot is."""

    def __init__(self, place: Place) -> None:
        self.place = place


_TYPE = GraphQLObjectType("T", {})
_ITEMS = Place().at("items", _TYPE)
_NAME = _ITEMS.item.at("name", _TYPE)


def test_bytes_are_written_as_json_writes_them() -> None:
    for value in ({"a": [1, "住", None, 1.5, True]}, {"a": "\ud800"}, {"a": 2**70}):
        assert json.loads(encoded(value)) == value


def test_half_a_character_has_no_bytes_that_could_be_kept() -> None:
    with pytest.raises(UnicodeEncodeError):
        strictly_encoded("\ud800")


def test_keys_stand_in_the_order_of_the_question_whatever_they_are() -> None:
    made = shape(("b", "a", "class", "住"))(1, msgspec.Raw(b'{"x":[]}'), None, "k")
    assert encoded(made) == '{"b":1,"a":{"x":[]},"class":null,"住":"k"}'.encode()
    assert shape(("b",)) is shape(("b",))


def test_a_place_has_as_many_indexes_as_there_are_lists_above_it() -> None:
    assert (_ITEMS.depth, _NAME.depth, _NAME.item.depth) == (0, 1, 2)
    assert _NAME.path((3,)) == ("items", 3, "name")
    assert _NAME.item.path((3, 0)) == ("items", 3, "name", 0)
    path = _NAME.core_path((3,))
    assert path.as_list() == ["items", 3, "name"]
    assert path.typename == "T"


def test_a_slot_is_written_as_what_it_was_filled_with() -> None:
    outer = Slot(_Anchor(_ITEMS), (), None)
    inner = Slot(_Anchor(_NAME), (1,), outer).wait()
    assert (outer.used, inner.path) == (True, ("items", 1, "name"))
    written = shape(("items",))(outer.kept([shape(("name",))(inner)]))
    inner.value = "x"
    assert encoded(written) == b'{"items":[{"name":"x"}]}'
    assert Answer(written).data == {"items": [{"name": "x"}]}


def test_fields_behind_the_value_of_another_are_its_neighbours() -> None:
    run = msgspec.Raw(b'1,"b":{"x":[2]}')
    inner = shape(("a", "c"))(run, "y")
    assert encoded(inner) == b'{"a":1,"b":{"x":[2]},"c":"y"}'
    assert Answer(shape(("of",))([inner])).data == {"of": [{"a": 1, "b": {"x": [2]}, "c": "y"}]}
    # What has no UTF-8 is written in another way.
    broken = Answer(shape(("of", "half"))([inner], "\ud800"))
    assert json.loads(broken.json()) == broken.data
    assert broken.data == {"of": [{"a": 1, "b": {"x": [2]}, "c": "y"}], "half": "\ud800"}


def test_nobody_waits_below_a_place_that_is_null() -> None:
    outer = Slot(_Anchor(_ITEMS), (), None)
    inner = Slot(_Anchor(_NAME), (0,), outer)
    assert inner.alive
    outer.dead = True
    assert not inner.alive
    # Where nothing came to wait, the value itself stands in the answer.
    assert Slot(_Anchor(_NAME), (0,), None).kept("x") == "x"


def test_an_answer_with_errors_is_never_settled() -> None:
    assert Answer({}, None, settled=True).settled
    assert not Answer({}, [Exception()], settled=True).settled  # type: ignore[list-item]  # any will do
    assert not Answer({}, None).settled
