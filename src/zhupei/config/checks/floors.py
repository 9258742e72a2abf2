"""Checks of floors: what a higher level sets as a floor, no lower level may weaken or replace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from zhupei.config.checks.context import CheckContext
from zhupei.config.entries import RequirementEntry
from zhupei.config.layers import Layer, ProgramRef
from zhupei.config.policy_values import PolicyValueError, parse_policy
from zhupei.config.problems import YamlPath
from zhupei.config.workspace import ConfiguredFile
from zhupei.domain.policies import POLICIES, PolicyDefinition, Stricter, weakens
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import ProgramKind

__all__ = ["check"]

_LEVELS = {
    Level.NATIONAL: Text("国家", "national"),
    Level.JURISDICTION: Text("管辖机构", "jurisdiction"),
    Level.INSTITUTION: Text("机构", "institution"),
}
_WAYS = {
    Stricter.HIGHER: Text("只能提高", "it may only be raised"),
    Stricter.LOWER: Text("只能降低", "it may only be lowered"),
    Stricter.TRUE: Text("不可改为 false", "it may not become false"),
    Stricter.FALSE: Text("不可改为 true", "it may not become true"),
}
# The length of training before any reduction for a degree (R229, S4:431-437).
_LENGTH = "minimum_months_bachelor"


@dataclass(slots=True)
class _Floors:
    """What the layers so far have set for one kind of program."""

    requirements: dict[str, tuple[Layer, RequirementEntry]] = field(default_factory=dict)
    policies: dict[str, tuple[Layer, Any]] = field(default_factory=dict)


def check(context: CheckContext) -> None:
    """Check every file against the levels above it, then every program and opening."""
    hosts: tuple[ConfiguredFile[Any], ...] = (
        *context.workspace.jurisdictions.values(),
        *context.workspace.bases.values(),
    )
    for host in hosts:
        # Rules of a file that hosts no program yet bind those that come.
        level = Level.JURISDICTION if host.document.data["kind"] == "jurisdiction" else None
        own = Layer(level or Level.INSTITUTION, host.document, (), host.model, scoped=level is None)
        if not own.rules.requirements and not own.rules.policies:
            continue
        for kind in ProgramKind:
            _walk(context, (*context.layers.above(host), own), kind)
    for program in context.layers.programs.values():
        of_kind = context.layers.kind(program)
        if of_kind is None:
            continue
        openings = [
            opening.layer
            for opening in program.openings()
            if opening.entry.requirements or opening.entry.policies
        ]
        entry = program.entry
        lengths = tuple(_lengths(program))
        if openings or entry.requirements or entry.policies or entry.parent or lengths:
            floors = _walk(context, context.layers.of_program(program), of_kind)
            for layer in openings:
                _Own(context, layer, of_kind).check(floors)
            for path, months in lengths:
                _check_length(context, program, path, months, floors)


def _lengths(program: ProgramRef) -> Iterable[tuple[YamlPath, int]]:
    """Iterate over the lengths of training that a program and its openings set, in months."""
    if program.entry.duration_months is not None:
        yield (*program.path, "duration_months"), program.entry.duration_months
    for opening in program.openings():
        if opening.entry.duration_months is not None:
            yield (*opening.path, "duration_months"), opening.entry.duration_months


def _check_length(
    context: CheckContext, program: ProgramRef, path: YamlPath, months: int, floors: _Floors
) -> None:
    """Report a length of training below the floor; only who holds a degree trains shorter."""
    if _LENGTH not in floors.policies:
        return
    higher, floor = floors.policies[_LENGTH]
    if not weakens(POLICIES[_LENGTH], floor, months):
        return
    level, place = _LEVELS[higher.level], _place(higher, _LENGTH)
    context.report(
        program.host.document,
        path,
        "CONFIG_WEAKENS_FLOOR",
        f"{months} 个月短于{level.zh}规定的 {_shown(floor)} 个月（{place}）",
        f"{months} months are less than the {level.en} rule, {_shown(floor)} ({place})",
        hint=Text(
            "请写减免之前的年限；按学位减免由 policies 规定",
            "write the length before any reduction; policies say what a degree reduces",
        ),
    )


def _place(layer: Layer, key: str) -> str:
    """Return where a layer sets a policy, as ``file:line``."""
    line = layer.document.positions.value((*layer.path, "policies", key)).line
    return f"{layer.document.path.name}:{line}"


def _walk(context: CheckContext, chain: Iterable[Layer], kind: ProgramKind) -> _Floors:
    """Check each layer against those before it, and return what they set together."""
    floors = _Floors()
    for layer in chain:
        own = _Own(context, layer, kind)
        own.check(floors)
        own.add_to(floors)
    return floors


@dataclass(frozen=True, slots=True)
class _Own:
    """The requirements and policies of one layer that concern one kind of program."""

    context: CheckContext
    layer: Layer
    kind: ProgramKind

    def check(self, floors: _Floors) -> None:
        for index, entry in self._requirements():
            above = floors.requirements.get(entry.id)
            if above is not None and above[1].floor:
                self._replaces(index, entry, above[0])
        for key, value in self._policies():
            higher = floors.policies.get(key)
            if higher is not None and weakens(POLICIES[key], higher[1], value):
                self._weakens(POLICIES[key], value, *higher)

    def add_to(self, floors: _Floors) -> None:
        for _, entry in self._requirements():
            above = floors.requirements.get(entry.id)
            if above is None or not above[1].floor:
                floors.requirements[entry.id] = (self.layer, entry)
        for key, value in self._policies():
            higher = floors.policies.get(key)
            if value is not None and (
                higher is None or not weakens(POLICIES[key], higher[1], value)
            ):
                floors.policies[key] = (self.layer, value)

    def _requirements(self) -> Iterable[tuple[int, RequirementEntry]]:
        return (
            (index, entry)
            for index, entry in enumerate(self.layer.rules.requirements)
            if self.layer.concerns(entry.program_kinds, self.kind)
        )

    def _policies(self) -> Iterable[tuple[str, object]]:
        for key, entry in self.layer.rules.policies.items():
            if key in POLICIES and self.layer.concerns(entry.program_kinds, self.kind):
                try:
                    yield key, parse_policy(POLICIES[key], entry.value)
                except PolicyValueError:
                    continue  # reported by itself

    def _replaces(self, index: int, entry: RequirementEntry, higher: Layer) -> None:
        level = _LEVELS[higher.level]
        self.context.report(
            self.layer.document,
            (*self.layer.path, "requirements", index, "id"),
            "CONFIG_WEAKENS_FLOOR",
            f"{entry.id} 是{level.zh}底线，不可替换",
            f"{entry.id} is a {level.en} floor and cannot be replaced",
            hint=Text(
                "请用新的 id 添加更严格的条件", "add a stricter condition under an id of its own"
            ),
        )

    def _weakens(
        self, definition: PolicyDefinition, value: object, higher: Layer, floor: object
    ) -> None:
        level, given, set_there = _LEVELS[higher.level], _shown(value), _shown(floor)
        place = _place(higher, definition.key)
        self.context.report(
            self.layer.document,
            (*self.layer.path, "policies", definition.key, "value"),
            "CONFIG_WEAKENS_FLOOR",
            f"{given} 放宽了{level.zh}规定的 {set_there}（{place}）",
            f"{given} weakens the {level.en} rule, {set_there} ({place})",
            hint=_WAYS[definition.stricter] if definition.stricter is not None else None,
        )


def _shown(value: object) -> str:
    """Return a value as YAML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
