"""Loads a configuration: reads files, loads the plugins they name, checks, builds.

What is wrong never stops what is right: a file with errors is left out with everything that
depends on it, and the rest stands. Whether such a catalogue is served is the caller's decision
(`zhupei.catalogue.holder` keeps the one it has).
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from zhupei.catalogue.build import build
from zhupei.catalogue.catalogue import Catalogue, PluginStatus
from zhupei.config.absent import Unread, absent_kinds
from zhupei.config.checks import check
from zhupei.config.files import BaseFile, FileModels
from zhupei.config.layers import Layers
from zhupei.config.parsed import ParsedFiles
from zhupei.config.platform import Platform
from zhupei.config.problems import Problem, Problems
from zhupei.config.workspace import ConfiguredFile, Workspace, read_workspace
from zhupei.config.yaml import Document
from zhupei.default_plugins.working_days import WorkingDays, official_years
from zhupei.domain.calendar import Calendar, CalendarYear
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights
from zhupei.reference import load as load_reference

__all__ = ["LoadedCatalogue", "load_catalogue", "load_plugins", "platform_namings"]

F = TypeVar("F", bound=ConfiguredFile[Any])

_RIGHTS = {
    Level.NATIONAL: Rights.PLATFORM,
    Level.JURISDICTION: Rights.JURISDICTION,
    Level.INSTITUTION: Rights.INSTITUTION,
}


@dataclass(frozen=True, slots=True, repr=False)
class LoadedCatalogue:
    """A catalogue, the plugins behind it, and every problem of its configuration."""

    catalogue: Catalogue
    host: PluginHost
    dispatcher: Dispatcher
    problems: Problems
    workspace: Workspace

    @property
    def complete(self) -> bool:
        """Whether nothing had to be left out: no file has an error."""
        return not self.problems.errors


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
        workspace = _with_carried(workspace, host)
        # The files that plugins bring along name plugins too, so this repeats until none is new.
        found = _namings(workspace, platform or {})
        if found == named:
            return workspace, host
        named = found


async def load_catalogue(
    paths: Sequence[Path],
    *,
    plugin_folders: Sequence[Path] = (),
    platform: Mapping[str, Naming] | None = None,
    disabled: Iterable[str] = (),
    strict: bool = False,
    hook_timeout: float = 5.0,
    host: PluginHost | None = None,
    parsed: ParsedFiles | None = None,
    workspace: Workspace | None = None,
) -> LoadedCatalogue:
    """Read, check and build the configuration at ``paths``.

    ``host`` is the host of an earlier load: its plugins are asked again, and no new one is
    imported (a schema is composed once, at start-up). ``parsed`` knows files that were parsed
    before; ``workspace`` is what was just read from ``paths``, where somebody has it already.

    Raises:
        zhupei.errors.PluginError: with ``strict``, where a plugin cannot be loaded.
    """
    with _collector_paused():
        if workspace is None:
            workspace = read_workspace(paths, parsed)
        return await _load(
            workspace, plugin_folders, platform, disabled, strict, hook_timeout, host
        )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the garbage collector from looking through a province again and again.

    A build makes hundreds of thousands of objects that stay, and hardly one that goes.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            # As if it had looked through all of this already: else it would do so at once.
            gc.freeze()
            gc.unfreeze()
            gc.enable()


async def _load(
    workspace: Workspace,
    plugin_folders: Sequence[Path],
    platform: Mapping[str, Naming] | None,
    disabled: Iterable[str],
    strict: bool,
    hook_timeout: float,
    host: PluginHost | None,
) -> LoadedCatalogue:
    reference = load_reference()
    if host is None:
        workspace, host = load_plugins(
            workspace, folders=plugin_folders, platform=platform, disabled=disabled, strict=strict
        )
    else:
        workspace = _with_carried(workspace, host)
    models = _models(workspace, host)
    workspace = _pruned(workspace.validated(models))
    dispatcher = Dispatcher(host, timeout=hook_timeout)
    calendar = _calendar(workspace, dispatcher)
    problems = Problems(workspace.problems)
    known = {plugin.slug for plugin in host.plugins}
    # Leaving a file out can break what refers to it, so checks repeat until nothing is left out.
    while True:
        found = check(workspace, reference=reference, calendar=calendar, plugins=known)
        problems.extend(found)
        remaining = _without(workspace, {problem.file for problem in found.errors})
        if remaining is None:
            break
        workspace = remaining
    catalogue = await build(
        workspace,
        host=host,
        dispatcher=dispatcher,
        reference=reference,
        calendar=calendar,
        plugins=_statuses(host),
        models=models,
    )
    catalogue.warm()
    return LoadedCatalogue(catalogue, host, dispatcher, problems, workspace)


def _models(workspace: Workspace, host: PluginHost) -> FileModels:
    """Return the models of the files; words of plugins that are absent are left unread."""
    absent = {plugin.slug for plugin in host.plugins if plugin.reason is not None}
    kinds = (*host.kinds, *absent_kinds(workspace.documents, absent))
    extras: dict[str, type[Any]] = dict.fromkeys(absent, Unread)
    extras.update(host.config_models)
    return FileModels.of(kinds, extras)


def _with_carried(workspace: Workspace, host: PluginHost) -> Workspace:
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


def _calendar(workspace: Workspace, dispatcher: Dispatcher) -> Calendar:
    """Return the working calendar: configured years first, then what plugins and packages know."""
    years = []
    for file in workspace.calendars:
        year = CalendarYear(
            year=file.model.year,
            holidays=frozenset(day.date for day in file.model.holidays),
            working_days=frozenset(day.date for day in file.model.working_days),
        )
        problems = year.problems(packaged=year.year in official_years())
        workspace.problems.extend(
            file.document.problem((), "CALENDAR_INCOMPLETE", problem) for problem in problems
        )
        if not problems:
            years.append(year)
    configured = {year.year for year in years}
    overlay = WorkingDays(years)

    def working_day(day: date) -> bool | None:
        if day.year in configured:
            return overlay.working_day(day)
        answer: bool | None = dispatcher.ask_now("working_day", day=day).value
        return answer

    return Calendar(working_day)


def _without(workspace: Workspace, files: set[Path]) -> Workspace | None:
    """Return the workspace without these files and what depends on them, None if all stay."""
    reduced = _pruned(
        replace(
            workspace,
            national=tuple(file for file in workspace.national if file.path not in files),
            jurisdictions=_others(workspace.jurisdictions, files),
            bases=_others(workspace.bases, files),
            plans=tuple(file for file in workspace.plans if file.path not in files),
            calendars=tuple(file for file in workspace.calendars if file.path not in files),
        )
    )
    return reduced if _count(reduced) < _count(workspace) else None


def _pruned(workspace: Workspace) -> Workspace:
    """Leave out what refers to a file that was left out: without its rules it would be wrong.

    A code that no file has at all stays, for the checks to report.
    """
    layers = Layers(workspace)
    given: dict[str, set[object]] = {"jurisdiction": set(), "program": set()}
    for document in workspace.documents:
        if document.data["kind"] == "jurisdiction":
            given["jurisdiction"].add(document.data.get("code"))
        programs = document.data.get("programs")
        for entry in programs if isinstance(programs, list) else ():
            given["program"].add(entry.get("code") if isinstance(entry, dict) else None)
    lost_jurisdictions = given["jurisdiction"] - set(workspace.jurisdictions)
    lost_programs = given["program"] - set(layers.programs)

    def stays(file: ConfiguredFile[Any]) -> bool:
        model = file.model
        above = model.jurisdiction if isinstance(model, BaseFile) else model.parent
        parents = {program.parent for program in model.programs}
        return above not in lost_jurisdictions and not lost_programs & parents

    reduced = replace(
        workspace,
        jurisdictions={c: file for c, file in workspace.jurisdictions.items() if stays(file)},
        bases={c: file for c, file in workspace.bases.items() if stays(file)},
        plans=tuple(file for file in workspace.plans if file.model.program not in lost_programs),
    )
    return _pruned(reduced) if _count(reduced) < _count(workspace) else reduced


def _others(files: Mapping[str, F], left_out: set[Path]) -> dict[str, F]:
    return {code: file for code, file in files.items() if file.path not in left_out}


def _count(workspace: Workspace) -> int:
    return sum(
        len(files)
        for files in (
            workspace.national,
            workspace.jurisdictions,
            workspace.bases,
            workspace.plans,
            workspace.calendars,
        )
    )


def _statuses(host: PluginHost) -> tuple[PluginStatus, ...]:
    return tuple(
        PluginStatus(
            slug=plugin.slug,
            version=plugin.version,
            level=plugin.naming.level if plugin.naming else Level.NATIONAL,
            hooks=tuple(plugin.hooks),
            reason=plugin.reason,
        )
        for plugin in host.plugins
    )
