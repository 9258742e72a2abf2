"""Plugins taken in: found, checked, imported, registered; faulty ones left out."""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pluggy

from zhupei.domain.text import Language, Text
from zhupei.errors import PluginError
from zhupei.hooks import specs
from zhupei.hooks.answers import check_answer
from zhupei.hooks.declaration import Hook, When, declared_hooks
from zhupei.hooks.deprecations import DEPRECATED_ARGUMENTS, DEPRECATED_HOOKS
from zhupei.hooks.discovery import (
    Discovery,
    Found,
    check_compatible,
    core_version,
    error_place,
    import_plugin,
    is_slug,
)
from zhupei.hooks.hook_errors import HookFailedError, HookTimedOutError
from zhupei.hooks.inspection import Implemented, deprecations, implemented_hooks, inspect_hooks
from zhupei.hooks.load_errors import (
    PluginClassError,
    PluginDisabledError,
    PluginImportHangsError,
    PluginNotFoundError,
    PluginSharedError,
    PluginSlugError,
    PluginWithoutHooksError,
)
from zhupei.hooks.plugins import LoadedPlugin, PluginStatus
from zhupei.hooks.registrations import Registrations
from zhupei.hooks.scope import Naming
from zhupei.hooks.threads import OverdueError, run_bounded

__all__ = ["Intake"]

_log = logging.getLogger(__name__)


class Intake:
    """The plugins of one application, those let in and those left out.

    ``hooks`` are the declared hooks by name. Of what was let in, ``objects`` are the plugins
    themselves, ``implemented`` their functions and ``registered`` what they brought. ``errors``
    hold what is wrong, those of one plugin together.

    Args:
        slugs: of all plugins that the configuration names.
        timeout: seconds that an import may take, and each registration.

    """

    def __init__(self, slugs: tuple[str, ...], timeout: float) -> None:
        self.hooks: Mapping[str, Hook] = declared_hooks(specs)
        self.plugins: dict[str, LoadedPlugin] = {}
        self.objects: dict[str, object] = {}
        self.implemented: dict[str, dict[str, Implemented]] = {}
        self.registered = Registrations(slugs)
        self.errors: list[PluginError] = []
        self.warnings: list[Text] = []
        self.timeout = timeout
        self._manager = pluggy.PluginManager("zhupei")
        self._manager.add_hookspecs(specs)
        self._modules: dict[str, Path] = {}

    def error_of(self, slug: str) -> PluginError | None:
        """Return why a plugin was left out, or what is wrong with it."""
        if slug not in self.plugins:
            return PluginNotFoundError(slug, tuple(self.plugins), file=None, line=None)
        return next((error for error in self.errors if error.plugin == slug), None)

    def degrade(self, error: PluginError) -> None:
        """Mark a plugin that was let in as DEGRADED; it keeps its hooks."""
        if error in self.errors:
            return
        plugin = self.plugins[error.plugin]
        self.errors.append(error)
        self.plugins[plugin.slug] = replace(
            plugin, status=PluginStatus.DEGRADED, reason=error.reason, code=error.code
        )

    def add_core(self, entry: str) -> None:
        """Let in one of the core's own, by its module or ``module:factory``."""
        module, _, factory = entry.partition(":")
        slug = module.rpartition(".")[2].replace("_", "-")
        plugin: object = import_module(module)
        if factory:
            plugin = getattr(plugin, factory)()
        self.admit(LoadedPlugin(slug, version=core_version()), plugin)

    def add(
        self,
        slug: str,
        namings: tuple[Naming, ...],
        discovery: Discovery,
        disabled: Collection[str],
    ) -> None:
        """Find a plugin that the configuration names, and let it in or leave it out."""
        plugin = LoadedPlugin.named(slug, namings)
        file, line = namings[0].file, namings[0].line
        if slug in self.plugins:  # one of the core's own, which stays as it is
            self.errors.append(PluginSlugError(slug, file=file, line=line))
            return
        try:
            if slug in disabled:
                raise PluginDisabledError(slug)
            if not is_slug(slug):
                raise PluginSlugError(slug, file=file, line=line)
            found = discovery.find(slug, file=file, line=line)
            plugin = replace(plugin, version=found.version, path=found.path)
            check_compatible(found, running=core_version())
            self.admit(plugin, self._imported(found), found)
        except PluginError as error:
            self._leave_out(plugin, error)

    def admit(self, plugin: LoadedPlugin, candidate: object, found: Found | None = None) -> None:
        """Check a plugin and let it in.

        Raises:
            PluginError: the first thing that is wrong with it; the others are in ``errors``.

        """
        slug = plugin.slug
        entry = found.entry if found is not None else slug
        file = found.file if found is not None else None
        if inspect.isclass(candidate):
            raise PluginClassError(slug, entry, file=file)
        other = next((other for other, each in self.objects.items() if each == candidate), None)
        if other is not None:
            raise PluginSharedError(slug, other, file=file)
        implemented, flags = implemented_hooks(self._manager, candidate, self.hooks)
        if not implemented:
            raise PluginWithoutHooksError(slug, entry, file=file)
        plugin = replace(plugin, hooks=tuple(name for name in self.hooks if name in implemented))
        self.plugins[slug] = plugin
        errors = inspect_hooks(slug, implemented, flags, self.hooks, plugin.rights)
        if errors:
            self.errors.extend(errors[1:])
            raise errors[0]
        self._register(plugin, implemented)
        self._manager.register(candidate, name=slug)
        self.objects[slug] = candidate
        self.implemented[slug] = implemented
        for warning in deprecations(slug, implemented, DEPRECATED_HOOKS, DEPRECATED_ARGUMENTS):
            self.warnings.append(warning)
            _log.warning("%s", warning.get(Language.EN))

    def _imported(self, found: Found) -> object:
        try:
            return run_bounded(import_plugin, found, self._modules, seconds=self.timeout)
        except OverdueError:
            if str(found.source) in sys.path:  # the import is still going on, and is not needed
                sys.path.remove(str(found.source))
            raise PluginImportHangsError(found.slug, self.timeout, file=found.file) from None

    def _register(self, plugin: LoadedPlugin, implemented: dict[str, Implemented]) -> None:
        """Take what a plugin brings before anything is asked of it."""
        try:
            answers = {
                name: self._registration(plugin, hook, implemented[name])
                for name, hook in self.hooks.items()
                if name in implemented and hook.when in {When.STARTUP, When.COMPOSITION}
            }
            if plugin.is_core:
                self.registered.take_core(plugin.slug, answers)
            else:
                self.registered.take(plugin.slug, answers)
        except PluginError as error:
            if error.file is None and error.hook in implemented:
                error.file, error.line = implemented[error.hook].place
            raise

    def _registration(self, plugin: LoadedPlugin, hook: Hook, found: Implemented) -> Any:
        if plugin.is_core:
            return found.function()
        try:
            answer = run_bounded(found.function, seconds=self.timeout)
        except OverdueError:
            raise HookTimedOutError(plugin.slug, hook.name, self.timeout) from None
        except (Exception, SystemExit) as error:
            file, line = error_place(error, found.function)
            raise HookFailedError(plugin.slug, hook.name, error, file=file, line=line) from error
        check_answer(plugin.slug, hook, answer)
        return answer

    def _leave_out(self, plugin: LoadedPlugin, error: PluginError) -> None:
        known = self.plugins.get(plugin.slug)
        disabled = isinstance(error, PluginDisabledError)
        self.plugins[plugin.slug] = replace(
            plugin,
            hooks=known.hooks if known is not None else (),
            status=PluginStatus.DISABLED if disabled else PluginStatus.DEGRADED,
            reason=error.reason,
            code=error.code,
        )
        self.errors.insert(self._first_error_of(plugin.slug), error)
        if disabled:
            _log.info("%s", error.message.get(Language.EN))
        else:
            _log.error("%s", error.text(Language.EN), exc_info=error.__cause__)

    def _first_error_of(self, slug: str) -> int:
        slugs = [error.plugin for error in self.errors]
        return slugs.index(slug) if slug in slugs else len(slugs)
