"""Brings a folder that is not there."""

from __future__ import annotations

from pathlib import Path

from zhupei import hookimpl


@hookimpl
def register_bases() -> list[Path]:
    """Nowhere."""
    return [Path("/nowhere/bases")]
