"""Is found but named by nobody: importing it would be a fault."""

from __future__ import annotations

raise SystemExit("a plugin that nobody names was imported")
