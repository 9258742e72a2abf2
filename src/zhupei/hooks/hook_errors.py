"""What can be wrong with a hook or with what it registers; `zhupei.errors` draws the tree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zhupei.domain.text import Language, Text
from zhupei.errors import PluginError, ZhupeiError, did_you_mean, said_by

__all__ = [
    "HookAnswerError",
    "HookArgumentError",
    "HookAsyncError",
    "HookError",
    "HookFailedError",
    "HookHoldsError",
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
    "RegistrationError",
    "TypeClashError",
    "TypeNameError",
]


class KindUnknownError(ZhupeiError):
    """The configuration uses a word that neither the core nor a loaded plugin knows."""

    code = "KIND_UNKNOWN"

    def __init__(self, group: str, name: str, known: Sequence[str]) -> None:
        self.group, self.name, self.known = group, name, tuple(known)
        names = ", ".join(known) or "-"
        super().__init__(
            Text(f"没有名为“{name}”的 {group} 类型", f'there is no {group} kind "{name}"'),
            did_you_mean(name, known) or Text(f"已知的有 {names}", f"known are {names}"),
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
    """A graph type's name is not the plugin's: ``wanted`` is the prefix, or the whole name."""

    code = "TYPE_BAD_NAME"

    def __init__(
        self,
        plugin: str,
        name: str,
        wanted: str,
        *,
        hook: str,
        whole: bool = False,
        owner: str | None = None,
    ) -> None:
        self.owner = owner
        if owner is not None:
            detail = Text(
                f"图类型“{name}”的名称属于插件 {owner}",
                f'the name of graph type "{name}" belongs to plugin {owner}',
            )
        elif whole:
            detail = Text(
                f"图类型“{name}”的名称应为“{wanted}”",
                f'the name of graph type "{name}" must be "{wanted}"',
            )
        else:
            detail = Text(
                f"图类型“{name}”的名称须以“{wanted}”开头",
                f'the name of graph type "{name}" must begin with "{wanted}"',
            )
        super().__init__(plugin, detail, Text("请改名", "rename it"), hook=hook)


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
            did_you_mean(hook, known)
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
            did_you_mean(argument, known)
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


class HookHoldsError(HookError):
    """A hook is marked with ``holds`` that has to be asked each time."""

    code = "HOOK_MUST_BE_ASKED"

    def __init__(self, plugin: str, hook: str, *, file: Path | None, line: int | None) -> None:
        super().__init__(
            plugin,
            Text(
                "每次都须重新询问，不能标注 holds",
                "is asked each time and cannot be marked with holds",
            ),
            Text(
                "去掉 holds；只有查询时才问的钩子可以标注",
                "remove holds; only hooks that are asked while somebody reads take it",
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


def _owner(owner: str | None) -> tuple[str, str]:
    return ("核心", "the core") if owner is None else (f"插件 {owner} ", f"plugin {owner}")
