"""The markers of hooks: what the core asks, what a plugin answers, and how long that holds."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, TypeVar

import pluggy

__all__ = ["holds", "holds_for", "hookimpl", "hookspec"]

hookspec = pluggy.HookspecMarker("zhupei")
hookimpl = pluggy.HookimplMarker("zhupei")

_ATTRIBUTE = "zhupei_holds"
_Function = TypeVar("_Function", bound=Callable[..., Any])


def holds(seconds: float = inf) -> Callable[[_Function], _Function]:
    """Say that what a hook answers holds for so many seconds; it is not asked again before.

    Without a number it holds as long as the catalogue: the answer follows from what the hook is
    given and nothing else. Only hooks that are asked while somebody reads take it, such as
    `remaining_seats`; a failure is never kept.

    Raises:
        ValueError: the number is not positive.

    """
    if not seconds > 0:
        raise ValueError(f"an answer cannot hold for {seconds} seconds")

    def mark(function: _Function) -> _Function:
        setattr(function, _ATTRIBUTE, float(seconds))
        return function

    return mark


def holds_for(function: Callable[..., Any]) -> float:
    """Return for how many seconds the answers of a function hold, 0 where it does not say."""
    found: float = getattr(function, _ATTRIBUTE, 0.0)
    return found
