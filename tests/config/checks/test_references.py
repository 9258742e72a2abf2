"""Codes exist, once, and no chain leads back to itself."""

from __future__ import annotations

from collections.abc import Callable

Says = Callable[..., None]

_PROVINCE = """\
kind: jurisdiction
code: example
name: {zh: 示例省, en: Example}
level: province
province: "620000"
programs:
  - code: example-residency-2026
    kind: residency
    year: 2026
    name: {zh: 住培, en: Residency}
    rounds:
      - {code: batch-1, name: {zh: 第一批, en: First}}
"""
_BASE = """\
kind: base
code: hospital
name: {zh: 医院, en: Hospital}
province: "620000"
jurisdiction: example
programs:
  - code: hospital-residency-2026
    parent: example-residency-2026
    name: {zh: 住培, en: Residency}
"""
_ALONE = """\
kind: base
code: alone
name: {zh: 医院, en: Hospital}
province: "620000"
"""
_CITY = """\
kind: jurisdiction
code: city
name: {zh: 市, en: City}
level: city
province: "620000"
"""
_PLAN = """\
kind: plan
program: example-residency-2026
rows:
  - {base: hospital, specialty: "0100", quota: 1}
"""
_PARENT = "parent: example-residency-2026"


def test_what_refers_to_what_exists_is_fine(says: Says) -> None:
    says(
        "",
        "",
        p=_PROVINCE,
        b=_BASE,
        c=_PLAN,
    )


def test_an_unknown_province(says: Says) -> None:
    says(
        (
            "b.yaml:4:11: province: there is no province with the code 629999 "
            "[CONFIG_UNKNOWN_CODE]\n"
        ),
        "b.yaml:4:11: province: 没有代码为 629999 的省份 [CONFIG_UNKNOWN_CODE]\n",
        b=_ALONE.replace("620000", "629999"),
    )


def test_a_prefecture_of_another_province(says: Says) -> None:
    says(
        (
            "b.yaml:5:13: prefecture: Gansu Province has no prefecture with the code "
            "110100 [CONFIG_UNKNOWN_CODE]\n"
        ),
        ("b.yaml:5:13: prefecture: 甘肃省没有代码为 110100 的地级行政区 [CONFIG_UNKNOWN_CODE]\n"),
        b=_ALONE + 'prefecture: "110100"\n',
    )


def test_a_prefecture_that_the_province_does_not_have(says: Says) -> None:
    says(
        (
            "b.yaml:5:13: prefecture: Hubei Province has no prefecture with the code "
            "429999 [CONFIG_UNKNOWN_CODE]\n"
        ),
        ("b.yaml:5:13: prefecture: 湖北省没有代码为 429999 的地级行政区 [CONFIG_UNKNOWN_CODE]\n"),
        b=_ALONE.replace("620000", "420000") + 'prefecture: "429999"\n',
    )


def test_an_unknown_jurisdiction_is_said_once(says: Says) -> None:
    """What hangs on it (the program above, documents) is not said to be missing too."""
    says(
        (
            "b.yaml:5:15: jurisdiction: there is no jurisdiction with the code exampel; "
            'did you mean "example"? [CONFIG_UNKNOWN_CODE]\n'
        ),
        (
            "b.yaml:5:15: jurisdiction: 没有代码为 exampel 的管辖机构；是否想写 example？ "
            "[CONFIG_UNKNOWN_CODE]\n"
        ),
        p=_PROVINCE,
        b=_BASE.replace("jurisdiction: example", "jurisdiction: exampel"),
    )


def test_a_base_in_another_province_than_its_jurisdiction(says: Says) -> None:
    says(
        (
            "b.yaml:5:15: jurisdiction: example lies in 620000, hospital in 610000 "
            "[CONFIG_WRONG_PROVINCE]\n"
        ),
        (
            "b.yaml:5:15: jurisdiction: example 属于 620000，而 hospital 属于 610000 "
            "[CONFIG_WRONG_PROVINCE]\n"
        ),
        p=_PROVINCE,
        b=_BASE.replace("620000", "610000"),
    )


def test_an_unknown_jurisdiction_above(says: Says) -> None:
    says(
        (
            "p.yaml:6:9: parent: there is no jurisdiction with the code exampl; did you "
            'mean "example"? [CONFIG_UNKNOWN_CODE]\n'
        ),
        (
            "p.yaml:6:9: parent: 没有代码为 exampl 的管辖机构；是否想写 example？ "
            "[CONFIG_UNKNOWN_CODE]\n"
        ),
        p=_CITY + "parent: exampl\n",
        q=_PROVINCE,
    )


def test_a_jurisdiction_above_in_another_province(says: Says) -> None:
    says(
        ("p.yaml:6:9: parent: example lies in 620000, city in 610000 [CONFIG_WRONG_PROVINCE]\n"),
        ("p.yaml:6:9: parent: example 属于 620000，而 city 属于 610000 [CONFIG_WRONG_PROVINCE]\n"),
        p=_CITY.replace("620000", "610000") + "parent: example\n",
        q=_PROVINCE,
    )


def test_jurisdictions_above_each_other(says: Says) -> None:
    says(
        (
            "p.yaml:6:9: parent: the chain of parents of city leads back to itself "
            "[CONFIG_CYCLE]\n"
            "q.yaml:4:9: parent: the chain of parents of example leads back to itself "
            "[CONFIG_CYCLE]\n"
        ),
        (
            "p.yaml:6:9: parent: city 的上级链回到了自身 [CONFIG_CYCLE]\n"
            "q.yaml:4:9: parent: example 的上级链回到了自身 [CONFIG_CYCLE]\n"
        ),
        p=_CITY + "parent: example\n",
        q=_PROVINCE.replace("level:", "parent: city\nlevel:"),
    )


def test_a_jurisdiction_above_itself(says: Says) -> None:
    says(
        ("p.yaml:6:9: parent: the chain of parents of city leads back to itself [CONFIG_CYCLE]\n"),
        "p.yaml:6:9: parent: city 的上级链回到了自身 [CONFIG_CYCLE]\n",
        p=_CITY + "parent: city\n",
    )


def test_a_program_code_used_twice(says: Says) -> None:
    says(
        (
            "b.yaml:7:11: programs.0.code: the program code example-residency-2026 is "
            "already used in p.yaml [CONFIG_DUPLICATE_CODE]\n"
        ),
        (
            "b.yaml:7:11: programs.0.code: 项目代码 example-residency-2026 已用于 p.yaml "
            "[CONFIG_DUPLICATE_CODE]\n"
        ),
        p=_PROVINCE,
        b=_BASE.replace("hospital-residency-2026", "example-residency-2026").replace(
            f"    {_PARENT}\n", ""
        ),
    )


def test_an_unknown_program_above(says: Says) -> None:
    says(
        (
            "b.yaml:8:13: programs.0.parent: there is no program with the code "
            'example-residency-2025; did you mean "example-residency-2026"? '
            "[CONFIG_UNKNOWN_CODE]\n"
        ),
        (
            "b.yaml:8:13: programs.0.parent: 没有代码为 example-residency-2025 "
            "的项目；是否想写 example-residency-2026？ [CONFIG_UNKNOWN_CODE]\n"
        ),
        p=_PROVINCE,
        b=_BASE.replace(_PARENT, "parent: example-residency-2025"),
    )


def test_programs_above_each_other(says: Says) -> None:
    says(
        (
            "b.yaml:8:13: programs.0.parent: the chain of parents of the program "
            "hospital-residency-2026 leads back to itself [CONFIG_CYCLE]\n"
            "b.yaml:10:25: programs.1.parent: the chain of parents of the program two "
            "leads back to itself [CONFIG_CYCLE]\n"
        ),
        (
            "b.yaml:8:13: programs.0.parent: 项目 hospital-residency-2026 "
            "的上级链回到了自身 [CONFIG_CYCLE]\n"
            "b.yaml:10:25: programs.1.parent: 项目 two 的上级链回到了自身 [CONFIG_CYCLE]\n"
        ),
        p=_PROVINCE,
        b=_BASE.replace(_PARENT, "parent: two")
        + "  - {code: two, parent: hospital-residency-2026, name: {zh: 二, en: Two}}\n",
    )


def test_a_program_without_kind_and_year(says: Says) -> None:
    says(
        (
            "b.yaml:7:5: programs.0: the key kind is missing, and no parent program sets "
            "it [CONFIG_MISSING_KEY]\n"
            "b.yaml:7:5: programs.0: the key year is missing, and no parent program sets "
            "it [CONFIG_MISSING_KEY]\n"
        ),
        (
            "b.yaml:7:5: programs.0: 缺少 kind，上级项目也没有设置 [CONFIG_MISSING_KEY]\n"
            "b.yaml:7:5: programs.0: 缺少 year，上级项目也没有设置 [CONFIG_MISSING_KEY]\n"
        ),
        p=_PROVINCE,
        b=_BASE.replace(f"    {_PARENT}\n", ""),
    )


def test_a_program_of_another_kind_than_the_one_above(says: Says) -> None:
    """T1: rules of one kind never apply to the other."""
    says(
        (
            "b.yaml:10:11: programs.0.kind: the parent program example-residency-2026 is a "
            "residency [CONFIG_WRONG_PARENT]\n"
        ),
        (
            "b.yaml:10:11: programs.0.kind: 上级项目 example-residency-2026 的类型是 "
            "residency [CONFIG_WRONG_PARENT]\n"
        ),
        p=_PROVINCE,
        b=_BASE + "    kind: fellowship\n",
    )


def test_a_program_of_another_cycle_than_the_one_above(says: Says) -> None:
    says(
        (
            "b.yaml:10:11: programs.0.year: the parent program example-residency-2026 runs "
            "in 2026 [CONFIG_WRONG_YEAR]\n"
        ),
        (
            "b.yaml:10:11: programs.0.year: 上级项目 example-residency-2026 的年度是 2026 "
            "[CONFIG_WRONG_YEAR]\n"
        ),
        p=_PROVINCE,
        b=_BASE + "    year: 2027\n",
    )


def test_a_cycle_within_a_program_of_several_years(says: Says) -> None:
    """R069: one year of a program that runs over three."""
    says(
        "",
        "",
        p=_PROVINCE.replace("year: 2026", "year: 2026\n    last_year: 2028"),
        b=_BASE + "    year: 2027\n",
    )


def test_a_cycle_after_a_program_of_several_years(says: Says) -> None:
    says(
        (
            "b.yaml:10:11: programs.0.year: the parent program example-residency-2026 runs "
            "in 2026-2028 [CONFIG_WRONG_YEAR]\n"
        ),
        (
            "b.yaml:10:11: programs.0.year: 上级项目 example-residency-2026 的年度是 "
            "2026-2028 [CONFIG_WRONG_YEAR]\n"
        ),
        p=_PROVINCE.replace("year: 2026", "year: 2026\n    last_year: 2028"),
        b=_BASE + "    year: 2029\n",
    )


def test_a_last_year_before_the_first(says: Says) -> None:
    says(
        (
            "p.yaml:10:16: programs.0.last_year: 2025 is before the program's year 2026 "
            "[CONFIG_WRONG_YEAR]\n"
        ),
        ("p.yaml:10:16: programs.0.last_year: 2025 早于项目年度 2026 [CONFIG_WRONG_YEAR]\n"),
        p=_PROVINCE.replace("year: 2026", "year: 2026\n    last_year: 2025"),
    )


def test_a_program_above_that_belongs_to_nobody_above(says: Says) -> None:
    says(
        (
            "b.yaml:7:13: programs.0.parent: example-residency-2026 belongs to example, "
            "which is not above hospital; write jurisdiction: example "
            "[CONFIG_WRONG_PARENT]\n"
        ),
        (
            "b.yaml:7:13: programs.0.parent: example-residency-2026 由 example "
            "设立，而它不在 hospital 之上；请写 jurisdiction: example "
            "[CONFIG_WRONG_PARENT]\n"
        ),
        p=_PROVINCE,
        b=_BASE.replace("jurisdiction: example\n", ""),
    )


def test_a_program_above_that_belongs_to_another_jurisdiction(says: Says) -> None:
    says(
        (
            "b.yaml:8:13: programs.0.parent: example-residency-2026 belongs to example, "
            "which is not above hospital [CONFIG_WRONG_PARENT]\n"
        ),
        (
            "b.yaml:8:13: programs.0.parent: example-residency-2026 由 example "
            "设立，而它不在 hospital 之上 [CONFIG_WRONG_PARENT]\n"
        ),
        p=_PROVINCE,
        q=_CITY,
        b=_BASE.replace("jurisdiction: example", "jurisdiction: city"),
    )


def test_rounds_and_windows_that_do_not_exist(says: Says) -> None:
    says(
        (
            "b.yaml:14:16: programs.0.steps.0.round: there is no round with the code "
            'batch-2; did you mean "batch-1"? [CONFIG_UNKNOWN_CODE]\n'
            "b.yaml:15:17: programs.0.steps.0.window: there is no kind of window with the "
            'code registation; did you mean "registration"? [CONFIG_UNKNOWN_CODE]\n'
            "b.yaml:17:60: programs.0.openings.0.rounds.batch-3: there is no round with "
            'the code batch-3; did you mean "batch-1"? [CONFIG_UNKNOWN_CODE]\n'
        ),
        (
            "b.yaml:14:16: programs.0.steps.0.round: 没有代码为 batch-2 的轮次；是否想写 "
            "batch-1？ [CONFIG_UNKNOWN_CODE]\n"
            "b.yaml:15:17: programs.0.steps.0.window: 没有代码为 registation "
            "的时间窗口；是否想写 registration？ [CONFIG_UNKNOWN_CODE]\n"
            "b.yaml:17:60: programs.0.openings.0.rounds.batch-3: 没有代码为 batch-3 "
            "的轮次；是否想写 batch-1？ [CONFIG_UNKNOWN_CODE]\n"
        ),
        p=_PROVINCE,
        b=_BASE
        + """\
    steps:
      - id: apply
        kind: application
        label: {zh: 报名, en: Apply}
        round: batch-2
        window: registation
    openings:
      - {specialty: "0100", quota: 3, rounds: {batch-1: 1, batch-3: 2}}
""",
    )


def test_a_plan_of_an_unknown_program(says: Says) -> None:
    says(
        (
            "c.yaml:2:10: program: there is no program with the code "
            'example-residency-2025; did you mean "example-residency-2026"? '
            "[CONFIG_UNKNOWN_CODE]\n"
        ),
        (
            "c.yaml:2:10: program: 没有代码为 example-residency-2025 的项目；是否想写 "
            "example-residency-2026？ [CONFIG_UNKNOWN_CODE]\n"
        ),
        p=_PROVINCE,
        b=_BASE,
        c=_PLAN.replace("2026", "2025"),
    )


def test_rows_of_a_plan_for_strangers_and_twice(says: Says) -> None:
    says(
        (
            "c.yaml:5:12: rows.1.base: the base nowhere has no program below "
            "example-residency-2026 [CONFIG_UNKNOWN_CODE]\n"
            "c.yaml:6:5: rows.2: the plan row hospital 0100 appears twice "
            "[CONFIG_DUPLICATE_CODE]\n"
        ),
        (
            "c.yaml:5:12: rows.1.base: 基地 nowhere 没有 example-residency-2026 之下的项目 "
            "[CONFIG_UNKNOWN_CODE]\n"
            "c.yaml:6:5: rows.2: 计划行 hospital 0100 重复 [CONFIG_DUPLICATE_CODE]\n"
        ),
        p=_PROVINCE,
        b=_BASE,
        c=_PLAN
        + """\
  - {base: nowhere, specialty: "0100", quota: 1}
  - {base: hospital, specialty: "0100", quota: 2}
""",
    )


def test_a_row_in_two_plans(says: Says) -> None:
    """Which of the two counts nobody knows."""
    says(
        (
            "d.yaml:4:5: rows.0: the plan row hospital 0100 stands in c.yaml already "
            "[CONFIG_DUPLICATE_CODE]\n"
        ),
        "d.yaml:4:5: rows.0: 计划行 hospital 0100 已在 c.yaml 中 [CONFIG_DUPLICATE_CODE]\n",
        p=_PROVINCE,
        b=_BASE,
        c=_PLAN,
        d=_PLAN.replace("quota: 1", "quota: 2"),
    )


def test_a_year_of_wages_twice(says: Says) -> None:
    says(
        (
            "p.yaml:13:41: wages.1.year: the year of wages 2024 appears twice "
            "[CONFIG_DUPLICATE_CODE]\n"
        ),
        "p.yaml:13:41: wages.1.year: 平均工资年份 2024 重复 [CONFIG_DUPLICATE_CODE]\n",
        p=_PROVINCE + "wages: [{year: 2024, amount: 1}, {year: 2024, amount: 2}]\n",
    )


def test_a_row_for_one_of_two_programs(says: Says) -> None:
    second = "  - {code: h2, parent: example-residency-2026, name: {zh: 二, en: Two}}\n"
    says(
        (
            "c.yaml:4:12: rows.0.base: the base hospital has several programs below "
            "example-residency-2026 (h2, hospital-residency-2026), and nobody can tell "
            "whose row this is [CONFIG_DUPLICATE_CODE]\n"
        ),
        (
            "c.yaml:4:12: rows.0.base: 基地 hospital 在 example-residency-2026 之下有多个项目（"
            "h2, hospital-residency-2026），无法判断本行属于哪一个 [CONFIG_DUPLICATE_CODE]\n"
        ),
        p=_PROVINCE,
        b=_BASE + second,
        c=_PLAN,
    )
