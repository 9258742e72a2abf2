"""Tests of zhupei.domain.nested_quotas."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.nested_quotas import NestedPlace, Overlap, single_quotas


def test_the_smallest_quota_around_a_place_is_its_own() -> None:
    places = {"a": NestedPlace(("opening", "round", "capacity"), 9)}
    assert single_quotas(places, {"opening": 5, "round": 3, "capacity": 4}) == ({"a": 3}, ())


def test_a_sum_within_the_shared_quota_is_exact() -> None:
    places = {"a": NestedPlace(("a", "both"), 9), "b": NestedPlace(("b", "both"), 9)}
    assert single_quotas(places, {"a": 1, "b": 2, "both": 3}) == ({"a": 1, "b": 2}, ())


def test_a_shared_quota_that_may_stop_somebody_is_told() -> None:
    places = {"a": NestedPlace(("a", "both"), 9), "b": NestedPlace(("b", "both"), 9)}
    quotas, overlaps = single_quotas(places, {"a": 2, "b": 2, "both": 3})
    assert quotas == {"a": 2, "b": 2}
    assert overlaps == (Overlap("both", 3, 4, ("a", "b")),)


def test_overlaps_are_told_in_order_with_the_places_that_are_asked_for() -> None:
    """Whoever runs the round reads the same list each time, without places nobody wants."""
    places = {
        "b": NestedPlace(("base", "b", "all"), 9),
        "a": NestedPlace(("base", "a", "all"), 9),
        "c": NestedPlace(("base", "c", "all"), 0),
    }
    left = {"a": 2, "b": 2, "c": 5, "base": 3, "all": 2}
    quotas, overlaps = single_quotas(places, left)
    assert quotas == {"a": 2, "b": 2, "c": 2}
    assert overlaps == (Overlap("all", 2, 4, ("a", "b")), Overlap("base", 3, 4, ("a", "b")))


def test_who_does_not_ask_takes_no_seat() -> None:
    """One asks at each: the shared quota of 3 stops nobody."""
    places = {"a": NestedPlace(("a", "both"), 1), "b": NestedPlace(("b", "both"), 1)}
    assert single_quotas(places, {"a": 2, "b": 2, "both": 3})[1] == ()


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=3),
    st.integers(0, 6),
)
def test_without_overlap_no_way_to_fill_the_places_breaks_a_quota(
    sites: list[tuple[int, int]], shared: int
) -> None:
    """And with one, some way does: the answer is exact in both directions."""
    left = {str(number): seats for number, (seats, _) in enumerate(sites)} | {"all": shared}
    places = {
        str(number): NestedPlace((str(number), "all"), demand)
        for number, (_, demand) in enumerate(sites)
    }
    quotas, overlaps = single_quotas(places, left)
    fillings = product(
        *(range(min(quotas[code], place.demand) + 1) for code, place in places.items())
    )
    broken = any(sum(filling) > shared for filling in fillings)
    assert broken == bool(overlaps)
