"""Which way a lower level may move what a higher one has set."""

from __future__ import annotations

from decimal import Decimal

import pytest

from zhupei.domain.policies import PolicyDefinition, Stricter, weakens
from zhupei.domain.text import Text


def _weakens(stricter: Stricter | None, floor: object, value: object) -> bool:
    definition = PolicyDefinition("sample", Text("样例", "Sample"), int, stricter=stricter)
    return weakens(definition, floor, value)


@pytest.mark.parametrize(
    ("stricter", "floor", "weaker", "allowed"),
    [
        (Stricter.HIGHER, 7, 6, (7, 8)),
        (Stricter.HIGHER, Decimal("0.80"), Decimal("0.79"), (Decimal("0.8"), 1)),
        (Stricter.LOWER, 14, 15, (14, 13)),
        (Stricter.TRUE, True, False, (True,)),
        (Stricter.FALSE, False, True, (False,)),
    ],
)
def test_a_floor_moves_the_stricter_way_only(
    stricter: Stricter, floor: object, weaker: object, allowed: tuple[object, ...]
) -> None:
    assert _weakens(stricter, floor, weaker) is True
    assert [_weakens(stricter, floor, value) for value in allowed] == [False] * len(allowed)
    assert _weakens(None, floor, weaker) is False


@pytest.mark.parametrize("stricter", Stricter)
def test_an_unknown_value_is_no_floor_and_breaks_none(stricter: Stricter) -> None:
    for known in (7, True, False, "text"):
        assert _weakens(stricter, None, known) is False
        assert _weakens(stricter, known, None) is False


@pytest.mark.parametrize(
    ("stricter", "lax"), [(Stricter.TRUE, False), (Stricter.FALSE, True)], ids=str
)
def test_where_the_higher_level_allows_it_a_lower_one_may_do_either(
    stricter: Stricter, *, lax: bool
) -> None:
    assert [_weakens(stricter, lax, value) for value in (True, False)] == [False, False]


@pytest.mark.parametrize("stricter", Stricter)
def test_values_of_other_types_are_not_compared(stricter: Stricter) -> None:
    assert _weakens(stricter, "seven", "six") is False
