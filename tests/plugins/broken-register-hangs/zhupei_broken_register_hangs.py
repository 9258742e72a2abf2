"""Hangs while it registers."""

from __future__ import annotations

import time

from zhupei import hookimpl


@hookimpl
def register_kinds() -> list[object]:
    """Never come back."""
    time.sleep(3600)
    return []
