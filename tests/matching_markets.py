"""Small markets for the tests of matching, and the definitions by brute force."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
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


@st.composite
def markets(draw: st.DrawFn, *, names: int = 4, figures: int = 4, shared: bool = False) -> Market:
    """Draw a market of up to five applicants and three openings, with ties, zeros and gaps."""
    people = NAMES[: draw(st.integers(0, names))]
    codes = CODES[: draw(st.integers(1, 3))]
    lists = st.permutations(codes).flatmap(
        lambda order: st.integers(0, len(codes)).map(lambda length: tuple(order[:length]))
    )
    preferences = {name: draw(lists) for name in people}
    kind = draw(st.sampled_from([Scores, Ranks]))
    column = st.fixed_dictionaries({}, optional={name: st.integers(1, figures) for name in people})
    if shared:
        column = st.just({name: draw(st.integers(1, figures)) for name in people})
    minutes = {name: draw(st.integers(0, 1)) for name in people}
    early = EarlierSubmission({n: _NOON + timedelta(minutes=m) for n, m in minutes.items()})
    second = HigherScore(Scores({name: draw(st.integers(0, 1)) for name in people}))
    lottery = Lottery(
        draw(st.sampled_from(["spring", "autumn"])), not shared and draw(st.booleans())
    )
    before: list[Criterion] = draw(st.sampled_from([[], [early], [second], [early, second]]))
    ties = TieRule((*before, lottery))
    openings = [MarketOpening(code, draw(st.integers(0, 2)), kind(draw(column))) for code in codes]
    return Market(preferences, openings, ties)


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
