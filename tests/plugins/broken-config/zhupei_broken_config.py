"""Describes its block by something that is no model."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
def register_config() -> object:
    """A dictionary."""
    return {"taps": int}
