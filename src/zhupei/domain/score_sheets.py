"""Score sheets as a second person sees them: what somebody entered, until it is signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from zhupei.domain.admission_case import BulkOutcome
from zhupei.domain.text import Text

__all__ = [
    "ScoreSheet",
    "ScoreSheetState",
    "SheetProblem",
    "SheetRow",
    "SheetScore",
    "SheetSigned",
    "UnreadableSheet",
]


class ScoreSheetState(StrEnum):
    """What became of a sheet."""

    PENDING = "PENDING"
    """It waits for a second person."""
    SIGNED = "SIGNED"
    """Its scores are recorded."""
    REJECTED = "REJECTED"
    """It was turned down or withdrawn; nothing of it was recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetScore:
    """Points of the full mark ``of``, in the assessment ``kind`` (interview, examination)."""

    kind: str
    points: Decimal
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One application of a sheet; ``row`` is the line it stood in, ``absent`` what was missed."""

    application: UUID
    row: int
    scores: tuple[SheetScore, ...]
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSheet:
    """A sheet whose rows were all right when it came.

    ``low`` are assessments whose points look like ranks; whoever signs confirms that they are
    none. ``operation`` is the bulk step that recorded the scores, which may be reverted as one.
    """

    id: UUID
    base: str
    program: str
    opening: str | None
    round: str | None
    assessments: tuple[str, ...]
    state: ScoreSheetState
    rows: tuple[SheetRow, ...]
    low: tuple[str, ...]
    sha256: str
    entered_by: str
    entered_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    operation: UUID | None = None

    @property
    def row_count(self) -> int:
        """How many applications stand on it."""
        return len(self.rows)

    @property
    def absent_count(self) -> int:
        """How many of them missed something."""
        return sum(bool(row.absent) for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetProblem:
    """One thing that is wrong with a file: where (``cell`` as ``C7``), and what to do."""

    code: str
    message: Text
    hint: Text | None = None
    cell: str | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableSheet:
    """That a file was refused with all its problems, and nothing of it was kept."""

    problems: tuple[SheetProblem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetSigned:
    """A sheet and what signing it did, or would do; ``outcome`` None where all were absent."""

    sheet: ScoreSheet
    outcome: BulkOutcome | None
