"""Misspells a hook."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
def base_qoutas(base: object) -> None:
    """Never asked."""
