"""A plugin as the host knows it, and its functions as they are asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.hooks.scope import Naming, Rights

__all__ = ["Implementation", "LoadedPlugin", "PluginStatus"]


class PluginStatus(StrEnum):
    """Whether a plugin takes part."""

    OK = "OK"
    DEGRADED = "DEGRADED"
    """It was left out, or could not start."""
    DISABLED = "DISABLED"
    """The operator switched it off."""


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin that the configuration names, or one of the core's own.

    ``path`` is its project's folder or its installed package. ``hooks`` are those that it
    implements, as far as known. ``reason`` says in words safe for clients why it is not OK, and
    ``code`` names the page about it.
    """

    slug: str
    version: str | None = None
    path: Path | None = None
    namings: tuple[Naming, ...] = ()
    rights: Rights = Rights.CORE
    hooks: tuple[str, ...] = ()
    status: PluginStatus = PluginStatus.OK
    reason: Text | None = None
    code: str | None = None

    @classmethod
    def named(cls, slug: str, namings: tuple[Naming, ...]) -> LoadedPlugin:
        """Return a plugin with the highest rights that anybody gives it who names it."""
        given = [naming.rights for naming in namings]
        return cls(
            slug, namings=namings, rights=max(given, key=list(Rights).index, default=Rights.CORE)
        )

    @property
    def is_core(self) -> bool:
        """Whether it is a default plugin of the core."""
        return self.rights is Rights.CORE

    @property
    def naming(self) -> Naming | None:
        """Who names it first, None for the core's own."""
        return self.namings[0] if self.namings else None

    @property
    def serves_every_base(self) -> bool:
        """Whether it is asked about every base: no single base or jurisdiction names it."""
        return all(naming.rights.reaches_platform for naming in self.namings)


@dataclass(frozen=True, slots=True)
class Implementation:
    """One plugin's function for one hook, and the level that it speaks for in this question."""

    plugin: LoadedPlugin
    function: Callable[..., Any]
    parameters: tuple[str, ...]
    is_async: bool
    level: Level
    holds: float = 0.0
    """For how many seconds its answers hold."""

    def values(self, arguments: Mapping[str, Any], config: Any) -> tuple[Any, ...]:
        """Return the arguments that the function takes, in its order."""
        return tuple([config if name == "config" else arguments[name] for name in self.parameters])
