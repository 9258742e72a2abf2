"""Assessments: what is examined when, and how it is marked."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from zhupei.domain.sources import Level, Origin, Source
from zhupei.domain.text import Text

__all__ = ["Assessment", "Score"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One assessment: of admission, of the process of training, or at completion.

    ``full_mark`` and ``pass_mark`` are points; ``weight`` is the share in the ranking (all
    weights of one phase add up to 1), None with a note where the documents give none (T42).
    """

    id: str
    kind: str
    label: Text
    phase: str
    level: Level
    full_mark: int | None = None
    pass_mark: int | None = None
    weight: Decimal | None = None
    weight_note: Text | None = None
    every_months: int | None = None
    forms: tuple[Text, ...] = ()
    grades: tuple[Text, ...] = ()
    criteria: tuple[Text, ...] = ()
    description: Text | None = None
    source: Source | None = None
    params: Any = field(default=None, compare=False)
    owner: str | None = None
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The result of one assessment: points of the full mark, or a grade."""

    assessment: str
    points: Decimal | None = None
    grade: str | None = None
    passed: bool | None = None
