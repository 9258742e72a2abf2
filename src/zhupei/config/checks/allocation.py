"""Checks of allocation: a round of preference lists can be matched, and its ties can be decided."""

from __future__ import annotations

from zhupei.config.checks.context import CheckContext
from zhupei.config.layers import Layer, ProgramRef, steps_in_force
from zhupei.config.policy_values import known_value
from zhupei.config.problems import YamlPath
from zhupei.config.programs import RoundEntry
from zhupei.domain.ranking import TieRule
from zhupei.domain.training import Allocation

__all__ = ["check"]

_TIES = ("tie_rule", "tie_lottery_seed")


def check(context: CheckContext) -> None:
    """Check the rounds of every program, also those that it takes from a parent."""
    for program in context.layers.programs.values():
        _seeds(context, program)
        _levels(context, program)
        owner = next((each for each in context.layers.lineage(program) if each.entry.rounds), None)
        if owner is None:
            continue
        for index, entry in enumerate(owner.entry.rounds):
            if entry.allocation is Allocation.DEFERRED_ACCEPTANCE:
                path = (*owner.path, "rounds", index, "allocation")
                own = program is owner
                _preferences(context, program, entry, path if own else None)
                _proposal(context, program, entry, path if own else None)


def _levels(context: CheckContext, program: ProgramRef) -> None:
    """Refuse rounds below that are taken together otherwise than the round of the whole.

    A round is matched for the topmost program with all below it, by the topmost one's own entry:
    what only a program below declares is never matched, and what it takes back is no longer
    proposed.
    """
    top = context.layers.lineage(program)[-1]
    if top is program:
        return
    declared = {entry.code: entry.allocation for entry in top.entry.rounds}
    for index, entry in enumerate(program.entry.rounds):
        own, whole = (
            each is Allocation.DEFERRED_ACCEPTANCE
            for each in (entry.allocation, declared.get(entry.code))
        )
        if own is not whole:
            name = top.entry.code
            context.report(
                program.host.document,
                (*program.path, "rounds", index, *(["allocation"] if own else ["code"])),
                "CONFIG_ALLOCATION_LEVEL",
                f"按志愿匹配录取由最上级项目 {name} 的同名轮次声明，轮次 {entry.code} 与之不一致",
                f"matching of preference lists is declared by the round of the topmost program "
                f"{name}, and the round {entry.code} differs from it",
            )


def _preferences(
    context: CheckContext, program: ProgramRef, entry: RoundEntry, path: YamlPath | None
) -> None:
    """Warn where lists hold one preference: then matching is nothing but ranking."""
    value = entry.max_preferences
    if value is None:
        # A program below is told of what it sets itself.
        if path is None and "max_preferences" not in program.entry.policies:
            return
        limit = _policy(context, program, "max_preferences")
        value = limit if isinstance(limit, int) else None
        path = path or (*program.path, "policies", "max_preferences", "value")
    if value == 1 and path is not None:
        context.report(
            program.host.document,
            path,
            "CONFIG_ALLOCATION_ONE_PREFERENCE",
            f"轮次 {entry.code} 按志愿匹配录取，但只能填报 1 个志愿",
            f"the round {entry.code} matches preference lists, which hold 1 preference only",
            severity="warning",
        )


def _proposal(
    context: CheckContext, program: ProgramRef, entry: RoundEntry, path: YamlPath | None
) -> None:
    """Refuse a path without the step that a matching ends in."""
    kind = context.layers.kind(program)
    if kind is None or (path is None and not program.entry.steps):
        return
    steps = steps_in_force(context.layers.of_program(program), kind)
    here = [step for step in steps.values() if step.round in {None, entry.code}]
    if here and not any(step.kind == "proposal" for step in here):
        context.report(
            program.host.document,
            path or (*program.path, "steps"),
            "CONFIG_ALLOCATION_NO_PROPOSAL",
            f"轮次 {entry.code} 按志愿匹配录取，但录取流程中没有拟录取环节（kind: proposal）",
            f"the round {entry.code} matches preference lists, but no step of the admission has "
            "kind: proposal",
        )


def _seeds(context: CheckContext, program: ProgramRef) -> None:
    """Check the ties of a program, and of its openings that have a rule of their own."""
    chain = context.layers.of_program(program)
    if program.entry.parent is None or any(key in program.entry.policies for key in _TIES):
        _seed(context, program, chain)
    for opening in program.openings():
        if any(key in opening.entry.policies for key in _TIES):
            _seed(context, program, (*chain, opening.layer))


def _seed(context: CheckContext, program: ProgramRef, chain: tuple[Layer, ...]) -> None:
    """Refuse a lottery of which nobody knows what seed it will be drawn with."""
    kind = context.layers.kind(program)
    if kind is None:
        return
    if known_value(chain, kind, "tie_rule") not in {each.value for each in TieRule if each.draws}:
        return
    given = any(
        layer.concerns(entry.program_kinds, kind)
        for layer in chain
        if (entry := layer.rules.policies.get("tie_lottery_seed")) is not None
    )
    if not given:
        own = chain[-1]
        place = own.path
        if "tie_rule" in own.rules.policies:
            place = (*own.path, "policies", "tie_rule", "value")
        context.report(
            program.host.document,
            place,
            "CONFIG_TIE_SEED_MISSING",
            "总分相同者抽签，但未公布抽签种子（tie_lottery_seed）",
            "ties are decided by lot, but no tie_lottery_seed says with which seed",
        )


def _policy(context: CheckContext, program: ProgramRef, key: str) -> object:
    """Return the value of a policy as the most specific layer that knows it sets it."""
    kind = context.layers.kind(program)
    return None if kind is None else known_value(context.layers.of_program(program), kind, key)
