"""The core's own plugins: what the nation decides, asked after everybody else.

They implement the same hooks as anybody's plugin and import only what plugin authors may.
"""

from __future__ import annotations

__all__ = ["DEFAULT_PLUGINS"]

DEFAULT_PLUGINS: tuple[str, ...] = (
    "zhupei.default_plugins.standard_kinds",
    "zhupei.default_plugins.national_rules",
    "zhupei.default_plugins.working_days:WorkingDays",
    "zhupei.default_plugins.bearer_tokens:BearerTokens",
)
"""Modules, or ``module:factory``, in the order in which they are asked."""
