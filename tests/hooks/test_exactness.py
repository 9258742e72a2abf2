"""The quick check of answers never says yes where the full one says no."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, TypeAdapter

from zhupei.domain.eligibility import Finding
from zhupei.hooks import specs
from zhupei.hooks.declaration import declared_hooks
from zhupei.hooks.exactness import exactly

_ANNOTATIONS: list[Any] = [
    bool,
    int | None,
    dict[str, int] | None,
    list[str] | None,
    dict[str, bool] | list[int] | str,
    None,
]


class _Number(int):
    pass


_SINGLE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.floats(), st.just(_Number(1))
)
_VALUES = st.one_of(
    _SINGLE, st.lists(_SINGLE, max_size=3), st.dictionaries(st.text(max_size=2), _SINGLE)
)


@pytest.mark.parametrize("annotation", _ANNOTATIONS, ids=str)
def test_a_quick_yes_is_a_yes(annotation: Any) -> None:
    fits = exactly(annotation)
    assert fits is not None
    adapter: TypeAdapter[Any] = TypeAdapter(annotation, config=ConfigDict(strict=True))

    @given(_VALUES)
    def check(value: Any) -> None:
        if fits(value):
            adapter.validate_python(value)  # does not raise

    check()


def test_it_says_yes_to_what_hooks_answer() -> None:
    seats = exactly(dict[str, int] | None)
    assert seats is not None
    assert seats({"a": 1})
    assert seats({})
    assert seats(None)
    assert not seats({"a": "1"})
    assert not seats({"a": True})
    assert not seats({1: 1})
    assert not seats([("a", 1)])


@pytest.mark.parametrize("annotation", [date, list[Finding], dict[str, Finding], object])
def test_what_has_values_inside_is_left_to_the_full_check(annotation: Any) -> None:
    assert exactly(annotation) is None
    either = exactly(annotation | None)
    assert either is not None
    assert either(None)
    assert not either([])


def test_every_question_that_may_pass_sees_that_it_does() -> None:
    """Most plugins pass most questions: None needs no full check, whatever else a hook allows."""
    passing = [
        hook
        for hook in declared_hooks(specs).values()
        if type(None) in getattr(hook.returns, "__args__", ())
    ]
    assert len(passing) == 16
    for hook in passing:
        fits = exactly(hook.returns)
        assert fits is not None
        assert fits(None)
