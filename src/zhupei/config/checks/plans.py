"""Checks of quotas: they nest and add up, stay within capacity, and unknown ones have a reason."""

from __future__ import annotations

from zhupei.config.checks.context import CheckContext
from zhupei.config.layers import OpeningRef, ProgramRef

__all__ = ["check"]


def check(context: CheckContext) -> None:
    """Check every program's plan (R086, R212, V1-V7)."""
    for program in context.layers.programs.values():
        for opening in program.openings():
            _opening(context, opening)
        _total(context, program)


def _opening(context: CheckContext, opening: OpeningRef) -> None:
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
    elif entry.capacity is not None and entry.quota > entry.capacity:
        context.report(
            document,
            (*path, "quota"),
            "CONFIG_OVER_CAPACITY",
            f"名额 {entry.quota} 超过培训容量 {entry.capacity}",
            f"the quota {entry.quota} exceeds the training capacity {entry.capacity}",
        )
    _directions(context, opening)
    if entry.rounds and entry.quota is not None and sum(entry.rounds.values()) != entry.quota:
        context.report(
            document,
            (*path, "rounds"),
            "CONFIG_QUOTA_SUM",
            f"各轮次名额之和为 {sum(entry.rounds.values())}，而名额为 {entry.quota}",
            f"the rounds add up to {sum(entry.rounds.values())}, the quota is {entry.quota}",
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


def _total(context: CheckContext, program: ProgramRef) -> None:
    declared, document = program.entry.quota, program.host.document
    seats = [opening.entry.quota for opening in program.openings()]
    children = [
        child for child in context.layers.programs.values() if child.entry.parent == program.code
    ]
    if declared is not None and seats and not children and None not in seats:
        total = sum(seat for seat in seats if seat is not None)
        if total != declared:
            context.report(
                document,
                (*program.path, "quota"),
                "CONFIG_QUOTA_SUM",
                f"各行名额之和为 {total}，而计划总数为 {declared}",
                f"the rows add up to {total}, the published total is {declared}",
            )
    shares = [each.quota for each in program.entry.rounds if each.quota is not None]
    whole = declared
    if whole is None and seats and None not in seats:
        whole = sum(seat for seat in seats if seat is not None)
    if whole is not None and shares and sum(shares) > whole:
        context.report(
            document,
            (*program.path, "rounds"),
            "CONFIG_QUOTA_SUM",
            f"各轮次名额之和为 {sum(shares)}，超过总数 {whole}",
            f"the rounds add up to {sum(shares)}, more than the total {whole}",
        )
