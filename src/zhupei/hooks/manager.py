"""The plugins of one application: found, checked, imported, registered; faulty ones left out."""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pluggy
from pydantic import BaseModel

from zhupei.default_plugins import DEFAULT_PLUGINS
from zhupei.domain.actors import Permission
from zhupei.domain.institutions import Degradation
from zhupei.domain.sources import Level
from zhupei.domain.text import Language, Text
from zhupei.errors import PluginError, PluginsFailedError
from zhupei.hooks import specs
from zhupei.hooks.answers import check_answer
from zhupei.hooks.declaration import Consequence, Hook, Mode, Reach, When, declared_hooks
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
from zhupei.hooks.inspection import (
    Implemented,
    deprecations,
    implemented_hooks,
    inspect_hooks,
)
from zhupei.hooks.installation import Commands
from zhupei.hooks.kinds import KindRegistry
from zhupei.hooks.load_errors import (
    PluginClassError,
    PluginDisabledError,
    PluginImportHangsError,
    PluginNotFoundError,
    PluginSlugError,
    PluginWithoutHooksError,
)
from zhupei.hooks.plugins import Implementation, LoadedPlugin, PluginStatus
from zhupei.hooks.registrations import RegisteredType, Registrations
from zhupei.hooks.scope import Naming, Rights, Scope
from zhupei.hooks.threads import OverdueError, run_bounded

__all__ = ["HookWatch", "PluginHost"]

_log = logging.getLogger(__name__)

HookWatch = Callable[[str, str, float, str | None], None]


class PluginHost:
    """The plugins of one application; make one with `load`, nothing of it is shared.

    ``hooks`` holds the declared hooks by name.
    """

    def __init__(self, slugs: tuple[str, ...] = (), *, timeout: float = 30.0) -> None:
        self.hooks: Mapping[str, Hook] = declared_hooks(specs)
        self._timeout = timeout
        self._manager = pluggy.PluginManager("zhupei")
        self._manager.add_hookspecs(specs)
        self._plugins: dict[str, LoadedPlugin] = {}
        self._objects: dict[str, object] = {}
        self._implemented: dict[str, dict[str, Implemented]] = {}
        self._errors: list[PluginError] = []
        self._warnings: list[Text] = []
        self._modules: dict[str, Path] = {}
        self._registered = Registrations(slugs)
        self.watch: HookWatch | None = None
        """Who is told of every hook of a plugin: slug, hook, seconds, the code of its failure."""

    @classmethod
    def load(
        cls,
        named: Mapping[str, Naming | Sequence[Naming]],
        *,
        folders: Sequence[Path] = (),
        strict: bool = False,
        disabled: Collection[str] = (),
        defaults: Sequence[str] = DEFAULT_PLUGINS,
        discovery: Discovery | None = None,
        timeout: float = 30.0,
    ) -> PluginHost:
        """Load the plugins that the configuration names, and only those.

        ``named`` says by slug who names it. ``folders`` are searched for projects, then the
        installed packages (or give a ``discovery``). A plugin may take ``timeout`` seconds to
        import, and as many for each registration.

        Raises:
            PluginsFailedError: start-up is ``strict`` and a plugin is wrong; holds all errors.

        """
        host = cls(tuple(named), timeout=timeout)
        for entry in defaults:
            host._add_core(entry)
        if named:
            discovery = Discovery(folders) if discovery is None else discovery
            for slug, who in named.items():
                host._add(
                    slug, (who,) if isinstance(who, Naming) else tuple(who), discovery, disabled
                )
        if strict and host.failures:
            raise PluginsFailedError(host.failures)
        return host

    def extended(self, slug: str, plugin: object, *namings: Naming) -> PluginHost:
        """Return a host with one more plugin, given as an object; this one stays as it is.

        Without a naming it is one of the core's own, and takes the place of the one of that slug.

        Raises:
            PluginError: the object is not a good plugin.

        """
        host = PluginHost((*self._plugins, slug), timeout=self._timeout)
        host._errors, host._warnings = list(self._errors), []
        host.watch = self.watch
        objects = {**self._objects, slug: plugin}
        rights = max((each.rights for each in namings), key=list(Rights).index, default=Rights.CORE)
        added = LoadedPlugin(slug, namings=namings, rights=rights)
        for present in {**self._plugins, slug: self._plugins.get(slug, added)}.values():
            if present.slug in objects:
                host._admit(present, objects[present.slug])
            else:
                host._plugins[present.slug] = present
        return host

    @property
    def plugins(self) -> tuple[LoadedPlugin, ...]:
        """The core's plugins, then all that are named, also those left out."""
        return tuple(self._plugins.values())

    @property
    def kinds(self) -> KindRegistry:
        """The words that configuration may use."""
        return self._registered.kinds

    @property
    def config_models(self) -> Mapping[str, type[BaseModel]]:
        """The models of the ``extra:`` blocks by slug."""
        return MappingProxyType(self._registered.config_models)

    @property
    def base_folders(self) -> Mapping[str, tuple[Path, ...]]:
        """The folders with configuration that plugins carry, by slug."""
        return MappingProxyType(self._registered.base_folders)

    @property
    def types(self) -> tuple[RegisteredType, ...]:
        """The graph types of plugins."""
        return tuple(self._registered.types.values())

    @property
    def queries(self) -> Mapping[str, RegisteredType]:
        """The types to mount at ``Query.<slug>``, by slug."""
        return MappingProxyType(self._registered.queries)

    @property
    def permissions(self) -> Mapping[str, tuple[str, Permission]]:
        """The permissions by name, each with its owner's slug (``core`` for the core)."""
        return MappingProxyType(self._registered.permissions)

    @property
    def failures(self) -> tuple[PluginError, ...]:
        """Everything that is wrong with the plugins that the configuration names."""
        return tuple(each for each in self._errors if not isinstance(each, PluginDisabledError))

    @property
    def version(self) -> int:
        """Another number whenever a plugin was left out or degraded: who is asked may differ."""
        return len(self._errors)

    @property
    def warnings(self) -> tuple[Text, ...]:
        """What plugins should change before the next major release."""
        return tuple(self._warnings)

    def implementations(self, hook: Hook, scope: Scope) -> tuple[Implementation, ...]:
        """Return who is asked, in the order in which they are asked, each once.

        MERGE asks from the nation down to the institution, the others from the nearest up.
        """
        asked = tuple(
            Implementation(
                self._plugins[slug],
                found.function,
                found.parameters,
                found.is_async,
                level,
                found.holds,
            )
            for slug, level in self._order(hook, scope).items()
            if (found := self._implemented.get(slug, {}).get(hook.name)) is not None
        )
        return asked[::-1] if hook.mode is Mode.MERGE else asked

    def absent(self, hook: Hook, scope: Scope) -> list[PluginError]:
        """Return why plugins that have a say here were left out.

        Only where an answer without them could be wrong: in decisions, and in figures that a
        plugin counts elsewhere. Nobody misses a plugin that the operator switched off.
        """
        if hook.consequence not in {Consequence.CLOSED, Consequence.NULL}:
            return []
        errors = []
        for slug in self._order(hook, scope):
            error = None if slug in self._implemented else self._error_of(slug)
            if error is None or isinstance(error, PluginDisabledError):
                continue
            known = self._plugins[slug].hooks if slug in self._plugins else ()
            # Of a plugin that could not be imported, nobody knows what it would have answered.
            if hook.name in known or (not known and hook.reach is Reach.BASE):
                errors.append(error)
        return errors

    def degradations(self, scope: Scope) -> tuple[Degradation, ...]:
        """Return which plugins of a base take no part, and why."""
        found = []
        for slug in (*scope.institution, *scope.jurisdictions):
            error = self._error_of(slug)
            if error is not None:
                found.append(Degradation(plugin=slug, hook=error.hook, reason=error.reason))
        return tuple(found)

    def degrade(self, error: PluginError) -> None:
        """Mark a plugin that is loaded as DEGRADED; it keeps the hooks that it can still answer.

        That is one that could not start, or whose graph types cannot be composed.
        """
        if error in self._errors:
            return
        plugin = self._plugins[error.plugin]
        self._errors.append(error)
        self._plugins[plugin.slug] = replace(
            plugin, status=PluginStatus.DEGRADED, reason=error.reason, code=error.code
        )

    def check_extension(self, hook: Hook, plugin: LoadedPlugin, value: object) -> None:
        """Check that `base_extension` answers with a type that the plugin registered.

        Raises:
            HookAnswerError: it does not.

        """
        if hook.name == "base_extension" and value is not None:
            self._registered.check_extension(plugin.slug, value)

    def add_commands(self, commands: Commands) -> tuple[PluginError, ...]:
        """Let plugins add ``zhupei <slug> …``; return what went wrong."""
        errors: list[PluginError] = []
        for slug, hooks in self._implemented.items():
            found = hooks.get("register_commands")
            if found is None:
                continue
            try:  # a slug may be the name of a command of the core's, too
                parser = commands.add_parser(slug, help=f"commands of plugin {slug}")
                own = parser.add_subparsers(metavar="COMMAND", required=True)
                found.function(*(own for _ in found.parameters))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - because isolation is the point
                file, line = error_place(error, found.function)
                errors.append(
                    HookFailedError(slug, "register_commands", error, file=file, line=line)
                )
        return tuple(errors)

    def _order(self, hook: Hook, scope: Scope) -> dict[str, Level]:
        """Return slugs in order, nearest first, with the level that each speaks for."""
        match hook.reach:
            case Reach.ALL:
                return {
                    slug: plugin.naming.level if plugin.naming else Level.NATIONAL
                    for slug, plugin in self._plugins.items()
                }
            case Reach.PLATFORM:
                national = [p.slug for p in self._plugins.values() if p.rights.reaches_platform]
            case Reach.BASE:
                national = [p.slug for p in self._plugins.values() if p.serves_every_base]
        order = dict.fromkeys(scope.institution, Level.INSTITUTION)
        for slug in scope.jurisdictions:
            order.setdefault(slug, Level.JURISDICTION)
        # What zhupei.yaml names comes before the core's own.
        for slug in sorted(national, key=lambda slug: self._plugins[slug].is_core):
            order.setdefault(slug, Level.NATIONAL)
        return order

    def _error_of(self, slug: str) -> PluginError | None:
        if slug not in self._plugins:
            return PluginNotFoundError(slug, tuple(self._plugins), file=None, line=None)
        return next((error for error in self._errors if error.plugin == slug), None)

    def _add_core(self, entry: str) -> None:
        module, _, factory = entry.partition(":")
        slug = module.rpartition(".")[2].replace("_", "-")
        plugin: object = import_module(module)
        if factory:
            plugin = getattr(plugin, factory)()
        self._admit(LoadedPlugin(slug, version=core_version()), plugin)

    def _add(
        self,
        slug: str,
        namings: tuple[Naming, ...],
        discovery: Discovery,
        disabled: Collection[str],
    ) -> None:
        rights = max((each.rights for each in namings), key=list(Rights).index)
        plugin = LoadedPlugin(slug, namings=namings, rights=rights)
        file, line = namings[0].file, namings[0].line
        if slug in self._plugins:  # one of the core's own, which stays as it is
            self._errors.append(PluginSlugError(slug, file=file, line=line))
            return
        try:
            if slug in disabled:
                raise PluginDisabledError(slug)
            if not is_slug(slug):
                raise PluginSlugError(slug, file=file, line=line)
            found = discovery.find(slug, file=file, line=line)
            plugin = replace(plugin, version=found.version, path=found.path)
            check_compatible(found, running=core_version())
            self._admit(plugin, self._imported(found), found)
        except PluginError as error:
            self._leave_out(plugin, error)

    def _imported(self, found: Found) -> object:
        try:
            return run_bounded(import_plugin, found, self._modules, seconds=self._timeout)
        except OverdueError:
            if str(found.source) in sys.path:  # the import is still going on, and is not needed
                sys.path.remove(str(found.source))
            raise PluginImportHangsError(found.slug, self._timeout, file=found.file) from None

    def _admit(self, plugin: LoadedPlugin, candidate: object, found: Found | None = None) -> None:
        """Check a plugin and let it in, or raise the first error (all are noted)."""
        slug = plugin.slug
        entry = found.entry if found is not None else slug
        file = found.file if found is not None else None
        if inspect.isclass(candidate):
            raise PluginClassError(slug, entry, file=file)
        implemented, flags = implemented_hooks(self._manager, candidate, self.hooks)
        if not implemented:
            raise PluginWithoutHooksError(slug, entry, file=file)
        plugin = replace(plugin, hooks=tuple(name for name in self.hooks if name in implemented))
        self._plugins[slug] = plugin
        errors = inspect_hooks(slug, implemented, flags, self.hooks, plugin.rights)
        if errors:
            self._errors.extend(errors[1:])
            raise errors[0]
        try:
            answers = {
                name: self._registration(plugin, hook, implemented[name])
                for name, hook in self.hooks.items()
                if name in implemented and hook.when in {When.STARTUP, When.COMPOSITION}
            }
            if plugin.is_core:
                self._registered.take_core(slug, answers)
            else:
                self._registered.take(slug, answers)
        except PluginError as error:
            if error.file is None and error.hook in implemented:
                error.file, error.line = implemented[error.hook].place
            raise
        self._manager.register(candidate, name=slug)
        self._objects[slug] = candidate
        self._implemented[slug] = implemented
        for warning in deprecations(slug, implemented, DEPRECATED_HOOKS, DEPRECATED_ARGUMENTS):
            self._warnings.append(warning)
            _log.warning("%s", warning.get(Language.EN))

    def _registration(self, plugin: LoadedPlugin, hook: Hook, found: Implemented) -> Any:
        if plugin.is_core:
            return found.function()
        try:
            answer = run_bounded(found.function, seconds=self._timeout)
        except OverdueError:
            raise HookTimedOutError(plugin.slug, hook.name, self._timeout) from None
        except (Exception, SystemExit) as error:
            file, line = error_place(error, found.function)
            raise HookFailedError(plugin.slug, hook.name, error, file=file, line=line) from error
        check_answer(plugin.slug, hook, answer)
        return answer

    def _leave_out(self, plugin: LoadedPlugin, error: PluginError) -> None:
        known = self._plugins.get(plugin.slug)
        disabled = isinstance(error, PluginDisabledError)
        self._plugins[plugin.slug] = replace(
            plugin,
            hooks=known.hooks if known is not None else (),
            status=PluginStatus.DISABLED if disabled else PluginStatus.DEGRADED,
            reason=error.reason,
            code=error.code,
        )
        self._errors.insert(self._first_error_of(plugin.slug), error)
        if disabled:
            _log.info("%s", error.message.get(Language.EN))
        else:
            _log.error("%s", error.text(Language.EN), exc_info=error.__cause__)

    def _first_error_of(self, slug: str) -> int:
        slugs = [error.plugin for error in self._errors]
        return slugs.index(slug) if slug in slugs else len(slugs)
