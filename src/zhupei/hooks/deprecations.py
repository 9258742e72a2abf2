"""Hooks and arguments on their way out: what to use instead and in which release they go.

A deprecation stands here, in CHANGELOG.md and in docs/hooks.md, with the release that removes
it. Implementers are warned when their plugin is loaded. A removed name is never used again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from zhupei.domain.text import Text

__all__ = ["DEPRECATED_ARGUMENTS", "DEPRECATED_HOOKS", "Deprecation"]


@dataclass(frozen=True, slots=True)
class Deprecation:
    """What to use instead, and the release that removes the old."""

    removed_in: str
    instead: Text


DEPRECATED_HOOKS: Mapping[str, Deprecation] = MappingProxyType({})
"""By hook."""

DEPRECATED_ARGUMENTS: Mapping[tuple[str, str], Deprecation] = MappingProxyType({})
"""By hook and argument."""
