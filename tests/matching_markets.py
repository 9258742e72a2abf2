"""Small markets for the tests of matching, and the definitions by brute force."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

from hypothesis import strategies as st

from zhupei.domain.matching_market import (
    Criterion,
    EarlierSubmission,
    HigherScore,
    Lottery,
    Market,
    MarketOpening,
    Ranks,
    Score,
    Scores,
    TieRule,
)

Placements = Mapping[str, str | None]

NAMES = ("a", "b", "c", "d", "e")
CODES = ("X", "Y", "Z")
_NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def markets(*, names: int = 4, figures: int = 4, shared: bool = False) -> st.SearchStrategy[Market]:
    """Draw a market of some applicants and up to three openings, with ties, zeros and gaps.

    From a seed, evenly: hypothesis alone prefers markets so simple that they have one stable
    matching only. ``test_the_markets_are_worth_it`` counts.
    """

    def build(seed: int) -> Market:
        return small_market(seed, names, figures, shared=shared)

    return st.integers(0, 2**32).map(build)


def small_market(seed: int, names: int = 4, figures: int = 4, *, shared: bool = False) -> Market:
    """Make the market with this number."""
    chance = Random(seed)
    people = NAMES[: chance.choice([0, 1, 2, *[names - 1] * 2, *[names] * 6])]
    codes = CODES[: chance.choice([1, 2, 3, 3, 3])]
    preferences = {}
    for name in people:
        length = len(codes) if chance.random() < 0.7 else chance.randint(0, len(codes))
        preferences[name] = tuple(chance.sample(codes, length))
    kind = chance.choice([Scores, Ranks])

    # Openings that like best who likes them least: what makes several stable matchings.
    contrary = chance.random() < 0.6

    def value(name: str, code: str) -> int:
        if not contrary or code not in preferences[name]:
            return chance.randint(1, figures)
        liked = 2 * preferences[name].index(code) + chance.randint(1, 2)
        return liked if kind is Scores else 9 - liked

    def column(code: str) -> dict[str, int]:
        return {name: value(name, code) for name in people if chance.random() < 0.85}

    common = {name: chance.randint(1, figures) for name in people}
    openings = [
        MarketOpening(
            code, chance.choice([0, 1, 1, 1, 1, 2]), kind(common if shared else column(code))
        )
        for code in codes
    ]
    minutes = {name: timedelta(minutes=chance.randint(0, 1)) for name in people}
    early = EarlierSubmission({name: _NOON + minutes[name] for name in people})
    second = HigherScore(Scores({name: chance.randint(0, 1) for name in people}))
    lottery = Lottery(str(chance.random()), not shared and chance.random() < 0.5)
    before: list[Criterion] = chance.choice([[], [early], [second], [early, second]])
    return Market(preferences, openings, TieRule((*before, lottery)))


def stands(market: Market, code: str) -> list[str]:
    """Return who applied to an opening and is ranked there, the best first, by plain sorting."""
    opening = next(opening for opening in market.openings if opening.code == code)
    values: Mapping[str, Score] = opening.ranking.values
    names = [n for n, codes in market.preferences.items() if code in codes and n in values]

    def key(name: str) -> tuple[Any, ...]:
        sign = -1 if isinstance(opening.ranking, Scores) else 1
        found: list[Any] = [sign * values[name]]
        for criterion in (opening.ties or market.ties).criteria:
            if isinstance(criterion, EarlierSubmission):
                found.append(criterion.submitted_at[name])
            elif isinstance(criterion, HigherScore):
                found.append(-criterion.scores.values[name])
            else:
                found.append(drawn(criterion, code, name))
        return tuple(found)

    return sorted(names, key=key)


def drawn(lottery: Lottery, code: str, name: str) -> str:
    """Return a lottery number as docs/matching.md defines it."""
    place = f"{code}\n" if lottery.per_opening else ""
    return hashlib.sha256(f"{lottery.seed}\n{place}{name}".encode()).hexdigest()


def all_placements(market: Market) -> Iterator[Placements]:
    """Yield every way to place everybody somewhere or nowhere, whether allowed or not."""
    codes = [None, *(opening.code for opening in market.openings)]
    for row in product(codes, repeat=len(market.preferences)):
        yield dict(zip(market.preferences, row, strict=True))


def is_stable(market: Market, placements: Placements) -> bool:
    """Say by definition whether placements are allowed and nobody has reason to complain."""
    for opening in market.openings:
        order = stands(market, opening.code)
        held = [name for name, code in placements.items() if code == opening.code]
        if len(held) > opening.quota or not set(held) <= set(order):
            return False
        for name in order:
            mine, codes = placements[name], market.preferences[name]
            if mine in codes[: codes.index(opening.code) + 1]:
                continue
            weaker = [other for other in held if order.index(other) > order.index(name)]
            if weaker or len(held) < opening.quota:
                return False
    return True


def all_stable(market: Market) -> list[Placements]:
    """Return every stable placement."""
    return [found for found in all_placements(market) if is_stable(market, found)]


def choice_of(market: Market, placements: Placements, name: str) -> int:
    """Return how good a placement is for an applicant: 0 is the first choice."""
    code, codes = placements[name], market.preferences[name]
    return len(codes) if code is None else codes.index(code)
