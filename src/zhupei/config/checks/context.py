"""What every check needs: the files, their layers, the reference data, and where to report."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from zhupei.config.facts import OtherBases
from zhupei.config.layers import Layers, ProgramRef
from zhupei.config.problems import Problems, Severity, YamlPath
from zhupei.config.workspace import Workspace
from zhupei.config.yaml import Document
from zhupei.domain.calendar import Calendar
from zhupei.domain.text import Text
from zhupei.reference import Reference

__all__ = ["CheckContext", "did_you_mean"]


class CheckContext:
    """The configuration under check; `report` collects what is wrong with it.

    ``others`` are bases that are part of it and whose files are not under check.
    """

    def __init__(
        self,
        workspace: Workspace,
        reference: Reference,
        calendar: Calendar,
        plugins: Collection[str] | None,
        others: OtherBases | None = None,
    ) -> None:
        self.workspace = workspace
        self.layers = Layers(workspace)
        self.reference = reference
        self.calendar = calendar
        self.plugins = plugins
        self.others = others or OtherBases()
        self.problems = Problems()

    @cached_property
    def programs_of(self) -> Mapping[Path, tuple[ProgramRef, ...]]:
        """The programs of each file, duplicates included."""
        found: dict[Path, list[ProgramRef]] = {}
        for program in self.layers.all_programs():
            found.setdefault(program.host.path, []).append(program)
        return {path: tuple(programs) for path, programs in found.items()}

    @cached_property
    def children(self) -> Mapping[str, tuple[ProgramRef, ...]]:
        """The programs below each program, by its code."""
        found: dict[str, list[ProgramRef]] = {}
        for program in self.layers.programs.values():
            if program.entry.parent is not None:
                found.setdefault(program.entry.parent, []).append(program)
        return {code: tuple(programs) for code, programs in found.items()}

    @cached_property
    def _left_out(self) -> tuple[frozenset[str], frozenset[str]]:
        """The codes of bases that are left out, and of programs with one below that is."""
        bases, parents = [], []  # of anything, as these may have mistakes
        for document in self.workspace.left_out():
            bases.append(document.data.get("code"))
            programs = document.data.get("programs")
            listed = programs if isinstance(programs, list) else []
            parents += [each.get("parent") for each in listed if isinstance(each, dict)]
        return _codes(bases), _codes(parents)

    @cached_property
    def _has_unread(self) -> bool:
        """Whether a file cannot be read at all, so that nobody knows what it is about."""
        read = {document.path for document in self.workspace.documents}
        return any(problem.file not in read for problem in self.workspace.problems.errors)

    def may_miss_base(self, code: str) -> bool:
        """Return whether a base may be in a file that is left out for its errors."""
        return self._has_unread or code in self._left_out[0]

    def may_miss_below(self, program: str) -> bool:
        """Return whether a program below may be in a file that is left out for its errors."""
        return self._has_unread or program in self._left_out[1]

    @cached_property
    def national_codes(self) -> frozenset[str]:
        """The codes of the national specialty catalogue, of any cycle."""
        return frozenset(row.code for row in self.reference.specialties.specialties)

    def report(
        self,
        document: Document,
        path: YamlPath,
        code: str,
        zh: str,
        en: str,
        *,
        hint: Text | None = None,
        severity: Severity = "error",
        at_key: bool = False,
        between_files: bool = False,
    ) -> None:
        """Report a problem at the value of ``path``, or with ``at_key`` at its key."""
        problem = document.problem(path, code, Text(zh, en), hint, severity=severity, at_key=at_key)
        self.problems.add(replace(problem, between_files=between_files))

    def unknown(
        self,
        document: Document,
        path: YamlPath,
        what: Text,
        value: str,
        known: Iterable[str] = (),
        *,
        at_key: bool = False,
    ) -> None:
        """Report that nothing of this kind has the code ``value``, with the nearest that does."""
        self.report(
            document,
            path,
            "CONFIG_UNKNOWN_CODE",
            f"没有代码为 {value} 的{what.zh}",
            f"there is no {what.en} with the code {value}",
            hint=did_you_mean(value, known),
            at_key=at_key,
        )

    def duplicate(self, document: Document, path: YamlPath, what: Text, value: str) -> None:
        """Report that a code stands twice where it may stand once."""
        self.report(
            document,
            path,
            "CONFIG_DUPLICATE_CODE",
            f"{what.zh} {value} 重复",
            f"the {what.en} {value} appears twice",
        )


def _codes(found: Iterable[object]) -> frozenset[str]:
    return frozenset(each for each in found if isinstance(each, str))


def did_you_mean(value: str, known: Iterable[str]) -> Text | None:
    """Return the question that offers the nearest of ``known``, None where none is near."""
    near = difflib.get_close_matches(value, list(known), n=1)
    return Text(f"是否想写 {near[0]}？", f'did you mean "{near[0]}"?') if near else None
