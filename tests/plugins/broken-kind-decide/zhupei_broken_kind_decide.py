"""Registers a requirement that nobody decides."""

from __future__ import annotations

from zhupei import Kind, KindGroup, Text, hookimpl


@hookimpl
def register_kinds() -> list[Kind]:
    """A rule without a function."""
    return [
        Kind(
            group=KindGroup.REQUIREMENT,
            name="broken-kind-decide.rule",
            label=Text("规则", "rule"),
            description=Text("规则", "A rule."),
        ),
    ]
