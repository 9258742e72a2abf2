"""Registers a class instead of an instance."""

from __future__ import annotations

from zhupei import hookimpl


class Plugin:
    """Never made."""

    @hookimpl
    def base_quotas(self) -> None:
        """Never asked."""
