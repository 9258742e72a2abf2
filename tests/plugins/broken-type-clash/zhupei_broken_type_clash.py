"""Registers two graph types of one name."""

from __future__ import annotations

import strawberry

from zhupei import hookimpl


@strawberry.type(name="BrokenTypeClashTap")
class HotTap:
    """One tap."""

    hot: bool


@strawberry.type(name="BrokenTypeClashTap")
class ColdTap:
    """Another tap of the same name."""

    cold: bool


@hookimpl
def register_types() -> list[type]:
    """Both."""
    return [HotTap, ColdTap]
