"""The plugins of one application: who is asked what, who is missed, and what they brought."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from pydantic import BaseModel

from zhupei.default_plugins import DEFAULT_PLUGINS
from zhupei.domain.actors import Permission
from zhupei.domain.institutions import Degradation
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.errors import PluginError, PluginsFailedError
from zhupei.hooks.declaration import Consequence, Hook, Mode, Reach
from zhupei.hooks.discovery import Discovery, error_place
from zhupei.hooks.hook_errors import HookFailedError
from zhupei.hooks.installation import Commands
from zhupei.hooks.intake import Intake
from zhupei.hooks.kinds import KindRegistry
from zhupei.hooks.load_errors import PluginDisabledError
from zhupei.hooks.plugins import Implementation, LoadedPlugin
from zhupei.hooks.registrations import RegisteredType
from zhupei.hooks.scope import Naming, Scope
from zhupei.hooks.threads import Bulkhead

__all__ = ["HookWatch", "PluginHost"]

HookWatch = Callable[[str, str, float, str | None], None]


class PluginHost:
    """The plugins of one application; make one with `load`, nothing of it is shared.

    ``hooks`` holds the declared hooks by name.
    """

    def __init__(self, slugs: tuple[str, ...] = (), *, timeout: float = 30.0) -> None:
        self._intake = Intake(slugs, timeout)
        self.hooks: Mapping[str, Hook] = self._intake.hooks
        self.watch: HookWatch | None = None
        """Who is told of every hook of a plugin: slug, hook, seconds, the code of its failure."""
        self.bulkheads: dict[str, Bulkhead] = {}
        """The threads of the plugins, by slug: what hangs counts also where a catalogue is new."""

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
            host._intake.add_core(entry)
        if named:
            discovery = Discovery(folders) if discovery is None else discovery
            for slug, who in named.items():
                namings = (who,) if isinstance(who, Naming) else tuple(who)
                host._intake.add(slug, namings, discovery, disabled)
        if strict and host.failures:
            raise PluginsFailedError(host.failures)
        return host

    def extended(self, slug: str, plugin: object, *namings: Naming) -> PluginHost:
        """Return a host with one more plugin, given as an object; this one stays as it is.

        Without a naming it is one of the core's own, and takes the place of the one of that slug.

        Raises:
            PluginError: the object is not a good plugin.

        """
        own = self._intake
        host = PluginHost((*own.plugins, slug), timeout=own.timeout)
        host.watch = self.watch
        extended = host._intake
        extended.errors = list(own.errors)
        objects = {**own.objects, slug: plugin}
        added = LoadedPlugin.named(slug, namings)
        for present in {**own.plugins, slug: own.plugins.get(slug, added)}.values():
            if present.slug in objects:
                extended.admit(present, objects[present.slug])
            else:
                extended.plugins[present.slug] = present
        return host

    @property
    def plugins(self) -> tuple[LoadedPlugin, ...]:
        """The core's plugins, then all that are named, also those left out."""
        return tuple(self._intake.plugins.values())

    @property
    def kinds(self) -> KindRegistry:
        """The words that configuration may use."""
        return self._intake.registered.kinds

    @property
    def config_models(self) -> Mapping[str, type[BaseModel]]:
        """The models of the ``extra:`` blocks by slug."""
        return MappingProxyType(self._intake.registered.config_models)

    @property
    def base_folders(self) -> Mapping[str, tuple[Path, ...]]:
        """The folders with configuration that plugins carry, by slug."""
        return MappingProxyType(self._intake.registered.base_folders)

    @property
    def types(self) -> tuple[RegisteredType, ...]:
        """The graph types of plugins."""
        return tuple(self._intake.registered.types.values())

    @property
    def queries(self) -> Mapping[str, RegisteredType]:
        """The types to mount at ``Query.<slug>``, by slug."""
        return MappingProxyType(self._intake.registered.queries)

    @property
    def permissions(self) -> Mapping[str, tuple[str, Permission]]:
        """The permissions by name, each with its owner's slug (``core`` for the core)."""
        return MappingProxyType(self._intake.registered.permissions)

    @property
    def failures(self) -> tuple[PluginError, ...]:
        """Everything that is wrong with the plugins that the configuration names."""
        return tuple(
            each for each in self._intake.errors if not isinstance(each, PluginDisabledError)
        )

    @property
    def version(self) -> int:
        """Another number whenever a plugin was left out or degraded: who is asked may differ."""
        return len(self._intake.errors)

    @property
    def warnings(self) -> tuple[Text, ...]:
        """What plugins should change before the next major release."""
        return tuple(self._intake.warnings)

    def implementations(self, hook: Hook, scope: Scope) -> tuple[Implementation, ...]:
        """Return who is asked, in the order in which they are asked, each once.

        MERGE asks from the nation down to the institution, the others from the nearest up.
        """
        asked = tuple(
            Implementation(
                self._intake.plugins[slug],
                found.function,
                found.parameters,
                found.is_async,
                level,
                found.holds,
            )
            for slug, level in self._order(hook, scope).items()
            if (found := self._intake.implemented.get(slug, {}).get(hook.name)) is not None
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
            error = None if slug in self._intake.implemented else self._intake.error_of(slug)
            if error is None or isinstance(error, PluginDisabledError):
                continue
            known = self._intake.plugins[slug].hooks if slug in self._intake.plugins else ()
            # Of a plugin that could not be imported, nobody knows what it would have answered.
            if hook.name in known or (not known and hook.reach is Reach.BASE):
                errors.append(error)
        return errors

    def degradations(self, scope: Scope) -> tuple[Degradation, ...]:
        """Return which plugins of a base take no part, and why."""
        found = []
        for slug in (*scope.institution, *scope.jurisdictions):
            error = self._intake.error_of(slug)
            if error is not None:
                found.append(Degradation(plugin=slug, hook=error.hook, reason=error.reason))
        return tuple(found)

    def degrade(self, error: PluginError) -> None:
        """Mark a plugin that is loaded as DEGRADED; it keeps the hooks that it can still answer.

        That is one that could not start, or whose graph types cannot be composed.
        """
        self._intake.degrade(error)

    def check_extension(self, hook: Hook, plugin: LoadedPlugin, value: object) -> None:
        """Check that `base_extension` answers with a type that the plugin registered.

        Raises:
            HookAnswerError: it does not.

        """
        if hook.name == "base_extension" and value is not None:
            self._intake.registered.check_extension(plugin.slug, value)

    def add_commands(self, commands: Commands) -> tuple[PluginError, ...]:
        """Let plugins add ``zhupei <slug> …``; return what went wrong."""
        errors: list[PluginError] = []
        for slug, hooks in self._intake.implemented.items():
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
                    for slug, plugin in self._intake.plugins.items()
                }
            case Reach.PLATFORM:
                national = [
                    p.slug for p in self._intake.plugins.values() if p.rights.reaches_platform
                ]
            case Reach.BASE:
                national = [p.slug for p in self._intake.plugins.values() if p.serves_every_base]
        order = dict.fromkeys(scope.institution, Level.INSTITUTION)
        for slug in scope.jurisdictions:
            order.setdefault(slug, Level.JURISDICTION)
        # What zhupei.yaml names comes before the core's own.
        for slug in sorted(national, key=lambda slug: self._intake.plugins[slug].is_core):
            order.setdefault(slug, Level.NATIONAL)
        return order
