"""Claims a level that it does not speak for."""

from __future__ import annotations

from zhupei import Benefit, Level, Text, hookimpl


@hookimpl
def base_benefits() -> list[Benefit]:
    """A law of its own."""
    return [Benefit(id="meals", kind="in_kind", label=Text("餐", "meals"), level=Level.NATIONAL)]
