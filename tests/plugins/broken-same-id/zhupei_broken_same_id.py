"""Gives one id twice."""

from __future__ import annotations

from zhupei import Benefit, Level, Text, hookimpl


@hookimpl
def base_benefits() -> list[Benefit]:
    """Meals, twice."""
    meals = Benefit(id="meals", kind="in_kind", label=Text("餐", "meals"), level=Level.INSTITUTION)
    return [meals, meals]
