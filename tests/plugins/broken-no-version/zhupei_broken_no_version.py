"""Does not say which zhupei it is made for."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
def base_quotas() -> None:
    """Never asked."""
