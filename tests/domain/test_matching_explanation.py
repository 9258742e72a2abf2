"""Why an applicant was placed where, in words that can be sent."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings

from matching_markets import markets, stands
from zhupei.domain.matching import deferred_acceptance
from zhupei.domain.matching_explanation import Explainer, Reason, Verdict
from zhupei.domain.matching_market import (
    HigherScore,
    Market,
    MarketOpening,
    Measure,
    Ranks,
    Scores,
    TieRule,
)
from zhupei.domain.matching_priorities import prepare
from zhupei.domain.text import Text

# Seven want X with five seats; G, who comes seventh there, is second at Y.
_NAMES = "ABCDEFG"
_MARKET = Market(
    {**{name: ["X"] for name in _NAMES[:5]}, "F": ["X", "Z"], "G": ["X", "W", "Y", "Z"], "H": []},
    [
        MarketOpening("X", 5, Scores({name: 90 - n for n, name in enumerate(_NAMES)})),
        MarketOpening("Y", 2, Scores({"G": Decimal("83.50")})),
        MarketOpening("Z", 0, Ranks({"F": 1, "G": 2})),
        MarketOpening("W", 1, Ranks({})),
    ],
)


def _explainer(market: Market, labels: dict[str, Text] | None = None) -> Explainer:
    prepared = prepare(market)
    return Explainer(prepared, deferred_acceptance(prepared), labels)


def test_the_reasons_of_one_applicant() -> None:
    assert _explainer(_MARKET).reasons("G") == (
        Reason(
            choice=1,
            opening="X",
            verdict=Verdict.OUTRANKED,
            quota=5,
            taken=5,
            ranked=7,
            rank=7,
            value=84,
            cut_off=86,
            measure=Measure.SCORES,
        ),
        Reason(
            choice=2,
            opening="W",
            verdict=Verdict.NOT_RANKED,
            quota=1,
            taken=0,
            ranked=0,
            measure=Measure.RANKS,
        ),
        Reason(
            choice=3,
            opening="Y",
            verdict=Verdict.PLACED,
            quota=2,
            taken=1,
            ranked=1,
            rank=1,
            value=Decimal("83.5"),
            measure=Measure.SCORES,
        ),
        Reason(
            choice=4,
            opening="Z",
            verdict=Verdict.NOT_NEEDED,
            quota=0,
            taken=0,
            ranked=2,
            rank=2,
            value=2,
            measure=Measure.RANKS,
        ),
    )


def test_the_text_of_one_applicant() -> None:
    labels = {"X": Text("内科", "Internal Medicine"), "Y": Text("儿科")}
    text = _explainer(_MARKET, labels).text("G")
    assert text.en == (
        "Result: your 3rd choice, 儿科.\n"
        "Your 1st choice Internal Medicine: 5 seats, all taken by applicants ranked above you; "
        "the cut-off is 86, your score is 84; you are ranked 7th of the 7 who listed it and were "
        "ranked by it.\n"
        "Your 2nd choice W: it did not rank you, so it could not take you.\n"
        "Your 3rd choice 儿科: 2 seats, one of them yours; not all are taken, so there is no "
        "cut-off; your score is 83.5; you are ranked 1st of the 1 who listed it and were ranked "
        "by it.\n"
        "Your 4th choice Z: not needed, as you have a seat at a choice before it."
    )
    assert text.zh == (
        "录取结果：第3志愿 儿科。\n"
        "第1志愿 内科：共 5 个名额，已全部由排名在您之前的申请人占用；分数线为 86，您的成绩为 84；"
        "在列入排序的 7 名填报者中，您排第 7 名。\n"
        "第2志愿 W：该岗位未将您列入排序，因此不能录取您。\n"
        "第3志愿 儿科：共 2 个名额，您占其中一个；名额未满，没有分数线，您的成绩为 83.5；"
        "在列入排序的 1 名填报者中，您排第 1 名。\n"
        "第4志愿 Z：您已被更靠前的志愿录取，无需考虑。"
    )


def test_no_seat_at_all() -> None:
    explainer = _explainer(_MARKET)
    assert explainer.text("F").zh.splitlines()[0] == "录取结果：未录取。"
    assert str(explainer.text("F").en).splitlines()[-1] == "Your 2nd choice Z: it has no seats."
    assert explainer.text("H") == Text(
        "录取结果：未录取，因为没有填报志愿。", "Result: no seat, because you listed no opening."
    )
    with pytest.raises(KeyError):
        explainer.text("nobody")


def test_a_tie_is_told_with_the_rule_that_decided_it() -> None:
    second = HigherScore(Scores({"a": 1, "b": 2}), Text("面试成绩", "interview score"))
    ranks = Ranks({"a": 4, "b": 4})
    market = Market({"a": ["X"], "b": ["X"]}, [MarketOpening("X", 1, ranks)], TieRule((second,)))
    explainer = _explainer(market)
    assert explainer.reasons("a")[0].tie == Text("面试成绩", "interview score")
    assert explainer.reasons("b")[0].tie is None
    assert explainer.text("a") == Text(
        "录取结果：未录取。\n第1志愿 X：共 1 个名额，已全部由排名在您之前的申请人占用；"
        "最后录取名次为 4，您的名次为 4，与最后录取者相同，按“面试成绩”的规则排在其后；"
        "在列入排序的 2 名填报者中，您排第 2 名。",
        "Result: no seat.\nYour 1st choice X: 1 seat, taken by an applicant ranked above you; the "
        "cut-off is 4, your rank is 4, equal to the last one taken, who goes first by the rule "
        '"interview score"; you are ranked 2nd of the 2 who listed it and were ranked by it.',
    )


def test_the_example_of_the_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "matching.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(example, {})
    assert capsys.readouterr().out.splitlines()[0] == "录取结果：第2志愿 Y。"


def test_ordinals() -> None:
    names = [f"n{number:03}" for number in range(1, 124)]
    ranks = Ranks({name: number for number, name in enumerate(names, 1)})
    explainer = _explainer(Market(dict.fromkeys(names, ("X",)), [MarketOpening("X", 1, ranks)]))
    ordinals = {2: "2nd", 3: "3rd", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 111: "111th"}
    for number, ordinal in ordinals.items():
        assert f"you are ranked {ordinal} of the 123" in str(explainer.text(names[number - 1]).en)


@settings(max_examples=150, deadline=None)
@given(markets(names=5))
def test_every_reason_is_true(market: Market) -> None:
    """Against the plain order of each opening and the seats as they are taken."""
    prepared = prepare(market)
    matching = deferred_acceptance(prepared)
    explainer = Explainer(prepared, matching)
    for name, codes in market.preferences.items():
        reasons = explainer.reasons(name)
        assert tuple(reason.opening for reason in reasons) == tuple(codes)
        placed = matching.placements[name]
        assert [r.opening for r in reasons if r.verdict is Verdict.PLACED] == [placed] * bool(
            placed
        )
        for reason in reasons:
            order = stands(market, reason.opening)
            held = [other for other in order if matching.placements[other] == reason.opening]
            assert (reason.ranked, reason.taken) == (len(order), len(held))
            assert reason.rank == (order.index(name) + 1 if name in order else None)
            if reason.verdict is Verdict.OUTRANKED:
                assert len(held) == reason.quota > 0
                assert all(order.index(other) < order.index(name) for other in held)
            elif reason.verdict is Verdict.NOT_RANKED:
                assert name not in order
            elif reason.verdict is Verdict.NO_SEATS:
                assert reason.quota == 0
            elif reason.verdict is Verdict.NOT_NEEDED:
                assert placed in codes[: reason.choice - 1]
