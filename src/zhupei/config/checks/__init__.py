"""Checks that look at several entries or files together; every problem is reported at once."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from zhupei.config.checks import (
    allocation,
    collaborations,
    floors,
    plans,
    recruitment,
    references,
    rules,
    sources,
    specialties,
    timelines,
)
from zhupei.config.checks.context import CheckContext
from zhupei.config.facts import OtherBases
from zhupei.config.problems import Problem, Problems, YamlPath
from zhupei.config.programs import ProgramEntry
from zhupei.config.workspace import Workspace
from zhupei.domain.calendar import Calendar
from zhupei.reference import Reference

__all__ = ["check"]


def check(
    workspace: Workspace,
    *,
    reference: Reference,
    calendar: Calendar,
    plugins: Collection[str] | None = None,
    others: OtherBases | None = None,
) -> Problems:
    """Return what is wrong between the entries and files of a validated workspace.

    ``plugins`` are the slugs of the plugins that exist; None leaves their names unchecked.
    Warnings that a program accepts, with a reason, are left out; an acceptance of a warning
    that does not occur is a warning itself.

    ``others`` are bases that are part of the configuration and not of the workspace: they were
    checked before, with the same files above them. No two bases or programs of the configuration
    may have the same code then.
    """
    context = CheckContext(workspace, reference, calendar, plugins, others)
    parts = (
        references,
        sources,
        specialties,
        plans,
        rules,
        floors,
        timelines,
        allocation,
        recruitment,
        collaborations,
    )
    for part in parts:
        part.check(context)
    return _without_accepted(context)


def _without_accepted(context: CheckContext) -> Problems:
    programs: dict[tuple[Path, YamlPath], ProgramEntry] = {
        (program.host.path, program.path): program.entry
        for program in context.layers.all_programs()
        if program.entry.accepted_warnings
    }
    used: set[tuple[Path, YamlPath, str]] = set()
    kept = []
    for problem in context.problems:
        place = (problem.file, problem.path[:2])
        if _accepts(programs.get(place), problem):
            used.add((*place, problem.code))
        else:
            kept.append(problem)
    context.problems = Problems(kept)
    for program in context.layers.all_programs():
        for index, entry in enumerate(program.entry.accepted_warnings):
            if (program.host.path, program.path, entry.code) not in used:
                context.report(
                    program.host.document,
                    (*program.path, "accepted_warnings", index, "code"),
                    "CONFIG_UNUSED_ACCEPTANCE",
                    f"本项目没有 {entry.code} 警告",
                    f"this program has no warning {entry.code}",
                    severity="warning",
                )
    return context.problems


def _accepts(program: ProgramEntry | None, problem: Problem) -> bool:
    if program is None or problem.severity != "warning":
        return False
    return problem.code in {each.code for each in program.accepted_warnings}
