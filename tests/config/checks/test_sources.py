"""Plugins that files name exist, and documents that they cite are listed."""

from __future__ import annotations

from collections.abc import Callable

Says = Callable[..., None]

_BASE = """\
kind: base
code: hospital
name: {zh: 医院, en: Hospital}
province: "620000"
"""
_PROVINCE = """\
kind: jurisdiction
code: example
name: {zh: 示例省, en: Example}
level: province
province: "620000"
sources:
  NOTICE:
    title: {zh: 通知, en: Notice}
"""


def test_plugins_that_exist(says: Says) -> None:
    says(
        "",
        "",
        ("hospital", "other"),
        b=_BASE + "plugins: [hospital]\n",
    )


def test_a_misspelt_plugin(says: Says) -> None:
    says(
        (
            "b.yaml:5:11: plugins.0: the plugin hospitl was not found; did you mean "
            '"hospital"? [CONFIG_UNKNOWN_PLUGIN]\n'
        ),
        (
            "b.yaml:5:11: plugins.0: 没有找到插件 hospitl；是否想写 hospital？ "
            "[CONFIG_UNKNOWN_PLUGIN]\n"
        ),
        ("hospital", "other"),
        b=_BASE + "plugins: [hospitl]\n",
    )


def test_a_plugin_that_nobody_has(says: Says) -> None:
    says(
        (
            "b.yaml:5:11: plugins.0: the plugin hospital was not found; put it below "
            "plugins/, or install its package; a server that runs already finds a new plugin "
            "when it is restarted [CONFIG_UNKNOWN_PLUGIN]\n"
        ),
        (
            "b.yaml:5:11: plugins.0: 没有找到插件 hospital；请把它放进 "
            "plugins/，或安装它的软件包；已在运行的服务重启后才会找到新插件 "
            "[CONFIG_UNKNOWN_PLUGIN]\n"
        ),
        ("other",),
        b=_BASE + "plugins: [hospital]\n",
    )


def test_a_plugin_named_twice(says: Says) -> None:
    says(
        ("b.yaml:5:21: plugins.1: the plugin hospital appears twice [CONFIG_DUPLICATE_CODE]\n"),
        "b.yaml:5:21: plugins.1: 插件 hospital 重复 [CONFIG_DUPLICATE_CODE]\n",
        ("hospital",),
        b=_BASE + "plugins: [hospital, hospital]\n",
    )


def test_plugins_are_not_looked_at_where_they_are_not_known(says: Says) -> None:
    says(
        "",
        "",
        b=_BASE + "plugins: [hospital]\n",
    )


def test_a_document_of_the_jurisdiction(says: Says) -> None:
    says(
        "",
        "",
        p=_PROVINCE,
        b=_BASE + "jurisdiction: example\nsource: NOTICE:3 第三条\n",
    )


def test_a_document_that_no_level_lists(says: Says) -> None:
    """Both ways to cite are looked at."""
    says(
        (
            "b.yaml:6:9: source: there is no source document with the code NOTIC; did you "
            'mean "NOTICE"? [CONFIG_UNKNOWN_CODE]\n'
            "b.yaml:9:24: contacts.0.source.document: there is no source document with the "
            "code OTHER [CONFIG_UNKNOWN_CODE]\n"
        ),
        (
            "b.yaml:6:9: source: 没有代码为 NOTIC 的来源文件；是否想写 NOTICE？ "
            "[CONFIG_UNKNOWN_CODE]\n"
            "b.yaml:9:24: contacts.0.source.document: 没有代码为 OTHER 的来源文件 "
            "[CONFIG_UNKNOWN_CODE]\n"
        ),
        p=_PROVINCE,
        b=_BASE
        + """\
jurisdiction: example
source: NOTIC:3 第三条
contacts:
  - people: [张老师]
    source: {document: OTHER, clause: 附件}
""",
    )


def test_documents_of_a_jurisdiction_that_is_missing(says: Says) -> None:
    """What the missing file would list is not known, so only the file is said to be missing."""
    says(
        (
            "b.yaml:5:15: jurisdiction: there is no jurisdiction with the code example "
            "[CONFIG_UNKNOWN_CODE]\n"
        ),
        ("b.yaml:5:15: jurisdiction: 没有代码为 example 的管辖机构 [CONFIG_UNKNOWN_CODE]\n"),
        b=_BASE + "jurisdiction: example\nsource: NOTICE:3 第三条\n",
    )


def test_one_code_for_two_documents(says: Says) -> None:
    """What is cited by it would be shown with the title of another hospital's brochure."""
    listed = "sources: {{A: {{title: {}}}, B: {{title: {}, reference: 1号}}}}\n"
    says(
        (
            "b.yaml:5:11: warning: sources.A: in a.yaml the code A is another document "
            '("甲简章"), which is shown where this one is cited; give this document a code of its '
            "own, or, if it is the same, the same number (reference) or Chinese title "
            "[CONFIG_OTHER_DOCUMENT]\n"
        ),
        (
            "b.yaml:5:11: 警告：sources.A: a.yaml 中的 A 是另一份文件（甲简章），"
            "引用此代码处显示的是那一份；请为本文件另取代码；若是同一份，请写相同的文号或中文标题 "
            "[CONFIG_OTHER_DOCUMENT]\n"
        ),
        a=_BASE.replace("hospital", "first") + listed.format("甲简章", "办法"),
        b=_BASE + listed.format("乙简章", "关于办法的通知"),
    )
