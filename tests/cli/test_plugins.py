"""`zhupei plugins`: the list for people and for programs, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zhupei.cli import main

_PLUGINS = Path(__file__).parents[1] / "plugins"
_BASE = """\
kind: base
code: sample-hospital
name: {zh: 示例医院, en: Sample Hospital}
province: "110000"
plugins: [broken-build, broken-rights]
"""


@pytest.fixture(autouse=True)
def _configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sample-hospital.yaml").write_text(_BASE, encoding="utf-8")
    monkeypatch.setenv("ZHUPEI_BASES", str(tmp_path))
    monkeypatch.setenv("ZHUPEI_PLUGINS", str(_PLUGINS))
    monkeypatch.chdir(_PLUGINS.parents[1])
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(variable, "C.UTF-8")


def test_the_list_says_who_takes_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins"]) == 1
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["PLUGIN", "VERSION", "RIGHTS", "STATUS", "HOOKS"]
    assert [row.split() for row in rows if row.startswith("broken")] == [
        ["broken-build", "1.0.0", "institution", "OK", "base_quotas"],
        ["broken-rights", "1.0.0", "institution", "DEGRADED", "working_day"],
    ]
    assert rows[-1] == (
        "tests/plugins/broken-rights/zhupei_broken_rights.py:8: plugin broken-rights, hook"
        " working_day: only a plugin that zhupei.yaml names may implement it; name the plugin under"
        " plugins in zhupei.yaml, or remove the hook [HOOK_NOT_PERMITTED]"
    )
    # The columns stand below each other.
    assert {row.index("1.0.0") for row in rows[:-1]} == {head.index("VERSION")}


def test_the_list_is_in_chinese(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert main(["plugins"]) == 1
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["插件", "版本", "权限", "状态", "钩子"]
    assert [row.split()[2] for row in rows if row.startswith("broken")] == ["机构", "机构"]
    assert "只有 zhupei.yaml 中列出的插件才能实现它" in rows[-1]


def test_the_list_for_programs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["plugins", "--format", "json"]) == 1
    listed = json.loads(capsys.readouterr().out)
    assert listed["plugins"][-1] == {
        "slug": "broken-rights",
        "version": "1.0.0",
        "path": str(_PLUGINS / "broken-rights"),
        "rights": "institution",
        "namedBy": [
            {
                "file": str(tmp_path / "sample-hospital.yaml"),
                "line": 5,
                "code": "sample-hospital",
            }
        ],
        "hooks": ["working_day"],
        "status": "DEGRADED",
        "reason": {
            "zh": "插件 broken-rights，钩子 working_day：只有 zhupei.yaml 中列出的插件才能实现它",
            "en": "plugin broken-rights, hook working_day: only a plugin that zhupei.yaml names may"
            " implement it",
        },
        "code": "HOOK_NOT_PERMITTED",
    }
    assert [error["code"] for error in listed["errors"]] == ["HOOK_NOT_PERMITTED"]


def test_nothing_wrong_is_status_0(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHUPEI_DISABLED_PLUGINS", "broken-rights")
    assert main(["plugins"]) == 0
    row = capsys.readouterr().out.splitlines()[-1]
    assert row.split() == ["broken-rights", "-", "institution", "DISABLED", "-"]
