"""Raises while it registers."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
def register_kinds() -> list[object]:
    """Fail."""
    raise LookupError("no words")
