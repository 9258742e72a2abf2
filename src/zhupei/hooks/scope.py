"""Whom a question concerns: one base with the plugins that speak for it, or the whole platform."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from zhupei.domain.sources import Level

__all__ = ["PLATFORM", "Naming", "Rights", "Scope"]


class Rights(StrEnum):
    """What a plugin may implement, by who names it, least first."""

    INSTITUTION = "institution"
    """Named by the file of a base: hooks of that base."""
    JURISDICTION = "jurisdiction"
    """Named by the file of a jurisdiction: hooks of the bases below it."""
    PLATFORM = "platform"
    """Named by zhupei.yaml: all hooks."""
    CORE = "core"
    """A default plugin of the core itself: all hooks."""

    @property
    def reaches_platform(self) -> bool:
        """Whether hooks of the whole platform may be implemented."""
        return self in {Rights.PLATFORM, Rights.CORE}


@dataclass(frozen=True, slots=True)
class Naming:
    """Who names a plugin: the file and line of the configuration, and for whom it speaks there.

    ``code`` is the base's or jurisdiction's code, None for zhupei.yaml. A plugin that both
    zhupei.yaml and a base or jurisdiction name has all rights, but is asked about bases only
    where a base's or jurisdiction's file names it.
    """

    rights: Rights
    file: Path | None = None
    line: int | None = None
    code: str | None = None

    @property
    def level(self) -> Level:
        """The administrative level that the plugin speaks for."""
        match self.rights:
            case Rights.INSTITUTION:
                return Level.INSTITUTION
            case Rights.JURISDICTION:
                return Level.JURISDICTION
            case _:
                return Level.NATIONAL


@dataclass(frozen=True, slots=True)
class Scope:
    """One base and the slugs of the plugins that its files and its jurisdictions' files name.

    ``jurisdictions`` lists the nearest first. National plugins follow by themselves. Other
    plugins are never asked.
    """

    base: str | None = None
    institution: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()

    def without(self, plugin: str) -> Scope:
        """Return the scope in which a plugin of the base or its jurisdictions is not asked."""
        return Scope(
            self.base,
            tuple(slug for slug in self.institution if slug != plugin),
            tuple(slug for slug in self.jurisdictions if slug != plugin),
        )


PLATFORM = Scope()
"""No base in particular: only national plugins are asked."""
