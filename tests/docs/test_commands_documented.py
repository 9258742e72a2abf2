"""Every command that a document names exists, with its options: of ``zhupei`` and of ``make``."""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from asked_graph import ROOT
from zhupei.cli import build_parser

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`(?:[A-Z_]+=\S+ )*((?:zhupei|make) [^`]+)`")
_SHELLS = {"sh", "bash", "console"}
# Where one command ends and another begins, or its output goes somewhere.
_ENDS = {"&&", "||", "|", ";", ">", "<", "("}
_ASSIGNED = re.compile(r"([A-Z_]+)=")
# `<slug>` stands for any; these are commands of plugins that only tests load.
_OF_PLUGINS = {"kitchen-sink": "tests/plugins/kitchen-sink"}
# The first line of a file of a market, and its version.
_NO_COMMANDS = {("zhupei", "matching", "1")}


@dataclass(frozen=True)
class _Command:
    """A command as a document names it: whole, as it is typed, or as prose mentions it."""

    file: Path
    words: tuple[str, ...]
    typed: bool

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}: {' '.join(self.words)}"


def _documents() -> list[Path]:
    named = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    folders = ("docs", "examples", "deploy", "changelog.d", "plugins", "bases")
    found = [each for name in folders for each in sorted((ROOT / name).rglob("*.md"))]
    return [each for each in (*named, *found) if "node_modules" not in each.parts]


@cache
def _commands() -> tuple[_Command, ...]:
    return tuple(each for file in _documents() for each in _commands_of(file))


def _commands_of(file: Path) -> Iterator[_Command]:
    text = file.read_text("utf-8")
    for language, block in _FENCE.findall(text):
        if language in _SHELLS:
            for words in _typed(block.replace("\\\n", " ")):
                yield _Command(file, words, typed=True)
    for mention in _INLINE.findall(_FENCE.sub("", text)):
        words = tuple(_mentioned(mention))
        if words not in _NO_COMMANDS:
            yield _Command(file, words, typed=False)


def _typed(block: str) -> Iterator[tuple[str, ...]]:
    """Yield the commands of a shell's block: each line, what stands beside it, and within it."""
    for line in block.splitlines():
        for inner in re.findall(r"\$\(([^()]+)\)", line):
            yield from _typed(inner)
        lexer = shlex.shlex(re.sub(r"\$\([^()]+\)", "X", line), posix=True, punctuation_chars=True)
        # Chinese letters are no word's to shlex.
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*_read(lexer), ";"]:
            if word not in _ENDS:
                words.append(word)
                continue
            while words and (words[0] == "!" or _ASSIGNED.match(words[0])):
                words.pop(0)
            if words and Path(words[0]).name in {"zhupei", "make"}:
                yield (Path(words[0]).name, *words[1:])
            words = []


def _read(lexer: shlex.shlex) -> list[str]:
    try:
        return list(lexer)
    except ValueError:
        # A quotation over several lines: JSON, of no command of ours.
        return []


def _mentioned(text: str) -> list[str]:
    """Return the words of a mention, without the marks of what may be left out."""
    words = shlex.split(re.sub(r"[\[\]|\\]", " ", text))
    ends = [at for at, word in enumerate(words) if word in _ENDS]
    return [word for word in words[: ends[0] if ends else None] if word not in {"…", "..."}]


def _options(parser: argparse.ArgumentParser) -> set[str]:
    return {name for action in parser._actions for name in action.option_strings}


def _below(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _wrong(command: _Command, parser: argparse.ArgumentParser) -> str | None:
    """Return what is wrong with a command of zhupei, None where it is right."""
    words = list(command.words[1:])
    known = _options(parser)
    while words and (below := _below(parser)):
        word = words[0]
        if word.startswith("-"):
            break
        if word not in below:
            return f"there is no {word}"
        parser = below[words.pop(0)]
        known |= _options(parser)
    unknown = [w for w in words if w.startswith("-") and w.partition("=")[0] not in known]
    if unknown:
        return f"has no {', '.join(unknown)}"
    if not command.typed:
        return None
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            build_parser().parse_args(list(command.words[1:]))
    except SystemExit as ended:
        return said.getvalue() if ended.code else None
    return None


def _targets(makefile: str) -> set[str]:
    rules: list[str] = re.findall(r"^([^\s#:=][^:=\n]*):(?!=)", makefile, re.MULTILINE)
    return {target for rule in rules for target in rule.split()}


def test_documents_name_commands_of_both_kinds() -> None:
    """What reads them reads them: otherwise nothing below could fail."""
    typed = {each.words[:3] for each in _commands() if each.typed}
    assert ("make", "serve") in typed
    assert {("zhupei", "account", "grant"), ("zhupei", "token", "office")} <= typed
    mentioned = {each.words for each in _commands() if not each.typed}
    assert ("zhupei", "restore", "--check", "FILE") in mentioned
    assert ("make", "fuzz", "FUZZ=10000") in mentioned


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("zhupei nothing", "there is no nothing"),
        ("zhupei events nothing", "there is no nothing"),
        ("zhupei restore --chek FILE", "has no --chek"),
        ("zhupei check --strict", None),
        ("zhupei events", None),
    ],
)
def test_what_does_not_exist_is_found(words: str, problem: str | None) -> None:
    command = _Command(ROOT / "README.md", tuple(words.split()), typed=False)
    assert _wrong(command, build_parser()) == problem


def test_every_command_of_zhupei_exists_with_its_options() -> None:
    parser, wrong = build_parser(), []
    for command in _commands():
        program, *rest = command.words
        if program != "zhupei" or not rest or not re.fullmatch(r"[a-z-]+", rest[0]):
            continue
        if rest[0] in _OF_PLUGINS:
            assert (ROOT / _OF_PLUGINS[rest[0]]).is_dir()
            continue
        if (problem := _wrong(command, parser)) is not None:
            wrong.append(f"{command}: {problem}")
    assert not wrong, "\n".join(wrong)


def test_every_target_of_make_exists_with_its_variables() -> None:
    wrong = []
    for command in _commands():
        if command.words[0] != "make":
            continue
        makefiles = [
            (folder / "Makefile").read_text("utf-8")
            for folder in command.file.parents
            if folder.is_relative_to(ROOT) and (folder / "Makefile").exists()
        ]
        rest = iter(command.words[1:])
        for word in rest:
            if word == "-C":
                next(rest)
            elif (given := _ASSIGNED.match(word)) is not None:
                if not any(f"$({given[1]})" in text for text in makefiles):
                    wrong.append(f"{command}: nothing reads {given[1]}")
            elif not any(word in _targets(text) for text in makefiles):
                wrong.append(f"{command}: there is no {word}")
    assert not wrong, "\n".join(wrong)
