"""The queue of an office: what waits for whom, until when, and what is done next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from zhupei.domain.admission_process import ApplicationState
from zhupei.domain.text import Text

__all__ = ["OfficeQueue", "OpeningCount", "QueueLine", "QueueTask", "QueueTaskKind"]


class QueueTaskKind(StrEnum):
    """What an office has to do beside moving applications on."""

    ARRANGE_INTERVIEW = "ARRANGE_INTERVIEW"
    SIGN_SCORE_SHEET = "SIGN_SCORE_SHEET"
    DECIDE_OBJECTION = "DECIDE_OBJECTION"
    DECIDE_PLAN_INCREASE = "DECIDE_PLAN_INCREASE"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningCount:
    """How many applications of a line are for one opening."""

    opening: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """Applications of one program and round that stand in one state.

    ``next`` is the state that comes after it, None where nothing does; ``steps`` are the ids of
    the steps that lead there, ``todo`` their names, ``actor`` who does them. ``closes_at`` is the
    end of their window, None where none is published; ``overdue`` that it is over. ``oldest_at`` is
    when the first of them was handed in.
    """

    program: str
    round: str | None
    state: ApplicationState
    count: int
    oldest_at: datetime | None
    next: ApplicationState | None
    steps: tuple[str, ...]
    todo: Text | None
    actor: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    overdue: bool
    openings: tuple[OpeningCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTask:
    """How many things of a kind wait, in one program and round; ``oldest_at`` the first of them."""

    kind: QueueTaskKind
    program: str
    round: str | None
    count: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeQueue:
    """Everything that waits at a base, at one moment; ``total`` counts the applications."""

    base: str
    at: datetime
    total: int
    lines: tuple[QueueLine, ...]
    tasks: tuple[QueueTask, ...]
