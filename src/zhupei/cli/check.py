"""``zhupei check``: what is wrong with the configuration, and what the graph will say."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, given_settings
from zhupei.cli._check_summary import summarise, summary_text
from zhupei.cli._loading import load_configuration
from zhupei.cli._parser import add_format
from zhupei.domain.text import Language, Text
from zhupei.settings import Settings
from zhupei.settings.section import NO_SECTION

if TYPE_CHECKING:
    from zhupei.catalogue.load import LoadedCatalogue
    from zhupei.cli import Subparsers
    from zhupei.cli._check_database import DatabaseReport
    from zhupei.config.problems import Problem, Problems
    from zhupei.errors import PluginError

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "check",
        help="检查配置，概述图的内容 · check the configuration, and tell what the graph will say",
        description=(
            "检查配置文件或文件夹（默认 ZHUPEI_BASES），并概述图的内容。ZHUPEI_BASES 之下"
            "的路径与该文件夹的其余部分一同检查，但只显示它自己的问题。退出码：0 无误，1 "
            "有问题，2 用法错误。 · Check files or folders with configuration "
            "(ZHUPEI_BASES by default) and tell what the graph will say. A path below "
            "ZHUPEI_BASES is checked together with the rest of that folder, but only its "
            "own problems are shown. Exit status: 0 fine, 1 problems, 2 wrong usage."
        ),
    )
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help=(
            "配置文件或文件夹；默认 ZHUPEI_BASES · files or folders with configuration; "
            "ZHUPEI_BASES by default"
        ),
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help=(
            "未被项目接受的警告和降级的插件也算失败 · warnings that no program accepts, and "
            "degraded plugins, fail too"
        ),
    )
    add_format(parser)
    parser.add_argument(
        "--language",
        choices=[each.value for each in Language],
        help="以何种语言列出问题 · language of the problems",
    )
    parser.add_argument(
        "--database",
        action="store_true",
        help="同时核对数据库 · also look at what the database refers to",
    )
    parser.set_defaults(run=_run)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was found, as far as the given paths are concerned."""

    loaded: LoadedCatalogue
    problems: Problems
    plugins: tuple[PluginError, ...]
    codes: frozenset[str] | None
    database: DatabaseReport | None

    def fails(self, *, strict: bool) -> bool:
        if self.problems.errors or any(_is_fatal(error) for error in self.plugins):
            return True
        if self.database is not None and self.database.dangling:
            return True
        overfull = self.database is not None and self.database.overfull
        warned = self.problems.warnings or self.plugins or self._degraded() or overfull
        return strict and bool(warned)

    def _degraded(self) -> bool:
        return any(
            base.degradations
            for code, base in self.loaded.catalogue.bases.items()
            if self.codes is None or code in self.codes
        )


def _is_fatal(error: PluginError) -> bool:
    """Whether a plugin's error is the configuration's own: it names what does not exist."""
    return error.code in {"PLUGIN_NOT_FOUND", "PLUGIN_BAD_SLUG"}


def _run(arguments: argparse.Namespace) -> int:
    # What is wrong with the file's settings is a problem like others here.
    given = given_settings()
    section = NO_SECTION if given is None else given.section
    settings = Settings.from_environment(os.environ, section)
    language = Language(arguments.language) if arguments.language else settings.language
    outcome = _check(settings, arguments.paths, database=arguments.database)
    if given is not None and not arguments.paths:
        outcome.problems.extend(given.problems)
    failed = outcome.fails(strict=arguments.strict)
    if arguments.format == "json":
        text = json.dumps(_as_json(outcome, failed=failed), ensure_ascii=False, indent=2)
        sys.stdout.write(f"{text}\n")
    else:
        _write_text(outcome, language)
    return 1 if failed else 0


def _check(settings: Settings, paths: Sequence[Path], *, database: bool) -> _Outcome:
    from zhupei.config.problems import Problems  # noqa: PLC0415 - see zhupei.cli

    given = [path.absolute() for path in paths]
    for path in given or settings.bases:
        if not path.exists():
            raise CommandError(
                Text(f"没有 {path}", f"there is no {path}"),
                hint=Text(
                    "给出配置文件或文件夹，或设置 ZHUPEI_BASES",
                    "name a file or folder with configuration, or set ZHUPEI_BASES",
                ),
                status=2,
            )
    with _told_once():
        loaded = load_configuration(
            settings, _with_context(given, settings.bases) if given else None
        )
    problems, plugins, codes = loaded.problems, loaded.host.failures, None
    if given:
        problems = Problems(each for each in problems if _concerns(given, each.file))
        plugins = tuple(each for each in plugins if _concerns_plugin(given, each, loaded))
        codes = frozenset(_codes(given, loaded))
    report = None
    if database:
        from zhupei.cli._check_database import check_database  # noqa: PLC0415 - see zhupei.cli

        report = asyncio.run(check_database(settings, loaded.catalogue))
    return _Outcome(loaded, problems, plugins, codes, report)


@contextlib.contextmanager
def _told_once() -> Iterator[None]:
    """Keep from the log what is printed in the reader's language, but not where a plugin broke."""
    log = logging.getLogger("zhupei.hooks.intake")

    def only_breaks(record: logging.LogRecord) -> bool:
        return record.levelno < logging.ERROR or bool(record.exc_info and record.exc_info[0])

    log.addFilter(only_breaks)
    try:
        yield
    finally:
        log.removeFilter(only_breaks)


def _with_context(given: Sequence[Path], bases: Iterable[Path]) -> list[Path]:
    """Return what to load: a path below a folder of bases needs the levels above it."""
    folders = [folder.absolute() for folder in bases]
    loaded: dict[Path, None] = {}
    for path in given:
        within = [folder for folder in folders if _is_within(path, folder)]
        loaded.update(dict.fromkeys(within or [path]))
    return list(loaded)


def _concerns(given: Iterable[Path], file: Path) -> bool:
    return any(_is_within(file.absolute(), path) for path in given)


def _is_within(path: Path, folder: Path) -> bool:
    """Whether an absolute path lies below a folder, as written or as links and ``..`` lead."""
    if path.is_relative_to(folder):
        return True
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _concerns_plugin(given: Sequence[Path], error: PluginError, loaded: LoadedCatalogue) -> bool:
    plugins = {plugin.slug: plugin for plugin in loaded.host.plugins}
    plugin = plugins.get(error.plugin)
    namings = plugin.namings if plugin is not None else ()
    return any(each.file is not None and _concerns(given, each.file) for each in namings)


def _codes(given: Sequence[Path], loaded: LoadedCatalogue) -> Iterable[str]:
    for document in loaded.workspace.documents:
        code = document.data.get("code")
        if isinstance(code, str) and _concerns(given, document.path):
            yield code


def _write_text(outcome: _Outcome, language: Language) -> None:
    out = sys.stdout
    catalogue = outcome.loaded.catalogue
    shown: list[Problem] = list(outcome.problems)
    for problem in shown:
        out.write(f"{problem.text(language, excerpt=True)}\n")
    for error in outcome.plugins:
        out.write(f"{error.text(language)}\n")
    summary = summary_text(summarise(catalogue, outcome.codes), language)
    if summary and (shown or outcome.plugins):
        out.write("\n")
    out.write(summary)
    if outcome.database is not None:
        out.write(f"\n{outcome.database.text.get(language)}\n")
    out.write(f"\n{_totals(outcome).get(language)}\n")


def _totals(outcome: _Outcome) -> Text:
    catalogue = outcome.loaded.catalogue
    errors, warnings = len(outcome.problems.errors), len(outcome.problems.warnings)
    degraded = len(outcome.plugins)
    bases, programs, openings = (
        len(catalogue.bases),
        len(catalogue.programs),
        len(catalogue.openings),
    )
    short = catalogue.hash[:12]
    return Text(
        f"错误 {errors}，警告 {warnings}，降级插件 {degraded}；"
        f"基地 {bases}，项目 {programs}，招收专业 {openings}；目录 {short}",
        f"{_count(errors, 'error')}, {_count(warnings, 'warning')}, "
        f"{_count(degraded, 'degraded plugin')}; {_count(bases, 'base')}, "
        f"{_count(programs, 'program')}, {_count(openings, 'opening')}; catalogue {short}",
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _as_json(outcome: _Outcome, *, failed: bool) -> dict[str, object]:
    catalogue = outcome.loaded.catalogue
    database = outcome.database
    return {
        "ok": not failed,
        "problems": [problem.as_json() for problem in outcome.problems],
        "plugins": [error.as_json() for error in outcome.plugins],
        "summary": [host.as_json() for host in summarise(catalogue, outcome.codes)],
        "database": None if database is None else database.as_json(),
        "counts": {
            "bases": len(catalogue.bases),
            "programs": len(catalogue.programs),
            "openings": len(catalogue.openings),
        },
        "catalogue": catalogue.hash,
    }
