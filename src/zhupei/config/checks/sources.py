"""Checks of what files bring in from outside: plugins, and the documents that they cite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from types import NoneType
from typing import Any

from zhupei.config.checks.context import CheckContext, did_you_mean
from zhupei.config.files import BaseFile, JurisdictionFile
from zhupei.config.problems import YamlPath
from zhupei.config.workspace import ConfiguredFile
from zhupei.domain.sources import SourceDocument
from zhupei.domain.text import Text

__all__ = ["check"]


def check(context: CheckContext) -> None:
    """Check that named plugins exist, and that cited documents are listed, each by its code."""
    files: tuple[ConfiguredFile[Any], ...] = (
        *context.workspace.national,
        *context.workspace.jurisdictions.values(),
        *context.workspace.bases.values(),
        *context.workspace.plans,
        *context.workspace.calendars,
    )
    for file in files:
        _plugins(context, file)
        _cited(context, file)
    _listed(context, files)


def _listed(context: CheckContext, files: Iterable[ConfiguredFile[Any]]) -> None:
    """Warn of a code that two files give to two documents: sources show the first one's title.

    The catalogue has one document a code, that of the first of the files in this order.
    """
    known: dict[str, tuple[ConfiguredFile[Any], SourceDocument]] = {}
    for file in files:
        for code, entry in file.model.sources.items():
            document = entry.document(code)
            first, other = known.setdefault(code, (file, document))
            if document.is_another_than(other):
                context.report(
                    file.document,
                    ("sources", code),
                    "CONFIG_OTHER_DOCUMENT",
                    f"{first.path.name} 中的 {code} 是另一份文件（{other.title.zh}），"
                    "引用此代码处显示的是那一份",
                    f"in {first.path.name} the code {code} is another document "
                    f'("{other.title.en or other.title.zh}"), which is shown where this one is '
                    "cited",
                    hint=Text(
                        "请为本文件另取代码；若是同一份，请写相同的文号或中文标题",
                        "give this document a code of its own, or, if it is the same, the same "
                        "number (reference) or Chinese title",
                    ),
                    severity="warning",
                    at_key=True,
                )


def _plugins(context: CheckContext, file: ConfiguredFile[Any]) -> None:
    if context.plugins is None:
        return
    slugs = getattr(file.model, "plugins", ())
    for index, slug in enumerate(slugs):
        if slug in slugs[:index]:
            context.duplicate(file.document, ("plugins", index), Text("插件", "plugin"), slug)
        if slug not in context.plugins:
            context.report(
                file.document,
                ("plugins", index),
                "CONFIG_UNKNOWN_PLUGIN",
                f"没有找到插件 {slug}",
                f"the plugin {slug} was not found",
                hint=did_you_mean(slug, context.plugins)
                or Text(
                    "请把它放进 plugins/，或安装它的软件包；已在运行的服务重启后才会找到新插件",
                    "put it below plugins/, or install its package; a server that runs already "
                    "finds a new plugin when it is restarted",
                ),
            )


def _cited(context: CheckContext, file: ConfiguredFile[Any]) -> None:
    """Check cited documents against those of the file and of every level above it."""
    if not _above_known(context, file):
        return  # what the missing level lists is not known
    known = set(file.model.sources)
    above: list[ConfiguredFile[Any]] = [*context.workspace.national]
    if isinstance(file.model, BaseFile | JurisdictionFile):
        above += context.layers.jurisdictions_of(file)
        for program in context.programs_of.get(file.path, ()):
            above += [parent.host for parent in context.layers.parents(program)]
    for each in above:
        known |= set(each.model.sources)
    if not _cites_unknown(file.document.data, known | {None}):
        return
    for path, document in _citations(file.document.data, ()):
        if document not in known:
            context.unknown(
                file.document, path, Text("来源文件", "source document"), document, known
            )


def _above_known(context: CheckContext, file: ConfiguredFile[Any]) -> bool:
    model = file.model
    if isinstance(model, BaseFile | JurisdictionFile):
        above = model.jurisdiction if isinstance(model, BaseFile) else model.parent
        parents = {program.parent for program in model.programs} - {None}
        return (above is None or above in context.workspace.jurisdictions) and all(
            parent in context.layers.programs for parent in parents
        )
    return True


def _cites_unknown(data: dict[str, Any] | list[Any], known: Set[str | None]) -> bool:
    """Return whether a cited document is unknown, as `_citations` tells, but not where.

    A province cites some document in every other row, and nearly always rightly.
    """
    if isinstance(data, list):
        for item in data:  # noqa: SIM110 - a generator takes twice as long
            if type(item) not in _PLAIN and _cites_unknown(item, known):
                return True
        return False
    for key, value in data.items():
        if key == "source":
            if _cited_by(value) not in known:
                return True
        elif type(value) not in _PLAIN and key != "extra" and _cites_unknown(value, known):
            return True
    return False


_PLAIN = frozenset({str, NoneType})


def _cited_by(source: Any) -> str | None:
    if isinstance(source, str):
        return source.partition(":")[0]
    return str(source.get("document")) if isinstance(source, dict) else None


def _citations(data: Any, path: YamlPath) -> Iterator[tuple[YamlPath, str]]:
    """Yield every cited document's code and where it stands."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            # Most lists hold plain text, in which nothing is cited.
            if isinstance(item, dict | list):
                yield from _citations(item, (*path, index))
    elif isinstance(data, dict):
        for key, value in data.items():
            if key == "source" and isinstance(value, str):
                yield (*path, key), value.partition(":")[0]
            elif key == "source" and isinstance(value, dict):
                yield (*path, key, "document"), str(value.get("document"))
            elif key != "extra" and isinstance(value, dict | list):
                yield from _citations(value, (*path, key))
