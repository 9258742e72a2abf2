"""Ids, policies, weights, conditions, and what entries refer to."""

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


_REGION = """\
kind: jurisdiction
code: region
level: province
name: {zh: 省, en: Region}
province: "620000"
"""
_BELOW = _BASE.replace("programs:", "jurisdiction: region\nprograms:")


def _assessments(*weights: str) -> str:
    text = "    assessments:\n"
    for index, weight in enumerate(weights):
        text += f"      - {{id: a{index}, kind: interview, phase: admission, weight: {weight}"
        text += ", label: {zh: 面试, en: Interview}}\n"
    return text


def test_an_id_twice_in_a_list(says: Says) -> None:
    says(
        (
            "b.yaml:12:14: programs.0.sections.1.id: the id aims is already in this list, "
            "on line 11 [CONFIG_DUPLICATE_CODE]\n"
        ),
        (
            "b.yaml:12:14: programs.0.sections.1.id: aims 在本列表中已出现（第 11 行） "
            "[CONFIG_DUPLICATE_CODE]\n"
        ),
        b=_BASE
        + """\
    sections:
      - {id: aims, kind: profile, label: {zh: 一, en: One}, items: []}
      - {id: aims, kind: profile, label: {zh: 二, en: Two}, items: []}
""",
    )


def test_a_yearly_sum_as_a_monthly_amount(says: Says) -> None:
    says(
        (
            "b.yaml:11:88: programs.0.benefits.0.period: amounts of the kind monthly are by the "
            "month, not year; write what it comes to in a month, with period: month, and under "
            "condition how it is paid out; without a figure the kind is unquantified "
            "[CONFIG_WRONG_PERIOD]\n"
        ),
        (
            "b.yaml:11:88: programs.0.benefits.0.period: monthly 的金额按月计，与 year 不符；"
            "金额写每月多少元、period: month，如何发放写在 condition；没有金额时用 unquantified "
            "[CONFIG_WRONG_PERIOD]\n"
        ),
        b=_BASE
        + """\
    benefits:
      - {id: bonus, kind: monthly, label: {zh: 年终奖, en: Bonus}, amount: 72000, period: year}
      - {id: rent, kind: monthly, label: {zh: 房补, en: Rent}, amount: 500, period: month}
      - {id: more, kind: unquantified, label: {zh: 其他, en: More}, period: year, note: 未公布}
""",
    )


def test_an_unknown_policy(says: Says) -> None:
    says(
        (
            "b.yaml:10:16: programs.0.policies.publicity_workingdays: unknown policy; did "
            'you mean "publicity_working_days"? [CONFIG_UNKNOWN_POLICY]\n'
        ),
        (
            "b.yaml:10:16: programs.0.policies.publicity_workingdays: 未知的参数；是否想写 "
            "publicity_working_days？ [CONFIG_UNKNOWN_POLICY]\n"
        ),
        b=_BASE + "    policies: {publicity_workingdays: {value: 7}}\n",
    )


def test_an_unknown_policy_like_no_other(says: Says) -> None:
    says(
        ("b.yaml:10:16: programs.0.policies.zzz: unknown policy [CONFIG_UNKNOWN_POLICY]\n"),
        "b.yaml:10:16: programs.0.policies.zzz: 未知的参数 [CONFIG_UNKNOWN_POLICY]\n",
        b=_BASE + "    policies: {zzz: {value: 7}}\n",
    )


def test_values_of_policies(says: Says) -> None:
    """Each by the type of its policy: number, flag, share, choice."""
    says(
        (
            "b.yaml:11:32: programs.0.policies.max_preferences.value: expected a whole "
            "number that is not negative [CONFIG_BAD_POLICY]\n"
            "b.yaml:12:34: programs.0.policies.transfers_allowed.value: expected true or "
            "false; write true [CONFIG_BAD_POLICY]\n"
            "b.yaml:13:33: programs.0.policies.interview_weight.value: expected a number, "
            "such as 0.8; write 0.6 [CONFIG_BAD_POLICY]\n"
            "b.yaml:14:29: programs.0.policies.leave_counts.value: expected one of: "
            "calendar_days, working_days [CONFIG_BAD_POLICY]\n"
        ),
        (
            "b.yaml:11:32: programs.0.policies.max_preferences.value: 应为不小于 0 的整数 "
            "[CONFIG_BAD_POLICY]\n"
            "b.yaml:12:34: programs.0.policies.transfers_allowed.value: 应为 true 或 false；"
            "请写 true [CONFIG_BAD_POLICY]\n"
            "b.yaml:13:33: programs.0.policies.interview_weight.value: 应为数字，如 0.8；"
            "请写 0.6 [CONFIG_BAD_POLICY]\n"
            "b.yaml:14:29: programs.0.policies.leave_counts.value: "
            "应为以下之一：calendar_days, working_days [CONFIG_BAD_POLICY]\n"
        ),
        b=_BASE
        + """\
    policies:
      max_preferences: {value: -1}
      transfers_allowed: {value: yes}
      interview_weight: {value: 60%}
      leave_counts: {value: days}
""",
    )


def test_policies_as_people_write_them(says: Says) -> None:
    """A unit is taken away where it is the policy's own: days are no working days."""
    says(
        (
            "b.yaml:11:39: programs.0.policies.publicity_working_days.value: expected a whole "
            "number that is not negative; write 7 [CONFIG_BAD_POLICY]\n"
            "b.yaml:12:29: programs.0.policies.no_show_days.value: expected a whole number that is "
            "not negative; write 7 [CONFIG_BAD_POLICY]\n"
            "b.yaml:13:32: programs.0.policies.training_months.value: expected a whole number that "
            "is not negative [CONFIG_BAD_POLICY]\n"
        ),
        (
            "b.yaml:11:39: programs.0.policies.publicity_working_days.value: 应为不小于 0 的整数；"
            "请写 7 [CONFIG_BAD_POLICY]\n"
            "b.yaml:12:29: programs.0.policies.no_show_days.value: 应为不小于 0 的整数；"
            "请写 7 [CONFIG_BAD_POLICY]\n"
            "b.yaml:13:32: programs.0.policies.training_months.value: 应为不小于 0 的整数 "
            "[CONFIG_BAD_POLICY]\n"
        ),
        b=_BASE
        + """\
    policies:
      publicity_working_days: {value: 7个工作日}
      no_show_days: {value: ７}
      training_months: {value: 3年}
""",
    )


def test_an_unknown_value_without_a_reason(says: Says) -> None:
    says(
        (
            "b.yaml:10:33: programs.0.policies.max_preferences: the value is unknown, and "
            "no note says why [CONFIG_MISSING_REASON]\n"
        ),
        (
            "b.yaml:10:33: programs.0.policies.max_preferences: "
            "值未知，却没有说明原因（note） [CONFIG_MISSING_REASON]\n"
        ),
        b=_BASE + "    policies: {max_preferences: {value: null}}\n",
    )


def test_weights_that_add_up(says: Says) -> None:
    """T42"""
    says(
        "",
        "",
        b=_BASE + _assessments("0.6", "0.4"),
    )


def test_weights_that_do_not_add_up(says: Says) -> None:
    """T42: there is no default, and no rounding."""
    says(
        (
            "b.yaml:11:61: programs.0.assessments.0.weight: the admission weights of "
            "hospital-residency-2026 add up to 0.9, not 1 [CONFIG_WEIGHT_SUM]\n"
        ),
        (
            "b.yaml:11:61: programs.0.assessments.0.weight: 项目 hospital-residency-2026 "
            "的 admission 权重之和为 0.9，应为 1 [CONFIG_WEIGHT_SUM]\n"
        ),
        b=_BASE + _assessments("0.6", "0.3"),
    )


def test_weights_of_policies_that_do_not_add_up(says: Says) -> None:
    """T42, R142"""
    says(
        (
            "b.yaml:12:35: programs.0.policies.examination_weight.value: the weights of "
            "interview and examination of hospital-residency-2026 add up to 1.1, not 1 "
            "[CONFIG_WEIGHT_SUM]\n"
        ),
        (
            "b.yaml:12:35: programs.0.policies.examination_weight.value: 项目 "
            "hospital-residency-2026 的面试与考试权重之和为 1.1，应为 1 "
            "[CONFIG_WEIGHT_SUM]\n"
        ),
        b=_BASE
        + """\
    policies:
      interview_weight: {value: 0.5}
      examination_weight: {value: 0.6}
""",
    )


def test_one_weight_alone_waits_for_the_other(says: Says) -> None:
    """T42"""
    says(
        "",
        "",
        b=_BASE + "    policies: {interview_weight: {value: 0.5}}\n",
    )


def test_a_document_due_at_no_step(says: Says) -> None:
    says(
        (
            "b.yaml:13:79: programs.0.documents.0.at_step: there is no step aply; steps of "
            "this program: apply [CONFIG_UNKNOWN_CODE]\n"
        ),
        (
            "b.yaml:13:79: programs.0.documents.0.at_step: 没有步骤 "
            "aply；本项目的步骤：apply [CONFIG_UNKNOWN_CODE]\n"
        ),
        b=_BASE
        + """\
    steps:
      - {id: apply, kind: application, label: {zh: 报名, en: Apply}}
    documents:
      - {id: form, kind: application_form, label: {zh: 表, en: Form}, at_step: aply}
""",
    )


def test_conditions_that_compile(says: Says) -> None:
    says(
        "",
        "",
        b=_BASE
        + """\
    requirements:
      - id: english
        kind: english
        label: {zh: 英语, en: English}
        cet4: 425
        when: candidate.licensed == false
""",
    )


def test_conditions_that_do_not_compile(says: Says) -> None:
    """The column within the expression follows the place in the file."""
    says(
        (
            "b.yaml:15:15: programs.0.requirements.0.when: expression, column 11: there is "
            "no lisensed; did you mean licensed? [CONFIG_BAD_EXPRESSION]\n"
            "b.yaml:21:15: programs.0.benefits.0.when: expression, column 23: the "
            "expression is not complete [CONFIG_BAD_EXPRESSION]\n"
        ),
        (
            "b.yaml:15:15: programs.0.requirements.0.when: 表达式第 11 列：没有 "
            "lisensed，是否应为 licensed？ [CONFIG_BAD_EXPRESSION]\n"
            "b.yaml:21:15: programs.0.benefits.0.when: 表达式第 23 列：表达式不完整 "
            "[CONFIG_BAD_EXPRESSION]\n"
        ),
        b=_BASE
        + """\
    requirements:
      - id: english
        kind: english
        label: {zh: 英语, en: English}
        cet4: 425
        when: candidate.lisensed == false
    benefits:
      - id: meals
        kind: monthly
        label: {zh: 餐补, en: Meals}
        amount: 600
        when: profile.traineeType ==
""",
    )


def test_weights_that_a_base_spoils_are_its_own_mistake(says: Says) -> None:
    """The file above, which others use too, is in order."""
    above = """\
assessments:
  - {id: a0, kind: interview, phase: admission, weight: 0.6, label: {zh: 面试, en: Interview}}
  - {id: a1, kind: interview, phase: admission, weight: 0.4, label: {zh: 面试, en: Interview}}
policies: {interview_weight: {value: 0.6}, examination_weight: {value: 0.4}}
"""
    says(
        (
            "b.yaml:12:61: programs.0.assessments.0.weight: the admission weights of "
            "hospital-residency-2026 add up to 1.1, not 1 [CONFIG_WEIGHT_SUM]\n"
            "b.yaml:13:42: programs.0.policies.interview_weight.value: the weights of interview "
            "and examination of hospital-residency-2026 add up to 1.1, not 1 "
            "[CONFIG_WEIGHT_SUM]\n"
        ),
        (
            "b.yaml:12:61: programs.0.assessments.0.weight: 项目 hospital-residency-2026 的 "
            "admission 权重之和为 1.1，应为 1 [CONFIG_WEIGHT_SUM]\n"
            "b.yaml:13:42: programs.0.policies.interview_weight.value: 项目 "
            "hospital-residency-2026 的面试与考试权重之和为 1.1，应为 1 [CONFIG_WEIGHT_SUM]\n"
        ),
        a=_REGION + above,
        b=_BELOW
        + _assessments("0.5").replace("a0", "a1")
        + "    policies: {interview_weight: {value: 0.7}}\n",
    )


def test_an_unknown_weight_leaves_the_one_above_in_force(says: Says) -> None:
    """As the catalogue has it: null takes nothing away, so the sum is the one that will count."""
    weights = "policies: {interview_weight: {value: 0.6}, examination_weight: {value: 0.4}}\n"
    unknown = "examination_weight: {value: null, note: 待定}"
    says(
        (
            "b.yaml:11:42: programs.0.policies.interview_weight.value: the weights of interview "
            "and examination of hospital-residency-2026 add up to 1.1, not 1 "
            "[CONFIG_WEIGHT_SUM]\n"
        ),
        (
            "b.yaml:11:42: programs.0.policies.interview_weight.value: 项目 "
            "hospital-residency-2026 的面试与考试权重之和为 1.1，应为 1 [CONFIG_WEIGHT_SUM]\n"
        ),
        a=_REGION + weights,
        b=_BELOW + "    policies: {interview_weight: {value: 0.7}, " + unknown + "}\n",
    )


_OPENING = """\
    openings:
      - specialty: "0100"
        quota: 2
"""


def test_rules_of_an_opening_are_checked_with_its_program(says: Says) -> None:
    says(
        (
            "b.yaml:20:65: programs.0.openings.0.assessments.0.weight: the admission weights of "
            "hospital-residency-2026/0100 add up to 1.1, not 1 [CONFIG_WEIGHT_SUM]\n"
            "b.yaml:21:48: programs.0.openings.0.policies.examination_weight.value: the weights "
            "of interview and examination of hospital-residency-2026/0100 add up to 0.9, not 1 "
            "[CONFIG_WEIGHT_SUM]\n"
            "b.yaml:23:18: programs.0.openings.0.steps.0.id: the list above has no step aply; "
            "steps above: apply [CONFIG_UNKNOWN_CODE]\n"
            "b.yaml:25:83: programs.0.openings.0.documents.0.at_step: there is no step appply; "
            "steps of this opening: aply, apply [CONFIG_UNKNOWN_CODE]\n"
        ),
        (
            "b.yaml:20:65: programs.0.openings.0.assessments.0.weight: 项目 "
            "hospital-residency-2026/0100 的 admission 权重之和为 1.1，应为 1 [CONFIG_WEIGHT_SUM]\n"
            "b.yaml:21:48: programs.0.openings.0.policies.examination_weight.value: 项目 "
            "hospital-residency-2026/0100 的面试与考试权重之和为 0.9，应为 1 [CONFIG_WEIGHT_SUM]\n"
            "b.yaml:23:18: programs.0.openings.0.steps.0.id: 上级列表没有步骤 aply；"
            "上级的步骤：apply [CONFIG_UNKNOWN_CODE]\n"
            "b.yaml:25:83: programs.0.openings.0.documents.0.at_step: 没有步骤 appply；"
            "本计划行的步骤：aply, apply [CONFIG_UNKNOWN_CODE]\n"
        ),
        b=_BASE
        + _assessments("0.6", "0.4")
        + """\
    policies: {interview_weight: {value: 0.6}, examination_weight: {value: 0.4}}
    steps:
      - {id: apply, kind: application, label: {zh: 报名, en: Apply}}
"""
        + _OPENING
        + """\
        assessments:
          - {id: a1, kind: interview, phase: admission, weight: 0.5, label: {zh: 甲, en: A}}
        policies: {examination_weight: {value: 0.3}}
        steps:
          - {id: aply, kind: application, amends: true, label: {zh: 报名, en: Apply}}
        documents:
          - {id: form, kind: application_form, label: {zh: 表, en: Form}, at_step: appply}
""",
    )


def test_an_amended_step_of_another_kind_of_program_is_not_this_ones(says: Says) -> None:
    """A base's list may amend a step of its fellowships only."""
    says(
        "",
        "",
        a=_REGION
        + """\
steps:
  - {id: apply, kind: application, label: {zh: 报名, en: Apply}}
  - {id: visit, kind: application, label: {zh: 来访, en: Visit}, program_kinds: [fellowship]}
""",
        b=_BELOW.replace(
            "programs:",
            "steps:\n  - {id: visit, kind: application, amends: true, "
            "label: {zh: 参观, en: Visit}, program_kinds: [fellowship]}\nprograms:",
        )
        + """\
  - code: hospital-fellowship-2026
    kind: fellowship
    year: 2026
    name: {zh: 专培, en: Fellowship}
""",
    )


def test_a_step_that_amends_nothing_at_all(says: Says) -> None:
    says(
        (
            "b.yaml:11:14: programs.0.steps.0.id: there is no list above that the step apply "
            "could amend; leave out amends [CONFIG_UNKNOWN_CODE]\n"
        ),
        (
            "b.yaml:11:14: programs.0.steps.0.id: 步骤 apply 没有可修改的上级列表；"
            "请删除 amends [CONFIG_UNKNOWN_CODE]\n"
        ),
        b=_BASE
        + """\
    steps:
      - {id: apply, kind: application, amends: true, label: {zh: 报名, en: Apply}}
""",
    )


def test_figures_that_no_calendar_holds(says: Says) -> None:
    """Dates are counted with them: more would end a decision, and is a slip."""
    says(
        (
            "b.yaml:11:26: programs.0.policies.ban_years.value: expected a number from 0 to 100 "
            "[CONFIG_BAD_POLICY]\n"
            "b.yaml:12:28: programs.0.policies.start_month.value: expected a number from 1 to 12 "
            "[CONFIG_BAD_POLICY]\n"
            "b.yaml:13:29: programs.0.policies.no_show_days.value: expected a number from 0 to "
            "36500 [CONFIG_BAD_POLICY]\n"
            "b.yaml:14:33: programs.0.policies.tie_lottery_seed.value: the value is blank; write "
            "null for what is unknown [CONFIG_BAD_POLICY]\n"
        ),
        (
            "b.yaml:11:26: programs.0.policies.ban_years.value: 应在 0 至 100 之间 "
            "[CONFIG_BAD_POLICY]\n"
            "b.yaml:12:28: programs.0.policies.start_month.value: 应在 1 至 12 之间 "
            "[CONFIG_BAD_POLICY]\n"
            "b.yaml:13:29: programs.0.policies.no_show_days.value: 应在 0 至 36500 之间 "
            "[CONFIG_BAD_POLICY]\n"
            "b.yaml:14:33: programs.0.policies.tie_lottery_seed.value: 值是空白的；未知的写 null "
            "[CONFIG_BAD_POLICY]\n"
        ),
        b=_BASE
        + """\
    policies:
      ban_years: {value: 101}
      start_month: {value: 0}
      no_show_days: {value: 99999999}
      tie_lottery_seed: {value: " "}
""",
    )


def test_an_id_twice_within_a_section_or_form(says: Says) -> None:
    says(
        (
            "b.yaml:15:18: programs.0.sections.0.items.1.id: the id aim is already in this list, "
            "on line 14 [CONFIG_DUPLICATE_CODE]\n"
            "b.yaml:20:18: programs.0.documents.0.fields.1.id: the id name is already in this "
            "list, on line 19 [CONFIG_DUPLICATE_CODE]\n"
        ),
        (
            "b.yaml:15:18: programs.0.sections.0.items.1.id: aim 在本列表中已出现（第 14 行） "
            "[CONFIG_DUPLICATE_CODE]\n"
            "b.yaml:20:18: programs.0.documents.0.fields.1.id: name 在本列表中已出现（第 19 行） "
            "[CONFIG_DUPLICATE_CODE]\n"
        ),
        b=_BASE
        + """\
    sections:
      - id: aims
        kind: profile
        items:
          - {id: aim, label: {zh: 一, en: One}}
          - {id: aim, label: {zh: 二, en: Two}}
        label: {zh: 目标, en: Aims}
    documents:
      - fields:
          - {id: name, label: {zh: 一, en: One}}
          - {id: name, label: {zh: 二, en: Two}}
        id: form
        kind: application_form
        label: {zh: 表, en: Form}
""",
    )


def test_a_step_that_would_give_up_the_seat_again(says: Says) -> None:
    """What was passed before the seat was taken may stand again; other rounds do not count."""
    says(
        (
            "b.yaml:17:27: programs.0.steps.6.kind: the seat is taken from the step list on, and "
            "eligibility_check after it would give it up again; move it before list "
            "[CONFIG_STEP_ORDER]\n"
        ),
        (
            "b.yaml:17:27: programs.0.steps.6.kind: 名额自步骤 list 起占用，"
            "eligibility_check 在其后会使名额被释放；请把它移到 list 之前 [CONFIG_STEP_ORDER]\n"
        ),
        b=_BASE
        + """\
    steps:
      - {id: apply, kind: application, label: {zh: 报名, en: Apply}}
      - {id: talk, kind: interview, label: {zh: 面试, en: Interview}}
      - {id: other, kind: proposal, round: other, label: {zh: 拟录取, en: Proposal}}
      - {id: review, kind: base_review, label: {zh: 审核, en: Review}, round: main}
      - {id: list, kind: proposal, label: {zh: 拟录取, en: Proposal}}
      - {id: body, kind: medical_examination, label: {zh: 体检, en: Medical examination}}
      - {id: check, kind: eligibility_check, label: {zh: 复审, en: Check}, round: main}
      - {id: exam, kind: examination, label: {zh: 笔试, en: Examination}}
      - {id: end, kind: registration, label: {zh: 注册, en: Registration}}
    rounds:
      - {code: main, name: {zh: 主批次, en: Main}}
      - {code: other, name: {zh: 其他批次, en: Other}}
""",
    )
