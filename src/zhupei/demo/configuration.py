"""The configuration of a scenario: a copy of the installation's own, with what is made up on top.

Documents leave figures open (a plan that was not supplied, weights that a base sets itself). A
scenario fills them in, in files of its own that say so, and the installation's files stay as they
are.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zhupei.config.loader import read
from zhupei.config.problems import Problems
from zhupei.config.writer import dump
from zhupei.demo.blocks import read_block
from zhupei.demo.errors import ScenarioError
from zhupei.demo.scenario import Plan, Scenario
from zhupei.settings import Settings

__all__ = ["prepare_configuration"]

# What tells two entries of a list apart, in the order in which it is looked for.
_NAMES = ("code", "id", "specialty", "key")


async def prepare_configuration(scenario: Scenario, settings: Settings, folder: Path) -> None:
    """Write the configuration that a scenario is played on into ``folder``.

    Raises:
        ScenarioError: a file to be changed is not there, or the plan cannot be imported.

    """
    for source in settings.bases:
        _copy(source, folder, scenario.only)
    for change in scenario.changes:
        _change(change, folder, settings.bases)
    if scenario.plan is not None:
        await _import(scenario.plan, folder)


def _copy(source: Path, folder: Path, only: Sequence[str]) -> None:
    for part in only or (".",):
        if (source / part).is_dir():
            shutil.copytree(source / part, folder / part, dirs_exist_ok=True)


def _change(change: Path, folder: Path, sources: Sequence[Path]) -> None:
    asked = read_block(change)
    target = folder / str(asked.get("file"))
    document = read(target) if target.is_file() else None
    if document is None or isinstance(document, Problems):
        searched = ", ".join(map(str, sources))
        raise ScenarioError(
            change,
            asked.line,
            f"配置目录 {searched} 中没有要修改的文件 {asked.get('file')}"
            "（可用 ZHUPEI_BASES 指明配置目录）",
            f"there is no file {asked.get('file')} to change in {searched}; ZHUPEI_BASES names "
            "another folder",
        )
    changes = asked.get("changes")
    if not isinstance(changes, Mapping):
        raise ScenarioError(change, asked.line, "缺少 changes", "the key changes is missing")
    target.write_text(dump(_merged(document.data, changes)), "utf-8")


def _merged(present: Any, changes: Any) -> Any:
    """Return ``present`` with changes: mappings by key, entries of lists by their name."""
    if isinstance(present, Mapping) and isinstance(changes, Mapping):
        merged = dict(present)
        for key, value in changes.items():
            merged[key] = _merged(present[key], value) if key in present else value
        return merged
    name = _name_of([*present, *changes]) if _both_lists(present, changes) else None
    if name is None:
        return changes
    known = {entry[name]: entry for entry in present}
    changed = {entry[name]: _merged(known.get(entry[name], {}), entry) for entry in changes}
    # Changes that name every entry also say in which order they stand.
    return list((changed if known.keys() <= changed.keys() else {**known, **changed}).values())


def _both_lists(one: Any, other: Any) -> bool:
    return isinstance(one, list) and isinstance(other, list)


def _name_of(entries: list[Any]) -> str | None:
    named = all(isinstance(entry, Mapping) for entry in entries)
    return next((n for n in _NAMES if named and all(n in entry for entry in entries)), None)


async def _import(plan: Plan, folder: Path) -> None:
    """Import the plan as an office does: with the command, in a process of its own."""
    words = ["import", "plan", str(plan.file), "--program", plan.program]
    for option, value in (("--title", plan.title), ("--note", plan.note)):
        words += [] if value is None else [option, value]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "zhupei",
        *words,
        env={**os.environ, "ZHUPEI_BASES": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode:
        text = said.decode("utf-8", "replace").strip()
        raise ScenarioError(
            plan.file, None, f"招收计划无法导入：{text}", f"the plan cannot be imported: {text}"
        )
