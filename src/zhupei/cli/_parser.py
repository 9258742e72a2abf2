"""The parser of the command line: what argparse says itself is in the language spoken here.

What a command says of its arguments stands in the command.
"""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any, NoReturn

from zhupei.domain.text import Text

__all__ = ["Parser"]


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
        self.exit(2, f"{self.prog}: {_spoken(said)}\n")


class _Formatter(argparse.HelpFormatter):
    def add_usage(
        self, usage: str | None, actions: Any, groups: Any, prefix: str | None = None
    ) -> None:
        own = _spoken(Text("用法：", "usage: ")) if prefix is None else prefix
        super().add_usage(usage, actions, groups, own)

    def start_section(self, heading: str | None) -> None:
        super().start_section(_spoken(_HEADINGS[heading]) if heading in _HEADINGS else heading)


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


def _in_chinese(message: str) -> str:
    """Return what argparse says in Chinese; what it does not say itself is left as it is."""
    if about := re.fullmatch(r"argument (.+?): (.+)", message, re.DOTALL):
        return f"参数 {about[1]}：{_in_chinese(about[2])}"
    for sentence, chinese in _SENTENCES.items():
        if found := re.fullmatch(sentence, message, re.DOTALL):
            return chinese.format(*found.groups())
    return message


def _spoken(text: Text) -> str:
    # Here, not at the top: it is the package that this module is part of.
    from zhupei.cli import spoken_language  # noqa: PLC0415 - see above

    return text.get(spoken_language())
