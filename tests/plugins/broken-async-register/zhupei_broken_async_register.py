"""Registers as a coroutine."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
async def register_kinds() -> list[object]:
    """Never awaited."""
    return []
