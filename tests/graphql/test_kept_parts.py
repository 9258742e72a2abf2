"""Kept parts: how much is kept, and which goes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.text import Language
from zhupei.graphql.kept_parts import KeptParts, Parts


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3_000)), max_size=60))
def test_parts_stay_within_their_room(steps: list[tuple[int, int]]) -> None:
    kept, catalogue = KeptParts(10_000), object()
    expected: dict[tuple[int, int], bytes] = {}
    for place, length in steps:
        key = (place, Language.EN, None, "[]")
        parts = kept.of(catalogue, key)
        if parts is None:
            parts = kept.begin(key, is_open=True)
        value = object()
        written = b"x" * length
        assert bytes(kept.add(parts, id(value), written, value)) == written
        expected[place, id(value)] = written
        assert 0 <= kept.bytes <= kept.most
        assert kept.bytes == sum(each.bytes for each in kept._parts.values())
        for (known, *_), each in kept._parts.items():
            for identity, raw in each.items():
                assert bytes(raw) == expected[known, identity]
            assert len(each) == len(each.objects)
    kept.of(object(), (0, Language.EN, None, "[]"))
    assert kept.bytes == 0


def _place(kept: KeptParts, catalogue: object, name: str) -> Parts:
    key = (name, Language.EN, None, "[]")
    found = kept.of(catalogue, key)
    return kept.begin(key, is_open=True) if found is None else found


def test_the_place_that_was_not_asked_for_longest_goes_first() -> None:
    kept, catalogue = KeptParts(10_000), object()
    places = {name: _place(kept, catalogue, name) for name in "abc"}
    for parts in places.values():
        kept.add(parts, object(), b"x" * 1_000)
    _place(kept, catalogue, "a")
    for _ in range(3):
        kept.add(places["c"], object(), b"x" * 1_200)
    assert {name: (len(parts), parts.is_open) for name, parts in places.items()} == {
        "a": (1, True),
        "b": (0, False),
        "c": (4, True),
    }
    # Who still holds what has gone may go on; it takes no room any more.
    before = kept.bytes
    kept.add(places["a"], object(), b"x")
    assert kept.bytes == before + 201


def test_a_catalogue_that_is_replaced_takes_the_places_of_the_one_before_along() -> None:
    """A run may still hold them, and what it wrote there would never be given up."""
    kept, before = KeptParts(10_000), object()
    held = _place(kept, before, "a")
    kept.add(held, object(), b"x" * 1_000)
    _place(kept, object(), "a")
    assert (held.is_open, held.bytes) == (False, 0)


def test_what_is_large_is_written_and_not_kept() -> None:
    kept, catalogue = KeptParts(10_000), object()
    parts = _place(kept, catalogue, "a")
    assert bytes(kept.add(parts, object(), b"x" * 2_000)) == b"x" * 2_000
    assert (len(parts), kept.made) == (0, 0)


def test_where_there_is_no_room_at_all_every_place_is_closed() -> None:
    kept = KeptParts(0)
    assert not _place(kept, object(), "a").is_open
    assert kept.bytes == 0
