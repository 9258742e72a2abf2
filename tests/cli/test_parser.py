"""What argparse says itself, in the language that is spoken."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhupei.cli import main


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZHUPEI_BASES", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.parametrize(
    ("words", "zh", "en"),
    [
        ("", "缺少参数：COMMAND", "the following arguments are required: COMMAND"),
        ("check --nothing", "无法识别的参数：--nothing", "unrecognized arguments: --nothing"),
        (
            "docs",
            "须给出其中一个参数：--write --check",
            "one of the arguments --write --check is required",
        ),
        (
            "export statistics --out",
            "参数 --output：须跟一个值",
            "argument --output: expected one argument",
        ),
        (
            "jobs retry first",
            "参数 job：应为整数，而不是 'first'",
            "argument job: invalid int value: 'first'",
        ),
        (
            "reload --timeout long",
            "参数 --timeout：应为数字，而不是 'long'",
            "argument --timeout: invalid float value: 'long'",
        ),
        (
            "events enable 7",
            "参数 ENDPOINT：不是有效的 UUID：'7'",
            "argument ENDPOINT: invalid UUID value: '7'",
        ),
        (
            "jobs --format yaml",
            "参数 --format：没有 'yaml'，可用的有：'text', 'json'",
            "argument --format: invalid choice: 'yaml' (choose from 'text', 'json')",
        ),
        (
            "schema --core --plugin x",
            "参数 --plugin：不能与 --core 同时使用",
            "argument --plugin: not allowed with argument --core",
        ),
        (
            "schema --core=yes",
            "参数 --core：不带值，不能写 'yes'",
            "argument --core: ignored explicit argument 'yes'",
        ),
        (
            "schema --c",
            "选项 --c 不明确，可能是：--core, --check",
            "ambiguous option: --c could match --core, --check",
        ),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_wrong_with_the_words_of_a_command(
    words: str,
    zh: str,
    en: str,
    language: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ZHUPEI_LANGUAGE", language)
    with pytest.raises(SystemExit) as ended:
        main(words.split())
    assert ended.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    usage, error = {"zh": ("用法：", f"错误：{zh}"), "en": ("usage: ", f"error: {en}")}[language]
    assert lines[0].startswith(f"{usage}zhupei ")
    assert lines[-1].partition(": ")[2] == error


@pytest.mark.parametrize(
    ("language", "first", "headings"),
    [
        ("zh", "用法：zhupei events enable [-h] ENDPOINT", ["参数:", "选项:"]),
        ("en", "usage: zhupei events enable [-h] ENDPOINT", ["positional arguments:", "options:"]),
    ],
)
def test_the_headings_of_help(
    language: str,
    first: str,
    headings: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ZHUPEI_LANGUAGE", language)
    with pytest.raises(SystemExit) as ended:
        main(["events", "enable", "--help"])
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == first
    assert [line for line in lines if line.endswith(":")] == headings


def test_the_language_is_also_that_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ZHUPEI_LANGUAGE", raising=False)
    monkeypatch.setenv("ZHUPEI_FILE", str(tmp_path / "zhupei.yaml"))
    (tmp_path / "zhupei.yaml").write_text("settings:\n  language: zh\n", "utf-8")
    with pytest.raises(SystemExit):
        main([])
    assert "错误：缺少参数：COMMAND" in capsys.readouterr().err
    # What is wrong with the file is not what was asked.
    (tmp_path / "zhupei.yaml").write_text("settings: [\n", "utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
