"""Facets choose what going through all objects would."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.catalogue import facets as module
from zhupei.catalogue.facets import Facets

_Thing = tuple[int, str, frozenset[str]]
_THINGS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.frozensets(st.sampled_from("xyz"))),
    max_size=80,
)
_WANTED = st.fixed_dictionaries(
    {},
    optional={
        "number": st.integers(0, 4),
        "letter": st.sampled_from("abcd"),
        "tag": st.sampled_from("xyzw"),
    },
)


def _facets(things: list[_Thing]) -> Facets[_Thing]:
    return Facets(
        things,
        {
            "number": lambda one: (one[0],),
            "letter": lambda one: (one[1],),
            "tag": lambda one: one[2],
        },
    )


def _passes(one: _Thing, wanted: Mapping[str, int | str]) -> bool:
    return (
        wanted.get("number", one[0]) == one[0]
        and wanted.get("letter", one[1]) == one[1]
        and ("tag" not in wanted or wanted["tag"] in one[2])
    )


@given(_THINGS, st.lists(_WANTED, max_size=4))
def test_the_objects_with_all_values_are_chosen_in_order(
    things: list[_Thing], questions: list[dict[str, int | str]]
) -> None:
    facets = _facets(things)
    for wanted in questions:
        chosen = facets.choose(wanted)
        expected = [one for one in things if _passes(one, wanted)]
        assert list(chosen) == expected
        assert len(chosen) == len(expected)
        assert chosen.names == frozenset(wanted)
        assert all(one in chosen for one in expected)


def test_an_unknown_facet_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="colour"):
        _facets([]).choose({"colour": "red"})


def test_bit_sets_take_little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 40)
    facets = Facets(range(100), {"self": lambda one: (one,)})
    for number in (*range(100), *range(100)):
        assert list(facets.choose({"self": number})) == [number]
        assert facets._bytes <= 40
        assert len(facets._bits) <= 40
