"""Events: facts that were committed, told to those who react to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

__all__ = ["Event"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened, such as ``application.submitted``.

    ``id`` stays the same when the event is told again, so that a receiver can recognise it.
    ``subject`` is the global id of what changed; ``data`` holds codes and figures, never names,
    identity numbers or phones. ``catalogue_hash`` names the rules that were in force.
    """

    id: UUID
    name: str
    at: datetime
    subject: str
    base: str | None = None
    program: str | None = None
    opening: str | None = None
    actor: str | None = None
    data: Mapping[str, str | int | bool | None] = field(
        default_factory=lambda: MappingProxyType({})
    )
    catalogue_hash: str | None = None
