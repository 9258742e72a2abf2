"""Tests of zhupei.cli: the registry of commands, and how errors reach the terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zhupei import cli
from zhupei.cli import CommandError, build_parser, main
from zhupei.domain.text import Text


def test_every_module_is_a_command_and_help_lists_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "    serve " in out
    assert "    reload " in out


def test_help_is_fast_because_commands_import_late() -> None:
    """It must not load the server, the ORM or the schema."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "zhupei", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert (
        loaded & {"asyncpg", "pydantic", "starlette", "strawberry", "tortoise", "uvicorn"} == set()
    )
    assert time.monotonic() - began < 5


def test_without_a_command_the_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: zhupei ")


@pytest.mark.parametrize(
    ("error", "status", "err"),
    [
        (CommandError(Text("坏", "bad")), 1, "zhupei: bad\n"),
        (
            CommandError(Text("坏\n更坏", "bad\nworse"), hint=Text("改", "mend it"), status=3),
            3,
            "zhupei: bad\nzhupei: worse\n        mend it\n",
        ),
        (
            PermissionError(13, "Permission denied", "bases/gansu"),
            1,
            "zhupei: a file cannot be read or written: bases/gansu: Permission denied\n",
        ),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_an_error_is_told_without_a_traceback(
    error: BaseException,
    status: int,
    err: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    parser = build_parser()

    def fail(_arguments: object) -> int:
        raise error

    parser.set_defaults(run=fail)
    monkeypatch.setattr(cli, "build_parser", lambda _words: _only(fail))
    assert main(["x"]) == status
    assert capsys.readouterr().err == err


@pytest.mark.parametrize(
    ("language", "said"),
    [("zh", "命令行中的文字不是 UTF-8"), ("en", "text of the command line is not UTF-8")],
)
def test_text_in_another_encoding_is_refused(
    language: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """A word from a terminal that writes GBK; nothing could keep or show it."""
    monkeypatch.setenv("ZHUPEI_LANGUAGE", language)
    word = os.fsdecode("计划".encode("gbk"))
    table, program = str(tmp_path / "none.csv"), ["--program", "x"]
    assert main(["import", "plan", table, *program, "--title", word]) == 2
    mark = "：" if language == "zh" else ": "
    assert capsys.readouterr().err == f"zhupei: {said}{mark}{word!a}\n"
    assert main(["account", "add", "x", "--scope", "read", "--scope", word]) == 2
    assert said in capsys.readouterr().err


def test_an_error_of_the_system_that_is_about_no_file_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_arguments: object) -> int:
        raise OSError("something of ours")

    monkeypatch.setattr(cli, "build_parser", lambda _words: _only(fail))
    with pytest.raises(OSError, match="something of ours"):
        main(["x"])


def _only(run: object) -> object:
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.set_defaults(run=run)
    return parser


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            "bash",
            "-c",
            f"{sys.executable} -m zhupei --help | (exec <&-; sleep 1); echo ${{PIPESTATUS[0]}}",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_a_pipe_that_breaks_elsewhere_is_an_error(tmp_path: Path) -> None:
    """Such as the connection to a server that ended; somebody still reads what we say."""
    program = """
import sys
from zhupei import cli
def fail(words):
    raise BrokenPipeError(32, "Broken pipe")
cli.build_parser = fail
sys.exit(cli.main([]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 1
    assert done.stderr.endswith("BrokenPipeError: [Errno 32] Broken pipe\n")


@pytest.mark.parametrize(
    ("closed", "out"), [(">&-", ""), ("2>&-", "ZHUPEI_LANGUAGE=en  (environment)\n")]
)
def test_a_closed_stream_is_no_error(closed: str, out: str, tmp_path: Path) -> None:
    """As where a service is started with nothing to write to."""
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m zhupei settings --set <&- {closed}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"ZHUPEI_LANGUAGE": "en"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, out, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """Both where a long text meets it, and where the last of a short one does."""
    for words in ("settings --schema", "settings --set"):
        done = subprocess.run(
            ["bash", "-c", f"{sys.executable} -m zhupei {words} > /dev/full"],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={"ZHUPEI_LANGUAGE": "en"},
        )
        assert (done.returncode, done.stderr) == (
            1,
            "zhupei: the output cannot be written: No space left on device\n",
        )
