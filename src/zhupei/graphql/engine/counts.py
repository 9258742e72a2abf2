"""Counts: what an engine has done, for people and for metrics."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Counts"]


@dataclass(slots=True)
class Counts:
    """What the engine has done since it was made."""

    answered: int = 0
    """Operations answered by a program."""
    prepared: int = 0
    """Documents parsed and validated."""
    compiled: int = 0
    """Programs begun."""
    interpreted: int = 0
    """Operations handed to graphql-core."""
    found: int = 0
    """Requests whose document was known."""
    called: int = 0
    """Values that strawberry's resolvers were called for, one at a time."""
    handed: int = 0
    """Fields that graphql-core answered within operations that a program answered."""
    repaired: int = 0
    """Values that were not as their types say, and so were completed by graphql-core."""
    parts: int = 0
    """Objects whose JSON was written to be kept (`zhupei.graphql.kept_parts`)."""
    part_bytes: int = 0
    """What kept JSON takes now."""
