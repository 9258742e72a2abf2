"""What the rest of a configuration needs to know of a base's file.

Nearly all that is checked of a base, and built of it, stands in its own file and in those above
it. What is left is little: where it is known of all other bases, one of them can be checked
without reading the others again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zhupei.config.files import BaseFile
from zhupei.config.programs import ProgramEntry

__all__ = ["BaseFacts", "OtherBases", "ProgramFacts", "capacities_of", "seats_of"]


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """A program of a base: ``seats`` are those by its own account, as `seats_of` says.

    ``rows`` are the specialties of its own plan, each with its seats.
    """

    code: str
    parent: str | None
    seats: int | None
    rows: tuple[tuple[str, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class BaseFacts:
    """A base's programs."""

    code: str
    programs: tuple[ProgramFacts, ...]

    @classmethod
    def of(cls, model: BaseFile) -> BaseFacts:
        """Return the facts of a validated file."""
        return cls(
            code=model.code,
            programs=tuple(
                ProgramFacts(
                    entry.code,
                    entry.parent,
                    seats_of(entry),
                    tuple((row.specialty, row.quota) for row in entry.openings),
                )
                for entry in model.programs
            ),
        )


class OtherBases:
    """The bases of a configuration whose files are not looked at, because they were before.

    Args:
        facts: of each, by its code.

    """

    def __init__(self, facts: Mapping[str, BaseFacts] | None = None) -> None:
        self._facts = facts or {}
        self._below: dict[str, list[tuple[str, ProgramFacts]]] = {}
        for base in self._facts.values():
            for program in base.programs:
                if program.parent is not None:
                    self._below.setdefault(program.parent, []).append((base.code, program))

    def below(self, program: str) -> Iterator[tuple[str, ProgramFacts]]:
        """Iterate over the programs whose parent has this code, each with the base's code."""
        return iter(self._below.get(program, ()))

    def parents(self) -> Iterator[tuple[str, str]]:
        """Iterate over the programs that have a parent: the parent's code and their own."""
        for parent, programs in self._below.items():
            for _, program in programs:
                yield parent, program.code


def seats_of(entry: ProgramEntry) -> int | None:
    """Return a program's seats by its own account: as published, or the sum of its rows."""
    if entry.quota is not None:
        return entry.quota
    rows = [row.quota for row in entry.openings]
    known = [seats for seats in rows if seats is not None]
    return sum(known) if rows and len(known) == len(rows) else None


def capacities_of(model: BaseFile) -> dict[str, int]:
    """Return the training capacity of a base's specialties, where it is published."""
    return {
        entry.specialty: entry.capacity
        for entry in model.specialty_bases
        if entry.capacity is not None
    }
