"""Checks of rules: ids, policies, weights, expressions, and what entries refer to."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter, ValidationError

from zhupei.config.checks.context import CheckContext, did_you_mean
from zhupei.config.entries import AssessmentEntry
from zhupei.config.expressions import CandidateCondition, ProfileCondition
from zhupei.config.layers import Layer, ProgramRef
from zhupei.config.policy_values import PolicyValueError, parse_policy
from zhupei.config.windows import WINDOW_LABELS
from zhupei.domain.policies import POLICIES
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import ProgramKind

__all__ = ["check"]

# About whom the `when:` of each list speaks.
_CONDITIONS: dict[str, TypeAdapter[str]] = {
    "requirements": TypeAdapter(CandidateCondition),
    "documents": TypeAdapter(CandidateCondition),
    "benefits": TypeAdapter(ProfileCondition),
}


def check(context: CheckContext) -> None:
    """Check the rules of every layer, then along every program's chain."""
    for layer in _all_layers(context):
        _ids(context, layer)
        _policies(context, layer)
        _conditions(context, layer)
        _windows(context, layer)
    for program in context.layers.programs.values():
        kind = context.layers.kind(program)
        if kind is None:
            continue
        chain = context.layers.of_program(program)
        _weights(context, program, chain, kind)
        _policy_weights(context, program, chain, kind)
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
            context.report(
                layer.document,
                path,
                "CONFIG_UNKNOWN_POLICY",
                "未知的参数",
                "unknown policy",
                hint=did_you_mean(key, POLICIES),
                at_key=True,
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


def _conditions(context: CheckContext, layer: Layer) -> None:
    """Check that every ``when:`` compiles: syntax, names of facts, types."""
    for name, adapter in _CONDITIONS.items():
        for index, entry in enumerate(getattr(layer.rules, name)):
            if entry.when is None:
                continue
            try:
                adapter.validate_python(entry.when)
            except ValidationError as error:
                said = error.errors()[0]["ctx"]
                context.report(
                    layer.document,
                    (*layer.path, name, index, "when"),
                    "CONFIG_BAD_EXPRESSION",
                    said["zh"],
                    said["en"],
                )


def _windows(context: CheckContext, layer: Layer) -> None:
    """Check that steps name kinds of windows that exist."""
    for index, entry in enumerate(layer.rules.steps):
        if entry.window is not None and entry.window not in WINDOW_LABELS:
            path = (*layer.path, "steps", index, "window")
            what = Text("时间窗口", "kind of window")
            context.unknown(layer.document, path, what, entry.window, WINDOW_LABELS)


def _weights(
    context: CheckContext, program: ProgramRef, chain: tuple[Layer, ...], kind: ProgramKind
) -> None:
    """Check that the weights of each phase add up to 1 (T42)."""
    merged: dict[str, tuple[Layer, int, AssessmentEntry]] = {}
    for layer in chain:
        for index, entry in enumerate(layer.rules.assessments):
            if layer.concerns(entry.program_kinds, kind):
                merged[entry.id] = (layer, index, entry)
    by_phase: dict[str, list[tuple[Layer, int, Decimal]]] = {}
    for layer, index, entry in merged.values():
        if entry.weight is not None:
            by_phase.setdefault(entry.phase, []).append((layer, index, entry.weight))
    for phase, weighed in by_phase.items():
        layer, index, _ = weighed[0]
        total = sum((weight for _, _, weight in weighed), Decimal(0))
        if total != 1:
            context.report(
                layer.document,
                (*layer.path, "assessments", index, "weight"),
                "CONFIG_WEIGHT_SUM",
                f"项目 {program.code} 的 {phase} 权重之和为 {total}，应为 1",
                f"the {phase} weights of {program.code} add up to {total}, not 1",
            )


_WEIGHTS = ("interview_weight", "examination_weight")


def _policy_weights(
    context: CheckContext, program: ProgramRef, chain: tuple[Layer, ...], kind: ProgramKind
) -> None:
    """Check that the two weights of a ranking add up to 1; there is no default (T42)."""
    found: dict[str, tuple[Layer, Decimal]] = {}
    for layer in chain:
        for key in _WEIGHTS:
            entry = layer.rules.policies.get(key)
            if entry is None or not layer.concerns(entry.program_kinds, kind):
                continue
            try:
                value: Any = parse_policy(POLICIES[key], entry.value)
            except PolicyValueError:
                return
            if value is None:
                found.pop(key, None)
            else:
                found[key] = (layer, value)
    if len(found) < len(_WEIGHTS):
        return
    total = sum((value for _, value in found.values()), Decimal(0))
    if total != 1:
        layer = found[_WEIGHTS[-1]][0]
        context.report(
            layer.document,
            (*layer.path, "policies", _WEIGHTS[-1], "value"),
            "CONFIG_WEIGHT_SUM",
            f"项目 {program.code} 的面试与考试权重之和为 {total}，应为 1",
            f"the weights of interview and examination of {program.code} add up to {total}, not 1",
        )


def _amendments(context: CheckContext, layer: Layer, above: set[str]) -> None:
    """Check a list that amends the one above: all of it does, and each step is there."""
    for index, entry in enumerate(layer.rules.steps):
        path = (*layer.path, "steps", index, "id")
        if not entry.amends:
            context.report(
                layer.document,
                path,
                "CONFIG_MIXED_STEPS",
                "同一列表中，有的步骤修改上级列表，有的不是",
                "some steps of this list amend the list above, and this one does not",
                hint=Text(
                    "每个步骤都写 amends: true，或完整列出全部步骤",
                    "write amends: true in each, or list all steps in full",
                ),
            )
        elif entry.id not in above:
            known = ", ".join(sorted(above))
            context.report(
                layer.document,
                path,
                "CONFIG_UNKNOWN_CODE",
                f"上级列表没有步骤 {entry.id}",
                f"the list above has no step {entry.id}",
                hint=Text(f"上级的步骤：{known}", f"steps above: {known}"),
            )


def _links(
    context: CheckContext, program: ProgramRef, chain: tuple[Layer, ...], kind: ProgramKind
) -> None:
    """Check that steps amend steps that exist, and that documents are due at such."""
    steps: set[str] = set()
    for layer in chain:
        own = {each.id for each in layer.rules.steps if layer.concerns(each.program_kinds, kind)}
        if any(each.amends for each in layer.rules.steps):
            _amendments(context, layer, steps)
        else:
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
