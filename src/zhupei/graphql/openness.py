"""What is open at an instant, and what closes next, read off the windows of rounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from zhupei.domain.recruitment_limits import suspension_of
from zhupei.domain.training import Opening, Program, Round, Window

if TYPE_CHECKING:
    from zhupei.catalogue import Catalogue

__all__ = [
    "APPLICATION_WINDOWS",
    "Deadline",
    "closes_next",
    "deadlines",
    "is_open",
    "rounds_of",
    "takes_applications",
]

APPLICATION_WINDOWS = frozenset({"registration", "preference"})
"""Kinds of windows in which people apply: they register and file their preference."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A window that is still to close, with the round and the program that it belongs to."""

    program: Program
    round: Round
    window: Window
    closes_at: datetime


def rounds_of(opening: Opening, program: Program) -> tuple[Round, ...]:
    """Return the rounds that fill an opening: those that its seats are split over, else all."""
    if not opening.round_quotas:
        return program.rounds
    filled = {share.round for share in opening.round_quotas}
    return tuple(found for found in program.rounds if found.code in filled)


def takes_applications(opening: Opening, catalogue: Catalogue, at: datetime) -> bool | None:
    """Return whether one can apply for an opening; never where recruitment is suspended (R272)."""
    if suspension_of(catalogue.program_of(opening), opening) is not None:
        return False
    return is_open(rounds_of(opening, catalogue.programs[opening.program]), at)


def is_open(rounds: Iterable[Round], at: datetime) -> bool | None:
    """Return whether one can apply at ``at`` in one of the rounds.

    None where no window says yes and nobody can tell: a round has no published window of
    application, or one whose end is not known.
    """
    answers = [answer for found in rounds for answer in _answers(found, at)]
    if True in answers:
        return True
    return False if answers and None not in answers else None


def _answers(found: Round, at: datetime) -> list[bool | None]:
    windows = [window for window in found.windows if window.kind in APPLICATION_WINDOWS]
    # Of a round without such windows nobody knows when one can apply.
    return [window.is_open(at) for window in windows] or [None]


def closes_next(rounds: Iterable[Round], at: datetime) -> datetime | None:
    """Return when the next window of application closes after ``at``, None where none does."""
    return min(
        (
            window.closes_at
            for found in rounds
            for window in found.windows
            if window.kind in APPLICATION_WINDOWS
            and window.closes_at is not None
            and window.closes_at > at
        ),
        default=None,
    )


def deadlines(
    catalogue: Catalogue, at: datetime, *, codes: Iterable[str], kinds: Sequence[str] | None
) -> list[Deadline]:
    """Return the windows of these programs that close after ``at``, the nearest first.

    A program that takes its rounds from its parent repeats the parent's windows: where both are
    asked for, they are listed once, at the parent. ``kinds`` limits the kinds of windows.
    """
    programs = [catalogue.programs[code] for code in codes]
    asked = {program.code: program for program in programs}
    found = [
        Deadline(program, round_, window, window.closes_at)
        for program in programs
        if not _repeats_parent(program, asked)
        for round_ in program.rounds
        for window in round_.windows
        if window.closes_at is not None
        and window.closes_at > at
        and (kinds is None or window.kind in kinds)
    ]
    found.sort(key=lambda deadline: (deadline.closes_at, deadline.program.code))
    return found


def _repeats_parent(program: Program, asked: dict[str, Program]) -> bool:
    parent = None if program.parent is None else asked.get(program.parent)
    return parent is not None and parent.rounds == program.rounds
