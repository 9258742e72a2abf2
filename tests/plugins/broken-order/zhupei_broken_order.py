"""Wants to be first."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl(tryfirst=True)
def base_quotas() -> None:
    """Never asked."""
