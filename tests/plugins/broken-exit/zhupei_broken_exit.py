"""Ends the process."""

from __future__ import annotations

import asyncio
import sys

from zhupei import hookimpl


@hookimpl
def base_quotas() -> None:
    """End it from a thread."""
    sys.exit(3)


@hookimpl
async def base_timeline() -> None:
    """End it from a task."""
    sys.exit(4)


@hookimpl
async def base_benefits() -> None:
    """Cancel itself."""
    raise asyncio.CancelledError


@hookimpl
def base_documents() -> None:
    """Raise what a future cannot carry."""
    raise StopIteration


@hookimpl
def base_assessments() -> None:
    """Raise a time-out of its own."""
    raise TimeoutError("the register did not answer")
