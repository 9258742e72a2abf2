"""Hangs, as a plain function."""

from __future__ import annotations

import time

from zhupei import hookimpl


@hookimpl
def base_quotas() -> None:
    """Never come back."""
    time.sleep(3600)


@hookimpl
def base_benefits() -> None:
    """Come back at once."""
