"""`zhupei.yaml`: the platform's plugins, and those that are switched off."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhupei.config.platform import read_platform
from zhupei.domain.text import Language


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, not yet written, in the working directory."""
    monkeypatch.chdir(tmp_path)
    return Path("zhupei.yaml")


def test_without_a_file_the_platform_has_no_plugins(file: Path) -> None:
    platform = read_platform(file)
    assert (platform.plugins, platform.disabled, list(platform.problems)) == ((), (), [])


def test_plugins_keep_their_order_and_lines(file: Path) -> None:
    file.write_text("plugins:\n  - tokens\n  - audit\ndisabled_plugins: [hubris]\n")
    platform = read_platform(file)
    assert dict(platform.lines) == {"tokens": 2, "audit": 3}
    assert platform.plugins == ("tokens", "audit")
    assert platform.disabled == ("hubris",)
    assert list(platform.problems) == []


def test_what_is_wrong_is_told_and_nothing_of_it_counts(file: Path) -> None:
    file.write_text("plugins: [tokens, tokens, audit]\ndisabled_plugins: [audit]\n")
    platform = read_platform(file)
    assert platform.problems.text(Language.EN) == (
        "zhupei.yaml:1:19: plugins.1: the plugin tokens appears twice [CONFIG_DUPLICATE_CODE]\n"
        "zhupei.yaml:1:27: plugins.2: the plugin audit is also disabled here "
        "[CONFIG_DUPLICATE_CODE]\n"
    )
    assert platform.problems.text(Language.ZH) == (
        "zhupei.yaml:1:19: plugins.1: 插件 tokens 重复 [CONFIG_DUPLICATE_CODE]\n"
        "zhupei.yaml:1:27: plugins.2: 插件 audit 同时被列为停用 [CONFIG_DUPLICATE_CODE]\n"
    )
    assert (platform.plugins, platform.disabled) == ((), ())


def test_a_misspelt_key_and_broken_yaml(file: Path) -> None:
    file.write_text("plugin: [tokens]\n")
    assert read_platform(file).problems.text(Language.EN) == (
        'zhupei.yaml:1:1: plugin: unknown key; did you mean "plugins"? [CONFIG_UNKNOWN_KEY]\n'
    )
    file.write_text("plugins: [tokens\n")
    [problem] = read_platform(file).problems
    assert problem.code == "CONFIG_YAML_SYNTAX"
