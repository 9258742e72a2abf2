"""Registers a graph type under a name of the core."""

from __future__ import annotations

import strawberry

from zhupei import hookimpl


@strawberry.type
class Base:
    """Takes the core's name."""

    code: str


@hookimpl
def register_types() -> list[type]:
    """The usurper."""
    return [Base]
