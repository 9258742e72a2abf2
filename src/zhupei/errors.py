"""The errors that zhupei raises, each with a code, a message in two languages and a hint.

::

    ZhupeiError
    ├── KindUnknownError              KIND_UNKNOWN
    ├── PluginsFailedError            PLUGINS_FAILED: all problems at once, where start-up is strict
    ├── DecisionBlockedError          PLUGIN_DECISION_FAILED: a plugin failed, so nothing is decided
    └── PluginError                   one plugin is wrong; it names plugin, hook, file, line
        ├── PluginNotFoundError           PLUGIN_NOT_FOUND
        ├── PluginDuplicateError          PLUGIN_DUPLICATE
        ├── PluginProjectError            PLUGIN_BAD_PROJECT
        ├── PluginSlugError               PLUGIN_BAD_SLUG
        ├── PluginIncompatibleError       PLUGIN_INCOMPATIBLE
        ├── PluginDisabledError           PLUGIN_DISABLED
        ├── PluginImportError             PLUGIN_IMPORT_FAILED
        │   ├── PluginDependencyError     PLUGIN_DEPENDENCY_MISSING
        │   ├── PluginSyntaxError         PLUGIN_SYNTAX_ERROR
        │   ├── PluginEntryPointError     PLUGIN_ENTRY_POINT_MISSING
        │   └── PluginImportHangsError    PLUGIN_IMPORT_TIMED_OUT
        ├── PluginModuleClashError        PLUGIN_MODULE_CLASH
        ├── PluginSharedError             PLUGIN_SHARED
        ├── PluginClassError              PLUGIN_IS_CLASS
        ├── PluginWithoutHooksError       PLUGIN_WITHOUT_HOOKS
        ├── RegistrationError             what a plugin registers cannot stand beside the rest
        │   ├── KindNameError             KIND_BAD_NAME
        │   ├── KindClashError            KIND_CLASH
        │   ├── PermissionNameError       PERMISSION_BAD_NAME
        │   ├── PermissionClashError      PERMISSION_CLASH
        │   ├── TypeNameError             TYPE_BAD_NAME
        │   └── TypeClashError            TYPE_CLASH
        └── HookError                     one hook of one plugin
            ├── HookUnknownError          HOOK_UNKNOWN
            ├── HookArgumentError         HOOK_ARGUMENT_UNKNOWN
            ├── HookHoldsError            HOOK_MUST_BE_ASKED
            ├── HookOrderError            HOOK_ORDER_REFUSED
            ├── HookAsyncError            HOOK_MUST_BE_SYNC
            ├── HookRightsError           HOOK_NOT_PERMITTED
            ├── HookFailedError           HOOK_FAILED
            ├── HookTimedOutError         HOOK_TIMED_OUT
            ├── HookStuckError            HOOK_STUCK
            └── HookAnswerError           HOOK_BAD_ANSWER

`PluginError.message` is for the operator and may repeat what an exception said; `reason` is the
part of it that clients may see.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from zhupei.domain.text import Language, Text

__all__ = [
    "DecisionBlockedError",
    "PluginError",
    "PluginsFailedError",
    "ZhupeiError",
    "did_you_mean",
    "said_by",
    "shown",
]


class ZhupeiError(Exception):
    """Anything that zhupei itself raises; ``message`` says what is wrong, ``hint`` what to do."""

    code: ClassVar[str] = "ERROR"

    def __init__(self, message: Text, hint: Text | None = None) -> None:
        self.message = message
        self.hint = hint
        super().__init__(message.get(Language.EN))

    def text(self, language: Language) -> str:
        """Return ``message; hint [CODE]``."""
        parts = [self.message.get(language)]
        if self.hint is not None:
            parts.append(self.hint.get(language))
        return f"{('；' if language is Language.ZH else '; ').join(parts)} [{self.code}]"


class PluginError(ZhupeiError):
    """One plugin is wrong.

    ``file`` and ``line`` say where to look; ``hook`` is set where one hook is meant.
    """

    code = "PLUGIN_ERROR"

    def __init__(
        self,
        plugin: str,
        detail: Text,
        hint: Text | None = None,
        *,
        hook: str | None = None,
        file: Path | None = None,
        line: int | None = None,
        reason: Text | None = None,
    ) -> None:
        self.plugin, self.hook, self.file, self.line = plugin, hook, file, line
        super().__init__(_of_plugin(plugin, hook, detail), hint)
        self.reason = self.message if reason is None else _of_plugin(plugin, hook, reason)

    def text(self, language: Language) -> str:
        """Return ``file:line: message; hint [CODE]``, the file relative to here."""
        rest = super().text(language)
        if self.file is None:
            return rest
        return f"{shown(self.file)}{'' if self.line is None else f':{self.line}'}: {rest}"

    def as_json(self) -> dict[str, object]:
        """Return every part, the texts in both languages, for other programs."""
        return {
            "plugin": self.plugin,
            "hook": self.hook,
            "code": self.code,
            "message": {"zh": self.message.zh, "en": self.message.en},
            "hint": None if self.hint is None else {"zh": self.hint.zh, "en": self.hint.en},
            "file": None if self.file is None else shown(self.file),
            "line": self.line,
        }


class PluginsFailedError(ZhupeiError):
    """Start-up is strict and plugins are wrong; ``errors`` holds all of them."""

    code = "PLUGINS_FAILED"

    def __init__(self, errors: Iterable[PluginError]) -> None:
        self.errors = tuple(errors)
        zh = "\n".join(error.text(Language.ZH) for error in self.errors)
        en = "\n".join(error.text(Language.EN) for error in self.errors)
        super().__init__(Text(zh, en))


class DecisionBlockedError(ZhupeiError):
    """A plugin that has a say in a decision could not answer, so nothing is decided.

    ``plugin`` and ``hook`` name the first of them; the message is safe for clients.
    """

    code = "PLUGIN_DECISION_FAILED"

    def __init__(self, plugin: str, hook: str, reason: Text) -> None:
        self.plugin, self.hook = plugin, hook
        super().__init__(
            Text(
                f"无法作出决定，未作任何更改：{reason.zh}",
                f"no decision could be made and nothing was changed: {reason.get(Language.EN)}",
            )
        )


def did_you_mean(name: str, known: Iterable[str]) -> Text | None:
    """Return a hint with the known name that is nearest, None where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return Text(f"是否指“{near[0]}”？", f'did you mean "{near[0]}"?') if near else None


def said_by(error: BaseException) -> str:
    """Return the type of an exception and the first line of what it says."""
    try:
        first, *_ = str(error).splitlines() or [""]
    except Exception:  # noqa: BLE001 - because who says what went wrong must not go wrong itself
        first = ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def shown(file: Path) -> str:
    """Return the path as a reader expects it: relative where it lies below the current folder."""
    here = Path.cwd()
    # Lexically: a link is shown as the user wrote it, not where it leads.
    absolute = Path(os.path.abspath(file))  # noqa: PTH100 - Path.resolve() would follow links
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else file).as_posix()


def _of_plugin(plugin: str, hook: str | None, detail: Text) -> Text:
    en = detail.get(Language.EN)
    if hook is None:
        return Text(f"插件 {plugin}：{detail.zh}", f"plugin {plugin}: {en}")
    return Text(f"插件 {plugin}，钩子 {hook}：{detail.zh}", f"plugin {plugin}, hook {hook}: {en}")
