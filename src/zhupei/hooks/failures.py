"""Failures of plugins: what went wrong, in the plugin's name, and in the log once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from zhupei.domain.actors import SignInRefusedError
from zhupei.domain.text import Language
from zhupei.errors import PluginError
from zhupei.hooks.answers import HookFailure
from zhupei.hooks.declaration import Hook
from zhupei.hooks.discovery import error_place
from zhupei.hooks.hook_errors import HookFailedError, HookStuckError, HookTimedOutError
from zhupei.hooks.inspection import Implemented
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.plugins import Implementation
from zhupei.hooks.threads import OverdueError, StuckError

__all__ = ["Failures"]

_log = logging.getLogger(__name__)


class Failures:
    """Words what the plugins of a host do wrong; ``seconds`` is what each was given."""

    def __init__(self, host: PluginHost, seconds: float) -> None:
        self._host, self._seconds = host, seconds
        self._logged: set[tuple[object, ...]] = set()

    def of(self, hook: Hook, call: Implementation, error: BaseException) -> HookFailure:
        """Return the failure that an error of a plugin means for a question."""
        if isinstance(error, SignInRefusedError) and hook.name == "actor_from_request":
            # Somebody's bad token is no fault of the plugin that says so.
            return HookFailure(
                call.plugin.slug, hook.name, error.message, error.code, error.message
            )
        found = self.error(call.plugin.slug, hook, error, call.function)
        if hook.name == "startup":  # it runs on, but without what it needs
            self._host.degrade(found)
        return HookFailure.of(found, hook.name)

    def error(
        self, slug: str, hook: Hook, error: BaseException, function: Callable[..., Any]
    ) -> PluginError:
        """Return an error in the plugin's name, logged the first time."""
        found: PluginError
        match error:
            case PluginError():
                found = error
                found.file, found.line = Implemented(function, ()).place
            case StuckError():
                found = HookStuckError(slug, hook.name, error.calls)
            case OverdueError():
                found = HookTimedOutError(slug, hook.name, self._seconds)
            case _:
                file, line = error_place(error, function)
                found = HookFailedError(slug, hook.name, error, file=file, line=line)
        key = (slug, hook.name, found.code, found.file, found.line)
        if key not in self._logged:  # once: a hook of a busy page would fill the log
            self._logged.add(key)
            trace = error if isinstance(found, HookFailedError) else None
            _log.error("%s", found.text(Language.EN), exc_info=trace)
        return found
