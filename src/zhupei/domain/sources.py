"""Where a fact stands and who set it: documents, clauses, levels, origins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from zhupei.domain.text import Text

__all__ = ["Level", "Origin", "Source", "SourceDocument"]


class Level(StrEnum):
    """Who sets a rule; a more specific level may tighten or fill a floor, never weaken it."""

    NATIONAL = "national"
    JURISDICTION = "jurisdiction"
    INSTITUTION = "institution"

    @property
    def rank(self) -> int:
        """0 for national, 1 for jurisdiction, 2 for institution."""
        return _RANKS[self]


_RANKS = {Level.NATIONAL: 0, Level.JURISDICTION: 1, Level.INSTITUTION: 2}


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document (notice, brochure, guide) that figures are cited from."""

    code: str
    title: Text
    issuer: Text | None = None
    issued: date | None = None
    reference: str | None = None
    url: str | None = None
    supplied: bool = True
    """False for a document that is cited by another but was never supplied to us."""

    def is_another_than(self, other: SourceDocument) -> bool:
        """Whether the two are two documents: by number where both have one, else by title."""
        if self.reference is not None and other.reference is not None:
            return self.reference != other.reference
        return self.title.zh != other.title.zh


@dataclass(frozen=True, slots=True)
class Source:
    """The clause of a document that a figure or rule is taken from.

    ``document`` is the code of a `SourceDocument`; ``clause`` the heading or number a reader
    looks for; ``lines`` the lines of the supplied text, such as ``74`` or ``14-25``.
    """

    document: str
    clause: str
    lines: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Who set a value: level, file and line of the configuration, or plugin and hook.

    ``value`` is the value as text (None where the value is unknown). Within one field's chain
    the first origin is in force and the others are what it replaced, most specific first.
    """

    level: Level
    value: str | None
    file: str | None = None
    line: int | None = None
    plugin: str | None = None
    hook: str | None = None
    source: Source | None = None
