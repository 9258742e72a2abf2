"""Ranking by weighted scores: typed scores and ranks, weights that are given, ties by rule.

A `Score` is points of a full mark and a `Rank` is a place; neither can be given for the other.
Weights come from the configuration and add up to 1; where a document gives none, nothing is
ranked (T42): there is no 50/50 by default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from zhupei.domain.text import Text

__all__ = ["Rank", "Ranked", "Score", "Scored", "TieRule", "Weights", "rank"]

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Score:
    """Points of a full mark, such as 86.5 of 100.

    Raise ValueError for points below 0 or above the full mark, and for a full mark below 1;
    TypeError for a number that is no Decimal or int, so that a `Rank` is never taken for points.
    """

    points: Decimal
    of: int

    def __post_init__(self) -> None:
        if not isinstance(self.points, Decimal):
            raise TypeError(f"points are a Decimal, not {type(self.points).__name__}")
        if isinstance(self.of, bool) or not isinstance(self.of, int):
            raise TypeError(f"a full mark is an int, not {type(self.of).__name__}")
        if self.of < 1:
            raise ValueError(f"a full mark is at least 1, not {self.of}")
        if not self.points.is_finite() or not 0 <= self.points <= self.of:
            raise ValueError(f"{self.points} points are not between 0 and {self.of}")

    @property
    def percent(self) -> Decimal:
        """The points out of 100, exactly."""
        return self.points * _HUNDRED / self.of


@dataclass(frozen=True, slots=True, order=True)
class Rank:
    """A place in a ranking, from 1. It has no arithmetic and is no number of points."""

    place: int

    def __post_init__(self) -> None:
        if isinstance(self.place, bool) or not isinstance(self.place, int) or self.place < 1:
            raise ValueError(f"a place is a whole number from 1, not {self.place!r}")


class TieRule(StrEnum):
    """What decides between equal totals; the application's id decides last, so ranks are unique."""

    HEAVIEST_THEN_EARLIEST = "HEAVIEST_THEN_EARLIEST"
    """The better score in the assessment of most weight, then the next, then who applied first."""
    EARLIEST = "EARLIEST"
    """Who applied first."""

    @property
    def label(self) -> Text:
        """What to tell applicants."""
        if self is TieRule.EARLIEST:
            return Text("总分相同者，先报名者在前", "equal totals: who applied first comes first")
        return Text(
            "总分相同者，依权重由高到低比较单项成绩，仍相同者先报名者在前",
            "equal totals: the better score in the assessment of most weight, then in the next, "
            "then who applied first",
        )


@dataclass(frozen=True, slots=True)
class Weights:
    """Shares by assessment, that add up to exactly 1. Raise ValueError where they do not."""

    shares: Mapping[str, Decimal]

    def __post_init__(self) -> None:
        if any(share <= 0 for share in self.shares.values()):
            raise ValueError("every weight is above 0")
        total = sum(self.shares.values(), Decimal(0))
        if total != 1:
            raise ValueError(f"the weights add up to {total}, not to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One application with its scores by assessment."""

    application: UUID
    submitted_at: datetime
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One application with its place and weighted total out of 100."""

    application: UUID
    rank: Rank
    total: Decimal


def rank(
    scored: Iterable[Scored],
    weights: Weights,
    tie_rule: TieRule = TieRule.HEAVIEST_THEN_EARLIEST,
) -> tuple[Ranked, ...]:
    """Order applications by weighted total, best first; the same input gives the same order.

    Raises:
        KeyError: an application lacks the score of a weighted assessment.

    """
    heaviest = sorted(weights.shares, key=lambda name: (-weights.shares[name], name))

    def key(one: Scored) -> tuple[Decimal, Sequence[Decimal], datetime, str]:
        singles = [-one.scores[name].percent for name in heaviest]
        return (
            -_total(one, weights),
            singles if tie_rule is TieRule.HEAVIEST_THEN_EARLIEST else [],
            one.submitted_at,
            str(one.application),
        )

    return tuple(
        Ranked(application=one.application, rank=Rank(place), total=_total(one, weights))
        for place, one in enumerate(sorted(scored, key=key), start=1)
    )


def _total(one: Scored, weights: Weights) -> Decimal:
    return sum(
        (share * one.scores[name].percent for name, share in weights.shares.items()), Decimal(0)
    )
