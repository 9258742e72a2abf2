"""Needs a release of zhupei that is not the running one."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
def base_quotas() -> None:
    """Never asked."""
