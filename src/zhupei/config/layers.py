"""Who sets what for a program: the layers of rules from national down to the opening.

A layer is one place in one file that holds rules. For a program they are, least specific first:
the national files, the jurisdictions from the top down, the parent programs, the base, the
program itself; an opening adds its own on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zhupei.config.entries import RuleBlocks, StepEntry
from zhupei.config.files import BaseFile, JurisdictionFile
from zhupei.config.problems import YamlPath
from zhupei.config.programs import OpeningEntry, ProgramEntry
from zhupei.config.workspace import ConfiguredFile, Workspace
from zhupei.config.yaml import Document
from zhupei.domain.sources import Level
from zhupei.domain.training import ProgramKind

__all__ = ["Layer", "Layers", "OpeningRef", "ProgramRef", "steps_in_force"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One place that holds rules: level, document, path of keys, and the rules.

    ``scoped`` is True where the rules stand in a base's file or below a program and so concern
    any kind of program unless an entry says otherwise.
    """

    level: Level
    document: Document
    path: YamlPath
    rules: RuleBlocks
    scoped: bool

    def concerns(self, kinds: tuple[ProgramKind, ...] | None, kind: ProgramKind) -> bool:
        """Whether an entry with these ``program_kinds`` concerns programs of ``kind``."""
        if kinds is not None:
            return kind in kinds
        return self.scoped or kind is ProgramKind.RESIDENCY


def steps_in_force(layers: Iterable[Layer], kind: ProgramKind) -> Mapping[str, StepEntry]:
    """Return the steps that bind programs of ``kind``, by id, as the layers have them.

    A layer's list takes the place of the one above, unless its steps say that they amend it.
    """
    found: dict[str, StepEntry] = {}
    for layer in layers:
        own = {
            each.id: each for each in layer.rules.steps if layer.concerns(each.program_kinds, kind)
        }
        if own:
            amends = all(each.amends for each in layer.rules.steps)
            found = {**found, **own} if amends else own
    return found


@dataclass(frozen=True, slots=True)
class ProgramRef:
    """A program and where it stands; ``host`` is the base's or jurisdiction's file."""

    entry: ProgramEntry
    host: ConfiguredFile[Any]
    path: YamlPath

    @property
    def code(self) -> str:
        """Code of the program."""
        return self.entry.code

    @property
    def base(self) -> BaseFile | None:
        """The base that hosts it, None for a jurisdiction's program."""
        return self.host.model if isinstance(self.host.model, BaseFile) else None

    @property
    def level(self) -> Level:
        """The level of its rules."""
        return Level.INSTITUTION if self.base is not None else Level.JURISDICTION

    def openings(self) -> Iterator[OpeningRef]:
        """Iterate over the rows of its plan."""
        for index, entry in enumerate(self.entry.openings):
            yield OpeningRef(entry, self, (*self.path, "openings", index))


@dataclass(frozen=True, slots=True)
class OpeningRef:
    """A row of a plan and where it stands."""

    entry: OpeningEntry
    program: ProgramRef
    path: YamlPath

    @property
    def code(self) -> str:
        """Code of the opening, ``<program>/<specialty>``."""
        return f"{self.program.code}/{self.entry.specialty}"

    @property
    def layer(self) -> Layer:
        """Its own rules."""
        return Layer(Level.INSTITUTION, self.program.host.document, self.path, self.entry, True)


class Layers:
    """The chains of a workspace: of jurisdictions above a file, of programs, of rules.

    Chains end where a parent is unknown or repeats; `config.checks` reports that.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._chains: dict[str, tuple[Layer, ...]] = {}

    @cached_property
    def programs(self) -> Mapping[str, ProgramRef]:
        """Every program by code; the first of two with the same code."""
        found: dict[str, ProgramRef] = {}
        for ref in self.all_programs():
            found.setdefault(ref.code, ref)
        return dict(sorted(found.items()))

    def all_programs(self) -> Iterator[ProgramRef]:
        """Iterate over all programs, duplicates included."""
        hosts: tuple[ConfiguredFile[Any], ...] = (
            *self.workspace.jurisdictions.values(),
            *self.workspace.bases.values(),
        )
        for host in hosts:
            for index, entry in enumerate(host.model.programs):
                yield ProgramRef(entry, host, ("programs", index))

    def jurisdictions_above(self, code: str | None) -> tuple[ConfiguredFile[JurisdictionFile], ...]:
        """Return the jurisdiction ``code`` and those above it, nearest first."""
        chain: list[ConfiguredFile[JurisdictionFile]] = []
        seen: set[str] = set()
        while code is not None and code not in seen:
            seen.add(code)
            file = self.workspace.jurisdictions.get(code)
            if file is None:
                break
            chain.append(file)
            code = file.model.parent
        return tuple(chain)

    def jurisdictions_of(
        self, host: ConfiguredFile[Any]
    ) -> tuple[ConfiguredFile[JurisdictionFile], ...]:
        """Return the jurisdictions whose rules bind a base or jurisdiction, nearest first."""
        if isinstance(host.model, BaseFile):
            return self.jurisdictions_above(host.model.jurisdiction)
        return self.jurisdictions_above(host.model.code)

    def parents(self, program: ProgramRef) -> tuple[ProgramRef, ...]:
        """Return the programs above ``program``, nearest first."""
        chain: list[ProgramRef] = []
        seen = {program.code}
        code = program.entry.parent
        while code is not None and code not in seen:
            seen.add(code)
            parent = self.programs.get(code)
            if parent is None:
                break
            chain.append(parent)
            code = parent.entry.parent
        return tuple(chain)

    def lineage(self, program: ProgramRef) -> tuple[ProgramRef, ...]:
        """Return the program and its parents, nearest first."""
        return (program, *self.parents(program))

    def kind(self, program: ProgramRef) -> ProgramKind | None:
        """Return the program's kind, its nearest parent's where it sets none."""
        return next((p.entry.kind for p in self.lineage(program) if p.entry.kind), None)

    def year(self, program: ProgramRef) -> int | None:
        """Return the program's cycle, its nearest parent's where it sets none."""
        return next((p.entry.year for p in self.lineage(program) if p.entry.year), None)

    def above(self, host: ConfiguredFile[Any]) -> tuple[Layer, ...]:
        """Return the layers above a base or jurisdiction file itself, least specific first."""
        national = [
            Layer(Level.NATIONAL, file.document, (), file.model, False)
            for file in self.workspace.national
        ]
        jurisdictions = [
            Layer(Level.JURISDICTION, file.document, (), file.model, False)
            for file in reversed(self.jurisdictions_of(host))
            if file is not host
        ]
        return (*national, *jurisdictions)

    def of_program(self, program: ProgramRef) -> tuple[Layer, ...]:
        """Return the program's layers, least specific first, its own last."""
        chain = self._chains.get(program.code)
        if chain is None:
            own = Layer(program.level, program.host.document, program.path, program.entry, True)
            host = Layer(
                program.level,
                program.host.document,
                (),
                program.host.model,
                program.base is not None,
            )
            above = self.above(program.host)
            parents = tuple(
                Layer(parent.level, parent.host.document, parent.path, parent.entry, True)
                for parent in reversed(self.parents(program))
            )
            ordered = (
                (*above, *parents, host, own) if program.base else (*above, host, *parents, own)
            )
            chain = self._chains[program.code] = ordered
        return chain
