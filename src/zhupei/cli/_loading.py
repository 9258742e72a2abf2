"""Loads the configuration for commands that look at it without serving it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zhupei.settings import Settings

if TYPE_CHECKING:
    from zhupei.catalogue.load import LoadedCatalogue
    from zhupei.hooks.manager import PluginHost

__all__ = ["load_configuration", "load_plugin_host"]


def load_configuration(settings: Settings, paths: Sequence[Path] | None = None) -> LoadedCatalogue:
    """Load the configuration at ``paths``, those of the settings by default.

    Problems of ``zhupei.yaml`` are among its problems. Plugins that cannot be loaded are left
    out, whatever ``ZHUPEI_STRICT`` says: the command decides what that means.
    """
    from zhupei.catalogue.load import load_catalogue  # noqa: PLC0415 - see zhupei.cli
    from zhupei.catalogue.named_plugins import platform_namings  # noqa: PLC0415 - see zhupei.cli
    from zhupei.config.platform import read_platform  # noqa: PLC0415 - see zhupei.cli

    platform = read_platform(settings.platform_file)
    disabled: Iterable[str] = (*settings.disabled_plugins, *platform.disabled)
    found: list[LoadedCatalogue] = []

    async def load() -> None:
        # Not returned: asyncio.run() makes the repr of what its task returns, only to throw it
        # away, and that of a catalogue of a province takes seconds.
        found.append(
            await load_catalogue(
                settings.bases if paths is None else paths,
                plugin_folders=settings.plugins,
                platform=platform_namings(platform),
                disabled=disabled,
                keep_files=True,
            )
        )

    asyncio.run(load())
    found[0].problems.extend(platform.problems)
    return found[0]


def load_plugin_host(settings: Settings) -> PluginHost:
    """Load the plugins that the configuration names; those that cannot be loaded are left out.

    Raises:
        zhupei.errors.ZhupeiError: ``zhupei.yaml`` cannot be read.

    """
    from zhupei.catalogue.named_plugins import (  # noqa: PLC0415 - see zhupei.cli
        load_plugins,
        platform_namings,
    )
    from zhupei.config.platform import read_platform  # noqa: PLC0415 - see zhupei.cli
    from zhupei.config.workspace import read_workspace  # noqa: PLC0415 - see zhupei.cli

    platform = read_platform(settings.platform_file)
    _, host = load_plugins(
        read_workspace(settings.bases),
        folders=settings.plugins,
        platform=platform_namings(platform),
        disabled=(*settings.disabled_plugins, *platform.disabled),
    )
    return host
