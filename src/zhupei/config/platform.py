"""``zhupei.yaml``: plugins that serve the whole platform, plugins switched off, and settings.

The file is optional; unless ``ZHUPEI_FILE`` names it, it lies beside ``bases``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from zhupei.config.loader import read, validate
from zhupei.config.problems import Problems
from zhupei.config.scalars import Slug
from zhupei.config.settings_section import read_section
from zhupei.config.texts import Model
from zhupei.domain.text import Language, Text
from zhupei.settings import Settings, SettingsError, SettingsProblem
from zhupei.settings.section import NO_SECTION, Section

__all__ = [
    "Platform",
    "PlatformFile",
    "PlatformSettings",
    "read_platform",
    "read_platform_settings",
]


class PlatformFile(Model):
    """The optional file ``zhupei.yaml``."""

    plugins: tuple[Slug, ...] = ()
    """Plugins that serve the whole platform: they may implement every hook, and come before the
    core's own plugins."""
    disabled_plugins: tuple[Slug, ...] = ()
    """Plugins that are not loaded, whoever names them; nothing is degraded for want of them."""
    settings: Any = None
    """What the environment does not set: keys are the variables' names without ``ZHUPEI_``, in
    lower case."""


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
    read_section(document, problems)
    if model is None:
        return Platform(file, problems=problems)
    wrong_settings = len(problems.errors)
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
    if len(problems.errors) > wrong_settings:
        return Platform(file, problems=problems)
    return Platform(file, MappingProxyType(lines), model.disabled_plugins, problems)


@dataclass(frozen=True, slots=True)
class PlatformSettings:
    """What ``zhupei.yaml`` says of settings, and what is wrong with that."""

    section: Section = NO_SECTION
    problems: Problems = field(default_factory=Problems)

    def with_environment(self, environ: Mapping[str, str]) -> Settings:
        """Return the settings of the environment and of the file.

        Raises:
            SettingsError: either cannot be used; holds every problem of both.

        """
        if not self.problems:
            return Settings.from_environment(environ, self.section)
        told: tuple[SettingsProblem, ...] = ()
        try:
            Settings.from_environment(environ, self.section)
        except SettingsError as error:
            told = error.problems
        in_file = Text(
            self.problems.text(Language.ZH).rstrip("\n"),
            self.problems.text(Language.EN).rstrip("\n"),
        )
        raise SettingsError(told, in_file)


def read_platform_settings(file: Path) -> PlatformSettings:
    """Read what ``zhupei.yaml`` says of settings.

    A file that cannot be read is a problem here, and so is a block that nobody knows: nobody can
    tell what it would have set.
    """
    document = read(file)
    if isinstance(document, Problems):
        return PlatformSettings(problems=document)
    every, problems = Problems(), Problems()
    validate(document, PlatformFile, every)
    section = read_section(document, problems)
    problems.extend(
        each for each in every if each.code == "CONFIG_UNKNOWN_KEY" and len(each.path) == 1
    )
    return PlatformSettings(section, problems)
