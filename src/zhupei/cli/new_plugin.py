"""``zhupei new plugin SLUG``: a plugin package that works at once, to be changed from there."""

from __future__ import annotations

import argparse
import json
import sys
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings, spoken_language
from zhupei.cli._new import new_commands
from zhupei.domain.text import Text
from zhupei.errors import shown

if TYPE_CHECKING:
    from zhupei.cli import Subparsers

__all__ = ["register", "write_plugin"]


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = new_commands(subparsers).add_parser(
        "plugin",
        help="插件包，生成即可用 · a plugin package",
        description=(
            "写一个插件包，含一种待遇、其测试和 README，即刻可用，在此基础上修改。后续见 "
            "docs/writing-plugins.md。 · Write a plugin package with one kind of "
            "benefit, its tests and a README. It works at once; change it from there. "
            "docs/writing-plugins.md goes on."
        ),
    )
    parser.add_argument(
        "slug",
        metavar="SLUG",
        help="插件代号，如 sample-hospital · the plugin's slug, such as sample-hospital",
    )
    parser.add_argument(
        "--name",
        metavar="TEXT",
        help=(
            "插件属于谁，用于其文字；默认为代号 · whose plugin it is, "
            "for its texts; default the slug"
        ),
    )
    parser.add_argument(
        "--types",
        action="store_true",
        help="带自己的图类型与 schema.graphql · with a graph type of its own and schema.graphql",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="FOLDER",
        help=(
            "写到何处；默认为 ZHUPEI_PLUGINS 的第一个文件夹 · where to write it; default the "
            "first folder of ZHUPEI_PLUGINS"
        ),
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    folder = arguments.folder or read_settings().plugins[0]
    written = write_plugin(
        folder / arguments.slug,
        arguments.slug,
        name=arguments.name or arguments.slug,
        types=arguments.types,
    )
    for file in written:
        sys.stdout.write(f"{shown(file)}\n")
    slug = arguments.slug
    next_step = Text(
        f"在基地或辖区文件中写入 plugins: [{slug}]，然后运行 zhupei plugins",
        f"write plugins: [{slug}] into the file of a base or jurisdiction, then run zhupei plugins",
    )
    sys.stdout.write(f"{next_step.get(spoken_language())}\n")
    return 0


def write_plugin(project: Path, slug: str, *, name: str, types: bool = False) -> list[Path]:
    """Write the package of a plugin into the folder ``project`` and return its files.

    Raises:
        CommandError: the slug cannot be used, or something is there already; nothing is written.

    """
    _refuse_slug(slug)
    if project.exists():
        raise CommandError(
            Text(f"{shown(project)} 已存在", f"{shown(project)} exists already"),
            hint=Text("请另选代号，或先移走它", "choose another slug, or move it away first"),
        )
    texts = _texts(slug, name, types=types)
    for path, text in texts.items():
        file = project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    written = [project / path for path in texts]
    if types:
        schema = project / "schema.graphql"
        schema.write_text(_schema(project, slug), encoding="utf-8")
        written.append(schema)
    return written


def _texts(slug: str, name: str, *, types: bool) -> dict[str, str]:
    """Return the files by their path in the project."""
    from zhupei.hooks.registrations import pascal  # noqa: PLC0415 - it waits for pydantic

    module = f"zhupei_{slug.replace('-', '_')}"
    prefix = pascal(slug)
    name = " ".join(name.split())
    words = {
        "slug": slug,
        "name": name,
        # JSON's escapes, which TOML and Python share.
        "quoted": json.dumps(name, ensure_ascii=False)[1:-1],
        "module": module,
        "prefix": prefix,
        "import_types": "",
        "export_types": "",
        "graph_type": "",
        "register_types": "",
    }
    if types:
        words |= {
            "import_types": f"from {module}.graph_types import {prefix}Attendance\n",
            "export_types": ', "register_types"',
            "graph_type": f"            graph_type={prefix}Attendance,\n",
            "register_types": (
                "\n\n@hookimpl\ndef register_types() -> list[type]:\n"
                '    """Show the kind by a type of its own."""\n'
                f"    return [{prefix}Attendance]\n"
            ),
        }
    templates = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        f"src/{module}/__init__.py": "module.py",
        f"tests/test_{module}.py": "test_plugin.py",
    }
    if types:
        templates[f"src/{module}/graph_types.py"] = "graph_types.py"
    folder = files("zhupei.cli") / "templates" / "plugin"
    texts = {
        path: Template((folder / f"{name}.template").read_text("utf-8")).substitute(words)
        for path, name in templates.items()
    }
    return {path: f"{text.rstrip()}\n" for path, text in texts.items()}


def _schema(project: Path, slug: str) -> str:
    """Return the plugin's own types, composed as the server does."""
    # Here, not at the top: composing takes a second that other commands need not wait.
    from zhupei.graphql.schema import build_schema  # noqa: PLC0415 - see zhupei.cli
    from zhupei.hooks.discovery import Discovery  # noqa: PLC0415 - see zhupei.cli
    from zhupei.hooks.manager import PluginHost  # noqa: PLC0415 - see zhupei.cli
    from zhupei.hooks.scope import Naming, Rights  # noqa: PLC0415 - see zhupei.cli

    host = PluginHost.load(
        {slug: Naming(Rights.INSTITUTION)},
        discovery=Discovery((), projects=(project,), installed=()),
        strict=True,
    )
    return build_schema(host, strict=True).plugin_sdl[slug]


def _refuse_slug(slug: str) -> None:
    from zhupei.default_plugins import DEFAULT_PLUGINS  # noqa: PLC0415 - see below
    from zhupei.hooks.discovery import is_slug  # noqa: PLC0415 - it waits for pydantic
    from zhupei.hooks.load_errors import PluginSlugError  # noqa: PLC0415 - see above

    core = {
        entry.partition(":")[0].rpartition(".")[2].replace("_", "-") for entry in DEFAULT_PLUGINS
    }
    if not is_slug(slug) or slug in core:
        error = PluginSlugError(slug, file=None)
        raise CommandError(error.message, hint=error.hint)
