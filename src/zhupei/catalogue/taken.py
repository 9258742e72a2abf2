"""The bases of an earlier catalogue that are part of the one that is built, as they were."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import TypeVar

from zhupei.catalogue.answers import Questions
from zhupei.catalogue.catalogue import Catalogue, ProgramSpecialty
from zhupei.catalogue.foundation import Foundation
from zhupei.config.facts import OtherBases
from zhupei.domain.codes import ShortageSet
from zhupei.domain.training import Opening, Program

__all__ = ["Taken"]

V = TypeVar("V")


def _no_questions() -> Questions:
    return Questions(bases={}, scopes={}, configs={}, programs={})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Taken:
    """Bases with their programs and openings, and what is kept beside these in a catalogue.

    What is built of a base stands in its file and in those above it: while these are the same,
    and plugins answer the same, it is the same.
    """

    others: OtherBases = field(default_factory=OtherBases)
    questions: Questions = field(default_factory=_no_questions)
    programs: Mapping[str, Program] = field(default_factory=dict)
    openings: Mapping[str, Opening] = field(default_factory=dict)
    amended: Mapping[str, Program] = field(default_factory=dict)
    program_specialties: Mapping[tuple[str, str], ProgramSpecialty] = field(default_factory=dict)
    shortages: Mapping[str, tuple[ShortageSet, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, catalogue: Catalogue, foundation: Foundation, bases: Set[str]) -> Taken:
        """Return these bases of a catalogue."""
        asked = foundation.questions
        programs = {code: each for code, each in catalogue.programs.items() if each.base in bases}
        openings = {code: each for code, each in catalogue.openings.items() if each.base in bases}
        return cls(
            others=OtherBases(
                {
                    code: parts.facts
                    for code, parts in foundation.files.bases.items()
                    if code in bases
                }
            ),
            questions=Questions(
                bases=_only(asked.bases, bases),
                scopes=_only(asked.scopes, bases),
                configs=_only(asked.configs, bases),
                programs=_only(asked.programs, bases),
                specialties=_only(asked.specialties, programs.keys()),
            ),
            programs=programs,
            openings=openings,
            amended=_only(catalogue.amended, openings.keys()),
            program_specialties={
                key: each
                for key, each in catalogue.program_specialties.items()
                if each.program in programs
            },
            shortages=_only(catalogue.shortages, programs.keys()),
        )


def _only(mapping: Mapping[str, V], codes: Set[str]) -> dict[str, V]:
    return {code: each for code, each in mapping.items() if code in codes}
