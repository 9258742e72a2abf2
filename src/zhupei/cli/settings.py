"""``zhupei settings``: what is set, to what it comes, and where each value comes from."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from zhupei.cli import given_settings, spoken_language
from zhupei.domain.text import Text
from zhupei.settings import describe_settings
from zhupei.settings.effective import Origin, effective_settings
from zhupei.settings.section import NO_SECTION

if TYPE_CHECKING:
    from zhupei.cli import Subparsers

__all__ = ["register"]

_UNSET = Text("未设置", "not set")
_ORIGINS = {
    Origin.DEFAULT: Text("默认", "default"),
    Origin.FILE: Text("文件", "file"),
    Origin.ENVIRONMENT: Text("环境变量", "environment"),
}


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "settings",
        help="查看生效的设置及其来源 · print the settings in force and where they come from",
        description=(
            "列出每项设置的现值及其来源：环境变量、zhupei.yaml 或默认值。密钥、密码和凭证"
            "以掩码显示。 · Print every setting with its value in force and where that "
            "comes from: the environment, zhupei.yaml, or the default. Keys, passwords "
            "and tokens are masked."
        ),
    )
    parser.add_argument(
        "--set", action="store_true", help="仅列出已设置的 · only what environment and file set"
    )
    parser.add_argument(
        "--explain", action="store_true", help="附说明 · tell what each is for", dest="explain"
    )
    parser.add_argument(
        "--schema",
        action="store_true",
        help="输出 zhupei.yaml 的 JSON Schema · print the JSON Schema of zhupei.yaml for editors",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.schema:
        from zhupei.config.platform_schema import platform_schema_text  # noqa: PLC0415 - see zhupei.cli

        sys.stdout.write(platform_schema_text())
        return 0
    given = given_settings()
    if given is not None and given.problems:
        given.with_environment(os.environ)
    language = spoken_language()
    meanings = {each.variable: each.meaning for each in describe_settings()}
    for each in effective_settings(os.environ, NO_SECTION if given is None else given.section):
        if arguments.set and each.source is None:
            continue
        source = _ORIGINS[each.origin].get(language)
        if each.source not in {None, each.variable}:
            source += f" {each.source}"
        value = _UNSET.get(language) if each.value is None else each.value
        sys.stdout.write(f"{each.variable}={value}  ({source})\n")
        if arguments.explain:
            sys.stdout.write(f"    {meanings[each.variable].get(language)}\n")
    return 0
