"""The two markers of hooks: what the core asks, and what a plugin answers."""

from __future__ import annotations

import pluggy

__all__ = ["hookimpl", "hookspec"]

hookspec = pluggy.HookspecMarker("zhupei")
hookimpl = pluggy.HookimplMarker("zhupei")
