"""Allocation: rounds that match preference lists, and the rule for ties."""

from __future__ import annotations

from collections.abc import Callable

Says = Callable[..., None]

_BASE = """\
kind: base
code: hospital
name: {zh: 医院, en: Hospital}
province: "620000"
programs:
  - code: hospital-residency-2026
    kind: residency
    year: 2026
    name: {zh: 住培, en: Residency}
"""
_ROUND = """\
    rounds:
      - {code: main, name: {zh: 主批次, en: Main}, allocation: deferred_acceptance%s}
"""
_PROPOSAL = """\
    steps:
      - {id: proposal, kind: proposal, label: {zh: 拟录取, en: Proposal}, actor: base}
"""
_OTHER = """\
    steps:
      - {id: review, kind: base_review, label: {zh: 审核, en: Review}, actor: base}
"""


def test_a_round_of_preference_lists_is_in_order(says: Says) -> None:
    says("", "", b=_BASE + _ROUND % ", max_preferences: 5" + _PROPOSAL)


def test_one_preference_is_a_contradiction(says: Says) -> None:
    says(
        (
            "b.yaml:11:61: warning: programs.0.rounds.0.allocation: the round main matches "
            "preference lists, which hold 1 preference only [CONFIG_ALLOCATION_ONE_PREFERENCE]\n"
        ),
        (
            "b.yaml:11:61: 警告：programs.0.rounds.0.allocation: 轮次 main 按志愿匹配录取，"
            "但只能填报 1 个志愿 [CONFIG_ALLOCATION_ONE_PREFERENCE]\n"
        ),
        b=_BASE + _ROUND % ", max_preferences: 1" + _PROPOSAL,
    )


def test_one_preference_by_the_policy_is_one_too(says: Says) -> None:
    """The number of the round wins over the policy."""
    policy = "    policies: {max_preferences: {value: 1}}\n"
    says("", "", b=_BASE + _ROUND % ", max_preferences: 5" + policy + _PROPOSAL)
    says(
        (
            "b.yaml:11:61: warning: programs.0.rounds.0.allocation: the round main matches "
            "preference lists, which hold 1 preference only [CONFIG_ALLOCATION_ONE_PREFERENCE]\n"
        ),
        (
            "b.yaml:11:61: 警告：programs.0.rounds.0.allocation: 轮次 main 按志愿匹配录取，"
            "但只能填报 1 个志愿 [CONFIG_ALLOCATION_ONE_PREFERENCE]\n"
        ),
        b=_BASE + _ROUND % "" + policy + _PROPOSAL,
    )


def test_a_matching_has_to_be_proposed(says: Says) -> None:
    says(
        (
            "b.yaml:11:61: programs.0.rounds.0.allocation: the round main matches preference "
            "lists, but no step of the admission has kind: proposal "
            "[CONFIG_ALLOCATION_NO_PROPOSAL]\n"
        ),
        (
            "b.yaml:11:61: programs.0.rounds.0.allocation: 轮次 main 按志愿匹配录取，"
            "但录取流程中没有拟录取环节（kind: proposal） [CONFIG_ALLOCATION_NO_PROPOSAL]\n"
        ),
        b=_BASE + _ROUND % ", max_preferences: 5" + _OTHER,
    )


def test_an_unknown_tie_rule_names_the_known_ones(says: Says) -> None:
    says(
        (
            "b.yaml:10:34: programs.0.policies.tie_rule.value: expected one of: "
            "heaviest_then_earliest, earliest, heaviest_then_lottery, lottery "
            "[CONFIG_BAD_POLICY]\n"
        ),
        (
            "b.yaml:10:34: programs.0.policies.tie_rule.value: 应为以下之一："
            "heaviest_then_earliest, earliest, heaviest_then_lottery, lottery [CONFIG_BAD_POLICY]\n"
        ),
        b=_BASE + "    policies: {tie_rule: {value: age}}\n",
    )


def test_a_lottery_needs_a_seed(says: Says) -> None:
    """Without an entry nobody knows how it will be drawn; null with a note is still to come."""
    says(
        (
            "b.yaml:10:34: programs.0.policies.tie_rule.value: ties are decided by lot, but no "
            "tie_lottery_seed says with which seed [CONFIG_TIE_SEED_MISSING]\n"
        ),
        (
            "b.yaml:10:34: programs.0.policies.tie_rule.value: 总分相同者抽签，"
            "但未公布抽签种子（tie_lottery_seed） [CONFIG_TIE_SEED_MISSING]\n"
        ),
        b=_BASE + "    policies: {tie_rule: {value: lottery}}\n",
    )
    later = 'tie_lottery_seed: {value: null, note: "2026-06-01 收盘指数"}'
    says("", "", b=_BASE + "    policies: {tie_rule: {value: lottery}, " + later + "}\n")


def test_a_proposal_in_a_list_that_another_replaced_is_none(says: Says) -> None:
    says(
        (
            "b.yaml:18:7: programs.1.steps: the round main matches preference lists, but no step "
            "of the admission has kind: proposal [CONFIG_ALLOCATION_NO_PROPOSAL]\n"
        ),
        (
            "b.yaml:18:7: programs.1.steps: 轮次 main 按志愿匹配录取，"
            "但录取流程中没有拟录取环节（kind: proposal） [CONFIG_ALLOCATION_NO_PROPOSAL]\n"
        ),
        b=_BASE
        + _ROUND % ", max_preferences: 5"
        + _PROPOSAL
        + """\
  - code: hospital-second-2026
    parent: hospital-residency-2026
    name: {zh: 第二, en: Second}
"""
        + _OTHER,
    )


def test_a_round_is_matched_as_the_topmost_program_declares_it(says: Says) -> None:
    """Else it is matched for nobody, or people are in it whom nothing can propose."""
    below = """\
  - code: hospital-second-2026
    parent: hospital-residency-2026
    name: {zh: 第二, en: Second}
"""
    main = "    rounds:\n      - {code: main, name: {zh: 主批次, en: Main}}\n"
    matched = _ROUND % ", max_preferences: 5"
    for there, here, place in (
        ("", matched, "16:61: programs.1.rounds.0.allocation"),
        (main, matched, "18:61: programs.1.rounds.0.allocation"),
        (matched, main, "18:16: programs.1.rounds.0.code"),
    ):
        says(
            (
                f"b.yaml:{place}: matching of preference lists is declared by the round of the "
                "topmost program hospital-residency-2026, and the round main differs from it "
                "[CONFIG_ALLOCATION_LEVEL]\n"
            ),
            (
                f"b.yaml:{place}: 按志愿匹配录取由最上级项目 hospital-residency-2026 "
                "的同名轮次声明，轮次 main 与之不一致 [CONFIG_ALLOCATION_LEVEL]\n"
            ),
            b=_BASE + there + _PROPOSAL + below + here,
        )
    says("", "", b=_BASE + matched + _PROPOSAL + below + matched)


def test_an_unknown_tie_rule_leaves_the_one_above_in_force(says: Says) -> None:
    """As the catalogue has it; a seed is missing all the same."""
    says(
        (
            "b.yaml:11:34: programs.0.policies.tie_rule.value: ties are decided by lot, but no "
            "tie_lottery_seed says with which seed [CONFIG_TIE_SEED_MISSING]\n"
        ),
        (
            "b.yaml:11:34: programs.0.policies.tie_rule.value: 总分相同者抽签，"
            "但未公布抽签种子（tie_lottery_seed） [CONFIG_TIE_SEED_MISSING]\n"
        ),
        a="""\
kind: jurisdiction
code: region
level: province
name: {zh: 省, en: Region}
province: "620000"
policies: {tie_rule: {value: lottery}}
""",
        b=_BASE.replace("programs:", "jurisdiction: region\nprograms:")
        + "    policies: {tie_rule: {value: null, note: 待定}}\n",
    )


def test_a_lottery_of_one_opening_needs_a_seed_too(says: Says) -> None:
    says(
        (
            "b.yaml:13:38: programs.0.openings.0.policies.tie_rule.value: ties are decided by "
            "lot, but no tie_lottery_seed says with which seed [CONFIG_TIE_SEED_MISSING]\n"
        ),
        (
            "b.yaml:13:38: programs.0.openings.0.policies.tie_rule.value: 总分相同者抽签，"
            "但未公布抽签种子（tie_lottery_seed） [CONFIG_TIE_SEED_MISSING]\n"
        ),
        b=_BASE
        + """\
    openings:
      - specialty: "0100"
        quota: 2
        policies: {tie_rule: {value: lottery}}
""",
    )
