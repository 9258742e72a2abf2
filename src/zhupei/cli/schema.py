"""``zhupei schema``: the text of the graph, of the core alone, or of one plugin's types.

``zhupei schema diff`` compares it with the last release.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings
from zhupei.cli._schema_diff import add_diff
from zhupei.domain.text import Text
from zhupei.settings import FederationAccess

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.graphql.schema import ComposedSchema

__all__ = ["register"]

_SHOWN_LINES = 40


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "schema",
        help="输出图的模式文本 · print the graph as GraphQL text",
        description=(
            "输出含配置所用插件类型的图；--core 只输出核心的图，即 schema.graphql。 · Print the "
            "graph with the types of the plugins that the configuration names; --core prints the "
            "graph of the core alone, which schema.graphql is."
        ),
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--core",
        action="store_true",
        help="核心的图，不含任何插件 · the core's graph, without any plugin",
    )
    parser.add_argument(
        "--federation",
        action="store_true",
        help=(
            "带 Apollo Federation 2 的指令，供网关使用 · with the directives of Apollo "
            "Federation 2, for gateways"
        ),
    )
    parser.add_argument(
        "--access",
        choices=[each.value for each in FederationAccess],
        help="--federation 以何种指令说明字段权限 · how --federation tells what protects a field",
    )
    what.add_argument("--plugin", metavar="SLUG", help="某个插件的类型 · the types of one plugin")
    parser.add_argument("--output", metavar="FILE", type=Path, help="写入文件 · write to this file")
    parser.add_argument(
        "--check",
        action="store_true",
        help=(
            "不写入，只核对：--output 指定的文件不同则失败；未指定时核对此文件夹中核心的 "
            "schema.graphql 或 subgraph.graphql · write nothing; fail where the file given by "
            "--output differs, without one where the core's in this folder does: "
            "schema.graphql, or subgraph.graphql"
        ),
    )
    parser.set_defaults(run=_run)
    add_diff(parser.add_subparsers(metavar="diff"))


def _run(arguments: argparse.Namespace) -> int:
    if arguments.access is not None and not arguments.federation:
        raise CommandError(
            Text("--access 只用于 --federation", "--access is for --federation"), status=2
        )
    output: Path | None = arguments.output
    if arguments.check and output is None:
        output = _of_the_repository(arguments)
    text = _text(arguments)
    if arguments.check and output is not None:
        return _check(output, text, arguments)
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")
    return 0


def _text(arguments: argparse.Namespace) -> str:
    if arguments.federation:
        return _subgraph(arguments)
    if arguments.core or (arguments.check and arguments.output is None and not arguments.plugin):
        from zhupei.graphql.schema import build_schema  # noqa: PLC0415 - see zhupei.cli

        return build_schema().core_sdl
    composed = _composed()
    if not arguments.plugin:
        return composed.sdl
    text = composed.plugin_sdl.get(arguments.plugin)
    if text is None:
        known = ", ".join(sorted(composed.plugin_sdl)) or "-"
        raise CommandError(
            Text(
                f"没有名为“{arguments.plugin}”且带有图类型的插件",
                f'no plugin "{arguments.plugin}" with types of its own takes part',
            ),
            hint=Text(f"带有图类型的插件：{known}", f"plugins with types: {known}"),
        )
    return text


def _subgraph(arguments: argparse.Namespace) -> str:
    if arguments.plugin:
        raise CommandError(
            Text("子图是整个图的", "a subgraph is the whole graph's"),
            hint=Text("去掉 --plugin", "leave --plugin out"),
            status=2,
        )
    if arguments.core:
        from zhupei.graphql.schema import build_schema  # noqa: PLC0415 - see zhupei.cli

        return build_schema(access=_access(arguments)).schema.subgraph.sdl
    return _composed(_access(arguments)).schema.subgraph.sdl


def _access(arguments: argparse.Namespace) -> FederationAccess:
    """Return what --access says, else the setting."""
    if arguments.access is not None:
        return FederationAccess(arguments.access)
    return read_settings().federation_access


def _composed(access: FederationAccess = FederationAccess.NONE) -> ComposedSchema:
    from zhupei.catalogue.named_plugins import load_plugins  # noqa: PLC0415 - see zhupei.cli
    from zhupei.config.workspace import read_workspace  # noqa: PLC0415 - see zhupei.cli
    from zhupei.graphql.schema import build_schema  # noqa: PLC0415 - see zhupei.cli

    settings = read_settings()
    _, host = load_plugins(
        read_workspace(settings.bases),
        folders=settings.plugins,
        disabled=settings.disabled_plugins,
        strict=settings.strict,
    )
    return build_schema(host, strict=settings.strict, access=access)


def _of_the_repository(arguments: argparse.Namespace) -> Path:
    """Return the file that is checked by default, and ask for what it holds: the core alone."""
    if arguments.plugin or arguments.access is not None:
        raise CommandError(
            Text("请用 --output 指定要核对的文件", "name the file to check with --output"), status=2
        )
    arguments.core = True
    if not arguments.federation:
        return Path("schema.graphql")
    arguments.access = FederationAccess.NONE.value
    return Path("subgraph.graphql")


def _check(file: Path, text: str, arguments: argparse.Namespace) -> int:
    try:
        present = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        present = ""
    if present == text:
        return 0
    changes = list(
        difflib.unified_diff(
            present.splitlines(), text.splitlines(), file.as_posix(), "zhupei schema", lineterm=""
        )
    )
    for line in changes[:_SHOWN_LINES]:
        sys.stdout.write(f"{line}\n")
    if len(changes) > _SHOWN_LINES:
        sys.stdout.write(f"… {len(changes) - _SHOWN_LINES} more lines\n")
    options = (
        "--core" if arguments.core else "",
        "--federation" if arguments.federation else "",
        f"--access {arguments.access}" if arguments.access else "",
        f"--plugin {arguments.plugin}" if arguments.plugin else "",
    )
    again = " ".join(("zhupei schema", *filter(None, options), "--output", file.as_posix()))
    raise CommandError(
        Text(
            f"{file.as_posix()} 与图的定义不一致",
            f"{file.as_posix()} is not what the graph is",
        ),
        hint=Text(f"请重新生成：{again}", f"write it again with {again}"),
    )
