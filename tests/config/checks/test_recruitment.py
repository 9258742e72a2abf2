"""Suspended recruitment (R272), cuts of plans (R159), and rounds of priority (R149)."""

from __future__ import annotations

from collections.abc import Callable

Says = Callable[..., None]

_HEAD = """\
kind: base
code: hospital
name: {zh: 医院, en: Hospital}
province: "620000"
jurisdiction: region
"""
_REGION = """\
kind: jurisdiction
code: region
name: {zh: 样例省, en: Region}
level: province
province: "620000"
policies:
  shortage_shortfall: {value: proportional_cut}
"""


def _program(year: int, rows: str, policies: str = "") -> str:
    return (
        f"  - code: hospital-residency-{year}\n    kind: residency\n    year: {year}\n"
        f"    name: {{zh: 住培, en: Residency}}\n{policies}    openings:\n{rows}"
    )


def _rows(**quotas: int) -> str:
    return "".join(
        f'      - {{specialty: "{code[1:]}", quota: {quota}}}\n' for code, quota in quotas.items()
    )


_UNFILLED = "    policies:\n      shortage_plan_filled: {value: 'false'}\n"
_FACTOR = "      shortage_cut_factor: {value: '0.1'}\n"


def test_r272_a_program_that_is_suspended_publishes_no_seats(says: Says) -> None:
    """S4:983; a row without seats, or of another program, is not concerned."""
    policy = "    policies:\n      recruitment_suspended: {value: 'true'}\n"
    says(
        (
            "b.yaml:14:36: warning: programs.0.openings.0.quota: 0100 may not recruit for the "
            "time being, and 2 seats are published: nobody can apply for them and "
            "none is taken [CONFIG_SUSPENDED_QUOTA]\n"
        ),
        (
            "b.yaml:14:36: 警告：programs.0.openings.0.quota: 0100 暂停招收，仍公布了名额 2：不接受"
            "报名，名额不会占用 [CONFIG_SUSPENDED_QUOTA]\n"
        ),
        a=_REGION,
        b=_HEAD
        + "programs:\n"
        + _program(2026, _rows(s0100=2, s0200=0), policy)
        + _program(2027, _rows(s0100=2)),
    )


def test_r272_an_imported_plan_is_looked_at_as_well(says: Says) -> None:
    says(
        (
            "p.yaml:4:48: warning: rows.0.quota: 0100 may not recruit for the time being "
            "(evaluation failed), and 3 seats are published: nobody can apply for them and "
            "none is taken [CONFIG_SUSPENDED_QUOTA]\n"
        ),
        (
            "p.yaml:4:48: 警告：rows.0.quota: 0100 暂停招收（评估不合格），仍公布了名额 3：不接受"
            "报名，名额不会占用 [CONFIG_SUSPENDED_QUOTA]\n"
        ),
        a=_REGION
        + "programs:\n  - {code: region-2026, kind: residency, year: 2026, "
        + "name: {zh: 住培, en: Residency}, quota_note: 未公布}\n",
        b=_HEAD
        + "specialty_bases:\n"
        + '  - {specialty: "0100", suspended: {zh: 评估不合格, en: evaluation failed}}\n'
        + "programs:\n  - {code: hospital-2026, parent: region-2026, "
        + "name: {zh: 住培, en: Residency}}\n",
        p="kind: plan\nprogram: region-2026\nrows:\n"
        '  - {base: hospital, specialty: "0100", quota: 3}\n',
    )


def test_r159_a_plan_above_the_cut(says: Says) -> None:
    """S2:96: 20 × (1 − 0.1) = 18; shortage specialties (0200) may plan what they like."""
    before = _program(2025, _rows(s0100=12, s0300=8, s0200=4))
    head = _HEAD + "programs:\n" + before
    unfilled = _UNFILLED + _FACTOR
    says("", "", a=_REGION, b=head + _program(2026, _rows(s0100=11, s0300=7, s0200=9), unfilled))
    says(
        (
            "b.yaml:15:11: programs.1.code: the last shortage plan was not filled, and the "
            "non-shortage plan is above what the cut leaves: non-shortage plan of the year before "
            "20 × (1 − 0.1) = 18, planned now 19 [CONFIG_PLAN_OVER_CUT]\n"
        ),
        (
            "b.yaml:15:11: programs.1.code: 上一年度紧缺专业计划未完成，非紧缺专业计划超过削减后的"
            "上限：上一年度非紧缺专业计划 20 × (1 − 0.1) = 18，本年度 19 [CONFIG_PLAN_OVER_CUT]\n"
        ),
        a=_REGION,
        b=head + _program(2026, _rows(s0100=11, s0300=8, s0200=9), unfilled),
    )
    filled = unfilled.replace("'false'", "'true'")
    says("", "", a=_REGION, b=head + _program(2026, _rows(s0100=99), filled))


def test_t18_a_missing_figure_is_named_and_not_guessed(says: Says) -> None:
    said = (
        "b.yaml:7:11: warning: programs.0.code: the last shortage plan was not filled, so the "
        "non-shortage plan is cut in proportion, which cannot be computed: {} "
        "[CONFIG_PLAN_CUT_UNKNOWN]\n"
    )
    sagt = (
        "b.yaml:7:11: 警告：programs.0.code: 上一年度紧缺专业计划未完成，非紧缺专业计划应按比例"
        "削减，但无法计算：{} [CONFIG_PLAN_CUT_UNKNOWN]\n"
    )
    head = _HEAD + "programs:\n"
    says(
        said.format("the share that is cut is not configured (shortage_cut_factor)"),
        sagt.format("未配置削减比例（shortage_cut_factor）"),
        a=_REGION,
        b=head + _program(2026, _rows(s0100=11), _UNFILLED),
    )
    says(
        said.format(
            "the non-shortage plan of the year before is not known (last_non_shortage_plan can "
            "state it)"
        ),
        sagt.format("上一年度非紧缺专业计划未知（可用 last_non_shortage_plan 写明）"),
        a=_REGION,
        b=head + _program(2026, _rows(s0100=11), _UNFILLED + _FACTOR),
    )
    stated = _UNFILLED + _FACTOR + "      last_non_shortage_plan: {value: '13'}\n"
    says("", "", a=_REGION, b=head + _program(2026, _rows(s0100=11), stated))


def test_r149_priority_holds_in_rounds_that_exist(says: Says) -> None:
    program = (
        "programs:\n  - code: region-2026\n    kind: residency\n    year: 2026\n"
        "    name: {zh: 住培, en: Residency}\n    quota_note: 未公布\n"
        "    rounds:\n      - {code: batch-1, name: {zh: 第一批, en: First}}\n"
        "    shortage:\n      - {purpose: admission_priority, specialties: ['0200'], "
        "rounds: [batch-2], source: NOTICE:1}\n"
    )
    says(
        (
            "a.yaml:18:71: programs.0.shortage.0.rounds.0: there is no round with the code batch-2;"
            ' did you mean "batch-1"? [CONFIG_UNKNOWN_CODE]\n'
        ),
        (
            "a.yaml:18:71: programs.0.shortage.0.rounds.0: 没有代码为 batch-2 的轮次；是否想写 "
            "batch-1？ [CONFIG_UNKNOWN_CODE]\n"
        ),
        a=_REGION + "sources: {NOTICE: {title: 通知}}\n" + program,
    )


def test_r149_priority_of_an_opening_holds_in_rounds_that_exist(says: Says) -> None:
    program = (
        "programs:\n  - code: hospital-2026\n    kind: residency\n    year: 2026\n"
        "    name: {zh: 住培, en: Residency}\n"
        "    rounds:\n      - {code: batch-1, name: {zh: 第一批, en: First}}\n"
        "    openings:\n      - specialty: '0200'\n        quota: 2\n        shortage:\n"
        "          - {purpose: admission_priority, specialties: ['0200'], rounds: [batch-2], "
        "source: NOTICE:1}\n        steps:\n"
        "          - {id: a, kind: application, label: {zh: 报, en: A}, round: batch-3}\n"
    )
    says(
        (
            "b.yaml:17:75: programs.0.openings.0.shortage.0.rounds.0: there is no round with the "
            'code batch-2; did you mean "batch-1"? [CONFIG_UNKNOWN_CODE]\n'
            "b.yaml:19:70: programs.0.openings.0.steps.0.round: there is no round with the code "
            'batch-3; did you mean "batch-1"? [CONFIG_UNKNOWN_CODE]\n'
        ),
        (
            "b.yaml:17:75: programs.0.openings.0.shortage.0.rounds.0: 没有代码为 batch-2 的轮次；"
            "是否想写 batch-1？ [CONFIG_UNKNOWN_CODE]\n"
            "b.yaml:19:70: programs.0.openings.0.steps.0.round: 没有代码为 batch-3 的轮次；"
            "是否想写 batch-1？ [CONFIG_UNKNOWN_CODE]\n"
        ),
        b="kind: base\ncode: hospital\nname: {zh: 医院, en: Hospital}\n"
        "province: '620000'\nsources: {NOTICE: {title: 通知}}\n" + program,
    )
