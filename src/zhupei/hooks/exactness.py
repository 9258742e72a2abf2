"""Whether a value is exactly what an annotation says: a quick yes where that can be seen at once.

Most answers are small and right. Their classes say so in a microsecond; what they do not say
(a subclass, a dataclass with values inside, a mistake) is left to the full check.
"""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

__all__ = ["Fits", "exactly"]

Fits = Callable[[Any], bool]

# Classes of which every instance is right; a float may be given as an int, which is not exact.
_PLAIN = frozenset({bool, int, str, NoneType})


def exactly(annotation: Any) -> Fits | None:
    """Return what sees that a value fits ``annotation``; None where only the full check can."""
    if annotation is None:
        annotation = NoneType
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in {Union, UnionType}:
        return _any_of([exactly(each) for each in inner])
    if annotation in _PLAIN:
        return lambda value: type(value) is annotation
    if inner and all(each in _PLAIN for each in inner):
        first, last = frozenset(inner[:1]), frozenset(inner[-1:])
        if origin is list:
            return lambda value: type(value) is list and first.issuperset(map(type, value))
        if origin is dict:
            return lambda value: (
                type(value) is dict
                and first.issuperset(map(type, value))
                and last.issuperset(map(type, value.values()))
            )
    return None


def _any_of(tests: list[Fits | None]) -> Fits | None:
    """Return what sees that one of several fits, as far as each can be seen."""
    seen = tuple(test for test in tests if test is not None)
    if len(seen) <= 1:
        return seen[0] if seen else None

    def fits(value: Any) -> bool:
        for test in seen:  # noqa: SIM110 - a generator costs more than the tests
            if test(value):
                return True
        return False

    return fits
