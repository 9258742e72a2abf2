"""Carries a slug that another package carries too (b)."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
def base_quotas() -> None:
    """Never asked."""
