"""A catalogue that was loaded, with all that stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from zhupei.catalogue.answers import BaseAnswers, Questions
from zhupei.catalogue.catalogue import Catalogue
from zhupei.catalogue.foundation import Files, Foundation
from zhupei.catalogue.snapshots import Snapshot, packed
from zhupei.config.problems import Problems
from zhupei.config.workspace import Workspace
from zhupei.domain.calendar import CalendarYear
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost

__all__ = ["LoadedCatalogue", "MadeOf", "let_go", "snapshot_of"]

# What a catalogue is made of anew whenever it is loaded, and so is in no snapshot.
_MADE_ANEW = frozenset({"reference", "calendar", "explanations"})


@dataclass(frozen=True, slots=True, repr=False)
class LoadedCatalogue:
    """A catalogue, the plugins behind it, and every problem of its configuration.

    ``workspace`` is empty but where the files were to be kept. ``foundation`` is what it was built
    from, None where it was not kept. ``keep`` packs and keeps
    the catalogue for the next start, which takes seconds; None where that was done or cannot be.
    """

    catalogue: Catalogue
    host: PluginHost
    dispatcher: Dispatcher
    problems: Problems
    workspace: Workspace
    foundation: Foundation | None = None
    keep: Callable[[], None] | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing had to be left out: no file has an error."""
        return not self.problems.errors


@dataclass(frozen=True, slots=True, repr=False)
class MadeOf:
    """What was asked and answered on the way to a catalogue, and what its files are."""

    questions: Questions
    answers: Mapping[str, BaseAnswers]
    years: Sequence[CalendarYear]
    files: Files


def snapshot_of(
    catalogue: Catalogue, problems: Problems, made_of: MadeOf, classes: Mapping[str, type]
) -> Snapshot:
    """Return the snapshot of a catalogue without errors.

    Raises:
        Unpackable: something of it cannot be packed.

    """
    # A copy, made at once: others may ask the catalogue something meanwhile.
    held = vars(catalogue).copy()
    parts = {name: part for name, part in held.items() if name not in _MADE_ANEW}
    return packed(
        (made_of.questions, made_of.years),
        (parts, tuple(problems), made_of.files),
        answers=made_of.answers,
        beside=made_of.files.all_beside(),
        classes=classes,
    )


def let_go(pieces: list[object]) -> None:
    """Let go of what nothing else holds, piece by piece.

    Memory that is given back all at once holds up every other thread until the last of it is gone.
    """
    while pieces:
        pieces.pop()
