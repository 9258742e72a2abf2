"""Loads plugins for tests as the server does, and puts functions in the place of plugins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from zhupei import CHINA_TIME, Base, Opening, Program, hookimpl
from zhupei.default_plugins import DEFAULT_PLUGINS
from zhupei.hooks.answers import Result
from zhupei.hooks.discovery import Discovery
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import PLATFORM, Naming, Rights, Scope

__all__ = ["FakeZhupei", "ask", "load_plugin", "slug_of_project", "temporary_plugin"]


@dataclass(frozen=True)
class FakeZhupei:
    """A running zhupei for `startup` and `shutdown`: what it answers is given."""

    data_dir: Path
    version: str = "1.0.0"
    catalogue_hash: str = "test"
    moment: datetime = datetime(2026, 6, 1, 9, tzinfo=CHINA_TIME)
    bases: Mapping[str, Base] = field(default_factory=dict)
    programs: Mapping[str, Program] = field(default_factory=dict)
    openings: Mapping[str, Opening] = field(default_factory=dict)

    def now(self) -> datetime:
        """Return ``moment``."""
        return self.moment

    def base(self, code: str) -> Base | None:
        """Return one of ``bases``."""
        return self.bases.get(code)

    def program(self, code: str) -> Program | None:
        """Return one of ``programs``."""
        return self.programs.get(code)

    def opening(self, code: str) -> Opening | None:
        """Return one of ``openings``."""
        return self.openings.get(code)


def load_plugin(
    folder: Path,
    slug: str,
    *,
    rights: Rights | tuple[Rights, ...] = Rights.INSTITUTION,
    defaults: Sequence[str] = DEFAULT_PLUGINS,
) -> PluginHost:
    """Load the plugin of a project's folder as the server does, with the core's own.

    ``rights`` are those of whoever names it: a base's file, a jurisdiction's, zhupei.yaml, or
    several of them.

    Raises:
        zhupei.errors.PluginsFailedError: it is wrong; says in which ways.

    """
    # Only this project: what else is installed or stands beside it is no concern of its tests.
    discovery = Discovery((), projects=(folder,), installed=())
    all_rights = (rights,) if isinstance(rights, Rights) else rights
    named = {slug: [Naming(each) for each in all_rights]}
    return PluginHost.load(named, discovery=discovery, strict=True, defaults=defaults)


def slug_of_project(folder: Path) -> str:
    """Return the slug that a project's pyproject.toml declares.

    Raises:
        ValueError: it declares none, or several.

    """
    slugs = Discovery((), projects=(folder,), installed=()).slugs
    if len(slugs) != 1:
        raise ValueError(f"{folder} declares {len(slugs)} plugins, not one")
    return slugs[0]


def ask(
    host: PluginHost,
    hook: str,
    scope: Scope = PLATFORM,
    *,
    configs: Mapping[str, Any] | None = None,
    timeout: float = 5.0,
    **arguments: Any,
) -> Result[Any]:
    """Ask a hook from a test that is no coroutine; those that are use a `Dispatcher`."""
    dispatcher = Dispatcher(host, timeout=timeout)
    return asyncio.run(dispatcher.ask(hook, scope, configs=configs or {}, **arguments))


@contextmanager
def temporary_plugin(
    host: PluginHost,
    slug: str,
    *,
    rights: Rights = Rights.INSTITUTION,
    **hooks: Callable[..., Any],
) -> Iterator[PluginHost]:
    """Give a host with one more plugin, made of functions: ``base_quotas=lambda base: [...]``.

    The host that was given stays as it is.

    Raises:
        zhupei.errors.PluginError: a function is no good implementation of its hook.

    """
    functions = {name: hookimpl(function) for name, function in hooks.items()}
    yield host.extended(slug, SimpleNamespace(**functions), Naming(rights))
