"""Raises while the catalogue is built."""

from __future__ import annotations

from zhupei import Base, hookimpl


@hookimpl
def base_quotas(base: Base) -> None:
    """Divide by what nobody published."""
    raise ZeroDivisionError(f"no seats at {base.code}; password=secret")
