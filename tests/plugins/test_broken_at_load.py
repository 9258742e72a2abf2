# ruff: noqa: E501 - because a message that is asserted stands as it is
"""Every way in which a plugin can be wrong before it is asked: its message, and what stays."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from zhupei.domain.text import Language
from zhupei.errors import PluginsFailedError
from zhupei.graphql.schema import build_schema
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.plugins import PluginStatus
from zhupei.hooks.scope import Naming, Rights, Scope

PLUGINS = Path(__file__).parent
HERE = "tests/plugins"
NAMED = Naming(Rights.INSTITUTION, Path("bases/example.yaml"), 7, "example-hospital")
POINTS_ZH = "请核对 pyproject.toml 中 [project.entry-points.zhupei] 一节"
POINTS_EN = "check [project.entry-points.zhupei] in its pyproject.toml"
ORDER_ZH = "顺序由行政层级决定：机构、辖区、国家"
ORDER_EN = "the order is the administrative one: institution, jurisdictions, nation"

# Slug → the place (below tests/plugins), the message in Chinese and in English.
BROKEN: dict[str, tuple[str, str, str]] = {
    "broken-argument": (
        "broken-argument/zhupei_broken_argument.py:8",
        (
            "插件 broken-argument，钩子 base_quotas：没有参数“cycl”；是否指“cycle”？"
            " [HOOK_ARGUMENT_UNKNOWN]"
        ),
        (
            'plugin broken-argument, hook base_quotas: has no argument "cycl"; did you mean "cycle"?'
            " [HOOK_ARGUMENT_UNKNOWN]"
        ),
    ),
    "broken-async-register": (
        "broken-async-register/zhupei_broken_async_register.py:8",
        (
            "插件 broken-async-register，钩子 register_kinds：必须是普通函数，不能是 async def"
            " [HOOK_MUST_BE_SYNC]"
        ),
        (
            "plugin broken-async-register, hook register_kinds: must be a plain function, not async def"
            " [HOOK_MUST_BE_SYNC]"
        ),
    ),
    "broken-attribute": (
        "broken-attribute/pyproject.toml",
        (
            "插件 broken-attribute：入口点“zhupei_broken_attribute:plugin”指向的 plugin 不存在；"
            f"{POINTS_ZH} [PLUGIN_ENTRY_POINT_MISSING]"
        ),
        (
            'plugin broken-attribute: its entry point "zhupei_broken_attribute:plugin" leads to plugin,'
            f" which does not exist; {POINTS_EN} [PLUGIN_ENTRY_POINT_MISSING]"
        ),
    ),
    "broken-class": (
        "broken-class/pyproject.toml",
        (
            "插件 broken-class：入口点“zhupei_broken_class:Plugin”是一个类；请指向模块或该类的实例"
            " [PLUGIN_IS_CLASS]"
        ),
        (
            'plugin broken-class: its entry point "zhupei_broken_class:Plugin" is a class; point it at'
            " a module or at an instance of the class [PLUGIN_IS_CLASS]"
        ),
    ),
    "broken-config": (
        "broken-config/zhupei_broken_config.py:8",
        (
            "插件 broken-config，钩子 register_config：answer：应为 BaseModel，而不是 dict"
            " [HOOK_BAD_ANSWER]"
        ),
        (
            "plugin broken-config, hook register_config: answer: expected BaseModel, got dict"
            " [HOOK_BAD_ANSWER]"
        ),
    ),
    "broken-dependency": (
        "broken-dependency/zhupei_broken_dependency.py:5",
        (
            "插件 broken-dependency：缺少它所导入的模块 nowhere_to_be_found；"
            "请把相应的包写入其 dependencies 并安装 [PLUGIN_DEPENDENCY_MISSING]"
        ),
        (
            "plugin broken-dependency: imports the module nowhere_to_be_found, which is not installed;"
            " add the package to its dependencies and install it [PLUGIN_DEPENDENCY_MISSING]"
        ),
    ),
    "broken-entry-form": (
        "broken-entry-form/pyproject.toml",
        (
            '插件 broken-entry-form：入口点“zhupei broken!”指向的 "zhupei broken!" 不存在；'
            f"{POINTS_ZH} [PLUGIN_ENTRY_POINT_MISSING]"
        ),
        (
            'plugin broken-entry-form: its entry point "zhupei broken!" leads to "zhupei broken!",'
            f" which does not exist; {POINTS_EN} [PLUGIN_ENTRY_POINT_MISSING]"
        ),
    ),
    "broken-folder": (
        "broken-folder/zhupei_broken_folder.py:10",
        (
            "插件 broken-folder，钩子 register_bases：answer[0]：应为已有文件夹的绝对路径"
            " [HOOK_BAD_ANSWER]"
        ),
        (
            "plugin broken-folder, hook register_bases: answer[0]: expected the absolute path of a"
            " folder [HOOK_BAD_ANSWER]"
        ),
    ),
    "broken-hook-name": (
        "broken-hook-name/zhupei_broken_hook_name.py:8",
        (
            "插件 broken-hook-name，钩子 base_qoutas：没有这个钩子；是否指“base_quotas”？"
            " [HOOK_UNKNOWN]"
        ),
        (
            "plugin broken-hook-name, hook base_qoutas: there is no such hook; did you mean"
            ' "base_quotas"? [HOOK_UNKNOWN]'
        ),
    ),
    "broken-import": (
        "broken-import/zhupei_broken_import.py:5",
        "插件 broken-import：导入时出错：ValueError: the taps are dry [PLUGIN_IMPORT_FAILED]",
        (
            "plugin broken-import: could not be imported: ValueError: the taps are dry"
            " [PLUGIN_IMPORT_FAILED]"
        ),
    ),
    "broken-kind-clash": (
        "broken-kind-clash/zhupei_broken_kind_clash.py:8",
        (
            "插件 broken-kind-clash，钩子 register_kinds：step 类型“broken-kind-clash.soup”"
            "已由插件 broken-kind-clash 注册；请另起名字 [KIND_CLASH]"
        ),
        (
            "plugin broken-kind-clash, hook register_kinds: the step kind"
            ' "broken-kind-clash.soup" is already registered by plugin broken-kind-clash; choose'
            " another name [KIND_CLASH]"
        ),
    ),
    "broken-kind-decide": (
        "broken-kind-decide/zhupei_broken_kind_decide.py:8",
        (
            "插件 broken-kind-decide，钩子 register_kinds：answer[0].decide："
            "requirement 类型需要一个作出判断的函数 [HOOK_BAD_ANSWER]"
        ),
        (
            "plugin broken-kind-decide, hook register_kinds: answer[0].decide: a requirement kind needs"
            " the function that decides [HOOK_BAD_ANSWER]"
        ),
    ),
    "broken-kind-params": (
        "broken-kind-params/zhupei_broken_kind_params.py:14",
        (
            "插件 broken-kind-params，钩子 register_kinds：answer[0].params：应为 zhupei.Model 的子类"
            " [HOOK_BAD_ANSWER]"
        ),
        (
            "plugin broken-kind-params, hook register_kinds: answer[0].params: expected a subclass of"
            " zhupei.Model [HOOK_BAD_ANSWER]"
        ),
    ),
    "broken-kind-prefix": (
        "broken-kind-prefix/zhupei_broken_kind_prefix.py:8",
        (
            "插件 broken-kind-prefix，钩子 register_kinds：类型“soup”的名称须以“broken-kind-prefix.”"
            "开头；改名为“broken-kind-prefix.soup” [KIND_BAD_NAME]"
        ),
        (
            'plugin broken-kind-prefix, hook register_kinds: the name of kind "soup" must begin with'
            ' "broken-kind-prefix."; rename it "broken-kind-prefix.soup" [KIND_BAD_NAME]'
        ),
    ),
    "broken-module": (
        "broken-module/pyproject.toml",
        (
            "插件 broken-module：入口点“zhupei_broken_modul”指向的 zhupei_broken_modul 不存在；"
            f"{POINTS_ZH} [PLUGIN_ENTRY_POINT_MISSING]"
        ),
        (
            'plugin broken-module: its entry point "zhupei_broken_modul" leads to zhupei_broken_modul,'
            f" which does not exist; {POINTS_EN} [PLUGIN_ENTRY_POINT_MISSING]"
        ),
    ),
    "broken-no-entry": (
        "broken-no-entry/pyproject.toml",
        (
            "插件 broken-no-entry：pyproject.toml 不可用：没有 [project.entry-points.zhupei] 一节"
            " [PLUGIN_BAD_PROJECT]"
        ),
        (
            "plugin broken-no-entry: pyproject.toml cannot be used: it has no"
            " [project.entry-points.zhupei] [PLUGIN_BAD_PROJECT]"
        ),
    ),
    "broken-no-hooks": (
        "broken-no-hooks/pyproject.toml",
        (
            "插件 broken-no-hooks：“zhupei_broken_no_hooks”没有实现任何钩子；"
            "请用 @hookimpl 标记钩子函数 [PLUGIN_WITHOUT_HOOKS]"
        ),
        (
            'plugin broken-no-hooks: "zhupei_broken_no_hooks" implements no hook; mark its functions'
            " with @hookimpl [PLUGIN_WITHOUT_HOOKS]"
        ),
    ),
    "broken-no-version": (
        "broken-no-version/pyproject.toml",
        (
            "插件 broken-no-version：没有声明与哪个 zhupei 版本兼容；"
            "请在 dependencies 中加入 zhupei>=1,<2 [PLUGIN_INCOMPATIBLE]"
        ),
        (
            "plugin broken-no-version: does not declare which zhupei it is compatible with; add"
            " zhupei>=1,<2 to its dependencies [PLUGIN_INCOMPATIBLE]"
        ),
    ),
    "broken-order": (
        "broken-order/zhupei_broken_order.py:8",
        (
            "插件 broken-order，钩子 base_quotas：不接受 hookimpl 的 tryfirst；"
            f"{ORDER_ZH} [HOOK_ORDER_REFUSED]"
        ),
        (
            "plugin broken-order, hook base_quotas: tryfirst of hookimpl is refused;"
            f" {ORDER_EN} [HOOK_ORDER_REFUSED]"
        ),
    ),
    "broken-holds": (
        "broken-holds/zhupei_broken_holds.py:8",
        (
            "插件 broken-holds，钩子 check_eligibility：每次都须重新询问，不能标注 holds；"
            "去掉 holds；只有查询时才问的钩子可以标注 [HOOK_MUST_BE_ASKED]"
        ),
        (
            "plugin broken-holds, hook check_eligibility: is asked each time and cannot be marked"
            " with holds; remove holds; only hooks that are asked while somebody reads take it"
            " [HOOK_MUST_BE_ASKED]"
        ),
    ),
    "broken-permission": (
        "broken-permission/zhupei_broken_permission.py:8",
        (
            "插件 broken-permission，钩子 register_permissions：权限“admissions.publish”的名称须以"
            "“broken-permission.”开头；改名为“broken-permission.admissions.publish”"
            " [PERMISSION_BAD_NAME]"
        ),
        (
            "plugin broken-permission, hook register_permissions: the name of permission"
            ' "admissions.publish" must begin with "broken-permission."; rename it'
            ' "broken-permission.admissions.publish" [PERMISSION_BAD_NAME]'
        ),
    ),
    "broken-queries": (
        "broken-queries/zhupei_broken_queries.py:17",
        (
            "插件 broken-queries，钩子 register_queries：图类型“BrokenQueriesRoot”的名称应为"
            "“BrokenQueriesQueries”；请改名 [TYPE_BAD_NAME]"
        ),
        (
            "plugin broken-queries, hook register_queries: the name of graph type"
            ' "BrokenQueriesRoot" must be "BrokenQueriesQueries"; rename it [TYPE_BAD_NAME]'
        ),
    ),
    "broken-register-raises": (
        "broken-register-raises/zhupei_broken_register_raises.py:11",
        (
            "插件 broken-register-raises，钩子 register_kinds：出错：LookupError: no words"
            " [HOOK_FAILED]"
        ),
        (
            "plugin broken-register-raises, hook register_kinds: failed: LookupError: no words"
            " [HOOK_FAILED]"
        ),
    ),
    "broken-rights": (
        "broken-rights/zhupei_broken_rights.py:8",
        (
            "插件 broken-rights，钩子 working_day：只有 zhupei.yaml 中列出的插件才能实现它；"
            "请在 zhupei.yaml 的 plugins 中列出该插件，或去掉这个钩子 [HOOK_NOT_PERMITTED]"
        ),
        (
            "plugin broken-rights, hook working_day: only a plugin that zhupei.yaml names may implement"
            " it; name the plugin under plugins in zhupei.yaml, or remove the hook"
            " [HOOK_NOT_PERMITTED]"
        ),
    ),
    "broken-type-clash": (
        "broken-type-clash/zhupei_broken_type_clash.py:24",
        (
            "插件 broken-type-clash，钩子 register_types：图类型“BrokenTypeClashTap”"
            "已由插件 broken-type-clash 注册；请另起名字 [TYPE_CLASH]"
        ),
        (
            'plugin broken-type-clash, hook register_types: the graph type "BrokenTypeClashTap" is'
            " already registered by plugin broken-type-clash; choose another name [TYPE_CLASH]"
        ),
    ),
    "broken-type-plain": (
        "broken-type-plain/zhupei_broken_type_plain.py:12",
        (
            "插件 broken-type-plain，钩子 register_types：answer[0]：BrokenTypePlainTap 不是"
            " strawberry 类型 [HOOK_BAD_ANSWER]"
        ),
        (
            "plugin broken-type-plain, hook register_types: answer[0]: BrokenTypePlainTap is not a"
            " strawberry type [HOOK_BAD_ANSWER]"
        ),
    ),
    "broken-type-prefix": (
        "broken-type-prefix/zhupei_broken_type_prefix.py:17",
        (
            "插件 broken-type-prefix，钩子 register_types：图类型“Base”的名称须以"
            "“BrokenTypePrefix”开头；请改名 [TYPE_BAD_NAME]"
        ),
        (
            'plugin broken-type-prefix, hook register_types: the name of graph type "Base" must begin'
            ' with "BrokenTypePrefix"; rename it [TYPE_BAD_NAME]'
        ),
    ),
    "broken-version": (
        "broken-version/pyproject.toml",
        (
            "插件 broken-version：需要 zhupei>=2，而运行的是 zhupei 1.0.0；"
            "请安装与此版本兼容的插件版本 [PLUGIN_INCOMPATIBLE]"
        ),
        (
            "plugin broken-version: needs zhupei>=2, but zhupei 1.0.0 is running; install a release of"
            " it that is compatible [PLUGIN_INCOMPATIBLE]"
        ),
    ),
    "broken-wrapper": (
        "broken-wrapper/zhupei_broken_wrapper.py:10",
        (
            "插件 broken-wrapper，钩子 base_quotas：不接受 hookimpl 的 wrapper；"
            f"{ORDER_ZH} [HOOK_ORDER_REFUSED]"
        ),
        (
            "plugin broken-wrapper, hook base_quotas: wrapper of hookimpl is refused;"
            f" {ORDER_EN} [HOOK_ORDER_REFUSED]"
        ),
    ),
}


def load(*slugs: str, folders: tuple[Path, ...] = (PLUGINS,), timeout: float = 30) -> PluginHost:
    named = dict.fromkeys(slugs, NAMED)
    return PluginHost.load(named, folders=folders, timeout=timeout)


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    # Messages show paths relative to where the reader stands.
    monkeypatch.chdir(PLUGINS.parents[1])


@pytest.mark.parametrize("slug", sorted(BROKEN))
def test_a_broken_plugin_is_left_out_with_its_message(slug: str) -> None:
    place, zh, en = BROKEN[slug]
    host = load(slug, "broken-build")

    [error] = host.failures
    assert error.text(Language.ZH) == f"{HERE}/{place}: {zh}"
    assert error.text(Language.EN) == f"{HERE}/{place}: {en}"

    left_out, beside = host.plugins[-2:]
    assert (left_out.slug, left_out.status) == (slug, PluginStatus.DEGRADED)
    assert (left_out.reason, left_out.code) == (error.reason, error.code)
    assert (beside.slug, beside.status) == ("broken-build", PluginStatus.OK)
    # Nothing of it stays behind.
    assert slug not in {host.kinds.owner(kind.group, kind.name) for kind in host.kinds}
    assert slug not in {each.plugin for each in host.types}
    assert slug not in {*host.queries, *host.config_models, *host.base_folders}
    assert slug not in {owner for owner, _ in host.permissions.values()}
    scope = Scope("example-hospital", institution=(slug, "broken-build"))
    asked = {
        each.plugin.slug
        for hook in host.hooks.values()
        for each in host.implementations(hook, scope)
    }
    assert slug not in asked
    # The base that names it says so.
    assert [(d.plugin, d.reason) for d in host.degradations(scope)] == [(slug, error.reason)]


def test_every_broken_project_has_a_test() -> None:
    """A new broken-* folder without a message that is asserted is refused."""
    at_run_time = {
        "broken-build",
        "broken-commands",
        "broken-decision",
        "broken-exit",
        "broken-extension",
        "broken-hang",
        "broken-hang-async",
        "broken-level",
        "broken-mutates",
        "broken-nonsense",
        "broken-same-id",
        "broken-startup",
    }
    below = {
        "broken-core-field",
        "broken-import-hang",
        "broken-module-name",
        "broken-project",
        "broken-register-hangs",
        "broken-several",
        "broken-syntax",
        "broken-twice-a",
        "broken-twice-b",
        "broken-unnamed",
    }
    folders = {folder.name for folder in PLUGINS.glob("broken-*")}
    assert folders == {*BROKEN, *at_run_time, *below}


def test_strict_start_up_stops_and_tells_all() -> None:
    with pytest.raises(PluginsFailedError) as caught:
        PluginHost.load(
            dict.fromkeys(("broken-import", "broken-version"), NAMED),
            folders=(PLUGINS,),
            strict=True,
        )
    assert [error.code for error in caught.value.errors] == [
        "PLUGIN_IMPORT_FAILED",
        "PLUGIN_INCOMPATIBLE",
    ]
    assert caught.value.message.zh.splitlines() == [
        f"{HERE}/{BROKEN['broken-import'][0]}: {BROKEN['broken-import'][1]}",
        f"{HERE}/{BROKEN['broken-version'][0]}: {BROKEN['broken-version'][1]}",
    ]


def test_all_that_is_wrong_with_hooks_is_told_at_once() -> None:
    host = load("broken-several")
    file = f"{HERE}/broken-several/zhupei_broken_several.py"
    assert [error.text(Language.EN) for error in host.failures] == [
        (
            f"{file}:13: plugin broken-several, hook base_quota: there is no such hook; did you mean"
            ' "base_quotas"? [HOOK_UNKNOWN]'
        ),
        (
            f'{file}:8: plugin broken-several, hook working_day: has no argument "when"; its arguments'
            " are day [HOOK_ARGUMENT_UNKNOWN]"
        ),
        (
            f"{file}:8: plugin broken-several, hook working_day: only a plugin that zhupei.yaml names"
            " may implement it; name the plugin under plugins in zhupei.yaml, or remove the hook"
            " [HOOK_NOT_PERMITTED]"
        ),
    ]
    assert host.plugins[-1].code == "HOOK_UNKNOWN"


def test_a_name_without_plugin_tells_who_names_it() -> None:
    host = load("broken-buld")
    [error] = host.failures
    assert error.text(Language.EN) == (
        'bases/example.yaml:7: plugin broken-buld: no such plugin; did you mean "broken-build"?'
        " [PLUGIN_NOT_FOUND]"
    )
    assert error.text(Language.ZH) == (
        "bases/example.yaml:7: 插件 broken-buld：找不到该插件；是否指“broken-build”？"
        " [PLUGIN_NOT_FOUND]"
    )
    [far] = PluginHost.load({"zzz": NAMED}, folders=(PLUGINS,)).failures
    assert far.hint is not None
    assert far.hint.en == "install it with pip, or put it into a plugin folder"


@pytest.mark.parametrize("slug", ["Broken", "broken_import", "-x", "x--y", "../x", ""])
def test_a_name_that_is_no_slug(slug: str) -> None:
    [error] = load(slug).failures
    assert error.code == "PLUGIN_BAD_SLUG"
    assert error.message.en == f"plugin {slug}: the name cannot be a plugin's slug"
    assert error.message.zh == f"插件 {slug}：名称不能用作插件代号"


def test_the_name_of_a_core_plugin_is_taken() -> None:
    host = load("working-days")
    assert [error.code for error in host.failures] == ["PLUGIN_BAD_SLUG"]
    core = next(plugin for plugin in host.plugins if plugin.slug == "working-days")
    assert (core.rights, core.status) == (Rights.CORE, PluginStatus.OK)


def test_one_slug_in_two_places_names_both() -> None:
    [error] = load("broken-twice").failures
    assert error.text(Language.EN) == (
        f"plugin broken-twice: is found twice: {HERE}/broken-twice-a and {HERE}/broken-twice-b;"
        " keep one of them [PLUGIN_DUPLICATE]"
    )
    assert error.text(Language.ZH) == (
        f"插件 broken-twice：出现了两次：{HERE}/broken-twice-a、{HERE}/broken-twice-b；"
        "只保留其中一个 [PLUGIN_DUPLICATE]"
    )
    assert error.reason.en == "plugin broken-twice: is found twice"


def test_a_module_with_the_name_of_another_stays_out() -> None:
    json = sys.modules["json"]
    [error] = load("broken-module-name").failures
    assert (error.code, error.reason.en) == (
        "PLUGIN_MODULE_CLASH",
        "plugin broken-module-name: its module json clashes with another",
    )
    assert error.reason.zh == "插件 broken-module-name：模块 json 重名"
    assert sys.modules["json"] is json


def test_two_plugins_that_are_one_object(tmp_path: Path) -> None:
    project = tmp_path / "shared"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "zhupei-shared"\nversion = "1"\ndependencies = ["zhupei>=1,<2"]\n'
        '[project.entry-points.zhupei]\none = "zhupei_shared"\ntwo = "zhupei_shared"\n',
        "utf-8",
    )
    (project / "zhupei_shared.py").write_text(
        "from zhupei import hookimpl\n\n\n@hookimpl\ndef event_recorded():\n    pass\n", "utf-8"
    )
    host = load("one", "two", folders=(tmp_path,))
    [error] = host.failures
    assert error.text(Language.EN) == (
        f"{project}/pyproject.toml: plugin two: its entry point leads to what is plugin one"
        " already; give each plugin a module or an instance of its own [PLUGIN_SHARED]"
    )
    assert error.text(Language.ZH) == (
        f"{project}/pyproject.toml: 插件 two：其入口点指向的对象已是插件 one；"
        "请为每个插件各设一个模块或实例 [PLUGIN_SHARED]"
    )
    assert [plugin.status for plugin in host.plugins[-2:]] == [
        PluginStatus.OK,
        PluginStatus.DEGRADED,
    ]


def test_a_file_that_is_no_python(tmp_path: Path) -> None:
    project = _unpacked("broken-syntax", tmp_path)
    [error] = load("broken-syntax", folders=(tmp_path,)).failures
    file = project / "zhupei_broken_syntax.py"
    assert error.text(Language.EN) == (
        f"{file}:6: plugin broken-syntax: syntax error: expected ':' [PLUGIN_SYNTAX_ERROR]"
    )
    assert error.text(Language.ZH) == (
        f"{file}:6: 插件 broken-syntax：语法错误：expected ':' [PLUGIN_SYNTAX_ERROR]"
    )


def test_a_project_file_that_is_no_toml(tmp_path: Path) -> None:
    project = _unpacked("broken-project", tmp_path)
    [error] = load("broken-project", folders=(tmp_path,)).failures
    said = "Expected ']' at the end of a table declaration (at line 1, column 9)"
    assert error.text(Language.EN) == (
        f"{project}/pyproject.toml: plugin broken-project: pyproject.toml cannot be used: {said}"
        " [PLUGIN_BAD_PROJECT]"
    )
    assert error.text(Language.ZH) == (
        f"{project}/pyproject.toml: 插件 broken-project：pyproject.toml 不可用：无法读取（{said}）"
        " [PLUGIN_BAD_PROJECT]"
    )
    assert error.reason.en == "plugin broken-project: its pyproject.toml cannot be used"


def test_an_import_that_does_not_end_holds_nobody_up() -> None:
    path = list(sys.path)
    host = load("broken-import-hang", timeout=0.2)
    [error] = host.failures
    assert error.text(Language.EN) == (
        f"{HERE}/broken-import-hang/pyproject.toml: plugin broken-import-hang: took more than"
        " 0.2 s to import; do no network or file work at the top of a module; do it in startup"
        " [PLUGIN_IMPORT_TIMED_OUT]"
    )
    assert error.message.zh == "插件 broken-import-hang：导入超过 0.2 秒"
    assert sys.path == path


def test_a_registration_that_does_not_end_holds_nobody_up() -> None:
    host = load("broken-register-hangs", timeout=2.0)
    [error] = host.failures
    assert (error.code, error.message.en) == (
        "HOOK_TIMED_OUT",
        "plugin broken-register-hangs, hook register_kinds: did not answer within 2 s",
    )
    assert error.message.zh == "插件 broken-register-hangs，钩子 register_kinds：2 秒内没有回答"


def test_queries_under_a_name_of_the_core_stay_out_of_the_graph() -> None:
    """Only the composed graph knows the core's own fields: Query.nodes is one of them."""
    host = load("nodes", "broken-build")
    assert host.failures == ()
    composed = build_schema(host)
    [error] = composed.problems
    assert error.text(Language.EN) == (
        'plugin nodes, hook register_queries: the graph type "Query.nodes" is already registered by'
        " the core; choose another name [TYPE_CLASH]"
    )
    assert error.text(Language.ZH) == (
        "插件 nodes，钩子 register_queries：图类型“Query.nodes”已由核心注册；请另起名字 [TYPE_CLASH]"
    )
    assert composed.sdl == composed.core_sdl
    assert {plugin.slug: plugin.status for plugin in host.plugins[-2:]} == {
        "nodes": PluginStatus.DEGRADED,
        "broken-build": PluginStatus.OK,
    }


def test_what_nobody_names_is_never_imported() -> None:
    host = load("broken-build")
    assert "zhupei_broken_unnamed" not in sys.modules
    assert "broken-unnamed" not in {plugin.slug for plugin in host.plugins}


def test_a_plugin_that_is_switched_off_is_not_imported() -> None:
    host = PluginHost.load(
        {"broken-unnamed": NAMED}, folders=(PLUGINS,), disabled={"broken-unnamed"}, strict=True
    )
    plugin = host.plugins[-1]
    assert (plugin.status, plugin.code) == (PluginStatus.DISABLED, "PLUGIN_DISABLED")
    assert plugin.reason is not None
    assert plugin.reason.zh == "插件 broken-unnamed：已由 ZHUPEI_DISABLED_PLUGINS 停用"
    assert plugin.reason.en == "plugin broken-unnamed: is switched off by ZHUPEI_DISABLED_PLUGINS"
    assert host.failures == ()
    assert "zhupei_broken_unnamed" not in sys.modules


def _unpacked(name: str, to: Path) -> Path:
    """Copy a project whose faulty file tools could not stand, and give the file its name."""
    project = shutil.copytree(PLUGINS / name, to / name)
    for file in project.glob("*.txt"):
        file.rename(file.with_suffix(""))
    return project
