"""Checks of rules: ids, policies, weights, expressions, and what entries refer to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter, ValidationError

from zhupei.config.checks.context import CheckContext, did_you_mean
from zhupei.config.entries import AssessmentEntry
from zhupei.config.expressions import CandidateCondition, ProfileCondition
from zhupei.config.layers import Layer, steps_in_force
from zhupei.config.policy_values import PolicyValueError, known_value, parse_policy
from zhupei.config.problems import YamlPath
from zhupei.config.windows import WINDOW_LABELS
from zhupei.domain.admission_process import SEAT_STATES, STATE_OF_KIND, ApplicationState
from zhupei.domain.benefits import Period
from zhupei.domain.policies import POLICIES
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import ProgramKind

__all__ = ["check"]

# The core's kinds of benefits whose figures are yuan a month by their definition.
_BY_THE_MONTH = frozenset({"monthly", "by_degree", "by_title", "shortage", "expression"})

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
        _periods(context, layer)
        _windows(context, layer)
    for program in context.layers.programs.values():
        kind = context.layers.kind(program)
        if kind is None:
            continue
        chain = context.layers.of_program(program)
        _along(context, _Chain(program.code, chain, kind, Text("本项目", "this program")))
        for opening in program.openings():
            own = opening.entry
            if own.assessments or own.policies or own.steps or own.documents:
                layers, what = (*chain, opening.layer), Text("本计划行", "this opening")
                _along(context, _Chain(opening.code, layers, kind, what))


@dataclass(frozen=True, slots=True)
class _Chain:
    """The layers of a program or opening, its own last; ``what`` names it in messages."""

    code: str
    layers: tuple[Layer, ...]
    kind: ProgramKind
    what: Text


def _along(context: CheckContext, chain: _Chain) -> None:
    """Check what the layers of a program or opening say together."""
    _weights(context, chain)
    _policy_weights(context, chain)
    _links(context, chain)
    _seats(context, chain)


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
        _unique(context, layer, (*layer.path, name), entries)
    for index, document in enumerate(layer.rules.documents):
        _unique(context, layer, (*layer.path, "documents", index, "fields"), document.fields)
    for index, section in enumerate(layer.rules.sections):
        _unique(context, layer, (*layer.path, "sections", index, "items"), section.items)


def _unique(context: CheckContext, layer: Layer, path: YamlPath, entries: Sequence[Any]) -> None:
    """Report ids that stand twice in the list at ``path``."""
    seen: dict[str, int] = {}
    for index, entry in enumerate(entries):
        if entry.id in seen:
            first = layer.document.positions.value((*path, seen[entry.id])).line
            context.report(
                layer.document,
                (*path, index, "id"),
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
                hint=error.hint,
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


def _periods(context: CheckContext, layer: Layer) -> None:
    """Check that figures by the month are not called yuan a year, half a year or once.

    Brochures print the figure with its period, and estimates count it every month.
    """
    for index, entry in enumerate(layer.rules.benefits):
        if entry.kind in _BY_THE_MONTH and entry.period not in (None, Period.MONTH):
            context.report(
                layer.document,
                (*layer.path, "benefits", index, "period"),
                "CONFIG_WRONG_PERIOD",
                f"{entry.kind} 的金额按月计，与 {entry.period} 不符",
                f"amounts of the kind {entry.kind} are by the month, not {entry.period}",
                hint=Text(
                    "金额写每月多少元、period: month，如何发放写在 condition；"
                    "没有金额时用 unquantified",
                    "write what it comes to in a month, with period: month, and under condition "
                    "how it is paid out; without a figure the kind is unquantified",
                ),
            )


def _windows(context: CheckContext, layer: Layer) -> None:
    """Check that steps name kinds of windows that exist."""
    for index, entry in enumerate(layer.rules.steps):
        if entry.window is not None and entry.window not in WINDOW_LABELS:
            path = (*layer.path, "steps", index, "window")
            what = Text("时间窗口", "kind of window")
            context.unknown(layer.document, path, what, entry.window, WINDOW_LABELS)


def _weights(context: CheckContext, chain: _Chain) -> None:
    """Check that the weights of each phase add up to 1 (T42)."""
    merged: dict[str, tuple[int, int, AssessmentEntry]] = {}
    for depth, layer in enumerate(chain.layers):
        for index, entry in enumerate(layer.rules.assessments):
            if layer.concerns(entry.program_kinds, chain.kind):
                merged[entry.id] = (depth, index, entry)
    by_phase: dict[str, list[tuple[int, int, Decimal]]] = {}
    for depth, index, entry in merged.values():
        if entry.weight is not None:
            by_phase.setdefault(entry.phase, []).append((depth, index, entry.weight))
    for phase, weighed in by_phase.items():
        total = sum((weight for _, _, weight in weighed), Decimal(0))
        if total != 1:
            # What a level above says was in order before this one changed it.
            depth = max(depth for depth, _, _ in weighed)
            index = min(index for each, index, _ in weighed if each == depth)
            layer = chain.layers[depth]
            context.report(
                layer.document,
                (*layer.path, "assessments", index, "weight"),
                "CONFIG_WEIGHT_SUM",
                f"项目 {chain.code} 的 {phase} 权重之和为 {total}，应为 1",
                f"the {phase} weights of {chain.code} add up to {total}, not 1",
            )


_WEIGHTS = ("interview_weight", "examination_weight")


def _policy_weights(context: CheckContext, chain: _Chain) -> None:
    """Check that the two weights of a ranking add up to 1; there is no default (T42)."""
    found: dict[str, tuple[int, Decimal]] = {}
    for depth, layer in enumerate(chain.layers):
        for key in _WEIGHTS:
            value = known_value((layer,), chain.kind, key)
            if isinstance(value, Decimal):
                found[key] = (depth, value)
    if len(found) < len(_WEIGHTS):
        return
    total = sum((value for _, value in found.values()), Decimal(0))
    if total != 1:
        key = max(_WEIGHTS, key=lambda each: (found[each][0], _WEIGHTS.index(each)))
        layer = chain.layers[found[key][0]]
        context.report(
            layer.document,
            (*layer.path, "policies", key, "value"),
            "CONFIG_WEIGHT_SUM",
            f"项目 {chain.code} 的面试与考试权重之和为 {total}，应为 1",
            f"the weights of interview and examination of {chain.code} add up to {total}, not 1",
        )


def _amendments(context: CheckContext, layer: Layer, kind: ProgramKind, above: set[str]) -> None:
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
        elif not layer.concerns(entry.program_kinds, kind) or entry.id in above:
            continue
        elif not above:
            context.report(
                layer.document,
                path,
                "CONFIG_UNKNOWN_CODE",
                f"步骤 {entry.id} 没有可修改的上级列表",
                f"there is no list above that the step {entry.id} could amend",
                hint=Text("请删除 amends", "leave out amends"),
            )
        else:
            known = ", ".join(sorted(above))
            context.report(
                layer.document,
                path,
                "CONFIG_UNKNOWN_CODE",
                f"上级列表没有步骤 {entry.id}",
                f"the list above has no step {entry.id}",
                hint=Text(f"上级的步骤：{known}", f"steps above: {known}"),
            )


def _links(context: CheckContext, chain: _Chain) -> None:
    """Check that steps amend steps that exist, and that documents are due at such."""
    for depth, layer in enumerate(chain.layers):
        if any(each.amends for each in layer.rules.steps):
            above = set(steps_in_force(chain.layers[:depth], chain.kind))
            _amendments(context, layer, chain.kind, above)
    steps = steps_in_force(chain.layers, chain.kind)
    if not steps:
        return
    layer = chain.layers[-1]
    for index, entry in enumerate(layer.rules.documents):
        if entry.at_step is not None and entry.at_step not in steps:
            known = ", ".join(sorted(steps))
            context.report(
                layer.document,
                (*layer.path, "documents", index, "at_step"),
                "CONFIG_UNKNOWN_CODE",
                f"没有步骤 {entry.at_step}",
                f"there is no step {entry.at_step}",
                hint=Text(f"{chain.what.zh}的步骤：{known}", f"steps of {chain.what.en}: {known}"),
            )


def _seats(context: CheckContext, chain: _Chain) -> None:
    """Check that no step of a list leads out of the states that hold a seat again.

    Who is reviewed only after the proposal would give up the seat that the proposal took.
    """
    layer = chain.layers[-1]
    places = {entry.id: index for index, entry in enumerate(layer.rules.steps)}
    if not places:
        return
    steps = steps_in_force(chain.layers, chain.kind).values()
    reported: set[str] = set()
    for round_code in sorted({step.round or "" for step in steps}):
        taken, passed = None, set[ApplicationState]()
        for step in steps:
            state = STATE_OF_KIND.get(step.kind)
            if state is None or step.round not in {None, round_code} or state in passed:
                continue
            passed.add(state)
            if state in SEAT_STATES:
                taken = taken or step
            elif taken is not None and step.id in places and step.id not in reported:
                reported.add(step.id)
                context.report(
                    layer.document,
                    (*layer.path, "steps", places[step.id], "kind"),
                    "CONFIG_STEP_ORDER",
                    f"名额自步骤 {taken.id} 起占用，{step.kind} 在其后会使名额被释放",
                    f"the seat is taken from the step {taken.id} on, and {step.kind} after it "
                    "would give it up again",
                    hint=Text(f"请把它移到 {taken.id} 之前", f"move it before {taken.id}"),
                )
