"""What the use cases of score sheets take: one frozen input each."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

__all__ = [
    "EnterScoreSheetInput",
    "RejectScoreSheetInput",
    "ScoreSheetPart",
    "SignScoreSheetInput",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSheetPart:
    """Whose scores a sheet is for.

    ``assessments`` are the kinds (``interview``, ``examination``); None means all that the program
    has. ``base`` is needed where neither program nor opening tells it.
    """

    program: str
    base: str | None = None
    opening: str | None = None
    round: str | None = None
    assessments: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterScoreSheetInput:
    """A filled-in sheet; ``low`` names assessments whose points 1, 2, 3 … are no ranks."""

    part: ScoreSheetPart
    content: bytes
    low: tuple[str, ...] = ()
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignScoreSheetInput:
    """The second person's signature.

    ``confirmed_low`` are assessments of the sheet's ``low`` that the second person has looked at.
    ``documents`` are the ids of documents that everybody on the sheet has shown (R142).
    """

    sheet: UUID
    confirmed_low: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    dry_run: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectScoreSheetInput:
    """Turning a sheet down, or withdrawing one's own, with a reason."""

    sheet: UUID
    reason: str
    idempotency_key: str | None = None
