"""Asks for an argument that the hook does not have."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
def base_quotas(base: object, cycl: object) -> None:
    """Never asked."""
