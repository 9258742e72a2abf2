"""Collaboration units and grass-roots sites (R201-R208, G31)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from zhupei.config.problems import Problems
from zhupei.domain.text import Language

Checked = Callable[..., Problems]
_NATION = """\
kind: national
code: national
name: {zh: 国家, en: Nation}
policies:
  collaborated_specialties_cap: {value: '3'}
  collaboration_units_per_specialty_cap: {value: '1'}
  collaboration_months_cap: {value: '12'}
  grassroots_sites_cap: {value: '3'}
"""
_BASE = """\
kind: base
code: hospital
name: {zh: 医院, en: Hospital}
province: "620000"
collaborations:
"""


def _unit(specialty: str | None, name: str = "A", **other: str) -> str:
    keys = {
        "kind": "collaboration_unit",
        "hospital": f"{{zh: 医院{name}, en: Hospital {name}}}",
        "specialty": None if specialty is None else f'"{specialty}"',
        "content": "门诊",
        "months": "12",
        "agreement": "{signed: 2026-01-05, covers: [trainees, rotation, assessment, treatment, "
        "faculty, process]}",
        "leading_group": "{leader: 院长, meetings: [2026-01-05]}",
        "guidance": "[{on: 2026-01-05, topics: [system]}]",
        "full_time_managers": "1",
        "pays_performance": "true",
        "pays_night_allowance": "true",
        **other,
    }
    lines = [f"{key}: {value}" for key, value in keys.items() if value is not None]
    return "  - " + "\n    ".join(lines) + "\n"


def _site(name: str) -> str:
    return (
        f"  - {{kind: grassroots_site, hospital: {{zh: 社区{name}, en: Community {name}}}, "
        'specialty: "0700"}\n'
    )


def _said(checked: Checked, *entries: str) -> list[str]:
    problems = checked(a=_NATION, b=_BASE + "".join(entries))
    return [line.partition(": ")[2] for line in problems.text(Language.EN).splitlines()]


def test_g31_all_limits_may_be_reached(checked: Checked) -> None:
    """Three specialties with one unit each, twelve months, and three sites beside them (R208)."""
    units = [_unit(code) for code in ("0100", "0200", "0300")]
    assert _said(checked, *units, *map(_site, "ABC")) == []


def test_g31_a_fourth_collaborated_specialty_is_refused(checked: Checked) -> None:
    """R202, S4:238."""
    units = [_unit(code) for code in ("0100", "0200", "0300", "0400")]
    assert _said(checked, *units) == [
        (
            "collaborations.3.specialty: the 4th specialty base with a collaboration unit; a base "
            "has at most 3 [CONFIG_COLLABORATION_LIMIT]"
        )
    ]


def test_g31_a_second_unit_of_one_specialty_is_refused(checked: Checked) -> None:
    """R203, S4:240."""
    assert _said(checked, _unit("0100", "A"), _unit("0100", "B")) == [
        (
            "collaborations.1.specialty: the 2nd collaboration unit of specialty 0100; a specialty "
            "base has at most 1 [CONFIG_COLLABORATION_LIMIT]"
        )
    ]


def test_g31_thirteen_months_at_the_unit_are_refused(checked: Checked) -> None:
    """R204, S4:240-242."""
    assert _said(checked, _unit("0100", months="13")) == [
        (
            "collaborations.0.months: 13 months at the unit; at most 12 are allowed "
            "[CONFIG_COLLABORATION_LIMIT]"
        )
    ]


def test_g31_a_fourth_grassroots_site_is_refused(checked: Checked) -> None:
    """R208, S4:277-281: sites do not count as units."""
    assert _said(checked, *map(_site, "ABCD")) == [
        (
            "collaborations.3.kind: the 4th grass-roots site; a specialty base has at most 3 "
            "[CONFIG_COLLABORATION_LIMIT]"
        )
    ]


def test_a_hospital_that_is_the_unit_is_not_bound(checked: Checked) -> None:
    """R070: the duties and the limits are those of the base that it trains for."""
    entry = (
        "  - {kind: collaboration_unit, part: unit, hospital: {zh: 医院A, en: Hospital A}, "
        'specialty: "0100", months: 13}\n'
    )
    assert _said(checked, entry, entry.replace("医院A", "医院B")) == []


def test_many_quarters_without_a_record_are_not_all_listed(checked: Checked) -> None:
    """A slip of a year leaves hundreds of them."""
    (said,) = _said(checked, _unit("0100", guidance="[{on: 1926-05-01}, {on: 2026-01-05}]"))
    assert said.count("-Q") == 20
    assert "1931-Q2, … [CONFIG_COLLABORATION_DUTY]" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"guidance": "[{on: 2025-05-01}, {on: 2026-01-05}]"},
            (
                "collaborations.0.guidance: the unit is guided every quarter; there is no record "
                "for 2025-Q3, 2025-Q4 [CONFIG_COLLABORATION_DUTY]"
            ),
        ),
        (
            {"leading_group": "{leader: 院长, meetings: [2025-01-05, 2026-01-05]}"},
            (
                "collaborations.0.leading_group: the leading group meets every half year; there is "
                "no record for 2025-H2 [CONFIG_COLLABORATION_DUTY]"
            ),
        ),
        (
            {"full_time_managers": "0"},
            (
                "collaborations.0.full_time_managers: the unit has to have full-time managers of "
                "training [CONFIG_COLLABORATION_DUTY]"
            ),
        ),
        (
            {"pays_performance": "false"},
            (
                "collaborations.0.pays_performance: the unit has to pay trainees for performance "
                "[CONFIG_COLLABORATION_DUTY]"
            ),
        ),
        (
            {"pays_night_allowance": "false"},
            (
                "collaborations.0.pays_night_allowance: the unit has to pay trainees for night "
                "duty [CONFIG_COLLABORATION_DUTY]"
            ),
        ),
    ],
    ids=["R206", "R205", "R207 managers", "R207 performance", "R207 nights"],
)
def test_duties_that_were_not_kept(checked: Checked, change: dict[str, str], said: str) -> None:
    """S4:246-275."""
    assert _said(checked, _unit("0100", **change)) == [said]


def test_r201_what_nobody_stated_is_a_warning(checked: Checked) -> None:
    """Limited specialty, content and time; agreement, group, guidance, managers and pay."""
    entry = "  - {kind: collaboration_unit, hospital: {zh: 医院A, en: Hospital A}}\n"
    problems = checked(a=_NATION, b=_BASE + entry)
    assert problems.text(Language.ZH) == (
        "b.yaml:6:42: 警告：collaborations.0.hospital: 协同单位“医院A”尚未写明：专业、培训内容、"
        "培训时间、协议签订日期、协议内容（培训对象管理、培训对象轮转、培训对象考核、培训对象待遇、"
        "师资带教和管理、培训过程管理）、协同培训领导小组、季度指导记录、专职管理人员、绩效发放、"
        "夜班补助 [CONFIG_COLLABORATION_INCOMPLETE]\n"
    )
    assert [problem.severity for problem in problems] == ["warning"]


def test_r205_the_agreement_names_what_it_does_not_cover(checked: Checked) -> None:
    agreement = "{signed: 2026-01-05, covers: [trainees, rotation, assessment, treatment, faculty]}"
    assert _said(checked, _unit("0100", agreement=agreement)) == [
        (
            'warning: collaborations.0.hospital: of the collaboration unit "Hospital A" it is not '
            "stated: what the agreement says of management of the process "
            "[CONFIG_COLLABORATION_INCOMPLETE]"
        )
    ]
