"""The catalogue's hash: the version of the rules that decided a case."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from zhupei.catalogue.answers import BaseAnswers
from zhupei.catalogue.catalogue import PluginStatus
from zhupei.config.workspace import ConfiguredFile, Workspace

__all__ = ["fingerprint", "templates"]


def fingerprint(
    workspace: Workspace, plugins: tuple[PluginStatus, ...], answers: Mapping[str, BaseAnswers]
) -> str:
    """Return a hash of what the catalogue is made of: files, plugins and their answers.

    It does not depend on file names, on the order of files, nor on comments in them.
    """
    parts = sorted(
        json.dumps(document.data, sort_keys=True, ensure_ascii=False)
        for document in workspace.documents
    )
    parts += sorted({text for _, text in templates(workspace)})
    parts += sorted(f"{plugin.slug} {plugin.version} {plugin.degraded}" for plugin in plugins)
    for code in sorted(answers):
        found = answers[code].everything()
        if found:
            parts.append(code + json.dumps([_plain(each) for each in found], ensure_ascii=False))
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:32]


def templates(workspace: Workspace) -> Iterator[tuple[Path, str]]:
    """Yield file and text of the agreements, which lie beside the configuration's own files."""
    files: tuple[ConfiguredFile[Any], ...] = (
        *workspace.national,
        *workspace.jurisdictions.values(),
        *workspace.bases.values(),
    )
    for file in files:
        programs = file.model.programs
        openings = (opening for program in programs for opening in program.openings)
        for rules in (file.model, *programs, *openings):
            for step in rules.steps:
                for entry in getattr(step, "agreements", ()):
                    if entry.template is not None:
                        yield file.path.parent / entry.template.file, entry.template.text


def _plain(value: Any) -> Any:
    """Return a value as JSON with a stable order; sets have none of their own."""
    match value:
        case Enum():
            plain: Any = str(value.value)
        case Mapping():
            plain = {str(key): _plain(value[key]) for key in sorted(value, key=str)}
        case list() | tuple():
            plain = [_plain(item) for item in value]
        case set() | frozenset():
            plain = sorted((_plain(item) for item in value), key=str)
        case None | bool() | int() | float() | str():
            plain = value
        case _ if is_dataclass(value):
            plain = {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
        case _:
            plain = str(value)
    return plain
