"""Hangs, as a coroutine that refuses to be cancelled."""

from __future__ import annotations

import asyncio
import contextlib

from zhupei import hookimpl


@hookimpl
async def base_quotas() -> None:
    """Never come back, whatever is asked."""
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.05)
        if RELEASE.is_set():
            return


RELEASE = asyncio.Event()
"""Lets the coroutine go, so that a test leaves nothing behind."""
