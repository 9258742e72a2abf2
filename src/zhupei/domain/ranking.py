"""Ranking by weighted scores: typed scores and ranks, weights that are given, ties by rule.

A `Score` is points of a full mark and a `Rank` is a place; neither can be given for the other.
Weights come from the configuration and add up to 1; where a document gives none, nothing is
ranked (T42): there is no 50/50 by default. So does the rule for equal totals (`TieBreak`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from zhupei.domain.text import Text

__all__ = [
    "Rank",
    "Ranked",
    "Score",
    "Scored",
    "TieBreak",
    "TieRule",
    "Weights",
    "heaviest_first",
    "lottery_number",
    "rank",
    "weighted_total",
]

_HUNDRED = Decimal(100)
# Sums that are equal stay equal where a full mark such as 150 makes endless decimals.
_EXACT = Decimal("1e-9")


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
    """What decides between equal totals; where it leaves a tie, see `rank`."""

    HEAVIEST_THEN_EARLIEST = "heaviest_then_earliest"
    """The better score in the assessment of most weight, then the next, then who applied first."""
    EARLIEST = "earliest"
    """Who applied first."""
    HEAVIEST_THEN_LOTTERY = "heaviest_then_lottery"
    """The better score in the assessment of most weight, then the next, then the lot."""
    LOTTERY = "lottery"
    """The lot, drawn with a published seed."""

    @property
    def compares_scores(self) -> bool:
        """Whether single scores are compared first."""
        return self in {TieRule.HEAVIEST_THEN_EARLIEST, TieRule.HEAVIEST_THEN_LOTTERY}

    @property
    def draws(self) -> bool:
        """Whether the lot decides in the end."""
        return self in {TieRule.HEAVIEST_THEN_LOTTERY, TieRule.LOTTERY}

    @property
    def label(self) -> Text:
        """What to tell applicants."""
        return _LABELS[self]


_LABELS = {
    TieRule.HEAVIEST_THEN_EARLIEST: Text(
        "总分相同者，依权重由高到低比较单项成绩，仍相同者先报名者在前",
        "equal totals: the better score in the assessment of most weight, then in the next, "
        "then who applied first",
    ),
    TieRule.EARLIEST: Text(
        "总分相同者，先报名者在前", "equal totals: who applied first comes first"
    ),
    TieRule.HEAVIEST_THEN_LOTTERY: Text(
        "总分相同者，依权重由高到低比较单项成绩，仍相同者按公开种子抽签",
        "equal totals: the better score in the assessment of most weight, then in the next, "
        "then the lot drawn with the published seed",
    ),
    TieRule.LOTTERY: Text(
        "总分相同者，按公开种子抽签", "equal totals: the lot drawn with the published seed"
    ),
}


@dataclass(frozen=True, slots=True)
class TieBreak:
    """The declared rule for equal totals, with the published seed where it draws lots.

    Raise ValueError for a lottery without seed.
    """

    rule: TieRule = TieRule.HEAVIEST_THEN_EARLIEST
    seed: str | None = None

    def __post_init__(self) -> None:
        if self.rule.draws and not self.seed:
            raise ValueError(f"the rule {self.rule.value} needs a published seed")


def lottery_number(seed: str, applicant: str) -> str:
    """Return the lot of an applicant: the SHA-256 of seed, line feed and identifier, in UTF-8.

    The lower number goes first; docs/matching.md tells how anyone draws it again.
    """
    return hashlib.sha256(f"{seed}\n{applicant}".encode()).hexdigest()


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
    """One application with its scores by assessment; lots are drawn for the ``applicant``."""

    application: UUID
    applicant: UUID
    submitted_at: datetime
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One application with its place and weighted total out of 100."""

    application: UUID
    rank: Rank
    total: Decimal


def rank(
    scored: Iterable[Scored], weights: Weights, ties: TieBreak | None = None
) -> tuple[Ranked, ...]:
    """Order applications by weighted total, best first; the same input gives the same order.

    ``ties`` decides between equal totals; what it leaves (two that were handed in at the same
    moment) the older application wins, so ranks are unique.

    Raises:
        KeyError: an application lacks the score of a weighted assessment.

    """
    ties = ties or TieBreak()
    heaviest = heaviest_first(weights)

    def key(one: Scored) -> tuple[Decimal, Sequence[Decimal], str, datetime, str]:
        singles = [-one.scores[name].percent for name in heaviest]
        return (
            -weighted_total(one.scores, weights),
            singles if ties.rule.compares_scores else [],
            lottery_number(ties.seed or "", str(one.applicant)) if ties.rule.draws else "",
            one.submitted_at,
            str(one.application),
        )

    return tuple(
        Ranked(
            application=one.application,
            rank=Rank(place),
            total=weighted_total(one.scores, weights),
        )
        for place, one in enumerate(sorted(scored, key=key), start=1)
    )


def heaviest_first(weights: Weights) -> tuple[str, ...]:
    """Return the assessments by weight, the heaviest first, equal weights by name."""
    return tuple(sorted(weights.shares, key=lambda name: (-weights.shares[name], name)))


def weighted_total(scores: Mapping[str, Score], weights: Weights) -> Decimal:
    """Return the weighted total out of 100, to nine decimals where there are more.

    Raises:
        KeyError: the score of a weighted assessment is missing.

    """
    total = sum(
        (share * scores[name].percent for name, share in weights.shares.items()), Decimal(0)
    )
    exponent = total.as_tuple().exponent
    return total if isinstance(exponent, int) and exponent >= -9 else total.quantize(_EXACT)
