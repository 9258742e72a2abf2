"""What argparse says itself, in the language that is spoken."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from zhupei.cli import build_parser, main


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


def _texts(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[Any]:
    """Iterate over what commands and their arguments say of themselves, and where."""
    yield (*words, "description"), parser.description
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for pseudo in action._choices_actions:
                yield (*words, pseudo.dest), pseudo.help
            for name, each in action.choices.items():
                yield from _texts(each, (*words, name))
        else:
            yield (*words, action.metavar or action.dest, *action.option_strings), action.help


def test_every_command_and_argument_is_told_in_both_languages() -> None:
    wrong = {}
    for place, text in _texts(build_parser()):
        if text is None and place[-1] == "description":
            continue  # the line in the list of commands says it
        chinese, _, english = (text or "").partition(" · ")
        is_chinese = any("\u4e00" <= sign <= "\u9fff" for sign in chinese)
        # An example of a date may be Chinese within an English sentence.
        words = re.sub(r"\d+年\d+月\d+日", "", english)
        is_english = words.strip() != "" and not any("\u4e00" <= sign <= "\u9fff" for sign in words)
        if not (is_chinese and is_english):
            wrong[place] = text
    assert wrong == {}


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "zh",
            [
                "把事件再次推送到一个接收端，或所有启用的接收端：某时刻以来的、按标识指定的，或",
                "已放弃的。接收方凭标识识别重复。",
                "",
                "选项:",
                "  -h, --help           显示帮助",
                "  --endpoint ENDPOINT  只推送到这一个",
                "  --since TIME         该时刻起发生的，如 2026-04-10T09:00+08:00",
                "  --until TIME         该时刻之前发生的",
                "  --id EVENT           指定事件；可重复",
                "  --dead               只重放已放弃的",
            ],
        ),
        (
            "en",
            [
                "Events are sent to one endpoint, or to all that are active: those since a",
                "moment, single ones by id, or what was given up. Receivers recognise them by",
                "their id.",
                "",
                "options:",
                "  -h, --help           show this help message and exit",
                "  --endpoint ENDPOINT  to this one only",
                "  --since TIME         what happened since 2026-04-10T09:00+08:00",
                "  --until TIME         what happened before then",
                "  --id EVENT           this event; repeat",
                "  --dead               only what was given up",
            ],
        ),
    ],
)
def test_help_is_in_the_language_of_messages(
    language: str,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A Chinese character takes two columns of a line."""
    monkeypatch.setenv("ZHUPEI_LANGUAGE", language)
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main(["events", "replay", "--help"])
    assert ended.value.code == 0
    # How the usage is broken into lines is argparse's.
    assert capsys.readouterr().out.partition("\n\n")[2].splitlines() == lines


@pytest.mark.parametrize(
    ("language", "told"), [("zh", "账号与授权"), ("en", "accounts and their roles")]
)
def test_the_list_of_commands_is_in_one_language(
    language: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ZHUPEI_LANGUAGE", language)
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert re.search(rf"^ +account +{told}$", out, re.MULTILINE)
    assert " · " not in out
