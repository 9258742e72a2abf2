"""Looking at a plugin before it is let in: which hooks it implements, and whether it may."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pluggy

from zhupei.domain.text import Language, Text
from zhupei.errors import PluginError
from zhupei.hooks.declaration import Hook, Reach, When
from zhupei.hooks.deprecations import Deprecation
from zhupei.hooks.hook_errors import (
    HookArgumentError,
    HookAsyncError,
    HookHoldsError,
    HookOrderError,
    HookRightsError,
    HookUnknownError,
)
from zhupei.hooks.markers import holds_for
from zhupei.hooks.scope import Rights

__all__ = ["Implemented", "deprecations", "implemented_hooks", "inspect_hooks"]

_FLAGS = ("wrapper", "hookwrapper", "tryfirst", "trylast")


@dataclass(frozen=True, slots=True)
class Implemented:
    """A function that implements a hook, and the names of the arguments that it takes."""

    function: Callable[..., Any]
    parameters: tuple[str, ...]

    @property
    def is_async(self) -> bool:
        """Whether it is written ``async def``."""
        return inspect.iscoroutinefunction(self.function)

    @property
    def holds(self) -> float:
        """For how many seconds an answer holds."""
        return holds_for(self.function)

    @property
    def place(self) -> tuple[Path | None, int | None]:
        """File and line of the function."""
        code = getattr(inspect.unwrap(self.function), "__code__", None)
        return (None, None) if code is None else (Path(code.co_filename), code.co_firstlineno)


def implemented_hooks(
    manager: pluggy.PluginManager, plugin: object, known: Mapping[str, Hook]
) -> tuple[dict[str, Implemented], dict[str, str]]:
    """Return the hooks that a plugin implements, and for each the flag that it sets, if any.

    Hooks that are unknown are left out where the plugin marks them as optional.
    """
    found: dict[str, Implemented] = {}
    flags: dict[str, str] = {}
    for name in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, name)
        if options is None:
            continue
        hook = options.get("specname") or name
        if hook not in known and options.get("optionalhook"):
            continue
        function = getattr(plugin, name)
        parameters = inspect.signature(function).parameters.values()
        accepted = known[hook].arguments if hook in known else ()
        # An argument with a default is given all the same, where the hook has it.
        found[hook] = Implemented(
            function,
            tuple(
                each.name
                for each in parameters
                if each.kind
                in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY}
                and (each.default is each.empty or each.name in accepted)
            ),
        )
        flag = next((flag for flag in _FLAGS if options.get(flag)), None)
        if flag is not None:
            flags[hook] = flag
    return found, flags


def inspect_hooks(
    slug: str,
    found: Mapping[str, Implemented],
    flags: Mapping[str, str],
    known: Mapping[str, Hook],
    rights: Rights,
) -> list[PluginError]:
    """Return everything that is wrong with the hooks that a plugin implements."""
    errors: list[PluginError] = []
    for name, implemented in found.items():
        file, line = implemented.place
        if name not in known:
            errors.append(HookUnknownError(slug, name, tuple(known), file=file, line=line))
            continue
        hook = known[name]
        if name in flags:
            errors.append(HookOrderError(slug, name, flags[name], file=file, line=line))
        errors.extend(
            HookArgumentError(slug, name, parameter, hook.arguments, file=file, line=line)
            for parameter in implemented.parameters
            if parameter not in hook.arguments
        )
        if hook.sync and (implemented.is_async or inspect.isasyncgenfunction(implemented.function)):
            errors.append(HookAsyncError(slug, name, file=file, line=line))
        if implemented.holds and hook.when is not When.READ:
            errors.append(HookHoldsError(slug, name, file=file, line=line))
        if hook.reach is Reach.PLATFORM and not rights.reaches_platform:
            errors.append(HookRightsError(slug, name, file=file, line=line))
    return errors


def deprecations(
    slug: str,
    found: Mapping[str, Implemented],
    hooks: Mapping[str, Deprecation],
    arguments: Mapping[tuple[str, str], Deprecation],
) -> list[Text]:
    """Return a warning for each hook and argument that a plugin uses and that will be removed."""
    warnings = [_warning(slug, name, hooks[name]) for name in found if name in hooks]
    warnings += [
        _warning(slug, f"{name}({parameter})", arguments[name, parameter])
        for name, implemented in found.items()
        for parameter in implemented.parameters
        if (name, parameter) in arguments
    ]
    return warnings


def _warning(slug: str, what: str, deprecation: Deprecation) -> Text:
    instead, release = deprecation.instead, deprecation.removed_in
    return Text(
        f"插件 {slug}：{what} 将在 zhupei {release} 中移除；{instead.zh}",
        f"plugin {slug}: {what} will be removed in zhupei {release}; {instead.get(Language.EN)}",
    )
