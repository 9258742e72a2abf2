"""Cannot start."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
def startup() -> None:
    """Reach for a machine that is not there."""
    raise ConnectionError("no route")
