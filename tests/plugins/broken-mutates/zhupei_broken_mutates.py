"""Tries to change what it is given, and what it gave."""

from __future__ import annotations

from typing import Any

from zhupei import Base, Benefit, Level, Text, hookimpl

KEPT: list[Benefit] = []
"""The list that was answered, kept to be changed later."""


@hookimpl
def base_quotas(base: Base) -> None:
    """Try to rename the hospital."""
    base.code = "mine"  # type: ignore[misc]  # that is the point


@hookimpl
def remaining_seats(openings: Any) -> None:
    """Try to forget the last opening."""
    openings.pop()


@hookimpl
def base_benefits() -> list[Benefit]:
    """Answer a list and keep it."""
    KEPT[:] = [
        Benefit(id="meals", kind="in_kind", label=Text("餐", "meals"), level=Level.INSTITUTION)
    ]
    return KEPT
