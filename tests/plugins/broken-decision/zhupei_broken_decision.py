"""Raises in a decision."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
async def check_eligibility() -> None:
    """Look up a register that is not there."""
    raise KeyError("register")
