"""Registers a class that is no graph type."""

from __future__ import annotations

from zhupei import hookimpl


class BrokenTypePlainTap:
    """A plain class."""


@hookimpl
def register_types() -> list[type]:
    """A class that strawberry does not know."""
    return [BrokenTypePlainTap]
