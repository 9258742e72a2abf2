"""Checks of quotas: they nest and add up, stay within capacity, and unknown ones have a reason."""

from __future__ import annotations

from collections.abc import Iterable

from zhupei.config.checks.context import CheckContext
from zhupei.config.facts import capacities_of, seats_of
from zhupei.config.files import PlanFile
from zhupei.config.layers import OpeningRef, ProgramRef
from zhupei.config.problems import YamlPath
from zhupei.config.workspace import ConfiguredFile
from zhupei.config.yaml import Document

__all__ = ["check"]

# Seats by specialty, by base, by the program that a plan table belongs to.
_Tables = dict[str, dict[str, dict[str, int | None]]]


def check(context: CheckContext) -> None:
    """Check every program's plan (R086, R212, V1-V7)."""
    tables = _tables(context)
    for program in context.layers.programs.values():
        capacities = {} if program.base is None else capacities_of(program.base)
        for opening in program.openings():
            _opening(context, opening, capacities)
        _total(context, program, tables)
        _rounds(context, program)
    for plan in context.workspace.plans:
        _plan(context, plan)


def _opening(context: CheckContext, opening: OpeningRef, capacities: dict[str, int]) -> None:
    entry, document, path = opening.entry, opening.program.host.document, opening.path
    if entry.quota is None:
        if entry.quota_note is None and opening.program.entry.quota_note is None:
            context.report(
                document,
                path,
                "CONFIG_MISSING_REASON",
                "名额未知，却没有说明原因（quota_note）",
                "the quota is unknown, and no quota_note says why",
            )
    else:
        capacity = entry.capacity if entry.capacity is not None else capacities.get(entry.specialty)
        _within_capacity(context, document, (*path, "quota"), entry.quota, capacity)
    _directions(context, opening)
    if entry.rounds and entry.quota is not None and sum(entry.rounds.values()) != entry.quota:
        context.report(
            document,
            (*path, "rounds"),
            "CONFIG_QUOTA_SUM",
            f"各轮次名额之和为 {sum(entry.rounds.values())}，而名额为 {entry.quota}",
            f"the rounds add up to {sum(entry.rounds.values())}, the quota is {entry.quota}",
        )


def _within_capacity(
    context: CheckContext, document: Document, path: YamlPath, quota: int, capacity: int | None
) -> None:
    """Check that no more are admitted than can be trained (R212, S4:320-322)."""
    if capacity is not None and quota > capacity:
        context.report(
            document,
            path,
            "CONFIG_OVER_CAPACITY",
            f"名额 {quota} 超过培训容量 {capacity}",
            f"the quota {quota} exceeds the training capacity {capacity}",
        )


def _directions(context: CheckContext, opening: OpeningRef) -> None:
    entry, document, path = opening.entry, opening.program.host.document, opening.path
    seen: set[str] = set()
    for index, direction in enumerate(entry.directions):
        if direction.id in seen:
            context.report(
                document,
                (*path, "directions", index, "id"),
                "CONFIG_DUPLICATE_CODE",
                f"方向 {direction.id} 重复",
                f"the direction {direction.id} appears twice",
            )
        seen.add(direction.id)
    if not entry.directions or entry.quota is None:
        return
    known = [each.quota for each in entry.directions if each.quota is not None]
    total = sum(known)
    complete = len(known) == len(entry.directions)
    if total > entry.quota or (complete and total != entry.quota):
        context.report(
            document,
            (*path, "directions"),
            "CONFIG_QUOTA_SUM",
            f"各方向名额之和为 {total}，而名额为 {entry.quota}",
            f"the directions add up to {total}, the quota is {entry.quota}",
        )


def _tables(context: CheckContext) -> _Tables:
    found: _Tables = {}
    for plan in context.workspace.plans:
        of_program = found.setdefault(plan.model.program, {})
        for row in plan.model.rows:
            of_program.setdefault(row.base, {}).setdefault(row.specialty, row.quota)
    return found


def _rows(program: ProgramRef, tables: _Tables) -> list[int | None]:
    """Return the seats of a program's rows: its own, and those of the table that it leaves."""
    of_parent = tables.get(program.entry.parent or "", {})
    found = dict(of_parent.get(program.base.code, {})) if program.base is not None else {}
    found.update({row.entry.specialty: row.entry.quota for row in program.openings()})
    return list(found.values())


def _table(context: CheckContext, program: ProgramRef, tables: _Tables) -> list[int | None]:
    """Return the seats of all rows of the programs below one that has a plan table."""
    found = [
        seats for child in context.children.get(program.code, ()) for seats in _rows(child, tables)
    ]
    for base, other in context.others.below(program.code):
        found += {**tables[program.code].get(base, {}), **dict(other.rows)}.values()
    return found


def _total(context: CheckContext, program: ProgramRef, tables: _Tables) -> None:
    """Check a published total against the rows, or against the programs below."""
    declared, document = program.entry.quota, program.host.document
    if declared is None:
        return
    path = (*program.path, "quota")
    # What a file that is left out says of seats is unknown here, like any other that is.
    missing: list[int | None] = [None] if context.may_miss_below(program.code) else []
    if program.code in tables:
        rows = _table(context, program, tables)
        _adds_up(context, program, rows + missing, between_files=True)
        return
    children = context.children.get(program.code, ())
    others = [child.seats for _, child in context.others.below(program.code)]
    below = [seats_of(child.entry) for child in children] + others
    if below:
        below += missing
        total, complete = _sum(below)
        if total > declared or (complete and total != declared):
            context.report(
                document,
                path,
                "CONFIG_QUOTA_SUM",
                f"下级项目名额之和为 {total}，而计划总数为 {declared}",
                f"the programs below add up to {total}, the published total is {declared}",
                between_files=bool(others)
                or any(child.host is not program.host for child in children),
            )
        return
    rows = _rows(program, tables)
    if rows:
        _adds_up(context, program, rows)


def _adds_up(
    context: CheckContext,
    program: ProgramRef,
    rows: Iterable[int | None],
    *,
    between_files: bool = False,
) -> None:
    """Report a published total that its rows pass, or do not reach where all are known."""
    declared = program.entry.quota
    total, complete = _sum(rows)
    if declared is not None and (total > declared or (complete and total != declared)):
        context.report(
            program.host.document,
            (*program.path, "quota"),
            "CONFIG_QUOTA_SUM",
            f"各行名额之和为 {total}，而计划总数为 {declared}",
            f"the rows add up to {total}, the published total is {declared}",
            between_files=between_files,
        )


def _sum(quotas: Iterable[int | None]) -> tuple[int, bool]:
    """Return the sum of what is known, and whether everything is."""
    listed = list(quotas)
    return sum(each for each in listed if each is not None), None not in listed


def _rounds(context: CheckContext, program: ProgramRef) -> None:
    """Check the shares of rounds against the whole and against the rows' own shares."""
    document, rounds = program.host.document, program.entry.rounds
    shares = [each.quota for each in rounds if each.quota is not None]
    whole = seats_of(program.entry)
    if whole is not None and shares:
        total, complete = sum(shares), len(shares) == len(rounds)
        if total > whole or (complete and total != whole):
            context.report(
                document,
                (*program.path, "rounds"),
                "CONFIG_QUOTA_SUM",
                f"各轮次名额之和为 {total}，而计划总数为 {whole}",
                f"the rounds add up to {total}, the plan's total is {whole}",
            )
    for index, each in enumerate(rounds):
        if each.quota is None:
            continue
        split = [opening.entry.rounds for opening in program.openings()]
        taken = sum(rows.get(each.code, 0) for rows in split)
        complete = bool(split) and all(split)
        if taken > each.quota or (complete and taken != each.quota):
            context.report(
                document,
                (*program.path, "rounds", index, "quota"),
                "CONFIG_QUOTA_SUM",
                f"各行在轮次 {each.code} 的名额之和为 {taken}，而该轮次名额为 {each.quota}",
                f"the rows give {taken} seats to the round {each.code}, its quota is {each.quota}",
            )


def _plan(context: CheckContext, file: ConfiguredFile[PlanFile]) -> None:
    """Check the rows of an imported plan against the capacity of the bases' specialties.

    Rows of other bases were checked before, with the same plan.
    """
    capacities = {code: capacities_of(base.model) for code, base in context.workspace.bases.items()}
    for index, row in enumerate(file.model.rows):
        if row.quota is not None:
            capacity = capacities.get(row.base, {}).get(row.specialty)
            _within_capacity(context, file.document, ("rows", index, "quota"), row.quota, capacity)
