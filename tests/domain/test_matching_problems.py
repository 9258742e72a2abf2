"""A market that cannot be matched is refused with everything that is wrong with it at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from zhupei.domain.matching import deferred_acceptance
from zhupei.domain.matching_market import (
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
    market_digest,
)
from zhupei.domain.matching_priorities import decide_order, prepare
from zhupei.domain.matching_problems import MarketError, MarketProblem
from zhupei.domain.text import Text


def _problems(market: Market) -> list[MarketProblem]:
    with pytest.raises(MarketError) as caught:
        prepare(market)
    return list(caught.value.problems)


def _opening(given: Any, code: str = "X", quota: Any = 1) -> MarketOpening:
    return MarketOpening(code, quota, given)


LISTS: dict[str, list[str]] = {"a": ["X"], "b": ["X"]}
FINE = _opening(Scores({"a": 2, "b": 5}))


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        (
            {"a": ["X", "X"]},
            MarketProblem(
                "PREFERENCE_DUPLICATE",
                Text("申请人 a 重复填报了 X", "applicant a lists X twice"),
                "a",
                "X",
            ),
        ),
        (
            {"a": ("X", "Q")},
            MarketProblem(
                "PREFERENCE_UNKNOWN_OPENING",
                Text(
                    "申请人 a 填报了不存在的招录岗位 Q",
                    "applicant a lists opening Q, which does not exist",
                ),
                "a",
                "Q",
            ),
        ),
        (
            {"a": "X"},
            MarketProblem(
                "PREFERENCES_NOT_A_LIST",
                Text(
                    "申请人 a 的志愿不是列表：'X'",
                    "the preferences of applicant a are not a list: 'X'",
                ),
                "a",
            ),
        ),
        (
            {"a": "XQ"},
            MarketProblem(
                "PREFERENCES_NOT_A_LIST",
                Text(
                    "申请人 a 的志愿不是列表：'XQ'",
                    "the preferences of applicant a are not a list: 'XQ'",
                ),
                "a",
            ),
        ),
    ],
)
def test_preferences(lists: Any, expected: MarketProblem) -> None:
    assert _problems(Market(lists | {"b": ["X"]}, [FINE])) == [expected]


@pytest.mark.parametrize(
    ("quota", "code", "message"),
    [
        (-1, "QUOTA_NEGATIVE", "the quota of X is negative: -1"),
        (None, "QUOTA_UNKNOWN", "X has no published quota"),
        (2.0, "QUOTA_NOT_WHOLE", "the quota of X is no whole number: 2.0"),
        (True, "QUOTA_NOT_WHOLE", "the quota of X is no whole number: True"),
    ],
)
def test_quotas(quota: Any, code: str, message: str) -> None:
    (problem,) = _problems(Market(LISTS, [_opening(FINE.ranking, quota=quota)]))
    assert (problem.code, problem.message.en, problem.opening) == (code, message, "X")


def _scores(values: Any, lowest: int | None = None, highest: int | None = None) -> Scores:
    """Make scores of what files may hold, past the annotations."""
    return Scores(values, lowest, highest)


def _ranks(values: Any) -> Ranks:
    return Ranks(values)


@pytest.mark.parametrize(
    ("ranking", "code", "message"),
    [
        (_scores({"a": float("nan")}), "SCORE_NOT_A_NUMBER", "the score is no number: nan"),
        (_scores({"a": Decimal("NaN")}), "SCORE_NOT_A_NUMBER", "the score is no number: NaN"),
        (_scores({"a": Decimal("sNaN")}), "SCORE_NOT_A_NUMBER", "the score is no number: sNaN"),
        (_scores({"a": float("inf")}), "SCORE_NOT_A_NUMBER", "the score is no number: inf"),
        (_scores({"a": None}), "SCORE_NOT_A_NUMBER", "the score is no number: None"),
        (_scores({"a": "84"}), "SCORE_NOT_A_NUMBER", "the score is no number: 84"),
        (_scores({"a": True}), "SCORE_NOT_A_NUMBER", "the score is no number: True"),
        (
            _scores({"a": 84.1}),
            "SCORE_INEXACT",
            "a score is an int or a Decimal, not the float 84.1",
        ),
        (
            _scores({"a": 101}, 0, 100),
            "SCORE_OUT_OF_RANGE",
            "the score 101 is outside 0–100",
        ),
        (
            _scores({"a": Decimal("-0.50")}, lowest=0),
            "SCORE_OUT_OF_RANGE",
            "the score -0.5 is outside 0–",
        ),
        (_ranks({"a": 0}), "RANK_NOT_WHOLE", "a rank is a whole number from 1, not 0"),
        (
            _ranks({"a": Decimal("1.5")}),
            "RANK_NOT_WHOLE",
            "a rank is a whole number from 1, not 1.5",
        ),
    ],
)
def test_figures(ranking: Any, code: str, message: str) -> None:
    (problem,) = _problems(Market(LISTS, [_opening(ranking)]))
    assert (problem.code, problem.message.en) == (code, f"applicant a at X: {message}")
    assert (problem.applicant, problem.opening) == ("a", "X")


def test_a_column_that_is_neither_scores_nor_ranks() -> None:
    (problem,) = _problems(Market(LISTS, [_opening({"a": 1, "b": 2})]))
    assert problem.code == "RANKING_UNTYPED"
    assert problem.message.en == (
        "the ranking of X must be declared as Scores or Ranks: numbers alone do not say whether "
        "high or low is better"
    )


def test_ranks_where_scores_are_declared() -> None:
    """A rank column pasted where scores belong: the two types are never taken for each other."""
    ranks = _opening(Ranks({"a": 1, "b": 2}))
    (problem,) = _problems(Market(LISTS, [ranks], measure=Measure.SCORES))
    assert problem == MarketProblem(
        "RANKING_WRONG_MEASURE",
        Text("X 应提供成绩，实际提供了名次", "X must give scores and gives ranks"),
        opening="X",
    )
    (problem,) = _problems(Market(LISTS, [FINE], measure=Measure.RANKS))
    assert problem.message.en == "X must give ranks and gives scores"


@pytest.mark.parametrize(
    ("values", "warned"),
    [
        ({"a": 1, "b": 2, "c": 3, "d": 4}, True),
        ({"a": 4, "b": 2, "c": 2, "d": 1}, True),
        ({"a": 1, "b": 2, "c": 3, "d": 5}, False),
        ({"a": 1, "b": 1, "c": 2, "d": 2}, False),
        ({"a": 80, "b": 81, "c": 82, "d": 83}, False),
        ({"a": 1, "b": 2}, False),
        ({"a": Decimal(1), "b": Decimal(2), "c": Decimal(3)}, True),
        ({}, False),
    ],
)
def test_scores_that_look_like_ranks_are_warned_of(values: Any, warned: bool) -> None:
    market = Market(
        dict.fromkeys("abcd", ("X",)), [_opening(Scores(values))], TieRule((Lottery("1"),))
    )
    expected = MarketProblem(
        "SCORES_LOOK_LIKE_RANKS",
        Text(
            f"X 的 {len(values)} 个成绩恰好是 1 至 {len(values)} 的名次，是否误把名次列当作成绩？",
            f"the {len(values)} scores of X are exactly the ranks 1 to {len(values)}: is a column "
            "of ranks taken for scores?",
        ),
        opening="X",
    )
    assert prepare(market).warnings == ((expected,) if warned else ())
    ranks = Market(market.preferences, [_opening(Ranks({"a": 1, "b": 2, "c": 3}))])
    assert prepare(ranks).warnings == ()


def test_who_does_not_take_part_and_openings_that_are_there_twice() -> None:
    market = Market({"a": ["X"]}, [_opening(Scores({"a": 1, "z": 9})), _opening(Scores({}))])
    assert [(p.code, p.message.en) for p in _problems(market)] == [
        ("RANKING_UNKNOWN_APPLICANT", "X ranks applicant z, who does not take part"),
        ("OPENING_DUPLICATE", "opening X is there twice"),
    ]


def test_all_problems_come_at_once_and_the_message_stays_short() -> None:
    lists = {f"n{number}": ["Q"] for number in range(30)}
    with pytest.raises(MarketError) as caught:
        prepare(Market(lists, [_opening(Scores({}), quota=-3)]))
    error = caught.value
    assert len(error.problems) == 31
    assert error.problems[0].code == "QUOTA_NEGATIVE"
    assert {problem.code for problem in error.problems[1:]} == {"PREFERENCE_UNKNOWN_OPENING"}
    assert str(error).endswith(
        "applicant n18 lists opening Q, which does not exist; and 11 more problems"
    )
    assert error.message.zh.endswith("另有 11 个问题")


EARLY = datetime(2026, 6, 1, 8, tzinfo=UTC)
TIED = {"a": ["X"], "b": ["X"], "c": ["X"]}
SIXTY = Scores({"a": 60, "b": Decimal("60.0"), "c": 50})


def _winner(*criteria: Any) -> str | None:
    market = Market(TIED, [_opening(SIXTY)], TieRule(criteria))
    placements = deferred_acceptance(prepare(market)).placements
    (winner,) = [name for name, code in placements.items() if code]
    return winner


def test_ties_are_decided_by_the_declared_rule() -> None:
    later = {"a": EARLY, "b": EARLY - timedelta(seconds=1)}
    assert _winner(EarlierSubmission(later)) == "b"
    # The same moment on two clocks is a tie still.
    same = {"a": EARLY, "b": EARLY.astimezone(timezone(timedelta(hours=8)))}
    assert _winner(EarlierSubmission(same), HigherScore(Scores({"a": 1, "b": 2}))) == "b"
    assert _winner(HigherScore(Scores({"a": 2, "b": 1})), EarlierSubmission(later)) == "a"
    # As the command of docs/matching.md draws: printf 'S\na' | sha256sum
    assert {seed: _winner(Lottery(seed)) for seed in "STUV"} == {
        "S": "a",  # e699567d before ec9b7b09
        "T": "a",  # 0463fa4c before a5108948
        "U": "b",  # 7136c241 after 17bc06f6
        "V": "a",  # 9f78677d before ecc6566c
    }


def test_a_tie_is_never_decided_by_accident() -> None:
    for criteria in ((), (EarlierSubmission({"a": EARLY, "b": EARLY}),)):
        market = Market(TIED, [_opening(SIXTY)], TieRule(criteria))
        assert _problems(market) == [
            MarketProblem(
                "TIE_UNDECIDED",
                Text(
                    "申请人 a 与 b 在 X 并列（60），所声明的并列规则无法区分",
                    "applicants a and b are tied at X (60) and the declared rule does not decide "
                    "between them",
                ),
                "a",
                "X",
            )
        ]


def test_an_opening_may_have_a_rule_of_its_own() -> None:
    own = TieRule((HigherScore(Scores({"a": 1, "b": 2})),))
    market = Market(TIED, [MarketOpening("X", 1, SIXTY, own)])
    assert deferred_acceptance(prepare(market)).placements == {"a": None, "b": "X", "c": None}


@pytest.mark.parametrize(
    ("criterion", "code", "message"),
    [
        (
            EarlierSubmission({"a": EARLY}),
            "TIE_VALUE_MISSING",
            'applicant b is tied at X (60) but has no value for "earlier submission first"',
        ),
        (
            EarlierSubmission({"a": EARLY, "b": EARLY.replace(tzinfo=None)}),
            "TIE_TIME_WITHOUT_ZONE",
            "the submission time of applicant b has no time zone: 2026-06-01 08:00:00",
        ),
        (
            HigherScore(Scores({"a": 1, "b": Decimal("Infinity")})),
            "SCORE_NOT_A_NUMBER",
            "applicant b at higher secondary score first: the score is no number: Infinity",
        ),
        (Lottery(""), "LOTTERY_WITHOUT_SEED", "the lottery has no published seed"),
    ],
)
def test_rules_that_cannot_decide(criterion: Any, code: str, message: str) -> None:
    """Neither the rule of the market nor one that an opening has of its own."""
    rule = TieRule((criterion,))
    for market in (
        Market(TIED, [_opening(SIXTY)], rule),
        Market(TIED, [MarketOpening("X", 1, SIXTY, rule)]),
    ):
        (problem,) = _problems(market)
        assert (problem.code, problem.message.en) == (code, message)


def test_ranks_as_secondary_scores_are_refused() -> None:
    ranks: Any = Ranks({"a": 1, "b": 2})
    (problem,) = _problems(Market(TIED, [_opening(SIXTY)], TieRule((HigherScore(ranks),))))
    assert problem.code == "RANKING_UNTYPED"
    assert problem.message.en == '"higher secondary score first" must be declared as Scores'


def test_one_order_of_everybody() -> None:
    market = Market(TIED, [], TieRule((HigherScore(Scores({"a": 1, "b": 2})),)))
    assert decide_order(market, SIXTY, list(TIED)) == ("b", "a", "c")
    assert decide_order(market, Ranks({"a": 2, "b": 3, "c": 1}), list(TIED)) == ("c", "a", "b")
    with pytest.raises(MarketError, match="applicants a and b are tied"):
        decide_order(Market(TIED, []), SIXTY, list(TIED))


def test_figures_as_people_write_them() -> None:
    numbers: list[Score] = [
        84,
        Decimal("84.50"),
        Decimal("84.00"),
        Decimal("1E+2"),
        Decimal("0.050"),
        -3,
    ]
    assert [figure(number) for number in numbers] == ["84", "84.5", "84", "100", "0.05", "-3"]


def test_the_digest_knows_equal_numbers_and_moments() -> None:
    moments = {"a": EARLY, "b": EARLY + timedelta(minutes=1)}
    east = {
        name: moment.astimezone(timezone(timedelta(hours=8))) for name, moment in moments.items()
    }
    one = Market(TIED, [_opening(SIXTY)], TieRule((EarlierSubmission(moments),)))
    same = Market(
        dict(reversed(TIED.items())),
        [_opening(Scores({"c": Decimal("5E+1"), "b": 60, "a": Decimal("60.00")}))],
        TieRule((EarlierSubmission(east),)),
    )
    assert market_digest(one) == market_digest(same)
    others = (
        Market(TIED, [_opening(SIXTY, quota=2)], one.ties),
        Market(TIED, [_opening(Scores({"a": 60, "b": Decimal("60.01"), "c": 50}))], one.ties),
        Market(TIED, [_opening(Ranks({"a": 60, "b": 60, "c": 50}))], one.ties),
        Market(TIED, one.openings, TieRule((Lottery("1"),))),
        Market(TIED, one.openings, TieRule((Lottery("1", per_opening=True),))),
        Market(TIED, one.openings, TieRule((HigherScore(Scores({"a": 1})),))),
        Market(TIED, one.openings),
        Market({**TIED, "c": []}, one.openings, one.ties),
    )
    assert len({market_digest(market) for market in (one, *others)}) == 9


def test_the_digest_knows_equal_second_scores_in_any_order() -> None:
    def digest(values: dict[str, Any]) -> str:
        rule = TieRule((HigherScore(Scores(values)),))
        return market_digest(Market(TIED, [_opening(SIXTY)], rule))

    assert digest({"a": 1, "b": 2}) == digest({"b": Decimal("2.0"), "a": 1})
    assert digest({"a": 1, "b": 2}) != digest({"a": 2, "b": 1})


def test_the_digest_is_refused_to_what_is_no_number() -> None:
    with pytest.raises(TypeError, match="1j does not belong in a market"):
        market_digest(Market(TIED, [_opening(Scores({"a": 1j}))]))  # type: ignore[dict-item]  # the case tested


def test_the_digest_can_be_made_by_any_other_program() -> None:
    """As sha256sum gives it for the four lines that docs/matching.md shows."""
    market = Market({"a": ["X"]}, [_opening(Scores({"a": Decimal("84.0")}))])
    assert (
        market_digest(market) == "1db21e16faf3ead3ca5c6107679173c2e2f7a72119febcb4a5553e1822fa129a"
    )
