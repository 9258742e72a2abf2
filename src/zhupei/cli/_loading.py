"""Loads the configuration for commands that look at it without serving it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zhupei.settings import Settings

if TYPE_CHECKING:
    from zhupei.catalogue.load import LoadedCatalogue
    from zhupei.config.platform import Platform

__all__ = ["load_configuration", "platform_of"]


def platform_of(settings: Settings) -> Platform:
    """Return what ``zhupei.yaml`` beside the first folder of bases says."""
    from zhupei.config.platform import FILE_NAME, read_platform  # noqa: PLC0415 - see zhupei.cli

    beside = settings.bases[0].parent if settings.bases else Path.cwd()
    return read_platform(beside / FILE_NAME)


def load_configuration(settings: Settings, paths: Sequence[Path] | None = None) -> LoadedCatalogue:
    """Load the configuration at ``paths``, those of the settings by default.

    Problems of ``zhupei.yaml`` are among its problems. Plugins that cannot be loaded are left
    out, whatever ``ZHUPEI_STRICT`` says: the command decides what that means.
    """
    from zhupei.catalogue.load import load_catalogue  # noqa: PLC0415 - see zhupei.cli
    from zhupei.hooks.scope import Naming, Rights  # noqa: PLC0415 - see zhupei.cli

    platform = platform_of(settings)
    named = {
        slug: Naming(Rights.PLATFORM, file=platform.file, line=line)
        for slug, line in platform.lines.items()
    }
    disabled: Iterable[str] = (*settings.disabled_plugins, *platform.disabled)
    found: list[LoadedCatalogue] = []

    async def load() -> None:
        # Not returned: asyncio.run() makes the repr of what its task returns, only to throw it
        # away, and that of a catalogue of a province takes seconds.
        found.append(
            await load_catalogue(
                settings.bases if paths is None else paths,
                plugin_folders=settings.plugins,
                platform=named,
                disabled=disabled,
            )
        )

    asyncio.run(load())
    found[0].problems.extend(platform.problems)
    return found[0]
