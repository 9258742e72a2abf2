"""The checker: it accepts the right result and nothing else, whatever is tampered with."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from matching_markets import all_placements, is_stable, markets
from zhupei.domain import matching_certificate
from zhupei.domain.matching import certify, deferred_acceptance
from zhupei.domain.matching_certificate import (
    CutOff,
    Violation,
    ViolationKind,
    blocking_pairs,
    check_certificate,
    check_matching,
)
from zhupei.domain.matching_market import Market, MarketOpening, Ranks, Scores, TieRule
from zhupei.domain.matching_priorities import prepare
from zhupei.domain.text import Text

KIND = ViolationKind


def test_the_checker_shares_no_code_with_the_matcher() -> None:
    tree = ast.parse(Path(matching_certificate.__file__).read_text("utf-8"))
    ours = {
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("zhupei")
    }
    assert ours == {"zhupei.domain.matching_market", "zhupei.domain.text"}


@settings(max_examples=150, deadline=None)
@given(markets())
def test_of_all_placements_only_the_right_one_passes(market: Market) -> None:
    """Every placement there is, so every change of the right one too."""
    right = deferred_acceptance(prepare(market)).placements
    for placements in all_placements(market):
        found = check_matching(market, placements)
        assert (found == ()) == (placements == right)
        # A stable one that is not the best is told apart from one that is not stable.
        kinds = {violation.kind for violation in found}
        assert (kinds == {KIND.NOT_OPTIMAL}) == (
            placements != right and is_stable(market, placements)
        )


def _small() -> Market:
    return Market(
        {"a": ["X", "Y"], "b": ["X", "Y"], "c": ["X"], "d": []},
        [
            MarketOpening("X", 1, Scores({"a": 90, "b": 80})),
            MarketOpening("Y", 2, Scores({"a": 3, "b": 2, "d": 1})),
        ],
    )


_RIGHT: dict[str, str | None] = {"a": "X", "b": "Y", "c": None, "d": None}


def test_the_right_result_passes() -> None:
    assert check_matching(_small(), _RIGHT) == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"b": None},
            Violation(
                KIND.BLOCKING_PAIR,
                Text(
                    "b 更愿意去 Y，那里还有空余名额",
                    "b would rather be at Y, which has an empty seat",
                ),
                "b",
                "Y",
            ),
        ),
        (
            {"a": "Y", "b": "X"},
            Violation(
                KIND.BLOCKING_PAIR,
                Text(
                    "a 更愿意去 X，且在那里排在已录取的 b 之前",
                    "a would rather be at X and goes there before b, who was taken",
                ),
                "a",
                "X",
                ("b",),
            ),
        ),
        (
            {"b": "X"},
            Violation(
                KIND.QUOTA_EXCEEDED,
                Text("X 有 1 个名额，录取了 2 人", "X took 2 applicants on a quota of 1"),
                opening="X",
            ),
        ),
        (
            {"d": "Y"},
            Violation(KIND.NOT_LISTED, Text("d 未填报 Y", "d did not list Y"), "d", "Y"),
        ),
        (
            {"a": None, "c": "X"},
            Violation(KIND.NOT_RANKED, Text("X 未将 c 列入排序", "X did not rank c"), "c", "X"),
        ),
        (
            {"d": "Q"},
            Violation(
                KIND.OPENING_UNKNOWN,
                Text("d 被录取到不存在的 Q", "d is at Q, which does not exist"),
                "d",
                "Q",
            ),
        ),
        (
            {"z": "X"},
            Violation(
                KIND.APPLICANT_UNKNOWN, Text("z 未参加本轮", "z does not take part"), "z", "X"
            ),
        ),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, str | None], expected: Violation) -> None:
    found = check_matching(_small(), {**_RIGHT, **change})
    assert [each for each in found if each.kind is expected.kind] == [expected]


@pytest.mark.parametrize("name", list("abcd"))
def test_a_missing_applicant_is_named(name: str) -> None:
    rest = {other: code for other, code in _RIGHT.items() if other != name}
    missing = Violation(
        KIND.APPLICANT_MISSING,
        Text(f"结果中缺少申请人 {name}", f"applicant {name} is missing in the result"),
        name,
    )
    assert missing in check_matching(_small(), rest)
    # One lost and another one invented do not make up for each other.
    found = check_matching(_small(), {**rest, "z": None})
    assert [
        (each.kind, each.applicant)
        for each in found
        if each.kind in {KIND.APPLICANT_MISSING, KIND.APPLICANT_UNKNOWN}
    ] == [(KIND.APPLICANT_MISSING, name), (KIND.APPLICANT_UNKNOWN, "z")]


def test_a_stable_result_that_favours_the_openings_is_not_accepted() -> None:
    market = Market(
        {"a": ("X", "Y"), "b": ("Y", "X")},
        [
            MarketOpening("X", 1, Ranks({"b": 1, "a": 2})),
            MarketOpening("Y", 1, Ranks({"a": 1, "b": 2})),
        ],
    )
    worse = {"a": "Y", "b": "X"}
    assert list(blocking_pairs(market, worse)) == []
    assert check_matching(market, worse) == (
        Violation(
            KIND.NOT_OPTIMAL,
            Text(
                "a、b 可以同时改善录取结果而不损害稳定性",
                "a, b could all be better off in another stable result",
            ),
            "a",
            "X",
            ("b",),
        ),
    )


def test_a_tie_that_no_rule_decides_is_not_accepted() -> None:
    market = Market(
        {"a": ["X"], "b": ["X"]}, [MarketOpening("X", 1, Scores({"a": 5, "b": 5}))], TieRule()
    )
    for placements in ({"a": "X", "b": None}, {"a": None, "b": "X"}):
        assert [violation.kind for violation in check_matching(market, placements)] == [
            KIND.TIE_UNDECIDED
        ]


@settings(max_examples=100, deadline=None)
@given(markets())
def test_every_change_of_a_certificate_is_found(market: Market) -> None:
    prepared = prepare(market)
    certificate = certify(prepared, deferred_acceptance(prepared))
    assert check_certificate(market, certificate) == ()
    for code, cut_off in certificate.cut_offs.items():
        changed = (
            replace(cut_off, quota=cut_off.quota + 1),
            replace(cut_off, taken=cut_off.taken + 1),
            replace(cut_off, last="nobody"),
            replace(cut_off, value=(cut_off.value or 0) + 1),
        )
        for one in changed:
            other = replace(certificate, cut_offs={**certificate.cut_offs, code: one})
            assert [v.kind for v in check_certificate(market, other)] == [KIND.CUT_OFF_WRONG]
        rest = {key: value for key, value in certificate.cut_offs.items() if key != code}
        found = check_certificate(market, replace(certificate, cut_offs=rest))
        assert [violation.opening for violation in found] == [code]
    added = replace(certificate, cut_offs={**certificate.cut_offs, "Q": CutOff(1, 0)})
    assert [v.opening for v in check_certificate(market, added)] == ["Q"]


def test_a_certificate_belongs_to_its_market() -> None:
    """Changes that leave the result as it is are noticed all the same."""
    market = _small()
    prepared = prepare(market)
    certificate = certify(prepared, deferred_acceptance(prepared))
    x, y = market.openings
    for other in (
        replace(market, preferences={**market.preferences, "d": ["X"]}),
        replace(market, openings=[replace(x, ranking=Scores({"a": 90, "b": 81})), y]),
        replace(market, openings=[replace(x, ties=TieRule()), y]),
    ):
        assert check_certificate(other, certificate) == (
            Violation(
                KIND.MARKET_CHANGED,
                Text("结果所依据的数据与现有数据不符", "the result was made from other data"),
            ),
        )
