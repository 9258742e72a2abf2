"""Openings with rules of their own: the program as it binds one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from zhupei.catalogue.entries import EntryReader, overlay
from zhupei.config.layers import Layers, OpeningRef
from zhupei.domain.training import Program

__all__ = ["amended_programs"]

_OWN = ("policies", "steps", "documents", "assessments", "penalties")


def amended_programs(
    layers: Layers, reader: EntryReader, programs: Mapping[str, Program]
) -> Mapping[str, Program]:
    """Return, by opening, its program with the opening's own rules laid over it.

    Policies, steps, documents, assessments and penalties are laid over as a program's own are
    over its parent's; the floors of higher levels were checked before. Openings without such
    rules are left out: their program binds them as it is.
    """
    found = {}
    for ref in _with_rules(layers):
        program = programs[ref.program.code]
        chain = (*layers.of_program(ref.program), ref.layer)
        kind, own = program.kind, ref.layer
        found[ref.code] = replace(
            program,
            policies=reader.policies(chain, kind),
            steps=reader.steps([own], kind, program.steps),
            documents=overlay(program.documents, reader.of_layer("documents", own, kind)),
            assessments=overlay(program.assessments, reader.of_layer("assessments", own, kind)),
            penalties=overlay(program.penalties, reader.of_layer("penalties", own, kind)),
        )
    return MappingProxyType(found)


def _with_rules(layers: Layers) -> Iterator[OpeningRef]:
    for program in layers.programs.values():
        if program.base is None:
            continue
        for ref in program.openings():
            if any(getattr(ref.entry, name) for name in _OWN):
                yield ref
