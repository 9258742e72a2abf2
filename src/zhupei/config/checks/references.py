"""Checks of codes: what an entry refers to exists, once, and nothing refers to itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zhupei.config.checks.context import CheckContext
from zhupei.config.files import BaseFile, JurisdictionFile, PlanFile
from zhupei.config.layers import ProgramRef
from zhupei.config.problems import YamlPath
from zhupei.config.workspace import ConfiguredFile
from zhupei.domain.text import Text

__all__ = ["check"]

_PROGRAM = Text("项目", "program")
_JURISDICTION = Text("管辖机构", "jurisdiction")


def check(context: CheckContext) -> None:
    """Check jurisdictions, places, programs, their rounds, and the rows of plans."""
    for file in context.workspace.jurisdictions.values():
        _jurisdiction(context, file)
    for base in context.workspace.bases.values():
        _base(context, base)
    _programs(context)
    seen: dict[tuple[str, str, str], ConfiguredFile[PlanFile]] = {}
    for plan in context.workspace.plans:
        _plan(context, plan, seen)


def _place(context: CheckContext, file: ConfiguredFile[Any]) -> None:
    model, provinces = file.model, context.reference.provinces
    if model.province not in provinces:
        context.unknown(
            file.document, ("province",), Text("省份", "province"), model.province, provinces
        )
        return
    province = provinces[model.province]
    if model.prefecture is None:
        return
    recorded = province.prefecture(model.prefecture) is not None
    if model.prefecture[:2] != model.province[:2] or (
        province.prefectures_recorded and not recorded
    ):
        context.report(
            file.document,
            ("prefecture",),
            "CONFIG_UNKNOWN_CODE",
            f"{province.name.zh}没有代码为 {model.prefecture} 的地级行政区",
            f"{province.name.en} has no prefecture with the code {model.prefecture}",
        )


def _jurisdiction(context: CheckContext, file: ConfiguredFile[JurisdictionFile]) -> None:
    _place(context, file)
    years: set[int] = set()
    for index, wage in enumerate(file.model.wages):
        if wage.year in years:
            what = Text("平均工资年份", "year of wages")
            context.duplicate(file.document, ("wages", index, "year"), what, str(wage.year))
        years.add(wage.year)
    parent = file.model.parent
    if parent is None:
        return
    above = context.workspace.jurisdictions.get(parent)
    if above is None:
        context.unknown(
            file.document, ("parent",), _JURISDICTION, parent, context.workspace.jurisdictions
        )
    elif _repeats(file.model.code, _parents(context, file.model.code)):
        context.report(
            file.document,
            ("parent",),
            "CONFIG_CYCLE",
            f"{file.model.code} 的上级链回到了自身",
            f"the chain of parents of {file.model.code} leads back to itself",
        )
    elif above.model.province != file.model.province:
        _wrong_province(context, file, "parent", parent, above.model.province)


def _wrong_province(
    context: CheckContext, file: ConfiguredFile[Any], key: str, code: str, province: str
) -> None:
    context.report(
        file.document,
        (key,),
        "CONFIG_WRONG_PROVINCE",
        f"{code} 属于 {province}，而 {file.model.code} 属于 {file.model.province}",
        f"{code} lies in {province}, {file.model.code} in {file.model.province}",
    )


def _parents(context: CheckContext, code: str) -> Iterator[str | None]:
    current: str | None = code
    while current is not None and current in context.workspace.jurisdictions:
        current = context.workspace.jurisdictions[current].model.parent
        yield current


def _repeats(start: str, chain: Iterator[str | None]) -> bool:
    seen = {start}
    for code in chain:
        if code is None:
            return False
        if code in seen:
            return code == start
        seen.add(code)
    return False


def _base(context: CheckContext, file: ConfiguredFile[BaseFile]) -> None:
    _place(context, file)
    code = file.model.jurisdiction
    if code is None:
        return
    jurisdiction = context.workspace.jurisdictions.get(code)
    if jurisdiction is None:
        context.unknown(
            file.document, ("jurisdiction",), _JURISDICTION, code, context.workspace.jurisdictions
        )
    elif jurisdiction.model.province != file.model.province:
        _wrong_province(context, file, "jurisdiction", code, jurisdiction.model.province)


def _programs(context: CheckContext) -> None:
    seen: dict[str, ProgramRef] = {}
    for program in context.layers.all_programs():
        if program.code in seen:
            first = seen[program.code].host.path.name
            context.report(
                program.host.document,
                (*program.path, "code"),
                "CONFIG_DUPLICATE_CODE",
                f"项目代码 {program.code} 已用于 {first}",
                f"the program code {program.code} is already used in {first}",
            )
            continue
        seen[program.code] = program
        _program(context, program)


def _program(context: CheckContext, program: ProgramRef) -> None:
    document, entry, layers = program.host.document, program.entry, context.layers
    if entry.parent is not None:
        path = (*program.path, "parent")
        if entry.parent not in layers.programs:
            context.unknown(document, path, _PROGRAM, entry.parent, layers.programs)
            return
        if _repeats(program.code, _program_parents(context, program)):
            context.report(
                document,
                path,
                "CONFIG_CYCLE",
                f"项目 {program.code} 的上级链回到了自身",
                f"the chain of parents of the program {program.code} leads back to itself",
            )
            return
        _fits(context, program, layers.programs[entry.parent])
    for key, value in (("kind", layers.kind(program)), ("year", layers.year(program))):
        if value is None:
            context.report(
                document,
                program.path,
                "CONFIG_MISSING_KEY",
                f"缺少 {key}，上级项目也没有设置",
                f"the key {key} is missing, and no parent program sets it",
            )
    if entry.last_year is not None and entry.last_year < (layers.year(program) or 0):
        context.report(
            document,
            (*program.path, "last_year"),
            "CONFIG_WRONG_YEAR",
            f"{entry.last_year} 早于项目年度 {layers.year(program)}",
            f"{entry.last_year} is before the program's year {layers.year(program)}",
        )
    _rounds_named(context, program)


def _program_parents(context: CheckContext, program: ProgramRef) -> Iterator[str | None]:
    current: ProgramRef | None = program
    while current is not None:
        yield current.entry.parent
        current = context.layers.programs.get(current.entry.parent or "")


def _fits(context: CheckContext, program: ProgramRef, parent: ProgramRef) -> None:
    """Check that a program's own kind, cycle and host fit the program above it."""
    document, entry, layers = program.host.document, program.entry, context.layers
    kind, first = layers.kind(parent), layers.year(parent)
    if entry.kind is not None and kind is not None and entry.kind is not kind:
        context.report(
            document,
            (*program.path, "kind"),
            "CONFIG_WRONG_PARENT",
            f"上级项目 {parent.code} 的类型是 {kind.value}",
            f"the parent program {parent.code} is a {kind.value}",
        )
    last = parent.entry.last_year or first
    if entry.year is not None and first is not None and not first <= entry.year <= (last or first):
        span = str(first) if last == first else f"{first}-{last}"
        context.report(
            document,
            (*program.path, "year"),
            "CONFIG_WRONG_YEAR",
            f"上级项目 {parent.code} 的年度是 {span}",
            f"the parent program {parent.code} runs in {span}",
        )
    named = program.host.model.jurisdiction if program.base is not None else None
    if named is not None and named not in context.workspace.jurisdictions:
        return  # reported where it is named
    if parent.base is not None:
        above = parent.host is program.host
    else:
        above = any(
            parent.host.model.code == each.model.code
            for each in layers.jurisdictions_of(program.host)
        )
    if not above:
        host = parent.host.model.code
        lacking = program.base is not None and parent.base is None and named is None
        context.report(
            document,
            (*program.path, "parent"),
            "CONFIG_WRONG_PARENT",
            f"{parent.code} 由 {host} 设立，而它不在 {program.host.model.code} 之上",
            f"{parent.code} belongs to {host}, which is not above {program.host.model.code}",
            hint=Text(f"请写 jurisdiction: {host}", f"write jurisdiction: {host}")
            if lacking
            else None,
        )


def _rounds_named(context: CheckContext, program: ProgramRef) -> None:
    """Check the rounds that steps and openings name."""
    document = program.host.document
    rounds = _rounds(context, program)
    what = Text("轮次", "round")
    for where, entry in (
        (program.path, program.entry),
        *((opening.path, opening.entry) for opening in program.openings()),
    ):
        for index, step in enumerate(entry.steps):
            if step.round is not None and step.round not in rounds:
                path = (*where, "steps", index, "round")
                context.unknown(document, path, what, step.round, rounds)
    for opening in program.openings():
        for code in opening.entry.rounds:
            if code not in rounds:
                path = (*opening.path, "rounds", code)
                context.unknown(document, path, what, code, rounds, at_key=True)


def _rounds(context: CheckContext, program: ProgramRef) -> set[str]:
    for each in context.layers.lineage(program):
        if each.entry.rounds:
            return {entry.code for entry in each.entry.rounds}
    return set()


def _plan(
    context: CheckContext,
    file: ConfiguredFile[PlanFile],
    seen: dict[tuple[str, str, str], ConfiguredFile[PlanFile]],
) -> None:
    """Check the rows of a plan; ``seen`` are the rows of all plans so far, and where they stand."""
    code = file.model.program
    if code not in context.layers.programs:
        context.unknown(file.document, ("program",), _PROGRAM, code, context.layers.programs)
        return
    members: dict[str, list[str]] = {}
    for child in context.children.get(code, ()):
        if child.base is not None:
            members.setdefault(child.base.code, []).append(child.code)
    for base, other in context.others.below(code):
        members.setdefault(base, []).append(other.code)
    own: set[tuple[str, str]] = set()
    for index, row in enumerate(file.model.rows):
        path = ("rows", index)
        if row.base not in members:
            _no_member(context, file, (*path, "base"), row.base)
        elif len(members[row.base]) > 1:
            listed = ", ".join(sorted(members[row.base]))
            context.report(
                file.document,
                (*path, "base"),
                "CONFIG_DUPLICATE_CODE",
                f"基地 {row.base} 在 {code} 之下有多个项目（{listed}），无法判断本行属于哪一个",
                f"the base {row.base} has several programs below {code} ({listed}), and nobody can "
                "tell whose row this is",
            )
        first = seen.setdefault((code, row.base, row.specialty), file)
        if first is not file:
            context.report(
                file.document,
                path,
                "CONFIG_DUPLICATE_CODE",
                f"计划行 {row.base} {row.specialty} 已在 {first.path.name} 中",
                f"the plan row {row.base} {row.specialty} stands in {first.path.name} already",
            )
        elif (row.base, row.specialty) in own:
            context.duplicate(
                file.document, path, Text("计划行", "plan row"), f"{row.base} {row.specialty}"
            )
        own.add((row.base, row.specialty))


def _no_member(
    context: CheckContext, file: ConfiguredFile[PlanFile], path: YamlPath, base: str
) -> None:
    if base not in context.workspace.bases and context.may_miss_base(base):
        return  # its own file says why; the rows of others stand
    code = file.model.program
    context.report(
        file.document,
        path,
        "CONFIG_UNKNOWN_CODE",
        f"基地 {base} 没有 {code} 之下的项目",
        f"the base {base} has no program below {code}",
    )
