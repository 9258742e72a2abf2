"""``zhupei.yaml``: which plugins serve the whole platform, and which are switched off.

The file is optional and lies beside ``bases``. What an installation sets (addresses, ports,
folders) is not in it: that is `zhupei.settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from zhupei.config.entries import Model
from zhupei.config.loader import read, validate
from zhupei.config.problems import Problems
from zhupei.config.scalars import Slug
from zhupei.domain.text import Text

__all__ = ["FILE_NAME", "Platform", "PlatformFile", "read_platform"]

FILE_NAME = "zhupei.yaml"
"""What the file is called."""


class PlatformFile(Model):
    """The optional file ``zhupei.yaml``."""

    plugins: tuple[Slug, ...] = ()
    """Plugins that serve the whole platform: they may implement every hook, and come before the
    core's own plugins."""
    disabled_plugins: tuple[Slug, ...] = ()
    """Plugins that are not loaded, whoever names them; nothing is degraded for want of them."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What ``zhupei.yaml`` says; ``lines`` is where it names each of its plugins."""

    file: Path
    lines: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    disabled: tuple[str, ...] = ()
    problems: Problems = field(default_factory=Problems)

    @property
    def plugins(self) -> tuple[str, ...]:
        """Slugs of the platform's plugins, in their order."""
        return tuple(self.lines)


def read_platform(file: Path) -> Platform:
    """Read ``zhupei.yaml``; where there is none, the platform has no plugins of its own.

    What is wrong is in ``problems``; a file with an error counts as if it said nothing.
    """
    if not file.exists():
        return Platform(file)
    document = read(file)
    if isinstance(document, Problems):
        return Platform(file, problems=document)
    problems = Problems()
    model = validate(document, PlatformFile, problems)
    if model is None:
        return Platform(file, problems=problems)
    lines: dict[str, int] = {}
    for index, slug in enumerate(model.plugins):
        path = ("plugins", index)
        if slug in lines or slug in model.disabled_plugins:
            message = Text(f"插件 {slug} 重复", f"the plugin {slug} appears twice")
            if slug in model.disabled_plugins:
                message = Text(
                    f"插件 {slug} 同时被列为停用", f"the plugin {slug} is also disabled here"
                )
            problems.add(document.problem(path, "CONFIG_DUPLICATE_CODE", message))
        lines.setdefault(slug, document.positions.value(path).line)
    if problems.errors:
        return Platform(file, problems=problems)
    return Platform(file, MappingProxyType(lines), model.disabled_plugins)
