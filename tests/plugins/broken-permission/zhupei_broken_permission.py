"""Registers a permission without its prefix."""

from __future__ import annotations

from zhupei import Permission, Text, hookimpl


@hookimpl
def register_permissions() -> list[Permission]:
    """Everything."""
    return [Permission("admissions.publish", Text("发布", "publish"))]
