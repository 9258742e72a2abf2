"""What decisions need of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from zhupei.domain.benefits import Subsidy, WageFigure
from zhupei.domain.institutions import Base
from zhupei.domain.training import Opening, Program
from zhupei.hooks.scope import Scope

__all__ = ["Rulebook"]


class Rulebook(Protocol):
    """Openings with their merged rules, and what stands around them; `catalogue.Catalogue` is one.

    ``hash`` names the version of the rules that a decision was made by.
    """

    @property
    def hash(self) -> str:
        """Version of the rules."""
        ...

    @property
    def openings(self) -> Mapping[str, Opening]:
        """Openings by code."""
        ...

    @property
    def programs(self) -> Mapping[str, Program]:
        """Programs by code."""
        ...

    @property
    def bases(self) -> Mapping[str, Base]:
        """Bases by code."""
        ...

    @property
    def subsidies(self) -> Mapping[tuple[str, int], tuple[Subsidy, ...]]:
        """What plugins answered to ``base_subsidies``, by base and cycle."""
        ...

    def program_of(self, opening: Opening) -> Program:
        """Return the program as it binds an opening."""
        ...

    def scope_of(self, base: str) -> Scope:
        """Return whom hooks about a base are asked of."""
        ...

    def configs_of(self, base: str) -> Mapping[str, object]:
        """Return the plugins' own configuration of a base, by slug."""
        ...

    def wage(self, base: str, year: int) -> WageFigure | None:
        """Return the average wage of ``year`` that binds a base."""
        ...
