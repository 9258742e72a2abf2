"""Checks of codes: what an entry refers to exists, once, and nothing refers to itself."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from zhupei.config.checks.context import CheckContext
from zhupei.config.files import BaseFile, JurisdictionFile, PlanFile
from zhupei.config.layers import ProgramRef
from zhupei.config.problems import YamlPath
from zhupei.config.workspace import ConfiguredFile
from zhupei.config.yaml import Document
from zhupei.domain.codes import AmbiguousSpecialty
from zhupei.domain.text import Text

__all__ = ["check"]


def check(context: CheckContext) -> None:
    """Check jurisdictions, places, plugins, programs, specialties and cited documents."""
    for file in context.workspace.jurisdictions.values():
        _jurisdiction(context, file)
    for base in context.workspace.bases.values():
        _base(context, base)
    _programs(context)
    for plan in context.workspace.plans:
        _plan(context, plan)
    files: tuple[ConfiguredFile[Any], ...] = (
        *context.workspace.national,
        *context.workspace.jurisdictions.values(),
        *context.workspace.bases.values(),
        *context.workspace.plans,
        *context.workspace.calendars,
    )
    for each in files:
        _plugins(context, each)
        _sources(context, each)


def _unknown(
    context: CheckContext,
    document: Document,
    path: YamlPath,
    what: Text,
    value: str,
    known: Iterable[str] = (),
) -> None:
    near = difflib.get_close_matches(value, list(known), n=1)
    hint = Text(f"是否想写 {near[0]!r}？", f'did you mean "{near[0]}"?') if near else None
    context.report(
        document,
        path,
        "CONFIG_UNKNOWN_CODE",
        f"没有代码为 {value} 的{what.zh}",
        f"there is no {what.en} with the code {value}",
        hint=hint,
    )


def _place(context: CheckContext, file: ConfiguredFile[Any]) -> None:
    model, provinces = file.model, context.reference.provinces
    if model.province not in provinces:
        _unknown(
            context,
            file.document,
            ("province",),
            Text("省份", "province"),
            model.province,
            provinces,
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
    parent = file.model.parent
    if parent is None:
        return
    if parent not in context.workspace.jurisdictions:
        _unknown(
            context,
            file.document,
            ("parent",),
            Text("管辖机构", "jurisdiction"),
            parent,
            context.workspace.jurisdictions,
        )
    elif _repeats(file.model.code, _parents(context, file.model.code)):
        context.report(
            file.document,
            ("parent",),
            "CONFIG_CYCLE",
            f"{file.model.code} 的上级链回到了自身",
            f"the chain of parents of {file.model.code} leads back to itself",
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
    if code is not None:
        jurisdiction = context.workspace.jurisdictions.get(code)
        if jurisdiction is None:
            _unknown(
                context,
                file.document,
                ("jurisdiction",),
                Text("管辖机构", "jurisdiction"),
                code,
                context.workspace.jurisdictions,
            )
        elif jurisdiction.model.province != file.model.province:
            context.report(
                file.document,
                ("jurisdiction",),
                "CONFIG_WRONG_PROVINCE",
                f"{code} 属于 {jurisdiction.model.province}，而本基地属于 {file.model.province}",
                f"{code} lies in {jurisdiction.model.province}, this base in {file.model.province}",
            )
    seen: set[str] = set()
    for index, entry in enumerate(file.model.specialty_bases):
        path = ("specialty_bases", index, "specialty")
        if entry.specialty in seen:
            _duplicate(
                context, file.document, path, Text("专业基地", "specialty base"), entry.specialty
            )
        seen.add(entry.specialty)
        known = {row.code for row in context.reference.specialties.specialties}
        if entry.specialty.isdigit() and entry.specialty not in known:
            _unknown(context, file.document, path, Text("专业", "specialty"), entry.specialty, ())


def _duplicate(
    context: CheckContext, document: Document, path: YamlPath, what: Text, value: str
) -> None:
    context.report(
        document,
        path,
        "CONFIG_DUPLICATE_CODE",
        f"{what.zh} {value} 重复",
        f"the {what.en} {value} appears twice",
    )


def _programs(context: CheckContext) -> None:
    seen: dict[str, ProgramRef] = {}
    for program in context.layers.all_programs():
        document = program.host.document
        if program.code in seen:
            first = seen[program.code].host.path
            context.report(
                document,
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
            _unknown(
                context, document, path, Text("项目", "program"), entry.parent, layers.programs
            )
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
    for key, value in (("kind", layers.kind(program)), ("year", layers.year(program))):
        if value is None:
            context.report(
                document,
                program.path,
                "CONFIG_MISSING_KEY",
                f"缺少 {key}，上级项目也没有设置",
                f"the key {key} is missing, and no parent program sets it",
            )
    _specialties(context, program)
    _contained(context, program)


def _program_parents(context: CheckContext, program: ProgramRef) -> Iterator[str | None]:
    current: ProgramRef | None = program
    while current is not None:
        yield current.entry.parent
        current = context.layers.programs.get(current.entry.parent or "")


def _specialties(context: CheckContext, program: ProgramRef) -> None:
    year = context.layers.year(program)
    declared = {
        specialty.code
        for each in context.layers.lineage(program)
        for specialty in each.entry.specialties
    }
    national = context.reference.specialties.for_cycle(year) if year is not None else {}
    seen: set[str] = set()
    for opening in program.openings():
        path, code = (*opening.path, "specialty"), opening.entry.specialty
        document = program.host.document
        if code in seen:
            _duplicate(context, document, path, Text("专业", "specialty"), code)
        seen.add(code)
        if code in declared or code in national:
            continue
        if code.isdigit():
            context.report(
                document,
                path,
                "CONFIG_UNKNOWN_SPECIALTY",
                f"{year} 年专业目录中没有代码 {code}",
                f"the specialty catalogue of {year} has no code {code}",
                hint=Text(
                    "请核对代码，或在 specialties 中声明",
                    "check the code, or declare it under specialties",
                ),
            )
        else:
            _unknown(context, document, path, Text("专业", "specialty"), code, declared)


def _contained(context: CheckContext, program: ProgramRef) -> None:
    """Check the rounds that steps and openings name, and the names in shortage sets."""
    document = program.host.document
    rounds = _rounds(context, program)
    named = [
        ((*program.path, "steps", index, "round"), step.round)
        for index, step in enumerate(program.entry.steps)
        if step.round is not None
    ]
    for opening in program.openings():
        named += [((*opening.path, "rounds", code), code) for code in opening.entry.rounds]
    for path, code in named:
        if code not in rounds:
            _unknown(context, document, path, Text("轮次", "round"), code, rounds)
    year = context.layers.year(program)
    if year is None:
        return
    for index, shortage in enumerate(program.entry.shortage):
        for position, name in enumerate(shortage.specialties):
            path = (*program.path, "shortage", index, "specialties", position)
            _specialty_name(context, document, path, name, year=year)


def _specialty_name(
    context: CheckContext, document: Document, path: YamlPath, name: str, *, year: int
) -> None:
    try:
        found = context.reference.specialties.find(year, name)
    except AmbiguousSpecialty as error:
        code, message = "CONFIG_AMBIGUOUS_SPECIALTY", error.message
        context.report(document, path, code, message.zh, message.en or "")
        return
    if found is None:
        context.report(
            document,
            path,
            "CONFIG_UNKNOWN_SPECIALTY",
            f"{year} 年专业目录中没有 {name!r}",
            f"the specialty catalogue of {year} has no {name!r}",
        )


def _rounds(context: CheckContext, program: ProgramRef) -> set[str]:
    for each in context.layers.lineage(program):
        if each.entry.rounds:
            return {entry.code for entry in each.entry.rounds}
    return set()


def _plan(context: CheckContext, file: ConfiguredFile[PlanFile]) -> None:
    layers = context.layers
    program = layers.programs.get(file.model.program)
    if program is None:
        _unknown(
            context,
            file.document,
            ("program",),
            Text("项目", "program"),
            file.model.program,
            layers.programs,
        )
        return
    year = layers.year(program)
    national = context.reference.specialties.for_cycle(year) if year is not None else {}
    members = {
        ref.base.code
        for ref in layers.programs.values()
        if ref.base is not None and ref.entry.parent == program.code
    }
    seen: set[tuple[str, str]] = set()
    for index, row in enumerate(file.model.rows):
        path = ("rows", index)
        if row.base not in members:
            context.report(
                file.document,
                (*path, "base"),
                "CONFIG_UNKNOWN_CODE",
                f"基地 {row.base} 没有 {program.code} 之下的项目",
                f"the base {row.base} has no program below {program.code}",
            )
        if row.specialty not in national:
            context.report(
                file.document,
                (*path, "specialty"),
                "CONFIG_UNKNOWN_SPECIALTY",
                f"{year} 年专业目录中没有代码 {row.specialty}",
                f"the specialty catalogue of {year} has no code {row.specialty}",
            )
        if (row.base, row.specialty) in seen:
            _duplicate(
                context,
                file.document,
                path,
                Text("计划行", "plan row"),
                f"{row.base} {row.specialty}",
            )
        seen.add((row.base, row.specialty))


def _plugins(context: CheckContext, file: ConfiguredFile[Any]) -> None:
    if context.plugins is None:
        return
    for index, slug in enumerate(getattr(file.model, "plugins", ())):
        if slug not in context.plugins:
            near = difflib.get_close_matches(slug, list(context.plugins), n=1)
            context.report(
                file.document,
                ("plugins", index),
                "CONFIG_UNKNOWN_PLUGIN",
                f"没有找到插件 {slug}",
                f"the plugin {slug} was not found",
                hint=Text(f"是否想写 {near[0]!r}？", f'did you mean "{near[0]}"?')
                if near
                else Text(
                    "请把它放进 plugins/，或安装它的软件包",
                    "put it below plugins/, or install its package",
                ),
            )


def _sources(context: CheckContext, file: ConfiguredFile[Any]) -> None:
    known = set(file.model.sources)
    host = file
    above: list[ConfiguredFile[Any]] = [*context.workspace.national]
    if isinstance(host.model, BaseFile | JurisdictionFile):
        above += context.layers.jurisdictions_of(host)
        for program in context.layers.all_programs():
            if program.host is file:
                above += [parent.host for parent in context.layers.parents(program)]
    for each in above:
        known |= set(each.model.sources)
    for path, document in _cited(file.document.data, ()):
        if document not in known:
            _unknown(
                context, file.document, path, Text("来源文件", "source document"), document, known
            )


def _cited(data: Any, path: YamlPath) -> Iterator[tuple[YamlPath, str]]:
    """Yield every cited document's code and where it stands."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from _cited(item, (*path, index))
    elif isinstance(data, dict):
        for key, value in data.items():
            if key == "source" and isinstance(value, str):
                yield (*path, key), value.partition(":")[0]
            elif key == "source" and isinstance(value, dict):
                yield (*path, key, "document"), str(value.get("document"))
            elif key != "extra":
                yield from _cited(value, (*path, key))
