"""Has an entry point to an attribute that is not there."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
def base_quotas() -> None:
    """Never asked."""
