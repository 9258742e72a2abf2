"""Specialties exist in the catalogue of their cycle."""

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
_OPENINGS = "    openings:\n"


def _opening(code: str) -> str:
    return f'      - {{specialty: "{code}", quota: 1}}\n'


def test_a_code_from_its_first_cycle_on(says: Says) -> None:
    """T51: intensive care is recorded from 2024 on."""
    says(
        "",
        "",
        b=_BASE.replace("2026", "2024") + _OPENINGS + _opening("0100") + _opening("3700"),
    )


def test_a_code_before_its_first_cycle(says: Says) -> None:
    """T51: the catalogue is versioned by cycle."""
    says(
        (
            "b.yaml:12:21: programs.0.openings.1.specialty: the specialty catalogue of "
            "2023 has no code 3700; check the code, or declare it under specialties "
            "[CONFIG_UNKNOWN_SPECIALTY]\n"
        ),
        (
            "b.yaml:12:21: programs.0.openings.1.specialty: 2023 年专业目录中没有代码 "
            "3700；请核对代码，或在 specialties 中声明 [CONFIG_UNKNOWN_SPECIALTY]\n"
        ),
        b=_BASE.replace("2026", "2023") + _OPENINGS + _opening("0100") + _opening("3700"),
    )


def test_a_code_of_no_cycle(says: Says) -> None:
    says(
        (
            "b.yaml:11:21: programs.0.openings.0.specialty: the specialty catalogue of "
            "2026 has no code 9999; check the code, or declare it under specialties "
            "[CONFIG_UNKNOWN_SPECIALTY]\n"
        ),
        (
            "b.yaml:11:21: programs.0.openings.0.specialty: 2026 年专业目录中没有代码 "
            "9999；请核对代码，或在 specialties 中声明 [CONFIG_UNKNOWN_SPECIALTY]\n"
        ),
        b=_BASE + _OPENINGS + _opening("9999"),
    )


def test_a_cycle_before_the_first_catalogue(says: Says) -> None:
    """T51"""
    says(
        (
            "b.yaml:11:21: programs.0.openings.0.specialty: the specialty catalogue of "
            "1990 has no code 0100; check the code, or declare it under specialties "
            "[CONFIG_UNKNOWN_SPECIALTY]\n"
        ),
        (
            "b.yaml:11:21: programs.0.openings.0.specialty: 1990 年专业目录中没有代码 "
            "0100；请核对代码，或在 specialties 中声明 [CONFIG_UNKNOWN_SPECIALTY]\n"
        ),
        b=_BASE.replace("year: 2026", "year: 1990") + _OPENINGS + _opening("0100"),
    )


def test_an_opening_twice(says: Says) -> None:
    says(
        (
            "b.yaml:12:21: programs.0.openings.1.specialty: the specialty 0100 appears "
            "twice [CONFIG_DUPLICATE_CODE]\n"
        ),
        ("b.yaml:12:21: programs.0.openings.1.specialty: 专业 0100 重复 [CONFIG_DUPLICATE_CODE]\n"),
        b=_BASE + _OPENINGS + _opening("0100") + _opening("0100"),
    )


def test_a_specialty_that_the_program_declares(says: Says) -> None:
    says(
        (
            "b.yaml:14:21: programs.0.openings.1.specialty: there is no specialty with the "
            'code pediatrics; did you mean "paediatrics"? [CONFIG_UNKNOWN_CODE]\n'
        ),
        (
            "b.yaml:14:21: programs.0.openings.1.specialty: 没有代码为 pediatrics "
            "的专业；是否想写 paediatrics？ [CONFIG_UNKNOWN_CODE]\n"
        ),
        b=_BASE
        + """\
    specialties:
      - {code: paediatrics, name: {zh: 儿科, en: Paediatrics}}
    openings:
      - {specialty: paediatrics, quota: 1}
      - {specialty: pediatrics, quota: 1}
""",
    )


def test_a_specialty_declared_twice(says: Says) -> None:
    says(
        (
            "b.yaml:12:16: programs.0.specialties.1.code: the specialty paediatrics "
            "appears twice [CONFIG_DUPLICATE_CODE]\n"
        ),
        (
            "b.yaml:12:16: programs.0.specialties.1.code: 专业 paediatrics 重复 "
            "[CONFIG_DUPLICATE_CODE]\n"
        ),
        b=_BASE
        + """\
    specialties:
      - {code: paediatrics, name: {zh: 儿科, en: Paediatrics}}
      - {code: paediatrics, name: {zh: 儿科学, en: Paediatrics}}
""",
    )


def test_accredited_specialties_unknown_and_twice(says: Says) -> None:
    """R003"""
    says(
        (
            "b.yaml:12:17: specialty_bases.1.specialty: there is no specialty with the "
            "code 9999 [CONFIG_UNKNOWN_CODE]\n"
            "b.yaml:13:17: specialty_bases.2.specialty: the specialty base 0100 appears "
            "twice [CONFIG_DUPLICATE_CODE]\n"
        ),
        (
            "b.yaml:12:17: specialty_bases.1.specialty: 没有代码为 9999 的专业 "
            "[CONFIG_UNKNOWN_CODE]\n"
            "b.yaml:13:17: specialty_bases.2.specialty: 专业基地 0100 重复 "
            "[CONFIG_DUPLICATE_CODE]\n"
        ),
        b=_BASE
        + """\
specialty_bases:
  - {specialty: "0100"}
  - {specialty: "9999"}
  - {specialty: "0100"}
""",
    )


def test_names_in_shortage_sets(says: Says) -> None:
    """T16: sets name specialties by code, name or alias."""
    says(
        (
            "b.yaml:11:54: programs.0.shortage.0.specialties.2: the specialty catalogue of "
            '2026 has no "皮鞋科" [CONFIG_UNKNOWN_SPECIALTY]\n'
            "b.yaml:13:43: shortage.0.specialties.1: the specialty catalogue has no "
            '"皮鞋科" [CONFIG_UNKNOWN_SPECIALTY]\n'
        ),
        (
            "b.yaml:11:54: programs.0.shortage.0.specialties.2: 2026 "
            "年专业目录中没有“皮鞋科” [CONFIG_UNKNOWN_SPECIALTY]\n"
            "b.yaml:13:43: shortage.0.specialties.1: 专业目录中没有“皮鞋科” "
            "[CONFIG_UNKNOWN_SPECIALTY]\n"
        ),
        b=_BASE
        + """\
    shortage:
      - {purpose: subsidy, specialties: ["0200", 全科, 皮鞋科], source: PLAN:1}
shortage:
  - {purpose: subsidy, specialties: [麻醉科, 皮鞋科], source: PLAN:2}
sources: {PLAN: {title: 计划}}
""",
    )


def test_a_plan_with_a_code_that_the_cycle_does_not_have(says: Says) -> None:
    says(
        (
            "c.yaml:4:33: rows.0.specialty: the specialty catalogue of 2026 has no code "
            "9999; check the code, or declare it under specialties "
            "[CONFIG_UNKNOWN_SPECIALTY]\n"
        ),
        (
            "c.yaml:4:33: rows.0.specialty: 2026 年专业目录中没有代码 "
            "9999；请核对代码，或在 specialties 中声明 [CONFIG_UNKNOWN_SPECIALTY]\n"
        ),
        p="""\
kind: jurisdiction
code: example
name: {zh: 示例省, en: Example}
level: province
province: "620000"
programs:
  - {code: example-residency-2026, kind: residency, year: 2026, name: {zh: 住培, en: Residency}}
""",
        b="""\
kind: base
code: hospital
name: {zh: 医院, en: Hospital}
province: "620000"
jurisdiction: example
programs:
  - {code: h, parent: example-residency-2026, name: {zh: 住培, en: Residency}}
""",
        c="""\
kind: plan
program: example-residency-2026
rows:
  - {base: hospital, specialty: "9999", quota: 1}
""",
    )


def test_a_declared_specialty_stands_in_plans_and_shortage_sets(says: Says) -> None:
    """What a program declares counts like a code of the catalogue, wherever it is named."""
    says(
        "",
        "",
        p="""\
kind: jurisdiction
code: example
name: {zh: 示例省, en: Example}
level: province
province: "620000"
programs:
  - code: example-2026
    kind: residency
    year: 2026
    name: {zh: 住培, en: Residency}
    specialties: [{code: sleep, name: {zh: 睡眠, en: Sleep}}]
""",
        b="""\
kind: base
code: hospital
name: {zh: 医院, en: Hospital}
province: "620000"
jurisdiction: example
sources: {PLAN: {title: 计划}}
programs:
  - code: h
    parent: example-2026
    name: {zh: 住培, en: Residency}
    specialties: [{code: pain, name: {zh: 疼痛, en: Pain}}]
    shortage: [{purpose: subsidy, specialties: [sleep, pain], source: PLAN:1}]
""",
        c="""\
kind: plan
program: example-2026
rows:
  - {base: hospital, specialty: sleep, quota: 1}
  - {base: hospital, specialty: pain, quota: 1}
""",
    )


def test_a_collaboration_in_no_specialty(says: Says) -> None:
    said = "b.yaml:6:85: collaborations.0.specialty: "
    says(
        f"{said}there is no specialty with the code 9999 [CONFIG_UNKNOWN_CODE]\n",
        f"{said}没有代码为 9999 的专业 [CONFIG_UNKNOWN_CODE]\n",
        b="""\
kind: base
code: hospital
name: {zh: 医院, en: Hospital}
province: "620000"
collaborations:
  - {kind: collaboration_unit, part: unit, hospital: {zh: 乙, en: Other}, specialty: "9999"}
""",
    )
