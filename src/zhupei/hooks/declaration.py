"""How a hook declares the way in which it is asked: mode, reach, time, and what a failure means."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any, TypeVar, get_type_hints

from zhupei.hooks.markers import hookspec

__all__ = ["Consequence", "Hook", "Mode", "Reach", "When", "declared_hooks", "hook"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_ATTRIBUTE = "zhupei_hook"


class Mode(StrEnum):
    """How the answers of several plugins become one."""

    EACH = "EACH"
    """Every plugin answers for itself."""
    FIRST = "FIRST"
    """The first answer that is not None, nearest plugin first."""
    MERGE = "MERGE"
    """Lists from the nation down; an item replaces the one with the same id above it."""
    GATHER = "GATHER"
    """All answers, one after another."""
    NOTIFY = "NOTIFY"
    """Nothing is answered."""


class Reach(StrEnum):
    """Which plugins are asked."""

    ALL = "ALL"
    """Every plugin."""
    BASE = "BASE"
    """The plugins of one base, of its jurisdictions, then the national ones."""
    PLATFORM = "PLATFORM"
    """Only plugins of the whole installation: those that zhupei.yaml names, and the core's own."""


class When(StrEnum):
    """At which time a hook is asked."""

    STARTUP = "start-up"
    COMPOSITION = "schema composition"
    COMMAND = "command line"
    LIFESPAN = "lifespan"
    BUILD = "catalogue build"
    DECISION = "decision"
    READ = "read"
    COMMITTED = "after commit"


class Consequence(StrEnum):
    """What follows when a plugin fails."""

    LEFT_OUT = "LEFT_OUT"
    """The plugin is left out and its bases are DEGRADED."""
    NEXT_LEVEL = "NEXT_LEVEL"
    """The base keeps the next level's answer and is DEGRADED."""
    CLOSED = "CLOSED"
    """Nothing is decided and nothing changes."""
    NULL = "NULL"
    """One field is null."""
    LOGGED = "LOGGED"
    """It is logged; what happened stays."""


_CONSEQUENCES = {
    When.STARTUP: Consequence.LEFT_OUT,
    When.COMPOSITION: Consequence.LEFT_OUT,
    When.COMMAND: Consequence.LOGGED,
    When.LIFESPAN: Consequence.LOGGED,
    When.BUILD: Consequence.NEXT_LEVEL,
    When.DECISION: Consequence.CLOSED,
    When.READ: Consequence.NULL,
    When.COMMITTED: Consequence.LOGGED,
}


@dataclass(frozen=True, slots=True, eq=False)
class Hook:
    """One hook as declared: ``arguments`` by name, ``returns`` as the executed annotation."""

    name: str
    arguments: tuple[str, ...]
    returns: Any
    doc: str
    mode: Mode
    reach: Reach
    when: When
    sync: bool
    """Whether only a plain function will do (start-up, deadline arithmetic)."""

    @property
    def signature(self) -> str:
        """The hook as the documentation writes it, ``base_quotas(base, cycle, config)``."""
        return f"{self.name}({', '.join(self.arguments)})"

    @property
    def consequence(self) -> Consequence:
        """What follows when a plugin fails here."""
        return _CONSEQUENCES[self.when]


def hook(
    mode: Mode, reach: Reach, when: When, *, sync: bool = False
) -> Callable[[_Function], _Function]:
    """Declare the decorated function as a hook; its annotations and docstring are executed."""

    def declare(function: _Function) -> _Function:
        declared = (mode, reach, when, sync)
        setattr(function, _ATTRIBUTE, declared)
        return hookspec(function)

    return declare


@cache
def declared_hooks(module: ModuleType) -> Mapping[str, Hook]:
    """Return the hooks that a module declares, in the order in which they are written."""
    found = {
        name: _read(function)
        for name, function in vars(module).items()
        if inspect.isfunction(function) and hasattr(function, _ATTRIBUTE)
    }
    return MappingProxyType(found)


def _read(function: Callable[..., Any]) -> Hook:
    mode, reach, when, sync = getattr(function, _ATTRIBUTE)
    return Hook(
        name=function.__name__,
        arguments=tuple(inspect.signature(function).parameters),
        returns=get_type_hints(function)["return"],
        doc=inspect.getdoc(function) or "",
        mode=mode,
        reach=reach,
        when=when,
        sync=sync,
    )
