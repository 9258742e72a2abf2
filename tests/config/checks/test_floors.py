"""What a higher level sets as a floor is raised, never weakened."""

from __future__ import annotations

from collections.abc import Callable

Says = Callable[..., None]

_NATIONAL = """\
kind: national
code: national
name: {zh: 国家, en: National}
policies:
  publicity_working_days: {value: 7}
  agreement_within_days: {value: 14}
  reduction_needs_assessment: {value: true}
  academic_degree_reduces: {value: false}
  pay_floor_year_1: {value: 0.80}
requirements:
  - id: certificate
    kind: fact
    label: {zh: 未持有合格证书, en: No certificate held}
    fact: fitForTraining
    floor: true
  - id: health
    kind: fact
    label: {zh: 身体健康, en: Health}
    fact: fitForTraining
"""
_PROVINCE = """\
kind: jurisdiction
code: example
name: {zh: 示例省, en: Example}
level: province
province: "620000"
"""
_BASE = """\
kind: base
code: hospital
name: {zh: 医院, en: Hospital}
province: "620000"
jurisdiction: example
programs:
  - code: hospital-residency-2026
    kind: residency
    year: 2026
    name: {zh: 住培, en: Residency}
"""


def _policy(key: str, value: object, indent: str = "") -> str:
    return f"{indent}policies:\n{indent}  {key}: {{value: {value}}}\n"


def test_nine_working_days_are_accepted(says: Says) -> None:
    """R216, G13: a lower level may tighten."""
    says(
        "",
        "",
        n=_NATIONAL,
        p=_PROVINCE + _policy("publicity_working_days", 9),
        b=_BASE,
    )


def test_five_working_days_are_refused(says: Says) -> None:
    """R216, S4:350-352"""
    says(
        (
            "b.yaml:12:39: programs.0.policies.publicity_working_days.value: 5 weakens the "
            "national rule, 7 (n.yaml:5); it may only be raised [CONFIG_WEAKENS_FLOOR]\n"
        ),
        (
            "b.yaml:12:39: programs.0.policies.publicity_working_days.value: 5 "
            "放宽了国家规定的 7（n.yaml:5）；只能提高 [CONFIG_WEAKENS_FLOOR]\n"
        ),
        n=_NATIONAL,
        p=_PROVINCE,
        b=_BASE + _policy("publicity_working_days", 5, "    "),
    )


def test_five_working_days_are_refused_where_there_is_no_program_yet(says: Says) -> None:
    """R216"""
    says(
        (
            "p.yaml:7:35: policies.publicity_working_days.value: 5 weakens the national "
            "rule, 7 (n.yaml:5); it may only be raised [CONFIG_WEAKENS_FLOOR]\n"
        ),
        (
            "p.yaml:7:35: policies.publicity_working_days.value: 5 放宽了国家规定的 "
            "7（n.yaml:5）；只能提高 [CONFIG_WEAKENS_FLOOR]\n"
        ),
        n=_NATIONAL,
        p=_PROVINCE + _policy("publicity_working_days", 5),
    )


def test_the_nearest_floor_counts(says: Says) -> None:
    """A jurisdiction raised the floor, and the base may not go back to the national one."""
    says(
        (
            "b.yaml:12:39: programs.0.policies.publicity_working_days.value: 7 weakens the "
            "jurisdiction rule, 9 (p.yaml:7); it may only be raised "
            "[CONFIG_WEAKENS_FLOOR]\n"
        ),
        (
            "b.yaml:12:39: programs.0.policies.publicity_working_days.value: 7 "
            "放宽了管辖机构规定的 9（p.yaml:7）；只能提高 [CONFIG_WEAKENS_FLOOR]\n"
        ),
        n=_NATIONAL,
        p=_PROVINCE + _policy("publicity_working_days", 9),
        b=_BASE + _policy("publicity_working_days", 7, "    "),
    )


def test_a_refused_value_is_no_new_floor(says: Says) -> None:
    """Both levels are measured against the national floor."""
    says(
        (
            "b.yaml:12:35: policies.publicity_working_days.value: 6 weakens the national "
            "rule, 7 (n.yaml:5); it may only be raised [CONFIG_WEAKENS_FLOOR]\n"
            "p.yaml:7:35: policies.publicity_working_days.value: 5 weakens the national "
            "rule, 7 (n.yaml:5); it may only be raised [CONFIG_WEAKENS_FLOOR]\n"
        ),
        (
            "b.yaml:12:35: policies.publicity_working_days.value: 6 放宽了国家规定的 "
            "7（n.yaml:5）；只能提高 [CONFIG_WEAKENS_FLOOR]\n"
            "p.yaml:7:35: policies.publicity_working_days.value: 5 放宽了国家规定的 "
            "7（n.yaml:5）；只能提高 [CONFIG_WEAKENS_FLOOR]\n"
        ),
        n=_NATIONAL,
        p=_PROVINCE + _policy("publicity_working_days", 5),
        b=_BASE + _policy("publicity_working_days", 6),
    )


def test_a_ceiling_only_goes_down(says: Says) -> None:
    """R154"""
    says(
        (
            "b.yaml:12:38: programs.0.policies.agreement_within_days.value: 21 weakens the "
            "jurisdiction rule, 7 (p.yaml:7); it may only be lowered "
            "[CONFIG_WEAKENS_FLOOR]\n"
        ),
        (
            "b.yaml:12:38: programs.0.policies.agreement_within_days.value: 21 "
            "放宽了管辖机构规定的 7（p.yaml:7）；只能降低 [CONFIG_WEAKENS_FLOOR]\n"
        ),
        n=_NATIONAL,
        p=_PROVINCE + _policy("agreement_within_days", 7),
        b=_BASE + _policy("agreement_within_days", 21, "    "),
    )


def test_true_stays_true_and_false_stays_false(says: Says) -> None:
    """R229, R230"""
    says(
        (
            "b.yaml:12:43: programs.0.policies.reduction_needs_assessment.value: false "
            "weakens the national rule, true (n.yaml:7); it may not become false "
            "[CONFIG_WEAKENS_FLOOR]\n"
            "b.yaml:13:40: programs.0.policies.academic_degree_reduces.value: true weakens "
            "the national rule, false (n.yaml:8); it may not become true "
            "[CONFIG_WEAKENS_FLOOR]\n"
        ),
        (
            "b.yaml:12:43: programs.0.policies.reduction_needs_assessment.value: false "
            "放宽了国家规定的 true（n.yaml:7）；不可改为 false [CONFIG_WEAKENS_FLOOR]\n"
            "b.yaml:13:40: programs.0.policies.academic_degree_reduces.value: true "
            "放宽了国家规定的 false（n.yaml:8）；不可改为 true [CONFIG_WEAKENS_FLOOR]\n"
        ),
        n=_NATIONAL,
        p=_PROVINCE,
        b=_BASE
        + """\
    policies:
      reduction_needs_assessment: {value: false}
      academic_degree_reduces: {value: true}
""",
    )


def test_a_share_of_the_pay_floor(says: Says) -> None:
    """R283"""
    says(
        (
            "p.yaml:7:29: policies.pay_floor_year_1.value: 0.75 weakens the national rule, "
            "0.80 (n.yaml:9); it may only be raised [CONFIG_WEAKENS_FLOOR]\n"
        ),
        (
            "p.yaml:7:29: policies.pay_floor_year_1.value: 0.75 放宽了国家规定的 "
            "0.80（n.yaml:9）；只能提高 [CONFIG_WEAKENS_FLOOR]\n"
        ),
        n=_NATIONAL,
        p=_PROVINCE + _policy("pay_floor_year_1", "0.75"),
    )


def test_an_unknown_value_weakens_nothing(says: Says) -> None:
    says(
        "",
        "",
        n=_NATIONAL,
        p=_PROVINCE + "policies:\n  publicity_working_days: {value: null, note: 未写明}\n",
    )


def test_an_opening_is_bound_as_well(says: Says) -> None:
    """R216"""
    says(
        (
            "b.yaml:14:52: programs.0.openings.0.policies.publicity_working_days.value: 5 "
            "weakens the national rule, 7 (n.yaml:5); it may only be raised "
            "[CONFIG_WEAKENS_FLOOR]\n"
        ),
        (
            "b.yaml:14:52: programs.0.openings.0.policies.publicity_working_days.value: 5 "
            "放宽了国家规定的 7（n.yaml:5）；只能提高 [CONFIG_WEAKENS_FLOOR]\n"
        ),
        n=_NATIONAL,
        p=_PROVINCE,
        b=_BASE
        + """\
    openings:
      - specialty: "0100"
        quota: 1
        policies: {publicity_working_days: {value: 5}}
""",
    )


def test_a_floor_of_residency_does_not_bind_a_fellowship(says: Says) -> None:
    """T1: national rules concern residency where they do not say otherwise."""
    says(
        "",
        "",
        n=_NATIONAL,
        p=_PROVINCE,
        b=_BASE.replace("residency", "fellowship") + _policy("publicity_working_days", 5, "    "),
    )


def test_a_requirement_that_is_a_floor_is_not_replaced(says: Says) -> None:
    """R128"""
    says(
        (
            "b.yaml:12:13: programs.0.requirements.0.id: certificate is a national floor "
            "and cannot be replaced; add a stricter condition under an id of its own "
            "[CONFIG_WEAKENS_FLOOR]\n"
        ),
        (
            "b.yaml:12:13: programs.0.requirements.0.id: certificate "
            "是国家底线，不可替换；请用新的 id 添加更严格的条件 [CONFIG_WEAKENS_FLOOR]\n"
        ),
        n=_NATIONAL,
        p=_PROVINCE,
        b=_BASE
        + """\
    requirements:
      - id: certificate
        kind: fact
        label: {zh: 无, en: None}
        fact: fitForTraining
""",
    )


def test_another_requirement_may_be_replaced(says: Says) -> None:
    says(
        "",
        "",
        n=_NATIONAL,
        p=_PROVINCE,
        b=_BASE
        + """\
    requirements:
      - id: health
        kind: fact
        label: {zh: 无, en: None}
        fact: fitForTraining
""",
    )


def test_a_residency_is_not_shorter_than_the_national_length(says: Says) -> None:
    """R229, S4:431-437: three years; a degree reduces it by policies, not by the program."""
    national = _NATIONAL.replace(
        "requirements:", "  minimum_months_bachelor: {value: 36}\nrequirements:"
    )
    says(
        (
            "b.yaml:11:22: programs.0.duration_months: 6 months are less than the national rule, "
            "36 (n.yaml:10); write the length before any reduction; policies say what a degree "
            "reduces [CONFIG_WEAKENS_FLOOR]\n"
            "b.yaml:14:26: programs.0.openings.0.duration_months: 24 months are less than the "
            "national rule, 36 (n.yaml:10); write the length before any reduction; policies say "
            "what a degree reduces [CONFIG_WEAKENS_FLOOR]\n"
        ),
        (
            "b.yaml:11:22: programs.0.duration_months: 6 个月短于国家规定的 36 个月（n.yaml:10）；"
            "请写减免之前的年限；按学位减免由 policies 规定 [CONFIG_WEAKENS_FLOOR]\n"
            "b.yaml:14:26: programs.0.openings.0.duration_months: 24 个月短于国家规定的 36 个月"
            "（n.yaml:10）；请写减免之前的年限；按学位减免由 policies 规定 "
            "[CONFIG_WEAKENS_FLOOR]\n"
        ),
        n=national,
        p=_PROVINCE,
        b=_BASE
        + """\
    duration_months: 6
    openings:
      - specialty: "0100"
        duration_months: 24
        quota: 1
      - specialty: "0200"
        duration_months: 48
        quota: 1
""",
    )


def test_a_residency_of_the_national_length_is_accepted(says: Says) -> None:
    """R229"""
    national = _NATIONAL.replace(
        "requirements:", "  minimum_months_bachelor: {value: 36}\nrequirements:"
    )
    says("", "", n=national, p=_PROVINCE, b=_BASE + "    duration_months: 36\n")


def test_the_length_of_a_fellowship_is_its_own(says: Says) -> None:
    """T1: the national length is that of a residency."""
    national = _NATIONAL.replace(
        "requirements:",
        "  minimum_months_bachelor: {value: 36, program_kinds: [residency]}\nrequirements:",
    )
    fellowship = _BASE.replace("kind: residency", "kind: fellowship") + "    duration_months: 6\n"
    says("", "", n=national, p=_PROVINCE, b=fellowship)
