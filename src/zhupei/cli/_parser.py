"""The parser of the command line: it speaks the language that messages are in.

What a command says of itself and its arguments stands in the command, in both languages:
``中文 · English``. What argparse says itself stands here.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, NoReturn
from unicodedata import east_asian_width

from zhupei.domain.text import Language, Text

__all__ = ["Parser", "add_format"]

_BETWEEN = " · "
# What a line may be broken after: a word with its blanks, or one Chinese character with what must
# not begin a line.
_PIECES = re.compile(r"[\u2e80-\uffff][，。；：、）”]*|[^\s\u2e80-\uffff]+[，。；：、）”]*\s*|\s+")


class Parser(argparse.ArgumentParser):
    """A parser whose headings and errors are in both languages; parsers below it are as well."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given, add_help=False, formatter_class=_Formatter)
        self.add_argument(
            "-h", "--help", action="help", help="显示帮助 · show this help message and exit"
        )

    def error(self, message: str) -> NoReturn:
        """End with status 2 after saying what is wrong, and how the command is used."""
        self.print_usage(sys.stderr)
        said = Text(f"错误：{_in_chinese(message)}", f"error: {message}")
        self.exit(2, f"{self.prog}: {said.get(_language())}\n")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Let a command answer people, or programs: ``format`` is ``text`` or ``json``."""
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help=(
            "text 供人阅读，json 供程序读取（默认 %(default)s） · text for people, json for "
            "programs (default %(default)s)"
        ),
    )


class _Formatter(argparse.HelpFormatter):
    @cached_property
    def _language(self) -> Language:
        return _language()

    def _chosen(self, text: str | None) -> str | None:
        """Return the part of ``中文 · English`` to read; a plugin may have one language only."""
        chinese, found, english = (text or "").partition(_BETWEEN)
        return Text(chinese, english).get(self._language) if found else text

    def add_usage(
        self, usage: str | None, actions: Any, groups: Any, prefix: str | None = None
    ) -> None:
        own = Text("用法：", "usage: ").get(self._language) if prefix is None else prefix
        super().add_usage(usage, actions, groups, own)

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return self._chosen(action.help)

    def _format_text(self, text: str) -> str:
        return super()._format_text(self._chosen(text) or "")

    def _split_lines(self, text: str, width: int) -> list[str]:
        return list(_lines(_PIECES.findall(" ".join(text.split())), width))

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = self._split_lines(text, width - len(indent))
        return "\n".join(indent + line for line in lines)

    def start_section(self, heading: str | None) -> None:
        known = _HEADINGS.get(heading)
        super().start_section(heading if known is None else known.get(self._language))


_HEADINGS: dict[str | None, Text] = {
    "positional arguments": Text("参数", "positional arguments"),
    "options": Text("选项", "options"),
}

# The sentences of argparse, which has them in English only, in the order of their parts.
_SENTENCES = {
    r"the following arguments are required: (.+)": "缺少参数：{}",
    r"one of the arguments (.+) is required": "须给出其中一个参数：{}",
    r"unrecognized arguments: (.+)": "无法识别的参数：{}",
    r"ambiguous option: (.+) could match (.+)": "选项 {} 不明确，可能是：{}",
    r"invalid choice: (.+) \(choose from (.+)\)": "没有 {}，可用的有：{}",
    r"invalid int value: (.+)": "应为整数，而不是 {}",
    r"invalid float value: (.+)": "应为数字，而不是 {}",
    r"invalid (.+) value: (.+)": "不是有效的 {}：{}",
    r"expected one argument": "须跟一个值",
    r"expected at most one argument": "最多跟一个值",
    r"expected at least one argument": "至少跟一个值",
    r"expected (\d+) arguments?": "须跟 {} 个值",
    r"not allowed with argument (.+)": "不能与 {} 同时使用",
    r"ignored explicit argument (.+)": "不带值，不能写 {}",
}


def _lines(pieces: Iterable[str], columns: int) -> Iterator[str]:
    """Yield lines of so many columns, of which a Chinese character takes two."""
    line, width = "", 0
    for piece in pieces:
        wide = sum(2 if east_asian_width(sign) in "WF" else 1 for sign in piece.rstrip())
        if line and width + wide > columns:
            yield line.rstrip()
            line, width = "", 0
        line += piece
        width += wide + len(piece) - len(piece.rstrip())
    yield line.rstrip()


def _in_chinese(message: str) -> str:
    """Return what argparse says in Chinese; what it does not say itself is left as it is."""
    if about := re.fullmatch(r"argument (.+?): (.+)", message, re.DOTALL):
        return f"参数 {about[1]}：{_in_chinese(about[2])}"
    for sentence, chinese in _SENTENCES.items():
        if found := re.fullmatch(sentence, message, re.DOTALL):
            return chinese.format(*found.groups())
    return message


def _language() -> Language:
    # Here, not at the top: it is the package that this module is part of.
    from zhupei.cli import spoken_language  # noqa: PLC0415 - see above

    return spoken_language()
