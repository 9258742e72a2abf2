"""Checks that look at several entries or files together; every problem is reported at once."""

from __future__ import annotations

from collections.abc import Collection

from zhupei.config.checks import plans, references, rules, timelines
from zhupei.config.checks.context import CheckContext
from zhupei.config.problems import Problem, Problems
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
) -> Problems:
    """Return what is wrong between the entries and files of a validated workspace.

    ``plugins`` are the slugs of the plugins that exist; None leaves their names unchecked.
    Warnings that a program accepts, with a reason, are left out.
    """
    context = CheckContext(workspace, reference, calendar, plugins)
    references.check(context)
    plans.check(context)
    rules.check(context)
    timelines.check(context)
    return Problems(problem for problem in context.problems if not _accepted(context, problem))


def _accepted(context: CheckContext, problem: Problem) -> bool:
    if problem.severity != "warning" or problem.path[:1] != ("programs",):
        return False
    for program in context.layers.all_programs():
        if program.host.path == problem.file and problem.path[:2] == program.path:
            return problem.code in {each.code for each in program.entry.accepted_warnings}
    return False
