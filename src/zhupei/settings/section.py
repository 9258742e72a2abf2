"""What ``zhupei.yaml`` says of settings, read already: the environment goes before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

__all__ = ["NO_SECTION", "Section"]


@dataclass(frozen=True, slots=True)
class Section:
    """Values by field of `zhupei.settings.Settings`.

    ``places`` says where each stands, as ``zhupei.yaml:3``.
    """

    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    places: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


NO_SECTION = Section()
"""What there is without a file."""
