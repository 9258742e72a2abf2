"""The workspace that is left where files with errors are left out, with all that needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from zhupei.config.files import BaseFile
from zhupei.config.layers import Layers
from zhupei.config.workspace import ConfiguredFile, Workspace

__all__ = ["pruned", "without"]

F = TypeVar("F", bound=ConfiguredFile[Any])


def without(workspace: Workspace, files: set[Path]) -> Workspace | None:
    """Return the workspace without these files and what depends on them, None if all stay."""
    reduced = pruned(
        replace(
            workspace,
            national=tuple(file for file in workspace.national if file.path not in files),
            jurisdictions=_others(workspace.jurisdictions, files),
            bases=_others(workspace.bases, files),
            plans=tuple(file for file in workspace.plans if file.path not in files),
            calendars=tuple(file for file in workspace.calendars if file.path not in files),
        )
    )
    return reduced if _count(reduced) < _count(workspace) else None


def pruned(workspace: Workspace) -> Workspace:
    """Leave out what refers to a file that was left out: without its rules it would be wrong.

    A code that no file has at all stays, for the checks to report.
    """
    layers = Layers(workspace)
    given: dict[str, set[str]] = {"jurisdiction": set(), "program": set()}
    for document in workspace.documents:
        if document.data["kind"] == "jurisdiction":
            given["jurisdiction"].update(_code(document.data))
        programs = document.data.get("programs")
        for entry in programs if isinstance(programs, list) else ():
            given["program"].update(_code(entry))
    lost_jurisdictions = given["jurisdiction"] - set(workspace.jurisdictions)
    lost_programs = given["program"] - set(layers.programs)

    def stays(file: ConfiguredFile[Any]) -> bool:
        model = file.model
        above = model.jurisdiction if isinstance(model, BaseFile) else model.parent
        parents = {program.parent for program in model.programs}
        return above not in lost_jurisdictions and not lost_programs & parents

    reduced = replace(
        workspace,
        jurisdictions={c: file for c, file in workspace.jurisdictions.items() if stays(file)},
        bases={c: file for c, file in workspace.bases.items() if stays(file)},
        plans=tuple(file for file in workspace.plans if file.model.program not in lost_programs),
    )
    return pruned(reduced) if _count(reduced) < _count(workspace) else reduced


def _others(files: Mapping[str, F], left_out: set[Path]) -> dict[str, F]:
    return {code: file for code, file in files.items() if file.path not in left_out}


def _count(workspace: Workspace) -> int:
    return sum(
        len(files)
        for files in (
            workspace.national,
            workspace.jurisdictions,
            workspace.bases,
            workspace.plans,
            workspace.calendars,
        )
    )


def _code(entry: object) -> tuple[str, ...]:
    """Return the code of an entry that may have mistakes, nothing where it has none to use."""
    code = entry.get("code") if isinstance(entry, dict) else None
    return (code,) if isinstance(code, str) else ()
