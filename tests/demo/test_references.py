"""References of scenarios, parts of answers, and how answers are compared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.demo.references import UnknownReferenceError, at_path, differences, filled

_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_a_whole_reference_keeps_its_type() -> None:
    known = {"seats": 3, "who": "li", "li.id": "x1"}
    assert filled({"n": "${seats}", "t": "${seats} seats", "${who}": ["${who}"]}, known) == {
        "n": 3,
        "t": "3 seats",
        "li": ["li"],
    }


def test_inner_references_are_filled_first() -> None:
    """`for` fills names of people into names of what was kept."""
    once = filled("${${who}.id}", {"who": "li"}, partly=True)
    assert once == "${li.id}"
    assert filled(once, {"li.id": "x1"}) == "x1"


def test_an_unknown_reference_is_named() -> None:
    with pytest.raises(UnknownReferenceError) as raised:
        filled(["${nobody.id}"], {})
    assert raised.value.name == "nobody.id"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".", {"slots": [{"id": "a"}, {"id": "b", "n": 2}]}),
        ("slots[1].n", 2),
        ("slots[id=b].n", 2),
    ],
)
def test_parts_of_an_answer(path: str, expected: Any) -> None:
    assert at_path({"slots": [{"id": "a"}, {"id": "b", "n": 2}]}, path) == expected


@pytest.mark.parametrize("path", ["none", "slots[2]", "slots[id=c]", "slots.id"])
def test_a_part_that_is_not_there(path: str) -> None:
    with pytest.raises(UnknownReferenceError):
        at_path({"slots": [{"id": "a"}, {"id": "b"}]}, path)


def test_of_a_mapping_only_what_is_given_is_compared() -> None:
    assert list(differences({"a": 1}, {"a": 1, "b": 2})) == []
    (one,) = differences({"a": {"b": 1}}, {"a": {"b": 2}})
    assert one.en == "a.b: 1 was expected, 2 came"
    assert one.zh == "a.b：应为 1，实为 2"


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [
        ([1], [1, 2], ".: [1] was expected, [1, 2] came"),
        (1, True, ".: 1 was expected, true came"),
        (None, {"a": 1}, '.: null was expected, {"a": 1} came'),
        ({"a": 1}, {"b": 1}, "a: not there, but b"),
        ([{"a": 1}], [{"a": "1"}], '[0].a: 1 was expected, "1" came'),
    ],
)
def test_what_differs_is_told(expected: Any, found: Any, said: str) -> None:
    assert [each.en for each in differences(expected, found)] == [said]


@given(_JSON)
def test_everything_agrees_with_itself(value: Any) -> None:
    assert list(differences(value, value)) == []


@given(_JSON, _JSON)
def test_what_agrees_both_ways_is_equal(one: Any, other: Any) -> None:
    agree = not list(differences(one, other)) and not list(differences(other, one))
    assert not agree or one == other
