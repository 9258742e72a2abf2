"""Registers a kind without its prefix."""

from __future__ import annotations

from zhupei import Kind, KindGroup, Text, hookimpl


@hookimpl
def register_kinds() -> list[Kind]:
    """Soup."""
    return [
        Kind(
            group=KindGroup.STEP,
            name="soup",
            label=Text("汤", "soup"),
            description=Text("汤", "Soup."),
        ),
    ]
