"""Quotas nest, add up, stay within capacity, and unknown ones have a reason."""

from __future__ import annotations

from collections.abc import Callable

Says = Callable[..., None]

_BASE = """\
kind: base
code: hospital
name: {zh: 医院, en: Hospital}
province: "620000"
specialty_bases:
  - {specialty: "0200", capacity: 5}
programs:
  - code: hospital-residency-2026
    kind: residency
    year: 2026
    name: {zh: 住培, en: Residency}
"""
_ELEVEN = (1, 4, 1, 1, 1, 2, 1, 2, 2, 1, 3)
_CODES = ("0100", "0200", "0300", "0600", "0900", "1100", "1400", "1600", "1800", "2200", "2500")


def _rows(*quotas: int) -> str:
    rows = zip(_CODES, quotas, strict=False)
    lines = (f'      - {{specialty: "{code}", quota: {quota}}}\n' for code, quota in rows)
    return "    openings:\n" + "".join(lines)


def _directions(quota: int, *directions: int | None) -> str:
    text = (
        f'    openings:\n      - specialty: "0200"\n        quota: {quota}\n        directions:\n'
    )
    for index, seats in enumerate(directions):
        known = "" if seats is None else f", quota: {seats}"
        text += f"          - {{id: d{index}, name: {{zh: 向, en: D}}{known}}}\n"
    return text


def test_eleven_rows_add_up(says: Says) -> None:
    """V1: 1+4+1+1+1+2+1+2+2+1+3 = 19."""
    says(
        "",
        "",
        b=_BASE + "    quota: 19\n" + _rows(*_ELEVEN),
    )


def test_eleven_rows_that_do_not_add_up(says: Says) -> None:
    """V1"""
    says(
        (
            "b.yaml:12:12: programs.0.quota: the rows add up to 19, the published total is "
            "20 [CONFIG_QUOTA_SUM]\n"
        ),
        ("b.yaml:12:12: programs.0.quota: 各行名额之和为 19，而计划总数为 20 [CONFIG_QUOTA_SUM]\n"),
        b=_BASE + "    quota: 20\n" + _rows(*_ELEVEN),
    )


def test_rows_above_the_total_though_one_is_unknown(says: Says) -> None:
    says(
        (
            "b.yaml:12:12: programs.0.quota: the rows add up to 5, the published total is "
            "4 [CONFIG_QUOTA_SUM]\n"
        ),
        ("b.yaml:12:12: programs.0.quota: 各行名额之和为 5，而计划总数为 4 [CONFIG_QUOTA_SUM]\n"),
        b=_BASE
        + "    quota: 4\n"
        + _rows(1, 4)
        + '      - {specialty: "0300", quota_note: 未公布}\n',
    )


def test_rows_below_the_total_where_one_is_unknown(says: Says) -> None:
    """An unknown row may hold the rest."""
    says(
        "",
        "",
        b=_BASE
        + "    quota: 9\n"
        + _rows(1, 4)
        + '      - {specialty: "0300", quota_note: 未公布}\n',
    )


def test_eight_directions_add_up(says: Says) -> None:
    """V5, R081: 2+2+1+2+1+1+2+2 = 13."""
    says(
        "",
        "",
        b=_BASE.replace("capacity: 5", "capacity: 13") + _directions(13, 2, 2, 1, 2, 1, 1, 2, 2),
    )


def test_directions_that_do_not_add_up(says: Says) -> None:
    """R086, V7: 2+1+1 = 4."""
    says(
        (
            "b.yaml:16:11: programs.0.openings.0.directions: the directions add up to 4, "
            "the quota is 5 [CONFIG_QUOTA_SUM]\n"
        ),
        (
            "b.yaml:16:11: programs.0.openings.0.directions: 各方向名额之和为 4，而名额为 "
            "5 [CONFIG_QUOTA_SUM]\n"
        ),
        b=_BASE + _directions(5, 2, 1, 1),
    )


def test_a_direction_without_a_number(says: Says) -> None:
    """V6, R082: the number of the department stands."""
    says(
        "",
        "",
        b=_BASE + _directions(3, None),
    )


def test_directions_above_the_quota_though_one_is_unknown(says: Says) -> None:
    """R086"""
    says(
        (
            "b.yaml:16:11: programs.0.openings.0.directions: the directions add up to 4, "
            "the quota is 3 [CONFIG_QUOTA_SUM]\n"
        ),
        (
            "b.yaml:16:11: programs.0.openings.0.directions: 各方向名额之和为 4，而名额为 "
            "3 [CONFIG_QUOTA_SUM]\n"
        ),
        b=_BASE + _directions(3, 4, None),
    )


def test_a_direction_twice(says: Says) -> None:
    says(
        (
            "b.yaml:17:18: programs.0.openings.0.directions.1.id: the direction d0 appears "
            "twice [CONFIG_DUPLICATE_CODE]\n"
        ),
        (
            "b.yaml:17:18: programs.0.openings.0.directions.1.id: 方向 d0 重复 "
            "[CONFIG_DUPLICATE_CODE]\n"
        ),
        b=_BASE + _directions(3, 2, 1).replace("id: d1", "id: d0"),
    )


def test_a_quota_within_capacity(says: Says) -> None:
    """R212"""
    says(
        "",
        "",
        b=_BASE + _rows(1, 5),
    )


def test_a_quota_above_the_capacity_of_the_specialty_base(says: Says) -> None:
    """R212, S4:320-322"""
    says(
        (
            "b.yaml:14:36: programs.0.openings.1.quota: the quota 6 exceeds the training "
            "capacity 5 [CONFIG_OVER_CAPACITY]\n"
        ),
        (
            "b.yaml:14:36: programs.0.openings.1.quota: 名额 6 超过培训容量 5 "
            "[CONFIG_OVER_CAPACITY]\n"
        ),
        b=_BASE + _rows(1, 6),
    )


def test_a_quota_above_the_capacity_of_its_row(says: Says) -> None:
    """R212: what the row says comes before what the base says."""
    says(
        (
            "b.yaml:13:36: programs.0.openings.0.quota: the quota 5 exceeds the training "
            "capacity 4 [CONFIG_OVER_CAPACITY]\n"
        ),
        (
            "b.yaml:13:36: programs.0.openings.0.quota: 名额 5 超过培训容量 4 "
            "[CONFIG_OVER_CAPACITY]\n"
        ),
        b=_BASE
        + """\
    openings:
      - {specialty: "0200", quota: 5, capacity: 4}
""",
    )


def test_an_unknown_quota_without_a_reason(says: Says) -> None:
    """T36: unknown is null with a reason, never 0."""
    says(
        (
            "b.yaml:13:9: programs.0.openings.0: the quota is unknown, and no quota_note "
            "says why [CONFIG_MISSING_REASON]\n"
        ),
        (
            "b.yaml:13:9: programs.0.openings.0: 名额未知，却没有说明原因（quota_note） "
            "[CONFIG_MISSING_REASON]\n"
        ),
        b=_BASE + '    openings:\n      - {specialty: "0100"}\n',
    )


def test_an_unknown_quota_with_the_reason_of_its_program(says: Says) -> None:
    """T36, R169"""
    says(
        "",
        "",
        b=_BASE + '    quota_note: 未公布\n    openings:\n      - {specialty: "0100"}\n',
    )


def test_shares_of_rounds_add_up(says: Says) -> None:
    """T7: the share of each batch is configured."""
    says(
        "",
        "",
        b=_BASE
        + """\
    rounds:
      - {code: june, name: {zh: 六月, en: June}, quota: 3}
      - {code: december, name: {zh: 十二月, en: December}, quota: 2}
    openings:
      - {specialty: "0100", quota: 3, rounds: {june: 2, december: 1}}
      - {specialty: "0300", quota: 2, rounds: {june: 1, december: 1}}
""",
    )


def test_a_row_whose_rounds_do_not_add_up(says: Says) -> None:
    says(
        (
            "b.yaml:16:47: programs.0.openings.0.rounds: the rounds add up to 4, the quota "
            "is 3 [CONFIG_QUOTA_SUM]\n"
        ),
        (
            "b.yaml:16:47: programs.0.openings.0.rounds: 各轮次名额之和为 4，而名额为 3 "
            "[CONFIG_QUOTA_SUM]\n"
        ),
        b=_BASE
        + """\
    rounds:
      - {code: june, name: {zh: 六月, en: June}}
      - {code: december, name: {zh: 十二月, en: December}}
    openings:
      - {specialty: "0100", quota: 3, rounds: {june: 2, december: 2}}
      - {specialty: "0300", quota: 2, rounds: {june: 1, december: 1}}
""",
    )


def test_rounds_that_take_more_than_the_rows_give(says: Says) -> None:
    """T7"""
    says(
        (
            "b.yaml:13:7: programs.0.rounds: the rounds add up to 6, the plan's total is 5 "
            "[CONFIG_QUOTA_SUM]\n"
            "b.yaml:13:55: programs.0.rounds.0.quota: the rows give 3 seats to the round "
            "june, its quota is 4 [CONFIG_QUOTA_SUM]\n"
        ),
        (
            "b.yaml:13:7: programs.0.rounds: 各轮次名额之和为 6，而计划总数为 5 "
            "[CONFIG_QUOTA_SUM]\n"
            "b.yaml:13:55: programs.0.rounds.0.quota: 各行在轮次 june 的名额之和为 "
            "3，而该轮次名额为 4 [CONFIG_QUOTA_SUM]\n"
        ),
        b=_BASE
        + """\
    rounds:
      - {code: june, name: {zh: 六月, en: June}, quota: 4}
      - {code: december, name: {zh: 十二月, en: December}, quota: 2}
    openings:
      - {specialty: "0100", quota: 3, rounds: {june: 2, december: 1}}
      - {specialty: "0300", quota: 2, rounds: {june: 1, december: 1}}
""",
    )


def test_rounds_that_take_less_than_the_rows_give(says: Says) -> None:
    says(
        (
            "b.yaml:13:7: programs.0.rounds: the rounds add up to 4, the plan's total is 5 "
            "[CONFIG_QUOTA_SUM]\n"
            "b.yaml:13:55: programs.0.rounds.0.quota: the rows give 3 seats to the round "
            "june, its quota is 2 [CONFIG_QUOTA_SUM]\n"
        ),
        (
            "b.yaml:13:7: programs.0.rounds: 各轮次名额之和为 4，而计划总数为 5 "
            "[CONFIG_QUOTA_SUM]\n"
            "b.yaml:13:55: programs.0.rounds.0.quota: 各行在轮次 june 的名额之和为 "
            "3，而该轮次名额为 2 [CONFIG_QUOTA_SUM]\n"
        ),
        b=_BASE
        + """\
    rounds:
      - {code: june, name: {zh: 六月, en: June}, quota: 2}
      - {code: december, name: {zh: 十二月, en: December}, quota: 2}
    openings:
      - {specialty: "0100", quota: 3, rounds: {june: 2, december: 1}}
      - {specialty: "0300", quota: 2, rounds: {june: 1, december: 1}}
""",
    )


def test_programs_below_add_up(says: Says) -> None:
    """V4"""
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
  - code: example-residency-2026
    kind: residency
    year: 2026
    quota: 5
    name: {zh: 住培, en: Residency}
""",
        b=_BASE.replace("specialty_bases", "jurisdiction: example\nspecialty_bases").replace(
            "kind: residency", "parent: example-residency-2026"
        )
        + _rows(1, 4),
    )


def test_programs_below_that_do_not_add_up(says: Says) -> None:
    says(
        (
            "p.yaml:10:12: programs.0.quota: the programs below add up to 5, the published "
            "total is 6 [CONFIG_QUOTA_SUM]\n"
        ),
        (
            "p.yaml:10:12: programs.0.quota: 下级项目名额之和为 5，而计划总数为 6 "
            "[CONFIG_QUOTA_SUM]\n"
        ),
        p="""\
kind: jurisdiction
code: example
name: {zh: 示例省, en: Example}
level: province
province: "620000"
programs:
  - code: example-residency-2026
    kind: residency
    year: 2026
    quota: 6
    name: {zh: 住培, en: Residency}
""",
        b=_BASE.replace("specialty_bases", "jurisdiction: example\nspecialty_bases").replace(
            "kind: residency", "parent: example-residency-2026"
        )
        + _rows(1, 4),
    )


def test_programs_below_above_the_total(says: Says) -> None:
    says(
        (
            "p.yaml:10:12: programs.0.quota: the programs below add up to 5, the published "
            "total is 4 [CONFIG_QUOTA_SUM]\n"
        ),
        (
            "p.yaml:10:12: programs.0.quota: 下级项目名额之和为 5，而计划总数为 4 "
            "[CONFIG_QUOTA_SUM]\n"
        ),
        p="""\
kind: jurisdiction
code: example
name: {zh: 示例省, en: Example}
level: province
province: "620000"
programs:
  - code: example-residency-2026
    kind: residency
    year: 2026
    quota: 4
    name: {zh: 住培, en: Residency}
""",
        b=_BASE.replace("specialty_bases", "jurisdiction: example\nspecialty_bases").replace(
            "kind: residency", "parent: example-residency-2026"
        )
        + _rows(1, 4)
        + "  - {code: other, parent: example-residency-2026, name: {zh: 二, en: Two}}\n",
    )


def test_rows_of_a_plan_above_capacity(says: Says) -> None:
    """R212"""
    says(
        (
            "c.yaml:4:48: rows.0.quota: the quota 6 exceeds the training capacity 5 "
            "[CONFIG_OVER_CAPACITY]\n"
        ),
        "c.yaml:4:48: rows.0.quota: 名额 6 超过培训容量 5 [CONFIG_OVER_CAPACITY]\n",
        p="""\
kind: jurisdiction
code: example
name: {zh: 示例省, en: Example}
level: province
province: "620000"
programs:
  - code: example-residency-2026
    kind: residency
    year: 2026
    quota: null
    quota_note: 附件未提供
    name: {zh: 住培, en: Residency}
""",
        b=_BASE.replace("specialty_bases", "jurisdiction: example\nspecialty_bases").replace(
            "kind: residency", "parent: example-residency-2026"
        ),
        c="""\
kind: plan
program: example-residency-2026
rows:
  - {base: hospital, specialty: "0200", quota: 6}
  - {base: hospital, specialty: "0300", quota: 60}
""",
    )


def test_a_plan_table_beside_published_totals(says: Says) -> None:
    """R086: rows that a base lists itself take the place of the table's, as in the catalogue."""
    says(
        (
            "b.yaml:12:12: programs.0.quota: the rows add up to 9, the published total is 5 "
            "[CONFIG_QUOTA_SUM]\n"
            "p.yaml:10:12: programs.0.quota: the rows add up to 9, the published total is 8 "
            "[CONFIG_QUOTA_SUM]\n"
        ),
        (
            "b.yaml:12:12: programs.0.quota: 各行名额之和为 9，而计划总数为 5 "
            "[CONFIG_QUOTA_SUM]\n"
            "p.yaml:10:12: programs.0.quota: 各行名额之和为 9，而计划总数为 8 "
            "[CONFIG_QUOTA_SUM]\n"
        ),
        p=_PROVINCE.format(quota=8),
        b=_MEMBER.replace("    name", "    quota: 5\n    name") + _rows(3, 2),
        c=_TABLE,
    )
    says(
        "",
        "",
        p=_PROVINCE.format(quota=9),
        b=_MEMBER.replace("    name", "    quota: 9\n    name") + _rows(3, 2),
        c=_TABLE,
    )


_PROVINCE = """\
kind: jurisdiction
code: example
name: {{zh: 示例省, en: Example}}
level: province
province: "620000"
programs:
  - code: example-residency-2026
    kind: residency
    year: 2026
    quota: {quota}
    name: {{zh: 住培, en: Residency}}
"""
_MEMBER = _BASE.replace("specialty_bases", "jurisdiction: example\nspecialty_bases").replace(
    "kind: residency", "parent: example-residency-2026"
)
_TABLE = """\
kind: plan
program: example-residency-2026
rows:
  - {base: hospital, specialty: "0100", quota: 7}
  - {base: hospital, specialty: "0300", quota: 4}
"""
