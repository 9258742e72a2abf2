"""Registers one kind twice."""

from __future__ import annotations

from zhupei import Kind, KindGroup, Text, hookimpl


@hookimpl
def register_kinds() -> list[Kind]:
    """Soup, twice."""
    return [
        Kind(
            group=KindGroup.STEP,
            name="broken-kind-clash.soup",
            label=Text("汤", "soup"),
            description=Text("汤", "Soup."),
        ),
        Kind(
            group=KindGroup.STEP,
            name="broken-kind-clash.soup",
            label=Text("汤", "soup"),
            description=Text("汤", "Soup."),
        ),
    ]
