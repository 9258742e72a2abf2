"""From a market to strict orders: everything is checked, ties are decided by the declared rule."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, groupby, pairwise, repeat
from typing import Any

from zhupei.domain.matching_market import (
    Criterion,
    EarlierSubmission,
    HigherScore,
    Lottery,
    Market,
    MarketOpening,
    Measure,
    Ranks,
    Score,
    Scores,
    TieRule,
    figure,
)
from zhupei.domain.matching_problems import MarketError, MarketProblem, problems_of, warnings_of
from zhupei.domain.text import Text

__all__ = ["CLAIM_BITS", "PreparedMarket", "decide_order", "deciding_criterion", "prepare"]

CLAIM_BITS = 32
"""How many bits of a claim number the applicant."""

_ONE_PLACE = 1 << CLAIM_BITS


@dataclass(frozen=True, slots=True)
class PreparedMarket:
    """A market without mistakes, as numbers, each opening with one strict order.

    A pair is one entry of one preference list. The pairs of the applicant with number ``a`` are
    ``range(starts[a], starts[a + 1])``, the most wanted first; ``choices`` gives the number of
    each pair's opening. ``claims`` says how strong the applicant's claim is there: the larger the
    better, no two at one opening the same, 0 where the opening does not rank the applicant. The
    lower `CLAIM_BITS` bits are the applicant's number, so that a claim tells whose it is; the
    upper ones count from 1 for the weakest. ``orders`` gives the pairs of each opening, the
    strongest claim first. ``warnings`` are to be shown to who runs the round before anything is
    decided.
    """

    market: Market
    applicants: tuple[str, ...]
    openings: tuple[MarketOpening, ...]
    starts: array[int]
    choices: array[int]
    claims: array[int]
    orders: list[array[int]]
    warnings: tuple[MarketProblem, ...] = ()


def prepare(market: Market) -> PreparedMarket:
    """Return the market with strict orders.

    Raises:
        MarketError: for every mistake at once, and for every tie that the declared rule leaves.
    """
    problems = problems_of(market)
    if problems:
        raise MarketError(tuple(problems))
    applicants, lists = tuple(market.preferences), market.preferences.values()
    lengths = list(map(len, lists))
    starts = array("q", accumulate(lengths, initial=0))
    numbers = {opening.code: number for number, opening in enumerate(market.openings)}
    # Lists of five million separate numbers are slow to walk through: they lie scattered.
    choices = array("q", map(numbers.__getitem__, chain.from_iterable(lists)))
    owners = array("q", chain.from_iterable(map(repeat, range(len(applicants)), lengths)))
    names = list(chain.from_iterable(map(repeat, applicants, lengths)))
    listed: list[list[int]] = [[] for _ in numbers]
    for pair, choice in enumerate(choices):
        listed[choice].append(pair)
    claims = array("q", bytes(8 * len(choices)))
    orders = []
    for number, opening in enumerate(market.openings):
        ranked: Mapping[str, Score] = opening.ranking.values
        pairs = listed[number]
        values = [ranked.get(names[pair]) for pair in pairs]
        if None in values:
            pairs = [pair for pair, value in zip(pairs, values, strict=True) if value is not None]
        exact = [value for value in values if value is not None]
        ties = market.ties if opening.ties is None else opening.ties
        higher = opening.ranking.measure is Measure.SCORES
        places = _Places(opening.code, ties, names, pairs, exact)
        order = places.order(higher=higher, problems=problems)
        orders.append(array("q", order))
        claim = len(order) << CLAIM_BITS
        for pair in order:
            claims[pair] = claim | owners[pair]
            claim -= _ONE_PLACE
        listed[number] = []
    if problems:
        raise MarketError(tuple(problems))
    openings, warnings = tuple(market.openings), warnings_of(market)
    return PreparedMarket(market, applicants, openings, starts, choices, claims, orders, warnings)


def decide_order(
    market: Market, ranking: Scores | Ranks, names: Sequence[str], place: str = ""
) -> tuple[str, ...]:
    """Return ``names``, all of them ranked, in one order by ``ranking`` and the market's rule.

    Raises:
        MarketError: for every tie that the rule leaves.
    """
    problems: list[MarketProblem] = []
    values = [ranking.values[name] for name in names]
    places = _Places(place, market.ties, names, range(len(names)), values)
    order = places.order(higher=ranking.measure is Measure.SCORES, problems=problems)
    if problems:
        raise MarketError(tuple(problems))
    return tuple(names[entry] for entry in order)


@dataclass(slots=True)
class _Places:
    """The entries of one order to be made: ``names[entry]`` has the value beside the entry."""

    opening: str
    ties: TieRule
    names: Sequence[str]
    entries: Sequence[int]
    values: Sequence[Score]

    def order(self, *, higher: bool, problems: list[MarketProblem]) -> list[int]:
        """Return the entries, the best first; undecided ties are added to ``problems``."""
        values, entries = self.values, self.entries
        indices = sorted(range(len(values)), key=values.__getitem__, reverse=higher)
        order = [entries[index] for index in indices]
        if len(set(values)) == len(values):
            return order
        begin = 0
        for value, group in groupby(indices, key=values.__getitem__):
            tied = [entries[index] for index in group]
            end = begin + len(tied)
            if len(tied) > 1:
                order[begin:end] = self._decided(tied, value, problems)
            begin = end
        return order

    def _decided(self, tied: list[int], value: Score, problems: list[MarketProblem]) -> list[int]:
        """Return equals in the order of the rule; what it leaves undecided is a problem."""
        names, opening = self.names, self.opening
        keys: list[dict[int, Any]] = []
        directions = []
        for criterion in self.ties.criteria:
            known, key, higher = _key(criterion, opening)
            missing = [names[n] for n in tied if known is not None and names[n] not in known]
            for name in missing:
                text = Text(
                    f"申请人 {name} 在 {opening} 与他人并列（{figure(value)}），"
                    f"但缺少“{criterion.label.zh}”所需数据",
                    f"applicant {name} is tied at {opening} ({figure(value)}) but has no value "
                    f'for "{criterion.label.en}"',
                )
                problems.append(MarketProblem("TIE_VALUE_MISSING", text, name, opening))
            if missing:
                return tied
            keys.append({n: key(names[n]) for n in tied})
            directions.append(higher)
        # Sorting is stable: by the last criterion first, so that the first has the last word.
        for of, higher in zip(reversed(keys), reversed(directions), strict=True):
            tied.sort(key=of.__getitem__, reverse=higher)
        for one, other in pairwise(tied):
            if all(of[one] == of[other] for of in keys):
                text = Text(
                    f"申请人 {names[one]} 与 {names[other]} 在 {opening} 并列（{figure(value)}），"
                    "所声明的并列规则无法区分",
                    f"applicants {names[one]} and {names[other]} are tied at {opening} "
                    f"({figure(value)}) and the declared rule does not decide between them",
                )
                problems.append(MarketProblem("TIE_UNDECIDED", text, names[one], opening))
        return tied


def deciding_criterion(
    market: Market, opening: MarketOpening, one: str, other: str
) -> Criterion | None:
    """Return what decides between two applicants with equal figures at an opening."""
    ties = market.ties if opening.ties is None else opening.ties
    for criterion in ties.criteria:
        _, key, _ = _key(criterion, opening.code)
        if key(one) != key(other):
            return criterion
    return None


def _key(
    criterion: Criterion, opening: str
) -> tuple[Mapping[str, object] | None, Callable[[str], Any], bool]:
    """Return who has a value, the value of an applicant, and whether higher goes first."""
    match criterion:
        case EarlierSubmission():
            return criterion.submitted_at, criterion.submitted_at.__getitem__, False
        case HigherScore():
            return criterion.scores.values, criterion.scores.values.__getitem__, True
        case Lottery():
            place = f"{opening}\n" if criterion.per_opening else ""
            drawn = hashlib.sha256(f"{criterion.seed}\n{place}".encode())

            def draw(name: str) -> bytes:
                one = drawn.copy()
                one.update(name.encode())
                return one.digest()

            return None, draw, False
