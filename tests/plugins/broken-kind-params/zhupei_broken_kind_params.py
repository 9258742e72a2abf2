"""Registers a kind whose parameters take anything."""

from __future__ import annotations

from pydantic import BaseModel

from zhupei import Kind, KindGroup, Text, hookimpl


class Loose(BaseModel):
    """Takes unknown keys."""


@hookimpl
def register_kinds() -> list[Kind]:
    """A step with loose parameters."""
    return [
        Kind(
            group=KindGroup.STEP,
            name="broken-kind-params.step",
            label=Text("步骤", "step"),
            description=Text("步骤", "A step."),
            params=Loose,
        ),
    ]
