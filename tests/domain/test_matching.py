"""Deferred acceptance: what the theorems promise, against brute force on small markets."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching_markets import CODES, all_stable, choice_of, markets, small_market
from zhupei.domain.matching import certify, deferred_acceptance
from zhupei.domain.matching_certificate import CutOff, check_certificate
from zhupei.domain.matching_market import Lottery, Market, MarketOpening, Ranks, Scores, TieRule
from zhupei.domain.matching_priorities import decide_order, prepare
from zhupei.domain.matching_simulation import Mechanism, simulate


def _place(market: Market) -> dict[str, str | None]:
    return dict(deferred_acceptance(prepare(market)).placements)


# The example of Roth and Sotomayor's kind: both sides want opposite things.
OPPOSED = Market(
    {"a": ("X", "Y"), "b": ("Y", "X")},
    [
        MarketOpening("X", 1, Ranks({"b": 1, "a": 2})),
        MarketOpening("Y", 1, Ranks({"a": 1, "b": 2})),
    ],
)


def test_applicants_get_the_better_of_two_stable_matchings() -> None:
    assert _place(OPPOSED) == {"a": "X", "b": "Y"}


def test_a_chain_of_displacements() -> None:
    """c displaces b at X, b displaces a at Y, a ends at Z."""
    market = Market(
        {"a": ["Y", "Z"], "b": ["X", "Y"], "c": ["X"]},
        [
            MarketOpening("X", 1, Scores({"b": 70, "c": 80})),
            MarketOpening("Y", 1, Scores({"a": Decimal("69.5"), "b": 70})),
            MarketOpening("Z", 2, Scores({"a": 1})),
        ],
    )
    matching = deferred_acceptance(prepare(market))
    assert matching.placements == {"a": "Z", "b": "Y", "c": "X"}
    assert matching.cut_offs == {
        "X": CutOff(1, 1, "c", 80),
        "Y": CutOff(1, 1, "b", 70),
        "Z": CutOff(2, 1, "a", 1),
    }
    assert [matching.cut_offs[code].full for code in "XYZ"] == [True, True, False]


def test_scores_and_ranks_of_the_same_numbers_decide_oppositely() -> None:
    """The same column, read as what it is and as what it is not."""
    lists = {"a": ["X"], "b": ["X"]}
    numbers = {"a": 1, "b": 2}
    assert _place(Market(lists, [MarketOpening("X", 1, Ranks(numbers))])) == {"a": "X", "b": None}
    assert _place(Market(lists, [MarketOpening("X", 1, Scores(numbers))])) == {"a": None, "b": "X"}


def test_nobody_takes_part() -> None:
    matching = deferred_acceptance(prepare(Market({}, [MarketOpening("X", 3, Scores({}))])))
    assert matching.placements == {}
    assert matching.cut_offs == {"X": CutOff(3, 0)}
    assert _place(Market({}, [])) == {}


def test_empty_lists_zero_quotas_and_unranked_applicants_are_placed_nowhere() -> None:
    market = Market(
        {"empty": [], "full": ["none"], "unranked": ["some"], "ranked": ["none", "some"]},
        [
            MarketOpening("none", 0, Scores({"full": 90, "ranked": 95})),
            MarketOpening("some", 5, Scores({"ranked": 10, "empty": 99})),
        ],
    )
    assert _place(market) == {"empty": None, "full": None, "unranked": None, "ranked": "some"}


def test_progress_is_told_to_the_end() -> None:
    names = [f"n{number:05}" for number in range(25_000)]
    market = Market(
        dict.fromkeys(names, ("X",)),
        [MarketOpening("X", 7, Scores({name: int(name[1:]) for name in names}))],
    )
    told: list[tuple[int, int]] = []
    matching = deferred_acceptance(prepare(market), lambda done, of: told.append((done, of)))
    assert told == [(10_000, 25_000), (20_000, 25_000), (25_000, 25_000)]
    assert sorted(name for name, code in matching.placements.items() if code) == names[-7:]
    assert matching.cut_offs["X"] == CutOff(7, 7, "n24993", 24_993)


def test_the_markets_are_worth_it() -> None:
    """The properties below are proved on markets that can break them."""
    found = [small_market(seed) for seed in range(300)]
    assert sum(len(all_stable(market)) > 1 for market in found) >= 20
    displaced = 0
    for market in found:
        firsts = {name: codes[0] for name, codes in market.preferences.items() if codes}
        displaced += any(_place(market)[name] != code for name, code in firsts.items())
    assert displaced >= 200


@settings(max_examples=300, deadline=None)
@given(markets())
def test_it_is_the_stable_matching_that_is_best_for_every_applicant(market: Market) -> None:
    found = _place(market)
    stable = all_stable(market)
    assert found in stable
    for other in stable:
        for name in market.preferences:
            assert choice_of(market, found, name) <= choice_of(market, other, name)


@settings(max_examples=100, deadline=None)
@given(markets())
def test_rural_hospitals(market: Market) -> None:
    """Every stable matching places the same people, fills openings equally, and one that stays
    short of people gets the very same ones."""
    found = _place(market)
    for other in all_stable(market):
        assert {n for n, code in other.items() if code} == {n for n, code in found.items() if code}
        for opening in market.openings:
            here = {name for name, code in found.items() if code == opening.code}
            there = {name for name, code in other.items() if code == opening.code}
            assert len(here) == len(there)
            if len(here) < opening.quota:
                assert here == there


@settings(max_examples=60, deadline=None)
@given(markets(), st.data())
def test_nobody_gains_by_another_list(market: Market, data: st.DataObject) -> None:
    truth = _place(market)
    codes = [opening.code for opening in market.openings]
    lies = [lie for size in range(len(codes) + 1) for lie in permutations(codes, size)]
    for name in market.preferences:
        honest = choice_of(market, truth, name)
        for lie in lies:
            got = _place(replace(market, preferences={**market.preferences, name: lie}))[name]
            codes_of = market.preferences[name]
            # A seat that the true list does not hold is worth less than none.
            assert got not in codes_of[:honest]


@settings(max_examples=150, deadline=None)
@given(markets(names=5), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(market: Market, random: Random) -> None:
    shuffle = random.shuffle
    names, openings = list(market.preferences), list(market.openings)
    shuffle(names)
    shuffle(openings)
    turned = []
    for opening in openings:
        column = list(opening.ranking.values)
        shuffle(column)
        values: dict[str, Any] = {name: opening.ranking.values[name] for name in column}
        turned.append(replace(opening, ranking=replace(opening.ranking, values=values)))
    other = replace(
        market, preferences={name: market.preferences[name] for name in names}, openings=turned
    )
    assert _place(other) == _place(market)
    before, after = prepare(market), prepare(other)
    certificate = certify(before, deferred_acceptance(before))
    assert certificate == certify(after, deferred_acceptance(after))
    assert check_certificate(other, certificate) == ()


@settings(max_examples=150, deadline=None)
@given(markets(names=5, shared=True))
def test_with_one_ranking_for_all_it_is_serial_dictatorship(market: Market) -> None:
    prepared = prepare(market)
    master = decide_order(market, market.openings[0].ranking, list(market.preferences))
    serial = simulate(prepared, Mechanism.SERIAL_DICTATORSHIP, master)
    assert serial.matching == deferred_acceptance(prepared)
    assert serial.blocking_pairs == 0


@settings(max_examples=100, deadline=None)
@given(markets(names=5), st.integers(1, 1_000))
def test_only_the_order_of_scores_counts(market: Market, factor: int) -> None:
    """Larger, finer or decimal numbers in the same order give the same result."""
    openings = []
    for opening in market.openings:
        if not isinstance(opening.ranking, Scores):
            return
        values = {n: Decimal(v) * factor / 8 for n, v in opening.ranking.values.items()}
        openings.append(replace(opening, ranking=Scores(values)))
    assert _place(replace(market, openings=openings)) == _place(market)


def test_one_lottery_for_all_openings_or_one_for_each() -> None:
    lists = dict.fromkeys("abcdef", CODES)
    equal = Scores(dict.fromkeys(lists, 60))
    openings = [MarketOpening(code, 1, equal) for code in CODES]
    single = prepare(Market(lists, openings, TieRule((Lottery("2026-06-01"),))))
    several = prepare(Market(lists, openings, TieRule((Lottery("2026-06-01", per_opening=True),))))
    assert len({tuple(pair // 3 for pair in order) for order in single.orders}) == 1
    assert len({tuple(pair // 3 for pair in order) for order in several.orders}) == 3


@pytest.mark.parametrize("quota", [1, 2, 3])
def test_an_opening_with_one_more_seat_serves_everybody_at_least_as_well(quota: int) -> None:
    lists = dict.fromkeys("abcd", ("X", "Y"))
    ranks = Ranks({"a": 1, "b": 2, "c": 3, "d": 4})
    market = Market(lists, [MarketOpening("X", quota, ranks), MarketOpening("Y", 1, ranks)])
    more = replace(market, openings=[MarketOpening("X", quota + 1, ranks), market.openings[1]])
    before, after = _place(market), _place(more)
    assert [name for name in lists if before[name] == "X"] == list("abcd"[:quota])
    assert [name for name in lists if after[name] == "X"] == list("abcd"[: quota + 1])
    assert all(choice_of(market, after, n) <= choice_of(market, before, n) for n in lists)
