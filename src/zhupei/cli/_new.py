"""The command ``zhupei new``, below which each thing that can be begun is a command of its own."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from zhupei.cli import Subparsers

__all__ = ["new_commands"]


def new_commands(subparsers: Subparsers) -> Subparsers:
    """Return the commands below ``zhupei new``, made at the first call."""
    present = subparsers.choices.get("new")
    if present is not None:
        return cast("Subparsers", present.get_default("_new_commands"))
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "new",
        help="新建基地文件或插件 · begin a base's file or a plugin",
        description="新建即可使用的文件。 · Begin something with files that work at once.",
    )
    commands = parser.add_subparsers(dest="new_what", metavar="WHAT", required=True)
    parser.set_defaults(_new_commands=commands)
    return commands
