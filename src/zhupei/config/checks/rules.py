"""Checks of rules: ids, floors, policies, weights, expressions, and what steps refer to."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from zhupei.config.checks.context import CheckContext
from zhupei.config.entries import AssessmentEntry, RequirementEntry
from zhupei.config.layers import Layer, ProgramRef
from zhupei.config.policy_values import PolicyValueError, parse_policy
from zhupei.domain.policies import POLICIES, Stricter, weakens
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import ProgramKind

__all__ = ["check"]

_LEVEL_NAMES = {
    Level.NATIONAL: Text("国家", "national"),
    Level.JURISDICTION: Text("管辖机构", "jurisdiction"),
    Level.INSTITUTION: Text("机构", "institution"),
}


def check(context: CheckContext) -> None:
    """Check the rules of every layer, then along every program's chain."""
    for layer in _all_layers(context):
        _ids(context, layer)
        _policies(context, layer)
    for program in context.layers.programs.values():
        chain = context.layers.of_program(program)
        kind = context.layers.kind(program)
        if kind is None:
            continue
        _floors(context, chain, kind)
        for opening in program.openings():
            if opening.entry.requirements or opening.entry.policies:
                _floors(context, (*chain, opening.layer), kind)
        _weights(context, program, chain, kind)
        _links(context, program, chain, kind)


def _all_layers(context: CheckContext) -> Iterator[Layer]:
    workspace = context.workspace
    for file in workspace.national:
        yield Layer(Level.NATIONAL, file.document, (), file.model, False)
    for jurisdiction in workspace.jurisdictions.values():
        yield Layer(Level.JURISDICTION, jurisdiction.document, (), jurisdiction.model, False)
    for base in workspace.bases.values():
        yield Layer(Level.INSTITUTION, base.document, (), base.model, True)
    for program in context.layers.all_programs():
        yield Layer(program.level, program.host.document, program.path, program.entry, True)
        for opening in program.openings():
            yield opening.layer


def _ids(context: CheckContext, layer: Layer) -> None:
    for name, entries in layer.rules.entries().items():
        seen: dict[str, int] = {}
        for index, entry in enumerate(entries):
            if entry.id in seen:
                first = layer.document.positions.value((*layer.path, name, seen[entry.id])).line
                context.report(
                    layer.document,
                    (*layer.path, name, index, "id"),
                    "CONFIG_DUPLICATE_CODE",
                    f"{entry.id} 在本列表中已出现（第 {first} 行）",
                    f"the id {entry.id} is already in this list, on line {first}",
                )
            seen.setdefault(entry.id, index)


def _policies(context: CheckContext, layer: Layer) -> None:
    for key, entry in layer.rules.policies.items():
        path = (*layer.path, "policies", key)
        definition = POLICIES.get(key)
        if definition is None:
            near = difflib.get_close_matches(key, list(POLICIES), n=1)
            context.problems.add(
                layer.document.problem(
                    path,
                    "CONFIG_UNKNOWN_POLICY",
                    Text("未知的参数", "unknown policy"),
                    Text(f"是否想写 {near[0]!r}？", f'did you mean "{near[0]}"?') if near else None,
                    at_key=True,
                )
            )
            continue
        try:
            parse_policy(definition, entry.value)
        except PolicyValueError as error:
            context.report(
                layer.document,
                (*path, "value"),
                "CONFIG_BAD_POLICY",
                error.message.zh,
                error.message.en or "",
            )
        if entry.value is None and entry.note is None:
            context.report(
                layer.document,
                path,
                "CONFIG_MISSING_REASON",
                "值未知，却没有说明原因（note）",
                "the value is unknown, and no note says why",
            )


def _floors(context: CheckContext, chain: tuple[Layer, ...], kind: ProgramKind) -> None:
    requirements: dict[str, tuple[Layer, RequirementEntry]] = {}
    policies: dict[str, tuple[Layer, Any]] = {}
    for layer in chain:
        for index, entry in enumerate(layer.rules.requirements):
            if not layer.concerns(entry.program_kinds, kind):
                continue
            above = requirements.get(entry.id)
            if above is not None and above[1].floor:
                name = _LEVEL_NAMES[above[0].level]
                context.report(
                    layer.document,
                    (*layer.path, "requirements", index, "id"),
                    "CONFIG_WEAKENS_FLOOR",
                    f"{entry.id} 是{name.zh}底线，不可替换",
                    f"{entry.id} is a {name.en} floor and cannot be replaced",
                    hint=Text(
                        "请用新的 id 添加更严格的条件",
                        "add a stricter condition under an id of its own",
                    ),
                )
            else:
                requirements[entry.id] = (layer, entry)
        for key, policy in layer.rules.policies.items():
            if key in POLICIES and layer.concerns(policy.program_kinds, kind):
                _policy_floor(context, layer, key, policies)


def _policy_floor(
    context: CheckContext, layer: Layer, key: str, above: dict[str, tuple[Layer, Any]]
) -> None:
    definition = POLICIES[key]
    try:
        value = parse_policy(definition, layer.rules.policies[key].value)
    except PolicyValueError:
        return
    if key in above and weakens(definition, above[key][1], value):
        higher, floor = above[key]
        name = _LEVEL_NAMES[higher.level]
        stricter = definition.stricter
        way = (
            Text("只能提高", "it may only be raised")
            if stricter is Stricter.HIGHER
            else Text("只能降低", "it may only be lowered")
            if stricter is Stricter.LOWER
            else Text("不可放宽", "it may not be relaxed")
        )
        line = higher.document.positions.value((*higher.path, "policies", key)).line
        context.report(
            layer.document,
            (*layer.path, "policies", key, "value"),
            "CONFIG_WEAKENS_FLOOR",
            f"{value} 低于{name.zh}底线 {floor}（{higher.document.path.name}:{line}）",
            f"{value} weakens the {name.en} floor {floor} ({higher.document.path.name}:{line})",
            hint=way,
        )
        return
    if value is not None:
        above[key] = (layer, value)


def _weights(
    context: CheckContext, program: ProgramRef, chain: tuple[Layer, ...], kind: ProgramKind
) -> None:
    merged: dict[str, tuple[Layer, int, AssessmentEntry]] = {}
    for layer in chain:
        for index, entry in enumerate(layer.rules.assessments):
            if layer.concerns(entry.program_kinds, kind):
                merged[entry.id] = (layer, index, entry)
    by_phase: dict[str, list[tuple[Layer, int, AssessmentEntry]]] = {}
    for each in merged.values():
        by_phase.setdefault(each[2].phase, []).append(each)
    for phase, entries in by_phase.items():
        weights = [entry.weight for _, _, entry in entries if entry.weight is not None]
        if not weights:
            continue
        layer, index, _ = next(each for each in entries if each[2].weight is not None)
        total = sum(weights, Decimal(0))
        if total != 1:
            context.report(
                layer.document,
                (*layer.path, "assessments", index, "weight"),
                "CONFIG_WEIGHT_SUM",
                f"项目 {program.code} 的 {phase} 权重之和为 {total}，应为 1",
                f"the {phase} weights of {program.code} add up to {total}, not 1",
            )


def _links(
    context: CheckContext, program: ProgramRef, chain: tuple[Layer, ...], kind: ProgramKind
) -> None:
    """Check that documents are due at steps that exist."""
    steps: set[str] = set()
    for layer in chain:
        own = {e.id for e in layer.rules.steps if layer.concerns(e.program_kinds, kind)}
        steps = own or steps
    if not steps:
        return
    layer = chain[-1]
    for index, entry in enumerate(program.entry.documents):
        if entry.at_step is not None and entry.at_step not in steps:
            known = ", ".join(sorted(steps))
            context.report(
                layer.document,
                (*layer.path, "documents", index, "at_step"),
                "CONFIG_UNKNOWN_CODE",
                f"没有步骤 {entry.at_step}",
                f"there is no step {entry.at_step}",
                hint=Text(f"本项目的步骤：{known}", f"steps of this program: {known}"),
            )
