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
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from zhupei.domain.text import Language, Text

__all__ = [
    "DecisionBlockedError",
    "HookAnswerError",
    "HookArgumentError",
    "HookAsyncError",
    "HookError",
    "HookFailedError",
    "HookOrderError",
    "HookRightsError",
    "HookStuckError",
    "HookTimedOutError",
    "HookUnknownError",
    "KindClashError",
    "KindNameError",
    "KindUnknownError",
    "PermissionClashError",
    "PermissionNameError",
    "PluginClassError",
    "PluginDependencyError",
    "PluginDisabledError",
    "PluginDuplicateError",
    "PluginEntryPointError",
    "PluginError",
    "PluginImportError",
    "PluginImportHangsError",
    "PluginIncompatibleError",
    "PluginModuleClashError",
    "PluginNotFoundError",
    "PluginProjectError",
    "PluginSlugError",
    "PluginSyntaxError",
    "PluginWithoutHooksError",
    "PluginsFailedError",
    "RegistrationError",
    "TypeClashError",
    "TypeNameError",
    "ZhupeiError",
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


class KindUnknownError(ZhupeiError):
    """The configuration uses a word that neither the core nor a loaded plugin knows."""

    code = "KIND_UNKNOWN"

    def __init__(self, group: str, name: str, known: Sequence[str]) -> None:
        self.group, self.name, self.known = group, name, tuple(known)
        names = ", ".join(known) or "-"
        super().__init__(
            Text(f"没有名为“{name}”的 {group} 类型", f'there is no {group} kind "{name}"'),
            _nearest(name, known) or Text(f"已知的有 {names}", f"known are {names}"),
        )


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


class PluginNotFoundError(PluginError):
    """The configuration names a plugin that is neither installed nor in a plugin folder."""

    code = "PLUGIN_NOT_FOUND"

    def __init__(
        self, plugin: str, known: Sequence[str], *, file: Path | None, line: int | None
    ) -> None:
        super().__init__(
            plugin,
            Text("找不到该插件", "no such plugin"),
            _nearest(plugin, known)
            or Text(
                "请用 pip 安装它，或把它放入插件文件夹",
                "install it with pip, or put it into a plugin folder",
            ),
            file=file,
            line=line,
        )


class PluginDuplicateError(PluginError):
    """Two different packages carry the same slug."""

    code = "PLUGIN_DUPLICATE"

    def __init__(self, plugin: str, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)
        places = [shown(path) for path in paths]
        super().__init__(
            plugin,
            Text(f"出现了两次：{'、'.join(places)}", f"is found twice: {' and '.join(places)}"),
            Text("只保留其中一个", "keep one of them"),
            reason=Text("出现了两次", "is found twice"),
        )


class PluginProjectError(PluginError):
    """The plugin's pyproject.toml cannot be read or declares no usable entry point."""

    code = "PLUGIN_BAD_PROJECT"

    def __init__(self, plugin: str, file: Path, problem: Text) -> None:
        super().__init__(
            plugin,
            Text(
                f"pyproject.toml 不可用：{problem.zh}",
                f"pyproject.toml cannot be used: {problem.get(Language.EN)}",
            ),
            file=file,
            reason=Text("pyproject.toml 不可用", "its pyproject.toml cannot be used"),
        )


class PluginSlugError(PluginError):
    """The name of the entry point is not a slug, or one that the core keeps for itself."""

    code = "PLUGIN_BAD_SLUG"

    def __init__(self, plugin: str, *, file: Path | None, line: int | None = None) -> None:
        super().__init__(
            plugin,
            Text("名称不能用作插件代号", "the name cannot be a plugin's slug"),
            Text(
                "代号由小写字母、数字和单个连字符组成，以字母开头，且不能与核心插件同名",
                "a slug has lower-case letters, digits and single hyphens, begins with a letter, "
                "and is not the name of a core plugin",
            ),
            file=file,
            line=line,
        )


class PluginIncompatibleError(PluginError):
    """The plugin declares that it needs another release of zhupei, or none at all."""

    code = "PLUGIN_INCOMPATIBLE"

    def __init__(self, plugin: str, needs: str | None, running: str, *, file: Path | None) -> None:
        if needs is None:
            detail = Text(
                "没有声明与哪个 zhupei 版本兼容",
                "does not declare which zhupei it is compatible with",
            )
            hint = Text(
                "请在 dependencies 中加入 zhupei>=1,<2", "add zhupei>=1,<2 to its dependencies"
            )
        else:
            detail = Text(
                f"需要 {needs}，而运行的是 zhupei {running}",
                f"needs {needs}, but zhupei {running} is running",
            )
            hint = Text(
                "请安装与此版本兼容的插件版本", "install a release of it that is compatible"
            )
        super().__init__(plugin, detail, hint, file=file)


class PluginDisabledError(PluginError):
    """The operator switched the plugin off."""

    code = "PLUGIN_DISABLED"

    def __init__(self, plugin: str) -> None:
        super().__init__(
            plugin,
            Text("已由 ZHUPEI_DISABLED_PLUGINS 停用", "is switched off by ZHUPEI_DISABLED_PLUGINS"),
        )


class PluginImportError(PluginError):
    """Importing the plugin raised an exception."""

    code = "PLUGIN_IMPORT_FAILED"

    def __init__(
        self, plugin: str, error: BaseException, *, file: Path | None, line: int | None
    ) -> None:
        said = said_by(error)
        name = type(error).__name__
        super().__init__(
            plugin,
            Text(f"导入时出错：{said}", f"could not be imported: {said}"),
            file=file,
            line=line,
            reason=Text(f"导入时出错（{name}）", f"could not be imported ({name})"),
        )


class PluginDependencyError(PluginImportError):
    """The plugin imports a module that is not installed."""

    code = "PLUGIN_DEPENDENCY_MISSING"

    def __init__(self, plugin: str, module: str, *, file: Path | None, line: int | None) -> None:
        PluginError.__init__(
            self,
            plugin,
            Text(
                f"缺少它所导入的模块 {module}",
                f"imports the module {module}, which is not installed",
            ),
            Text(
                "请把相应的包写入其 dependencies 并安装",
                "add the package to its dependencies and install it",
            ),
            file=file,
            line=line,
        )


class PluginSyntaxError(PluginImportError):
    """A file of the plugin is not Python."""

    code = "PLUGIN_SYNTAX_ERROR"

    def __init__(self, plugin: str, error: SyntaxError) -> None:
        PluginError.__init__(
            self,
            plugin,
            Text(f"语法错误：{error.msg}", f"syntax error: {error.msg}"),
            file=None if error.filename is None else Path(error.filename),
            line=error.lineno,
            reason=Text("有语法错误", "has a syntax error"),
        )


class PluginEntryPointError(PluginImportError):
    """The entry point leads to a module or attribute that does not exist."""

    code = "PLUGIN_ENTRY_POINT_MISSING"

    def __init__(self, plugin: str, entry: str, missing: str, *, file: Path | None) -> None:
        PluginError.__init__(
            self,
            plugin,
            Text(
                f"入口点“{entry}”指向的 {missing} 不存在",
                f'its entry point "{entry}" leads to {missing}, which does not exist',
            ),
            Text(
                "请核对 pyproject.toml 中 [project.entry-points.zhupei] 一节",
                "check [project.entry-points.zhupei] in its pyproject.toml",
            ),
            file=file,
        )


class PluginImportHangsError(PluginImportError):
    """Importing the plugin did not come to an end in time."""

    code = "PLUGIN_IMPORT_TIMED_OUT"

    def __init__(self, plugin: str, seconds: float, *, file: Path | None) -> None:
        PluginError.__init__(
            self,
            plugin,
            Text(f"导入超过 {seconds:g} 秒", f"took more than {seconds:g} s to import"),
            Text(
                "模块顶层不要做网络或文件操作，改在 startup 中进行",
                "do no network or file work at the top of a module; do it in startup",
            ),
            file=file,
        )


class PluginModuleClashError(PluginError):
    """The plugin's module has the name of another module that is already loaded."""

    code = "PLUGIN_MODULE_CLASH"

    def __init__(self, plugin: str, module: str, other: str, *, file: Path | None) -> None:
        super().__init__(
            plugin,
            Text(
                f"其模块 {module} 与已从 {other} 载入的模块重名",
                f"its module {module} has the name of one that is already loaded from {other}",
            ),
            Text("请给模块另起名字", "give the module another name"),
            file=file,
            reason=Text(f"模块 {module} 重名", f"its module {module} clashes with another"),
        )


class PluginClassError(PluginError):
    """The entry point leads to a class; hooks of a class have no instance to run on."""

    code = "PLUGIN_IS_CLASS"

    def __init__(self, plugin: str, entry: str, *, file: Path | None) -> None:
        super().__init__(
            plugin,
            Text(f"入口点“{entry}”是一个类", f'its entry point "{entry}" is a class'),
            Text("请指向模块或该类的实例", "point it at a module or at an instance of the class"),
            file=file,
        )


class PluginWithoutHooksError(PluginError):
    """The plugin implements no hook."""

    code = "PLUGIN_WITHOUT_HOOKS"

    def __init__(self, plugin: str, entry: str, *, file: Path | None) -> None:
        super().__init__(
            plugin,
            Text(f"“{entry}”没有实现任何钩子", f'"{entry}" implements no hook'),
            Text("请用 @hookimpl 标记钩子函数", "mark its functions with @hookimpl"),
            file=file,
        )


class RegistrationError(PluginError):
    """What a plugin registers cannot stand beside what is there already."""

    code = "REGISTRATION_ERROR"


class KindNameError(RegistrationError):
    """A kind's name does not begin with the plugin's slug and a dot."""

    code = "KIND_BAD_NAME"

    def __init__(self, plugin: str, name: str) -> None:
        super().__init__(
            plugin,
            Text(
                f"类型“{name}”的名称须以“{plugin}.”开头",
                f'the name of kind "{name}" must begin with "{plugin}."',
            ),
            Text(f"改名为“{plugin}.{name}”", f'rename it "{plugin}.{name}"'),
            hook="register_kinds",
        )


class KindClashError(RegistrationError):
    """Two owners register one kind."""

    code = "KIND_CLASH"

    def __init__(self, plugin: str, group: str, name: str, owner: str | None) -> None:
        self.owner = owner
        zh, en = _owner(owner)
        super().__init__(
            plugin,
            Text(
                f"{group} 类型“{name}”已由{zh}注册",
                f'the {group} kind "{name}" is already registered by {en}',
            ),
            Text("请另起名字", "choose another name"),
            hook="register_kinds",
        )


class PermissionNameError(RegistrationError):
    """A permission's name does not begin with the plugin's slug and a dot."""

    code = "PERMISSION_BAD_NAME"

    def __init__(self, plugin: str, name: str) -> None:
        super().__init__(
            plugin,
            Text(
                f"权限“{name}”的名称须以“{plugin}.”开头",
                f'the name of permission "{name}" must begin with "{plugin}."',
            ),
            Text(f"改名为“{plugin}.{name}”", f'rename it "{plugin}.{name}"'),
            hook="register_permissions",
        )


class PermissionClashError(RegistrationError):
    """Two owners register one permission."""

    code = "PERMISSION_CLASH"

    def __init__(self, plugin: str, name: str, owner: str | None) -> None:
        self.owner = owner
        zh, en = _owner(owner)
        super().__init__(
            plugin,
            Text(
                f"权限“{name}”已由{zh}注册",
                f'the permission "{name}" is already registered by {en}',
            ),
            Text("请另起名字", "choose another name"),
            hook="register_permissions",
        )


class TypeNameError(RegistrationError):
    """A graph type's name does not begin with the plugin's slug in PascalCase."""

    code = "TYPE_BAD_NAME"

    def __init__(
        self, plugin: str, name: str, prefix: str, *, hook: str, owner: str | None = None
    ) -> None:
        self.owner = owner
        detail = Text(
            f"图类型“{name}”的名称须以“{prefix}”开头",
            f'the name of graph type "{name}" must begin with "{prefix}"',
        )
        if owner is not None:
            detail = Text(
                f"图类型“{name}”的名称属于插件 {owner}",
                f'the name of graph type "{name}" belongs to plugin {owner}',
            )
        super().__init__(
            plugin,
            detail,
            Text(f"请以“{prefix}”为前缀", f'give it the prefix "{prefix}"'),
            hook=hook,
        )


class TypeClashError(RegistrationError):
    """Two graph types have one name."""

    code = "TYPE_CLASH"

    def __init__(self, plugin: str, name: str, owner: str | None, *, hook: str) -> None:
        self.owner = owner
        zh, en = _owner(owner)
        super().__init__(
            plugin,
            Text(
                f"图类型“{name}”已由{zh}注册",
                f'the graph type "{name}" is already registered by {en}',
            ),
            Text("请另起名字", "choose another name"),
            hook=hook,
        )


class HookError(PluginError):
    """One hook of one plugin is wrong."""

    code = "HOOK_ERROR"
    hook: str


class HookUnknownError(HookError):
    """The plugin implements a hook that does not exist."""

    code = "HOOK_UNKNOWN"

    def __init__(
        self, plugin: str, hook: str, known: Sequence[str], *, file: Path | None, line: int | None
    ) -> None:
        super().__init__(
            plugin,
            Text("没有这个钩子", "there is no such hook"),
            _nearest(hook, known)
            or Text("所有钩子见 docs/hooks.md", "docs/hooks.md lists all hooks"),
            hook=hook,
            file=file,
            line=line,
        )


class HookArgumentError(HookError):
    """The plugin asks for an argument that the hook does not have."""

    code = "HOOK_ARGUMENT_UNKNOWN"

    def __init__(
        self,
        plugin: str,
        hook: str,
        argument: str,
        known: Sequence[str],
        *,
        file: Path | None,
        line: int | None,
    ) -> None:
        names = ", ".join(known)
        super().__init__(
            plugin,
            Text(f"没有参数“{argument}”", f'has no argument "{argument}"'),
            _nearest(argument, known)
            or (
                Text(f"可用的参数：{names}", f"its arguments are {names}")
                if known
                else Text("它不带参数", "it takes none")
            ),
            hook=hook,
            file=file,
            line=line,
        )


class HookOrderError(HookError):
    """The plugin tries to wrap others or to choose its place among them."""

    code = "HOOK_ORDER_REFUSED"

    def __init__(
        self, plugin: str, hook: str, flag: str, *, file: Path | None, line: int | None
    ) -> None:
        super().__init__(
            plugin,
            Text(f"不接受 hookimpl 的 {flag}", f"{flag} of hookimpl is refused"),
            Text(
                "顺序由行政层级决定：机构、辖区、国家",
                "the order is the administrative one: institution, jurisdictions, nation",
            ),
            hook=hook,
            file=file,
            line=line,
        )


class HookAsyncError(HookError):
    """A hook that is asked at start-up or in arithmetic is written as a coroutine."""

    code = "HOOK_MUST_BE_SYNC"

    def __init__(self, plugin: str, hook: str, *, file: Path | None, line: int | None) -> None:
        super().__init__(
            plugin,
            Text("必须是普通函数，不能是 async def", "must be a plain function, not async def"),
            hook=hook,
            file=file,
            line=line,
        )


class HookRightsError(HookError):
    """The plugin implements a hook beyond the rights of those who name it."""

    code = "HOOK_NOT_PERMITTED"

    def __init__(self, plugin: str, hook: str, *, file: Path | None, line: int | None) -> None:
        super().__init__(
            plugin,
            Text(
                "只有 zhupei.yaml 中列出的插件才能实现它",
                "only a plugin that zhupei.yaml names may implement it",
            ),
            Text(
                "请在 zhupei.yaml 的 plugins 中列出该插件，或去掉这个钩子",
                "name the plugin under plugins in zhupei.yaml, or remove the hook",
            ),
            hook=hook,
            file=file,
            line=line,
        )


class HookFailedError(HookError):
    """The hook raised an exception."""

    code = "HOOK_FAILED"

    def __init__(
        self,
        plugin: str,
        hook: str,
        error: BaseException,
        *,
        file: Path | None = None,
        line: int | None = None,
    ) -> None:
        said = said_by(error)
        name = type(error).__name__
        super().__init__(
            plugin,
            Text(f"出错：{said}", f"failed: {said}"),
            hook=hook,
            file=file,
            line=line,
            reason=Text(f"出错（{name}）", f"failed ({name})"),
        )


class HookTimedOutError(HookError):
    """The hook did not answer in time."""

    code = "HOOK_TIMED_OUT"

    def __init__(self, plugin: str, hook: str, seconds: float) -> None:
        super().__init__(
            plugin,
            Text(f"{seconds:g} 秒内没有回答", f"did not answer within {seconds:g} s"),
            hook=hook,
        )


class HookStuckError(HookError):
    """So many earlier calls of the plugin never came back that it is not asked any more."""

    code = "HOOK_STUCK"

    def __init__(self, plugin: str, hook: str, calls: int) -> None:
        super().__init__(
            plugin,
            Text(
                f"不再询问：先前的 {calls} 次调用至今没有返回",
                f"is not asked: {calls} earlier calls have not come back",
            ),
            hook=hook,
        )


class HookAnswerError(HookError):
    """The hook answered with something that is not what it promises."""

    code = "HOOK_BAD_ANSWER"

    def __init__(self, plugin: str, hook: str, where: str, problem: Text) -> None:
        super().__init__(
            plugin,
            Text(f"{where}：{problem.zh}", f"{where}: {problem.get(Language.EN)}"),
            hook=hook,
        )


def shown(file: Path) -> str:
    """Return the path as a reader expects it: relative where it lies below the current folder."""
    here = Path.cwd()
    # Lexically: a link is shown as the user wrote it, not where it leads.
    absolute = Path(os.path.abspath(file))  # noqa: PTH100 - Path.resolve() would follow links
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else file).as_posix()


def said_by(error: BaseException) -> str:
    """Return the type of an exception and the first line of what it says."""
    first, *_ = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _of_plugin(plugin: str, hook: str | None, detail: Text) -> Text:
    en = detail.get(Language.EN)
    if hook is None:
        return Text(f"插件 {plugin}：{detail.zh}", f"plugin {plugin}: {en}")
    return Text(f"插件 {plugin}，钩子 {hook}：{detail.zh}", f"plugin {plugin}, hook {hook}: {en}")


def _owner(owner: str | None) -> tuple[str, str]:
    return ("核心", "the core") if owner is None else (f"插件 {owner} ", f"plugin {owner}")


def _nearest(name: str, known: Iterable[str]) -> Text | None:
    near = difflib.get_close_matches(name, list(known), n=1)
    return Text(f"是否指“{near[0]}”？", f'did you mean "{near[0]}"?') if near else None
