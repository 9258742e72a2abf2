"""Is wrong in several ways at once."""

from __future__ import annotations

from zhupei import hookimpl


@hookimpl
def working_day(when: object) -> None:
    """Beyond its rights, with a wrong argument."""


@hookimpl(trylast=True)
def base_quota() -> None:
    """Unknown."""
