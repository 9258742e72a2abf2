"""What can be wrong with a plugin before it takes part; `zhupei.errors` draws the tree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zhupei.domain.text import Language, Text
from zhupei.errors import PluginError, did_you_mean, said_by, shown

__all__ = [
    "PluginClassError",
    "PluginDependencyError",
    "PluginDisabledError",
    "PluginDuplicateError",
    "PluginEntryPointError",
    "PluginImportError",
    "PluginImportHangsError",
    "PluginIncompatibleError",
    "PluginModuleClashError",
    "PluginNotFoundError",
    "PluginProjectError",
    "PluginSharedError",
    "PluginSlugError",
    "PluginSyntaxError",
    "PluginWithoutHooksError",
]


class PluginNotFoundError(PluginError):
    """The configuration names a plugin that is neither installed nor in a plugin folder."""

    code = "PLUGIN_NOT_FOUND"

    def __init__(
        self, plugin: str, known: Sequence[str], *, file: Path | None, line: int | None
    ) -> None:
        super().__init__(
            plugin,
            Text("找不到该插件", "no such plugin"),
            did_you_mean(plugin, known)
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


class PluginSharedError(PluginError):
    """The entry point leads to the object that another plugin is already."""

    code = "PLUGIN_SHARED"

    def __init__(self, plugin: str, other: str, *, file: Path | None) -> None:
        super().__init__(
            plugin,
            Text(
                f"其入口点指向的对象已是插件 {other}",
                f"its entry point leads to what is plugin {other} already",
            ),
            Text(
                "请为每个插件各设一个模块或实例",
                "give each plugin a module or an instance of its own",
            ),
            file=file,
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
