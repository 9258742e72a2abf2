"""Answers with the wrong types."""

from __future__ import annotations

from typing import Any

from zhupei import Quota, hookimpl


@hookimpl
def base_quotas() -> Any:
    """Seats as text, in the second item."""
    good = Quota(program="p", specialty="0100", seats=1)
    return [good, Quota(program="p", specialty="0200", seats="3")]  # type: ignore[arg-type]  # that is the point


@hookimpl
def base_benefits() -> Any:
    """A word instead of a list."""
    return "meals"


@hookimpl
def base_timeline() -> Any:
    """A dictionary instead of the domain's own type."""
    return {"program": "p", "rounds": ()}


@hookimpl
def permission_granted() -> Any:
    """One instead of True."""
    return 1


@hookimpl
def remaining_seats() -> Any:
    """Seats as text."""
    return {"p/0100": "3"}


@hookimpl
def event_recorded() -> Any:
    """An answer that nobody asked for."""
    return "thanks"
