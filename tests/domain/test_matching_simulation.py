"""Other mechanisms on the same market: by their definitions, and without touching anything."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings

from matching_markets import all_stable, choice_of, markets
from zhupei.domain.matching import deferred_acceptance
from zhupei.domain.matching_certificate import check_matching
from zhupei.domain.matching_market import Market, MarketOpening, Ranks, Scores
from zhupei.domain.matching_priorities import prepare
from zhupei.domain.matching_simulation import Mechanism, Movement, movement, simulate
from zhupei.domain.text import Language

# The textbook case: b is the best at X and Y but asks for X second, after Z.
_MARKET = Market(
    {"a": ["X", "Y"], "b": ["Z", "X", "Y"], "c": ["Z", "X"], "d": ["X", "Z"]},
    [
        MarketOpening("X", 1, Scores({"a": 70, "b": 90, "c": 60, "d": 80})),
        MarketOpening("Y", 2, Scores({"a": 70, "b": 90})),
        MarketOpening("Z", 1, Ranks({"c": 1, "b": 2, "d": 3})),
    ],
)


def test_four_mechanisms_side_by_side() -> None:
    prepared = prepare(_MARKET)
    expected = {
        Mechanism.DEFERRED_ACCEPTANCE: ({"a": "Y", "b": "X", "c": "Z", "d": None}, (1, 2, 0), 0),
        Mechanism.OPENING_PROPOSING: ({"a": "Y", "b": "X", "c": "Z", "d": None}, (1, 2, 0), 0),
        Mechanism.IMMEDIATE_ACCEPTANCE: ({"a": "Y", "b": "Y", "c": "Z", "d": "X"}, (2, 1, 1), 1),
        Mechanism.SERIAL_DICTATORSHIP: ({"a": "X", "b": "Z", "c": None, "d": None}, (2, 0, 0), 2),
    }
    for mechanism, (placements, by_choice, blocking) in expected.items():
        outcome = simulate(prepared, mechanism, ["a", "b", "c", "d"])
        assert outcome.mechanism is mechanism
        assert outcome.matching.placements == placements
        assert outcome.by_choice == by_choice
        assert (outcome.placed, outcome.unplaced) == (sum(by_choice), 4 - sum(by_choice))
        assert outcome.empty_seats == 4 - sum(by_choice)
        assert outcome.blocking_pairs == blocking


def test_who_moves_between_two_outcomes() -> None:
    prepared = prepare(_MARKET)
    fair = simulate(prepared, Mechanism.DEFERRED_ACCEPTANCE).matching.placements
    fast = simulate(prepared, Mechanism.IMMEDIATE_ACCEPTANCE).matching.placements
    assert movement(_MARKET, fair, fast) == Movement(better=1, worse=1, same=2)
    assert movement(_MARKET, fast, fair) == Movement(better=1, worse=1, same=2)
    assert movement(_MARKET, fair, fair) == Movement(better=0, worse=0, same=4)


def test_immediate_acceptance_rewards_a_lie_and_deferred_acceptance_does_not() -> None:
    lie = {**_MARKET.preferences, "b": ["X", "Z", "Y"]}
    lied = Market(lie, _MARKET.openings)
    fast = Mechanism.IMMEDIATE_ACCEPTANCE
    assert simulate(prepare(_MARKET), fast).matching.placements["b"] == "Y"
    assert simulate(prepare(lied), fast).matching.placements["b"] == "X"
    assert deferred_acceptance(prepare(lied)).placements["b"] == "X"
    assert deferred_acceptance(prepare(_MARKET)).placements["b"] == "X"


@pytest.mark.parametrize("order", [[], ["a", "b", "c"], ["a", "b", "c", "c"], ["a", "b", "c", "z"]])
def test_serial_dictatorship_needs_an_order_of_everybody(order: list[str]) -> None:
    with pytest.raises(ValueError, match="needs an order of all applicants, each once"):
        simulate(prepare(_MARKET), Mechanism.SERIAL_DICTATORSHIP, order)


def test_an_opening_that_loses_its_first_offer_makes_the_next() -> None:
    """Y, asked first, loses a to X; its seat goes to b."""
    market = Market(
        {"a": ["X", "Y"], "b": ["Y"]},
        [MarketOpening("X", 1, Ranks({"a": 1})), MarketOpening("Y", 1, Ranks({"a": 1, "b": 2}))],
    )
    for openings in (market.openings, market.openings[::-1]):
        turned = prepare(Market(market.preferences, openings))
        outcome = simulate(turned, Mechanism.OPENING_PROPOSING)
        assert outcome.matching.placements == {"a": "X", "b": "Y"}


def test_every_mechanism_has_a_name() -> None:
    assert [mechanism.label.get(Language.ZH) for mechanism in Mechanism] == [
        "申请人提出的延迟接受",
        "岗位提出的延迟接受",
        "志愿优先（即时接受）",
        "分数优先（序列独裁）",
    ]


@settings(max_examples=150, deadline=None)
@given(markets(names=5))
def test_nothing_is_written_and_no_mechanism_breaks_the_bounds(market: Market) -> None:
    prepared = prepare(market)
    before = copy.deepcopy(prepared)
    for mechanism in Mechanism:
        outcome = simulate(prepared, mechanism, list(market.preferences))
        placements = outcome.matching.placements
        assert list(placements) == list(market.preferences)
        found = check_matching(market, placements)
        # Whatever is wrong with them, it is only that somebody has reason to complain.
        assert {violation.kind.value for violation in found} <= {"blocking_pair", "not_optimal"}
        blocked = [violation for violation in found if violation.kind.value == "blocking_pair"]
        assert outcome.blocking_pairs == len(blocked)
        assert outcome.placed + outcome.unplaced == len(market.preferences)
        assert outcome.placed + outcome.empty_seats == sum(o.quota for o in market.openings)
        for choice, count in enumerate(outcome.by_choice):
            names = [
                n
                for n in placements
                if placements[n] and choice_of(market, placements, n) == choice
            ]
            assert len(names) == count
    assert prepared == before


@settings(max_examples=100, deadline=None)
@given(markets())
def test_openings_that_propose_reach_the_stable_matching_worst_for_applicants(
    market: Market,
) -> None:
    found = simulate(prepare(market), Mechanism.OPENING_PROPOSING).matching.placements
    stable = all_stable(market)
    assert found in stable
    for other in stable:
        for name in market.preferences:
            assert choice_of(market, found, name) >= choice_of(market, other, name)


@settings(max_examples=100, deadline=None)
@given(markets(names=5))
def test_immediate_acceptance_leaves_nobody_out_of_a_first_choice_for_a_later_one(
    market: Market,
) -> None:
    """By its definition: who is turned away at a choice finds only those who asked no later."""
    placements = simulate(prepare(market), Mechanism.IMMEDIATE_ACCEPTANCE).matching.placements
    for opening in market.openings:
        held = [name for name, code in placements.items() if code == opening.code]
        for name, codes in market.preferences.items():
            if opening.code not in codes or name not in opening.ranking.values:
                continue
            asked = codes.index(opening.code)
            if choice_of(market, placements, name) > asked:
                assert len(held) == opening.quota
                assert all(choice_of(market, placements, other) <= asked for other in held)
