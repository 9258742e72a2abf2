"""All configuration files together: read, told apart by kind, validated, ready to be checked.

Reading has two halves, because the kinds that YAML may use come from plugins, and which plugins
to load stands in YAML: `read` looks only at what a file is and which plugins it names;
`Workspace.validated` then checks every file with the models of the kinds that were found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from zhupei.config.files import (
    BaseFile,
    CalendarFile,
    FileModels,
    JurisdictionFile,
    NationalFile,
    PlanFile,
)
from zhupei.config.loader import discover, read, validate
from zhupei.config.parsed import ParsedFiles
from zhupei.config.problems import Problem, Problems, YamlPath
from zhupei.config.templates import FOLDER
from zhupei.config.yaml import Document
from zhupei.domain.sources import Level
from zhupei.domain.text import Text

__all__ = ["ConfiguredFile", "PluginNaming", "Workspace", "read_workspace"]

M = TypeVar("M", bound=BaseModel)

_LEVELS = {
    "national": Level.NATIONAL,
    "jurisdiction": Level.JURISDICTION,
    "base": Level.INSTITUTION,
}


@dataclass(frozen=True, slots=True)
class ConfiguredFile(Generic[M]):
    """A file and what it says: the validated model beside the document with its positions."""

    document: Document
    model: M

    @property
    def path(self) -> Path:
        """The file."""
        return self.document.path


@dataclass(frozen=True, slots=True)
class PluginNaming:
    """That a file names a plugin, and for whom: the plugin's rights follow from it."""

    slug: str
    level: Level
    code: str
    """Code of the base or jurisdiction whose file names it."""
    file: Path
    line: int


@dataclass(frozen=True, slots=True)
class Workspace:
    """The files of one configuration.

    ``documents`` are those that are well-formed YAML of a known ``kind:``; the lists of files
    are filled by `validated` and hold those without errors of their own.
    """

    documents: tuple[Document, ...] = ()
    problems: Problems = field(default_factory=Problems)
    national: tuple[ConfiguredFile[NationalFile], ...] = ()
    jurisdictions: Mapping[str, ConfiguredFile[JurisdictionFile]] = field(default_factory=dict)
    bases: Mapping[str, ConfiguredFile[BaseFile]] = field(default_factory=dict)
    plans: tuple[ConfiguredFile[PlanFile], ...] = ()
    calendars: tuple[ConfiguredFile[CalendarFile], ...] = ()

    def models(self) -> Iterator[BaseModel]:
        """Iterate over what the validated files say."""
        return (file.model for file in self._files())

    def left_out(self) -> tuple[Document, ...]:
        """Return the documents that are none of the files: with errors, or dependent on such."""
        there = {file.path for file in self._files()}
        return tuple(document for document in self.documents if document.path not in there)

    def _files(self) -> Iterator[ConfiguredFile[Any]]:
        groups: tuple[Iterable[ConfiguredFile[Any]], ...] = (
            self.national,
            self.jurisdictions.values(),
            self.bases.values(),
            self.plans,
            self.calendars,
        )
        return (file for group in groups for file in group)

    def namings(self) -> tuple[PluginNaming, ...]:
        """Return which file names which plugin, before anything is validated."""
        found = []
        for document in self.documents:
            level = _LEVELS.get(document.data["kind"])
            code, plugins = document.data.get("code"), document.data.get("plugins")
            if level is None or not isinstance(code, str) or not isinstance(plugins, list):
                continue
            for index, slug in enumerate(plugins):
                if isinstance(slug, str):
                    line = document.positions.value(("plugins", index)).line
                    found.append(PluginNaming(slug, level, code, document.path, line))
        return tuple(found)

    def with_folders(self, folders: Iterable[Path]) -> Workspace:
        """Return this workspace with the files of more folders, such as a plugin's own."""
        known = {document.path.resolve() for document in self.documents}
        more = read_workspace(tuple(folders))
        documents = tuple(d for d in more.documents if d.path.resolve() not in known)
        return replace(
            self,
            documents=self.documents + documents,
            problems=Problems([*self.problems, *more.problems]),
        )

    def validated(self, models: FileModels) -> Workspace:
        """Return the workspace with every file checked against the models of its kind."""
        problems = Problems(self.problems)
        by_kind: dict[str, list[ConfiguredFile[Any]]] = {kind: [] for kind in models.by_kind}
        for document in self.documents:
            kind = document.data["kind"]
            model = validate(
                document, models.by_kind[kind], problems, context={FOLDER: document.path.parent}
            )
            if model is not None:
                by_kind[kind].append(ConfiguredFile(document, model))
        return replace(
            self,
            problems=problems,
            national=tuple(by_kind["national"]),
            jurisdictions=_unique(by_kind["jurisdiction"], problems),
            bases=_unique(by_kind["base"], problems),
            plans=tuple(by_kind["plan"]),
            calendars=tuple(by_kind["calendar"]),
        )


def read_workspace(paths: Sequence[Path], parsed: ParsedFiles | None = None) -> Workspace:
    """Read every YAML file at or below ``paths``; problems are collected, never raised.

    ``parsed`` knows files that were parsed before.
    """
    problems = Problems()
    documents = []
    for path in discover(paths, problems):
        document = read(path, parsed)
        if isinstance(document, Problems):
            problems.extend(document)
            continue
        if (complaint := _kind_problem(document)) is not None:
            problems.add(complaint)
        else:
            documents.append(document)
    return Workspace(documents=tuple(documents), problems=problems)


_KINDS = ("national", "jurisdiction", "base", "plan", "calendar")


def _kind_problem(document: Document) -> Problem | None:
    kind = document.data.get("kind")
    if kind in _KINDS:
        return None
    known = ", ".join(_KINDS)
    path: YamlPath = ("kind",) if "kind" in document.data else ()
    if kind is None:
        message = Text("缺少 kind，无法判断文件类型", "the key kind is missing: what is this file?")
    else:
        message = Text(f"未知的文件类型 {kind!r}", f"unknown kind of file {kind!r}")
    hint = Text(f"可用的类型：{known}", f"known kinds: {known}")
    return document.problem(path, "CONFIG_FILE_KIND", message, hint)


def _unique(files: list[ConfiguredFile[Any]], problems: Problems) -> dict[str, ConfiguredFile[Any]]:
    """Return the files by code; of two with the same code neither is used."""
    by_code: dict[str, list[ConfiguredFile[Any]]] = {}
    for file in files:
        by_code.setdefault(file.model.code, []).append(file)
    for code, same in by_code.items():
        for file in same if len(same) > 1 else ():
            others = ", ".join(str(other.path) for other in same if other is not file)
            problems.add(
                file.document.problem(
                    ("code",),
                    "CONFIG_DUPLICATE_CODE",
                    Text(
                        f"代码 {code} 也用于 {others}", f"the code {code} is also used by {others}"
                    ),
                    Text("每个代码只能用一次", "a code may be used once"),
                )
            )
    return {code: same[0] for code, same in sorted(by_code.items()) if len(same) == 1}
