"""``zhupei settings``: what is set, to what it comes, and where each value comes from."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from zhupei.domain.text import Text
from zhupei.settings import describe_settings, language_of

if TYPE_CHECKING:
    from zhupei.cli import Subparsers

__all__ = ["register"]

_UNSET = Text("未设置", "not set")
_DEFAULT = Text("默认", "default")
_ENVIRONMENT = Text("环境变量", "environment")


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "settings",
        help="查看生效的设置及其来源 · print the settings in force and where they come from",
        description="Print every setting with its value in force and where that comes from: the "
        "environment, or the default. Keys, passwords and tokens are masked.",
    )
    parser.add_argument(
        "--set", action="store_true", help="only what the environment sets · 仅列出已设置的"
    )
    parser.add_argument(
        "--explain", action="store_true", help="tell what each is for · 附说明", dest="explain"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from zhupei.settings.effective import effective_settings  # noqa: PLC0415 - see zhupei.cli

    language = language_of(os.environ)
    meanings = {each.variable: each.meaning for each in describe_settings()}
    for each in effective_settings(os.environ):
        if arguments.set and each.source is None:
            continue
        source = _DEFAULT.get(language)
        if each.source is not None:
            source = _ENVIRONMENT.get(language)
            if each.source != each.variable:
                source += f" {each.source}"
        value = _UNSET.get(language) if each.value is None else each.value
        sys.stdout.write(f"{each.variable}={value}  ({source})\n")
        if arguments.explain:
            sys.stdout.write(f"    {meanings[each.variable].get(language)}\n")
    return 0
