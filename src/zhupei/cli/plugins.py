"""``zhupei plugins``: which plugins take part, with which rights and hooks, and which do not."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from zhupei.cli import read_settings
from zhupei.cli._loading import load_plugin_host
from zhupei.cli._parser import add_format
from zhupei.domain.text import Language, Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.hooks.manager import PluginHost
    from zhupei.hooks.plugins import LoadedPlugin

__all__ = ["register"]

_RIGHTS = {
    "institution": Text("机构", "institution"),
    "jurisdiction": Text("辖区", "jurisdiction"),
    "platform": Text("平台", "platform"),
    "core": Text("核心", "core"),
}
_COLUMNS = (
    Text("插件", "PLUGIN"),
    Text("版本", "VERSION"),
    Text("权限", "RIGHTS"),
    Text("状态", "STATUS"),
    Text("钩子", "HOOKS"),
)


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "plugins",
        help="列出插件及其状态 · list plugins and whether they take part",
        description=(
            "列出配置所用的插件与核心自带的插件，及其权限、状态和钩子。有插件未参与时退出"
            "码为 1。 · List the plugins that the configuration names and the core's "
            "own, with rights, status and hooks. Exit status 1 where one is left out."
        ),
    )
    add_format(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    settings = read_settings()
    host = load_plugin_host(settings)
    if arguments.format == "json":
        listed = [_as_json(plugin) for plugin in host.plugins]
        errors = [error.as_json() for error in host.failures]
        text = json.dumps({"plugins": listed, "errors": errors}, ensure_ascii=False, indent=2)
        sys.stdout.write(f"{text}\n")
    else:
        sys.stdout.write(_as_text(host, settings.language))
    return 1 if host.failures else 0


def _as_text(host: PluginHost, language: Language) -> str:
    rows = [tuple(column.get(language) for column in _COLUMNS)]
    rows += [
        (
            plugin.slug,
            plugin.version or "-",
            _RIGHTS[plugin.rights].get(language),
            plugin.status.value,
            ", ".join(plugin.hooks) or "-",
        )
        for plugin in host.plugins
    ]
    widths = [max(_width(row[index]) for row in rows) for index in range(len(_COLUMNS) - 1)]
    lines = [
        "  ".join(
            [*(_padded(cell, width) for cell, width in zip(row, widths, strict=False)), row[-1]]
        )
        for row in rows
    ]
    lines += [f"{error.text(language)}" for error in host.failures]
    lines += [warning.get(language) for warning in host.warnings]
    return "".join(f"{line}\n" for line in lines)


def _width(cell: str) -> int:
    # A Chinese character is two columns wide in a terminal.
    return sum(2 if ord(character) > 0x2E7F else 1 for character in cell)


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _as_json(plugin: LoadedPlugin) -> dict[str, Any]:
    return {
        "slug": plugin.slug,
        "version": plugin.version,
        "path": None if plugin.path is None else str(plugin.path),
        "rights": plugin.rights.value,
        "namedBy": [
            {
                "file": None if naming.file is None else str(naming.file),
                "line": naming.line,
                "code": naming.code,
            }
            for naming in plugin.namings
        ],
        "hooks": list(plugin.hooks),
        "status": plugin.status.value,
        "reason": None
        if plugin.reason is None
        else {"zh": plugin.reason.zh, "en": plugin.reason.en},
        "code": plugin.code,
    }
