"""Speaks for the platform."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
def working_day() -> bool:
    """Work every day."""
    return True
