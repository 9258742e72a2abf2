"""What a matching starts from: preference lists, rankings, quotas and the rule for ties.

Nothing here decides anything, so that the matcher and the checker of its certificate can share it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, TypeAlias

from zhupei.domain.text import Text

__all__ = [
    "Criterion",
    "EarlierSubmission",
    "HigherScore",
    "Lottery",
    "Market",
    "MarketOpening",
    "Measure",
    "Ranks",
    "Score",
    "Scores",
    "TieRule",
    "figure",
    "market_digest",
]

Score: TypeAlias = int | Decimal
"""An exact number. A float is refused: sums that should be equal may differ in their last digit,
and that digit would decide a seat."""

_EARLIER = Text("提交时间较早者优先", "earlier submission first")
_HIGHER = Text("第二成绩较高者优先", "higher secondary score first")
_DRAWN = Text(
    "按公开种子抽签，签号较小者优先", "lower lottery number, drawn with the published seed, first"
)


class Measure(StrEnum):
    """What the numbers of a column mean."""

    SCORES = "scores"
    """Higher is better."""
    RANKS = "ranks"
    """Lower is better, 1 is the best."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of applicants at one opening: higher is better; who has none is not acceptable.

    ``lowest`` and ``highest`` bound the scale where one is declared.
    """

    measure: ClassVar[Measure] = Measure.SCORES

    values: Mapping[str, Score]
    lowest: Score | None = None
    highest: Score | None = None


@dataclass(frozen=True, slots=True)
class Ranks:
    """Ranks of applicants at one opening: 1 is the best; who has none is not acceptable.

    Equal ranks are ties, and ranks may leave gaps.
    """

    measure: ClassVar[Measure] = Measure.RANKS

    values: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class EarlierSubmission:
    """Of tied applicants, who submitted earlier goes first; moments carry their time zone."""

    submitted_at: Mapping[str, datetime]
    label: Text = _EARLIER


@dataclass(frozen=True, slots=True)
class HigherScore:
    """Of tied applicants, who has the higher secondary score goes first."""

    scores: Scores
    label: Text = _HIGHER


@dataclass(frozen=True, slots=True)
class Lottery:
    """Of tied applicants, who draws the lower number goes first; anyone can draw again.

    The number is the SHA-256 of ``seed``, a line feed and the applicant's identifier in UTF-8;
    with ``per_opening`` the opening's code and a line feed stand before the identifier, so that
    each opening draws its own. One draw for all openings leaves fewer applicants worse off than
    needed; it is the default. The seed is published before preferences are filed.
    """

    seed: str
    per_opening: bool = False
    label: Text = _DRAWN


Criterion: TypeAlias = EarlierSubmission | HigherScore | Lottery


@dataclass(frozen=True, slots=True)
class TieRule:
    """The criteria that decide between equals, the first that differs wins.

    Without criteria, or where none differs, a tie is an error: nothing else ever decides.
    """

    criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True, slots=True)
class MarketOpening:
    """An opening that takes part: its seats and its ranking of applicants.

    ``ties`` overrides the rule of the market.
    """

    code: str
    quota: int
    ranking: Scores | Ranks
    ties: TieRule | None = None


@dataclass(frozen=True, slots=True)
class Market:
    """All that a round of preference lists is decided from.

    ``preferences`` maps each applicant to codes of openings, the most wanted first; an empty list
    takes part and is placed nowhere. ``measure``, where set, is what every ranking must be.
    The mappings are read, not copied: they must not change between matching and checking
    (`market_digest` shows it where they did).
    """

    preferences: Mapping[str, list[str] | tuple[str, ...]]
    openings: Sequence[MarketOpening]
    ties: TieRule = field(default_factory=TieRule)
    measure: Measure | None = None


def figure(value: Score) -> str:
    """Return a number as people write it: no exponent, no zeros after the last decimal."""
    if isinstance(value, int):
        return str(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def market_digest(market: Market) -> str:
    """Return the SHA-256 of all that decides, whatever the order in which it was given.

    84, 84.0 and 84.00 are one number; moments are compared in UTC. The texts hashed are JSON, so
    that another program can make them too (docs/matching.md).
    """
    encode = json.JSONEncoder(separators=(",", ":"), default=_exact).encode
    digest = hashlib.sha256(b"zhupei matching 1\n")
    preferences = market.preferences
    digest.update(
        encode([[name, list(preferences[name])] for name in sorted(preferences)]).encode()
    )
    for opening in sorted(market.openings, key=lambda opening: opening.code):
        ranking = opening.ranking
        line = [opening.code, opening.quota, ranking.measure.value, sorted(ranking.values.items())]
        digest.update(b"\n" + encode(line).encode())
        if opening.ties is not None:
            digest.update(b"\n" + encode(_rule(opening.ties)).encode())
    digest.update(b"\n" + encode(_rule(market.ties)).encode())
    return digest.hexdigest()


def _rule(ties: TieRule) -> list[object]:
    return [_criterion(criterion) for criterion in ties.criteria]


def _criterion(criterion: Criterion) -> list[object]:
    match criterion:
        case EarlierSubmission():
            moments = sorted(criterion.submitted_at.items())
            return [
                "earlier_submission",
                [[name, moment.astimezone(UTC).isoformat()] for name, moment in moments],
            ]
        case HigherScore():
            return ["higher_score", sorted(criterion.scores.values.items())]
        case Lottery():
            return ["lottery", criterion.seed, criterion.per_opening]


def _exact(value: object) -> object:
    """Return a Decimal as JSON: an integer where it is one, else its digits."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else figure(value)
    raise TypeError(f"{value!r} does not belong in a market")
