"""Checks of limits of recruitment: suspension (R272), cuts of the plan (R159), rounds of priority.

They follow from several levels at once: what a province or the nation says of bases, and what a
base's own plan says.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from zhupei.config.checks.context import CheckContext
from zhupei.config.layers import Layer, ProgramRef
from zhupei.config.policy_values import known_value
from zhupei.config.problems import YamlPath
from zhupei.config.shortages import shortage_sets
from zhupei.config.yaml import Document
from zhupei.domain.codes import AmbiguousSpecialty, ShortageSet
from zhupei.domain.plan_cuts import PlanCut, non_shortage_seats, plan_cut
from zhupei.domain.text import Text
from zhupei.domain.training import ProgramKind

__all__ = ["check"]

_ROUND = Text("轮次", "round")
_Row = tuple[Document, YamlPath, str, int | None, tuple[Layer, ...]]


def check(context: CheckContext) -> None:
    """Check the plans of bases against what forbids or limits them."""
    for program in context.layers.programs.values():
        _priority_rounds(context, program)
        kind, year = context.layers.kind(program), context.layers.year(program)
        if program.base is None or kind is None or year is None:
            continue
        _suspended(context, program, kind)
        _cut(context, program, kind, year)


def _rows(context: CheckContext, program: ProgramRef) -> Iterator[_Row]:
    """Iterate over a base's plan, its own rows and those of its province's table."""
    chain = context.layers.of_program(program)
    listed = set()
    for opening in program.openings():
        listed.add(opening.entry.specialty)
        layers = (*chain, opening.layer)
        document = program.host.document
        yield document, opening.path, opening.entry.specialty, opening.entry.quota, layers
    for plan in context.workspace.plans:
        if program.base is None or plan.model.program != program.entry.parent:
            continue
        for index, row in enumerate(plan.model.rows):
            if row.base == program.base.code and row.specialty not in listed:
                yield plan.document, ("rows", index), row.specialty, row.quota, chain


def _suspended(context: CheckContext, program: ProgramRef, kind: ProgramKind) -> None:
    """Warn of places that are published although nobody can apply for them (S4:983,1000)."""
    reasons = {
        entry.specialty: entry.suspended
        for entry in (() if program.base is None else program.base.specialty_bases)
        if entry.suspended is not None
    }
    for document, path, specialty, quota, layers in _rows(context, program):
        whole = known_value(layers, kind, "recruitment_suspended") is True
        if not quota or not (whole or specialty in reasons):
            continue
        reason = reasons.get(specialty)
        zh = "" if reason is None else f"（{reason.zh}）"
        en = "" if reason is None else f" ({reason.en or reason.zh})"
        context.report(
            document,
            (*path, "quota"),
            "CONFIG_SUSPENDED_QUOTA",
            f"{specialty} 暂停招收{zh}，仍公布了名额 {quota}：不接受报名，名额不会占用",
            f"{specialty} may not recruit for the time being{en}, and {quota} seats are "
            "published: nobody can apply for them and none is taken",
            severity="warning",
        )


def _cut(context: CheckContext, program: ProgramRef, kind: ProgramKind, year: int) -> None:
    """Hold a base to its cut where its last shortage plan was not filled (S2:96)."""
    chain = context.layers.of_program(program)
    if (
        known_value(chain, kind, "shortage_plan_filled") is not False
        or known_value(chain, kind, "shortage_shortfall") != "proportional_cut"
    ):
        return
    try:
        planned = _non_shortage(context, program, kind, year)
        last = known_value(chain, kind, "last_non_shortage_plan")
        last_plan = last if isinstance(last, int) else _last_plan(context, program, kind, year)
    except AmbiguousSpecialty:
        return  # reported where the name stands
    factor = known_value(chain, kind, "shortage_cut_factor")
    cut = plan_cut(
        last_plan=last_plan,
        factor=factor if isinstance(factor, Decimal) else None,
        planned=planned,
    )
    path = (*program.path, "code")
    if isinstance(cut, Text):
        context.report(
            program.host.document,
            path,
            "CONFIG_PLAN_CUT_UNKNOWN",
            f"上一年度紧缺专业计划未完成，非紧缺专业计划应按比例削减，但无法计算：{cut.zh}",
            "the last shortage plan was not filled, so the non-shortage plan is cut in "
            f"proportion, which cannot be computed: {cut.en}",
            severity="warning",
        )
    elif cut.over:
        _over(context, program, path, cut)


def _over(context: CheckContext, program: ProgramRef, path: YamlPath, cut: PlanCut) -> None:
    context.report(
        program.host.document,
        path,
        "CONFIG_PLAN_OVER_CUT",
        f"上一年度紧缺专业计划未完成，非紧缺专业计划超过削减后的上限：{cut.arithmetic.zh}",
        "the last shortage plan was not filled, and the non-shortage plan is above what the cut "
        f"leaves: {cut.arithmetic.en}",
    )


def _non_shortage(
    context: CheckContext, program: ProgramRef, kind: ProgramKind, year: int
) -> int | None:
    quotas = {specialty: quota for _, _, specialty, quota, _ in _rows(context, program)}
    return non_shortage_seats(quotas, _lists(context, program, kind, year))


def _last_plan(
    context: CheckContext, program: ProgramRef, kind: ProgramKind, year: int
) -> int | None:
    """Return the base's non-shortage plan of the year before, where the files hold it."""
    before = [
        each
        for each in context.layers.programs.values()
        if each.base is not None
        and program.base is not None
        and each.base.code == program.base.code
        and (context.layers.kind(each), context.layers.year(each)) == (kind, year - 1)
    ]
    total = 0
    for each in before:
        seats = _non_shortage(context, each, kind, year - 1)
        if seats is None:
            return None
        total += seats
    return total if before else None


def _lists(
    context: CheckContext, program: ProgramRef, kind: ProgramKind, year: int
) -> tuple[ShortageSet, ...]:
    chain = context.layers.of_program(program)
    layers = (*chain, *(opening.layer for opening in program.openings()))
    return shortage_sets(layers, kind, year, context.reference.specialties)


def _priority_rounds(context: CheckContext, program: ProgramRef) -> None:
    """Check that the rounds of a shortage list exist (R149)."""
    known = next(
        (
            {entry.code for entry in each.entry.rounds}
            for each in context.layers.lineage(program)
            if each.entry.rounds
        ),
        set(),
    )
    for where, rules in (
        (program.path, program.entry),
        *((opening.path, opening.entry) for opening in program.openings()),
    ):
        for index, entry in enumerate(rules.shortage):
            for position, code in enumerate(entry.rounds):
                if code not in known:
                    path = (*where, "shortage", index, "rounds", position)
                    context.unknown(program.host.document, path, _ROUND, code, known)
