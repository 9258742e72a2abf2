"""Cannot add its commands."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
def register_commands() -> None:
    """Fail."""
    raise RuntimeError("no commands today")
