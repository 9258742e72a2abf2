"""What other mechanisms would do with the same market; nothing is written anywhere.

Only applicant-proposing deferred acceptance is both stable and safe to answer truthfully. The
others are here to show what a round that uses them costs: `Outcome.blocking_pairs` counts the
applicants and openings that have reason to complain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from zhupei.domain.matching import Matching, deferred_acceptance, seating
from zhupei.domain.matching_certificate import blocking_pairs
from zhupei.domain.matching_market import Market
from zhupei.domain.matching_priorities import CLAIM_BITS, PreparedMarket
from zhupei.domain.text import Text

__all__ = ["Mechanism", "Movement", "Outcome", "movement", "simulate"]

_WHOSE = (1 << CLAIM_BITS) - 1


class Mechanism(StrEnum):
    """A way to allocate the seats."""

    DEFERRED_ACCEPTANCE = "deferred_acceptance"
    """Applicants propose, openings hold the best so far; stable, best for applicants."""
    OPENING_PROPOSING = "opening_proposing"
    """Openings offer, applicants hold the best so far; stable, best for openings."""
    IMMEDIATE_ACCEPTANCE = "immediate_acceptance"
    """First choices are admitted for good, second ones to what is left ("Boston", 志愿优先)."""
    SERIAL_DICTATORSHIP = "serial_dictatorship"
    """One order of all applicants; each takes the best seat that is left (分数优先)."""

    @property
    def label(self) -> Text:
        """The name of the mechanism."""
        return _LABELS[self]


_LABELS = {
    Mechanism.DEFERRED_ACCEPTANCE: Text(
        "申请人提出的延迟接受", "applicant-proposing deferred acceptance"
    ),
    Mechanism.OPENING_PROPOSING: Text(
        "岗位提出的延迟接受", "opening-proposing deferred acceptance"
    ),
    Mechanism.IMMEDIATE_ACCEPTANCE: Text("志愿优先（即时接受）", "immediate acceptance"),
    Mechanism.SERIAL_DICTATORSHIP: Text("分数优先（序列独裁）", "serial dictatorship"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a mechanism does: ``by_choice[0]`` applicants get their first choice, and so on."""

    mechanism: Mechanism
    matching: Matching
    placed: int
    unplaced: int
    by_choice: tuple[int, ...]
    empty_seats: int
    blocking_pairs: int


@dataclass(frozen=True, slots=True)
class Movement:
    """How many applicants do better, worse and the same in another outcome."""

    better: int
    worse: int
    same: int


def simulate(prepared: PreparedMarket, mechanism: Mechanism, master: Sequence[str] = ()) -> Outcome:
    """Return what ``mechanism`` does with the market.

    ``master`` is the order of all applicants for serial dictatorship (`decide_order` makes one
    from scores or ranks); the other mechanisms ignore it. Every mechanism respects quotas, and
    places nobody where they did not apply or are not ranked.

    Raises:
        ValueError: where serial dictatorship is given an order that is not one of all applicants.
    """
    match mechanism:
        case Mechanism.DEFERRED_ACCEPTANCE:
            matching = deferred_acceptance(prepared)
        case Mechanism.OPENING_PROPOSING:
            matching = _opening_proposing(prepared)
        case Mechanism.IMMEDIATE_ACCEPTANCE:
            matching = _immediate_acceptance(prepared)
        case Mechanism.SERIAL_DICTATORSHIP:
            matching = _serial_dictatorship(prepared, master)
    market = prepared.market
    got: Counter[int] = Counter()
    for name, code in matching.placements.items():
        if code is not None:
            got[market.preferences[name].index(code)] += 1
    longest = max(map(len, market.preferences.values()), default=0)
    placed = got.total()
    return Outcome(
        mechanism,
        matching,
        placed,
        len(matching.placements) - placed,
        tuple(got[choice] for choice in range(longest)),
        sum(opening.quota for opening in prepared.openings) - placed,
        sum(1 for _ in blocking_pairs(market, matching.placements)),
    )


def movement(
    market: Market, before: Mapping[str, str | None], after: Mapping[str, str | None]
) -> Movement:
    """Return how many applicants do better, worse and the same in ``after``, by their lists."""
    better = worse = same = 0
    for name, codes in market.preferences.items():
        old, new = before[name], after[name]
        if old == new:
            same += 1
        elif new is not None and (old is None or codes.index(new) < codes.index(old)):
            better += 1
        else:
            worse += 1
    return Movement(better, worse, same)


def _opening_proposing(prepared: PreparedMarket) -> Matching:
    choices, claims, orders = prepared.choices, prepared.claims, prepared.orders
    free = [opening.quota for opening in prepared.openings]
    offered = [0] * len(free)
    # The pair that each applicant holds; of two pairs of one list the smaller is preferred.
    holds: list[int | None] = [None] * len(prepared.applicants)
    active = list(range(len(free)))
    while active:
        opening = active.pop()
        order = orders[opening]
        while free[opening] and offered[opening] < len(order):
            pair = order[offered[opening]]
            offered[opening] += 1
            applicant = claims[pair] & _WHOSE
            held = holds[applicant]
            if held is not None and held < pair:
                continue
            holds[applicant] = pair
            free[opening] -= 1
            if held is not None:
                free[choices[held]] += 1
                active.append(choices[held])
    seated: list[list[int]] = [[] for _ in free]
    for got in holds:
        if got is not None:
            seated[choices[got]].append(claims[got])
    return seating(prepared, seated)


def _immediate_acceptance(prepared: PreparedMarket) -> Matching:
    starts, choices, claims = prepared.starts, prepared.choices, prepared.claims
    seated: list[list[int]] = [[] for _ in prepared.openings]
    waiting: Sequence[int] = range(len(prepared.applicants))
    choice = 0
    while waiting:
        asked: dict[int, list[int]] = {}
        remaining = []
        for applicant in waiting:
            pair = starts[applicant] + choice
            if pair < starts[applicant + 1]:
                remaining.append(applicant)
                if claims[pair]:
                    asked.setdefault(choices[pair], []).append(claims[pair])
        for opening, those in asked.items():
            left = prepared.openings[opening].quota - len(seated[opening])
            seated[opening] += sorted(those, reverse=True)[:left]
        done = {claim & _WHOSE for opening in asked for claim in seated[opening]}
        waiting = [applicant for applicant in remaining if applicant not in done]
        choice += 1
    return seating(prepared, seated)


def _serial_dictatorship(prepared: PreparedMarket, master: Sequence[str]) -> Matching:
    numbers = {name: number for number, name in enumerate(prepared.applicants)}
    if len(master) != len(numbers) or set(master) != numbers.keys():
        raise ValueError("serial dictatorship needs an order of all applicants, each once")
    starts, choices, claims = prepared.starts, prepared.choices, prepared.claims
    seated: list[list[int]] = [[] for _ in prepared.openings]
    for name in master:
        number = numbers[name]
        for pair in range(starts[number], starts[number + 1]):
            opening = choices[pair]
            if claims[pair] and len(seated[opening]) < prepared.openings[opening].quota:
                seated[opening].append(claims[pair])
                break
    return seating(prepared, seated)
