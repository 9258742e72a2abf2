"""``zhupei docs``: writes every generated file of the repository, or tells which are stale."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from zhupei.cli import CommandError
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.config.files import FileModels

__all__ = ["generated_files", "register"]

_EXAMPLE_PLUGIN = "tests/plugins/kitchen-sink/src/zhupei_kitchen_sink/__init__.py"


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "docs",
        help="生成或核对由代码生成的文件 · write or check the generated files",
        description=(
            "写出本仓库中由代码生成的文件：配置的 JSON Schema、参考页、schema.graphql 及"
            "各插件的同类文件；或核对它们是否最新。请在仓库的文件夹中运行。 · Write the "
            "files of this repository that are generated: the JSON Schema of "
            "configuration, the reference pages, schema.graphql and the plugins' own; or "
            "check that they are up to date. Run it in the repository's folder."
        ),
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="写入 · write them")
    what.add_argument(
        "--check", action="store_true", help="仅核对 · name those that are stale, exit status 1"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    root = Path.cwd()
    if not (root / "src" / "zhupei").is_dir() or not (root / "bases").is_dir():
        raise CommandError(
            Text(
                f"{root} 不是 zhupei 的代码仓库", f"{root} is not the folder of zhupei's repository"
            ),
            status=2,
        )
    stale = [
        (path, text)
        for path, text in generated_files(root)
        if not path.exists() or path.read_text("utf-8") != text
    ]
    if arguments.write:
        for path, text in stale:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(root).as_posix()}\n")
        return 0
    if stale:
        names = "\n".join(path.relative_to(root).as_posix() for path, _ in stale)
        raise CommandError(
            Text(f"以下文件已过时：\n{names}", f"these files are stale:\n{names}"),
            hint=Text("运行 zhupei docs --write", "run zhupei docs --write"),
        )
    return 0


def generated_files(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield every generated file of the repository at ``root`` with the text that it should have.

    The same repository always gives the same texts.
    """
    for name, page in _PAGES.items():
        yield root / name, page(root)
    yield from _graph(root)


def _schema(_root: Path) -> str:
    from zhupei.config.json_schema import editor_schema  # noqa: PLC0415 - see zhupei.cli

    schema = editor_schema(_core_models())
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def _platform_schema(_root: Path) -> str:
    from zhupei.config.platform_schema import platform_schema_text  # noqa: PLC0415 - see zhupei.cli

    return platform_schema_text()


def _core_models() -> FileModels:
    """Return the models with the kinds of the core alone, whatever plugins there are."""
    from zhupei.config import files  # noqa: PLC0415 - see zhupei.cli
    from zhupei.hooks.manager import PluginHost  # noqa: PLC0415 - see zhupei.cli

    return files.FileModels.of(PluginHost.load({}).kinds, {})


def _configuration(_root: Path) -> str:
    from zhupei.config.documentation import configuration_page  # noqa: PLC0415 - see zhupei.cli
    from zhupei.default_plugins import standard_kinds  # noqa: PLC0415 - see zhupei.cli

    return configuration_page(_core_models(), standard_kinds.kinds_reference())


def _coverage(root: Path) -> str:
    from zhupei.cli import docs_coverage  # noqa: PLC0415 - see zhupei.cli
    from zhupei.config.loader import read  # noqa: PLC0415 - see zhupei.cli
    from zhupei.config.problems import Problems  # noqa: PLC0415 - see zhupei.cli

    document = read(root / "docs" / "requirements.yaml")
    if isinstance(document, Problems):
        listed = next(iter(document))
        raise CommandError(listed.message, hint=listed.hint)
    return docs_coverage.coverage_page(docs_coverage.read_demands(document), root)


def _bases(root: Path) -> str:
    from zhupei.cli.docs_bases import bases_table  # noqa: PLC0415 - see zhupei.cli
    from zhupei.config.workspace import read_workspace  # noqa: PLC0415 - see zhupei.cli

    return bases_table(read_workspace([root / "bases"]).documents, root)


def _hooks(root: Path) -> str:
    from zhupei.cli.docs_hooks import hooks_page  # noqa: PLC0415 - see zhupei.cli

    return hooks_page(root / _EXAMPLE_PLUGIN)


def _graph(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the core's graph, and the types of each plugin of the repository that has some."""
    from zhupei.catalogue.named_plugins import load_plugins  # noqa: PLC0415 - see zhupei.cli
    from zhupei.config.workspace import read_workspace  # noqa: PLC0415 - see zhupei.cli
    from zhupei.graphql.schema import build_schema  # noqa: PLC0415 - see zhupei.cli

    workspace = read_workspace([root / "bases"])
    _, host = load_plugins(workspace, folders=(root / "plugins",), strict=True)
    composed = build_schema(host, strict=True)
    yield root / "schema.graphql", composed.core_sdl
    yield root / "subgraph.graphql", build_schema().schema.subgraph.sdl
    for slug, text in sorted(composed.plugin_sdl.items()):
        project = root / "plugins" / slug
        if project.is_dir():
            yield project / "schema.graphql", text


_PAGES: dict[str, Callable[[Path], str]] = {
    "bases/base.schema.json": _schema,
    "docs/bases.md": _bases,
    "docs/configuration.md": _configuration,
    "docs/coverage.md": _coverage,
    "docs/hooks.md": _hooks,
    "docs/zhupei.schema.json": _platform_schema,
}
