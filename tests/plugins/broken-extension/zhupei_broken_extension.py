"""Answers an object that is of no registered type."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
def base_extension() -> object:
    """Just some object."""
    return {"taps": 12}
