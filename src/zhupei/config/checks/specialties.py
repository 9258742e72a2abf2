"""Checks of specialties: codes exist in the catalogue of that cycle, and names are unambiguous."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zhupei.config.checks.context import CheckContext
from zhupei.config.entries import ShortageEntry
from zhupei.config.files import BaseFile, PlanFile
from zhupei.config.layers import ProgramRef
from zhupei.config.problems import YamlPath
from zhupei.config.workspace import ConfiguredFile
from zhupei.config.yaml import Document
from zhupei.domain.codes import AmbiguousSpecialty
from zhupei.domain.text import Text

__all__ = ["check"]

_SPECIALTY = Text("专业", "specialty")


def check(context: CheckContext) -> None:
    """Check the specialties of bases, programs, plans and shortage sets (T16, T51)."""
    for base in context.workspace.bases.values():
        _accredited(context, base)
    for program in context.layers.programs.values():
        _declared(context, program)
        _openings(context, program)
    for plan in context.workspace.plans:
        _plan(context, plan)
    for document, path, entries, year, declared in _shortages(context):
        for index, entry in enumerate(entries):
            for position, name in enumerate(entry.specialties):
                if name not in declared:
                    place = (*path, "shortage", index, "specialties", position)
                    _name(context, document, place, name, year)


def _accredited(context: CheckContext, file: ConfiguredFile[BaseFile]) -> None:
    own = {specialty.code for program in file.model.programs for specialty in program.specialties}
    seen: set[str] = set()
    for index, entry in enumerate(file.model.specialty_bases):
        path = ("specialty_bases", index, "specialty")
        if entry.specialty in seen:
            context.duplicate(
                file.document, path, Text("专业基地", "specialty base"), entry.specialty
            )
        seen.add(entry.specialty)
        if entry.specialty not in context.national_codes and entry.specialty not in own:
            context.unknown(
                file.document, path, _SPECIALTY, entry.specialty, context.national_codes
            )
    for index, unit in enumerate(file.model.collaborations):
        code = unit.specialty
        if code is not None and code not in context.national_codes and code not in own:
            path = ("collaborations", index, "specialty")
            context.unknown(file.document, path, _SPECIALTY, code, context.national_codes)


def _declared(context: CheckContext, program: ProgramRef) -> None:
    seen: set[str] = set()
    for index, entry in enumerate(program.entry.specialties):
        path = (*program.path, "specialties", index, "code")
        if entry.code in seen:
            context.duplicate(program.host.document, path, _SPECIALTY, entry.code)
        seen.add(entry.code)


def _openings(context: CheckContext, program: ProgramRef) -> None:
    year = context.layers.year(program)
    if year is None:
        return
    declared = _declared_above(context, program)
    national = context.reference.specialties.for_cycle(year)
    document = program.host.document
    seen: set[str] = set()
    for opening in program.openings():
        path, code = (*opening.path, "specialty"), opening.entry.specialty
        if code in seen:
            context.duplicate(document, path, _SPECIALTY, code)
        seen.add(code)
        if code in declared or code in national:
            continue
        if code.isdigit():
            _not_in_cycle(context, document, path, code, year)
        else:
            context.unknown(document, path, _SPECIALTY, code, declared)


def _declared_above(context: CheckContext, program: ProgramRef) -> set[str]:
    """Return the specialties that a program and those above it declare."""
    return {
        specialty.code
        for each in context.layers.lineage(program)
        for specialty in each.entry.specialties
    }


def _not_in_cycle(
    context: CheckContext, document: Document, path: YamlPath, code: str, year: int
) -> None:
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


def _shortages(
    context: CheckContext,
) -> Iterator[tuple[Document, YamlPath, tuple[ShortageEntry, ...], int | None, set[str]]]:
    """Yield the shortage sets of files and programs; a file's hold for no cycle in particular.

    After the cycle come the specialties that are declared beside the catalogue.
    """
    files: tuple[ConfiguredFile[Any], ...] = (
        *context.workspace.national,
        *context.workspace.jurisdictions.values(),
        *context.workspace.bases.values(),
    )
    for file in files:
        yield file.document, (), file.model.shortage, None, set()
    for program in context.layers.all_programs():
        document, year = program.host.document, context.layers.year(program)
        if year is not None:
            declared = _declared_above(context, program)
            yield document, program.path, program.entry.shortage, year, declared
            for opening in program.openings():
                yield document, opening.path, opening.entry.shortage, year, declared


def _name(
    context: CheckContext, document: Document, path: YamlPath, name: str, year: int | None
) -> None:
    specialties = context.reference.specialties
    years = {row.valid_from for row in specialties.specialties} if year is None else {year}
    found = None
    for each in sorted(years):
        try:
            found = found or specialties.find(each, name)
        except AmbiguousSpecialty as error:
            message = error.message
            context.report(
                document, path, "CONFIG_AMBIGUOUS_SPECIALTY", message.zh, message.en or ""
            )
            return
    if found is None:
        zh, en = ("专业目录", "the specialty catalogue")
        if year is not None:
            zh, en = f"{year} 年专业目录", f"the specialty catalogue of {year}"
        context.report(
            document,
            path,
            "CONFIG_UNKNOWN_SPECIALTY",
            f"{zh}中没有“{name}”",
            f'{en} has no "{name}"',
        )


def _plan(context: CheckContext, file: ConfiguredFile[PlanFile]) -> None:
    program = context.layers.programs.get(file.model.program)
    year = context.layers.year(program) if program is not None else None
    if program is None or year is None:
        return
    national = context.reference.specialties.for_cycle(year)
    children = {
        child.base.code: child
        for child in context.children.get(file.model.program, ())
        if child.base is not None
    }
    for index, row in enumerate(file.model.rows):
        below = children.get(row.base, program)
        if row.specialty not in national and row.specialty not in _declared_above(context, below):
            _not_in_cycle(context, file.document, ("rows", index, "specialty"), row.specialty, year)
