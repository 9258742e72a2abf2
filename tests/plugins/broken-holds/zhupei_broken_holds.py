"""Wants its decisions to be remembered."""

from __future__ import annotations

from zhupei import holds, hookimpl


@hookimpl
@holds(seconds=60)
def check_eligibility() -> None:
    """Never asked."""
