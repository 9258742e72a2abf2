"""Loads the plugins that a workspace names, with the files that these bring along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from zhupei.config.platform import Platform
from zhupei.config.problems import Problem
from zhupei.config.workspace import Workspace
from zhupei.config.yaml import Document
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights

__all__ = ["load_plugins", "platform_namings", "with_carried"]

_RIGHTS = {
    Level.NATIONAL: Rights.PLATFORM,
    Level.JURISDICTION: Rights.JURISDICTION,
    Level.INSTITUTION: Rights.INSTITUTION,
}


def platform_namings(platform: Platform) -> dict[str, Naming]:
    """Return the namings of the plugins that ``zhupei.yaml`` names: all rights, everywhere."""
    return {
        slug: Naming(Rights.PLATFORM, file=platform.file, line=line)
        for slug, line in platform.lines.items()
    }


def load_plugins(
    workspace: Workspace,
    *,
    folders: Sequence[Path] = (),
    platform: Mapping[str, Naming] | None = None,
    disabled: Iterable[str] = (),
    strict: bool = False,
) -> tuple[Workspace, PluginHost]:
    """Load the plugins that a workspace names, and the folders that these bring along.

    Returns the workspace with those folders, and the host.

    Raises:
        zhupei.errors.PluginError: with ``strict``, where a plugin cannot be loaded.
    """
    named = _namings(workspace, platform or {})
    while True:
        host = PluginHost.load(named, folders=folders, disabled=frozenset(disabled), strict=strict)
        workspace = with_carried(workspace, host)
        # The files that plugins bring along name plugins too, so this repeats until none is new.
        found = _namings(workspace, platform or {})
        if found == named:
            return workspace, host
        named = found


def with_carried(workspace: Workspace, host: PluginHost) -> Workspace:
    """Return the workspace with the files that plugins carry, as far as their rights reach.

    A plugin's file may say what its plugin may: one that a base names brings bases, one that a
    jurisdiction names brings jurisdictions and bases, and only the platform's bring more.
    """
    rights = {plugin.slug: plugin.rights for plugin in host.plugins}
    known = {document.path.resolve() for document in workspace.documents}
    for slug, folders in host.base_folders.items():
        extended = workspace.with_folders(folders)
        refused = [
            document
            for document in extended.documents
            if document.path.resolve() not in known
            and document.data["kind"] not in _CARRIED.get(rights[slug], _EVERY_KIND)
        ]
        extended.problems.extend(_refusal(document, slug) for document in refused)
        documents = tuple(each for each in extended.documents if each not in refused)
        workspace = replace(extended, documents=documents)
        known |= {document.path.resolve() for document in documents}
    return workspace


_EVERY_KIND = frozenset({"national", "jurisdiction", "base", "plan", "calendar"})
_CARRIED = {
    Rights.INSTITUTION: frozenset({"base"}),
    Rights.JURISDICTION: frozenset({"jurisdiction", "base", "plan"}),
}


def _refusal(document: Document, slug: str) -> Problem:
    kind = document.data["kind"]
    return document.problem(
        ("kind",),
        "CONFIG_BEYOND_RIGHTS",
        Text(f"插件 {slug} 无权提供 {kind} 文件", f"the plugin {slug} may not bring a {kind} file"),
        Text(
            "由 zhupei.yaml 命名该插件，或把文件放进 bases/",
            "name the plugin in zhupei.yaml, or put the file below bases/",
        ),
    )


def _namings(workspace: Workspace, platform: Mapping[str, Naming]) -> dict[str, tuple[Naming, ...]]:
    """Return who names each plugin; several files may name the same one."""
    found: dict[str, list[Naming]] = {slug: [naming] for slug, naming in platform.items()}
    for each in workspace.namings():
        naming = Naming(_RIGHTS[each.level], file=each.file, line=each.line, code=each.code)
        found.setdefault(each.slug, []).append(naming)
    return {slug: tuple(namings) for slug, namings in found.items()}
