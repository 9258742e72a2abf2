"""`zhupei <slug> …`: what plugins add to the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from zhupei.cli._plugin_commands import add_plugin_commands

_PLUGINS = Path(__file__).parents[1] / "plugins"
_BASE = """\
kind: base
code: sample-hospital
name: {zh: 示例医院, en: Sample Hospital}
province: "110000"
plugins: [broken-commands, sample]
"""
_PLUGIN = '''\
"""A plugin with a command."""

from zhupei import hookimpl


@hookimpl
def register_commands(commands):
    """Count the taps."""
    commands.add_parser("taps").set_defaults(run=lambda arguments: 12)
'''


def test_plugins_add_their_own_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sample-hospital.yaml").write_text(_BASE, encoding="utf-8")
    project = tmp_path / "plugins" / "sample"
    project.mkdir(parents=True)
    (project / "zhupei_with_command.py").write_text(_PLUGIN, encoding="utf-8")
    (project / "pyproject.toml").write_text(
        '[project]\nname = "zhupei-sample"\nversion = "1.0"\ndependencies = ["zhupei>=1,<2"]\n'
        '[project.entry-points.zhupei]\nsample = "zhupei_with_command"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("ZHUPEI_BASES", str(tmp_path / "sample-hospital.yaml"))
    monkeypatch.setenv("ZHUPEI_PLUGINS", f"{_PLUGINS}:{tmp_path / 'plugins'}")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.chdir(_PLUGINS.parents[1])

    parser = argparse.ArgumentParser()
    add_plugin_commands(parser.add_subparsers())
    assert parser.parse_args(["sample", "taps"]).run(None) == 12
    assert capsys.readouterr().err.splitlines() == [
        (
            "zhupei: tests/plugins/broken-commands/zhupei_broken_commands.py:11: plugin"
            " broken-commands, hook register_commands: failed: RuntimeError: no commands today"
            " [HOOK_FAILED]"
        )
    ]
