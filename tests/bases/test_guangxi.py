"""Guangxi's plan of the fellowship 2024-2026 (S3)."""

from __future__ import annotations

from zhupei import Level, Program, ProgramKind, SectionItem
from zhupei.catalogue import Catalogue

_PROGRAM = "guangxi-fellowship-2024-2026"

# S3:67-127, in the order of the form.
_FIELDS = [
    "医院名称",
    "拟申请研修单位",
    "姓名",
    "性别",
    "民族",
    "照片",
    "籍贯",
    "政治面貌",
    "专业",
    "出生年月日",
    "学历",
    "专业技术职务",
    "毕业院校",
    "毕业时间",
    "工作单位",
    "单位所在地",
    "联系电话",
    "健康状况",
    "申请进修时间（时长）",
    "申请进修科室（专业）",
    "个人简历",
    "申请进修原因",
    "研修内容",
    "工作单位意见",
]


def _program(published: Catalogue) -> Program:
    return published.programs[_PROGRAM]


def _section(published: Catalogue, name: str) -> tuple[SectionItem, ...]:
    (section,) = [one for one in _program(published).sections if one.id == name]
    return section.items


def test_the_program_runs_three_years(published: Catalogue) -> None:
    """R069 R170: a fellowship of the region, hosted by nobody else, with Liuzhou's below it."""
    program = _program(published)
    assert (program.kind, program.year, program.last_year) == (
        ProgramKind.FELLOWSHIP,
        2024,
        2026,
    )
    assert (program.jurisdiction, program.base) == ("guangxi", None)
    assert program.children == ("gz-liuzhou-fellowship-2024",)
    assert program.duration_months is None, "R180: half a year or one year"


def test_three_hosts(published: Catalogue) -> None:
    """R170: the plan names three host units; two of them have no plan of their own here."""
    assert [item.label.zh for item in _section(published, "hosts")] == [
        "中山大学附属第一医院广西医院",
        "中南大学湘雅二医院桂林医院",
        "广州市妇女儿童医疗中心柳州医院",
    ]
    assert [base.code for base in published.bases.values() if "guangxi" in base.jurisdictions] == [
        "gz-liuzhou"
    ]


def test_the_plan_prints_no_number(published: Catalogue) -> None:
    """R170: the region gives no number of places, and says so."""
    assert _program(published).quota_total is None, "two hosts' plans were not supplied"
    note = _program(published).quota_note
    assert note is not None
    assert note.zh.startswith("工作方案未给名额")


def test_the_plan_prints_no_dates(published: Catalogue) -> None:
    """R171: it names neither rounds nor dates; the hosts plan, and say when to report."""
    program = _program(published)
    assert program.rounds == ()
    assert program.rounds_note is not None
    assert program.rounds_note.zh.startswith("工作方案未给日期")


def test_key_specialties(published: Catalogue) -> None:
    """R172: ten clinical specialties and four diagnostic fields."""
    names = [item.label.zh for item in _section(published, "key-specialties")]
    assert names == [
        "耳鼻喉头颈",
        "神经内科",
        "神经外科",
        "心血管内科",
        "心血管外科",
        "妇产科",
        "消化内科",
        "肿瘤医学科",
        "儿科",
        "小儿外科",
        "影像",
        "病理",
        "检验",
        "超声",
    ]


def test_host_duties(published: Catalogue) -> None:
    """R171 R173-R176 R179: what a host must do, each with its lines."""
    assert {
        item.id: item.source.lines if item.source else None
        for item in _section(published, "host-duties")
    } == {
        "own-plan": "18,21",
        "departments-and-ways": "21",
        "subsidy": "24",
        "measures": "27",
        "encouragement": "31",
        "other-conditions": "39",
        "dispatch": "42",
        "demands": "63",
    }


def test_selection_conditions(published: Catalogue) -> None:
    """R072 R177 R178 R180: suggested conditions ask for a review, they do not refuse."""
    rules = {one.id: (one.kind, one.hard) for one in _program(published).requirements}
    assert rules == {
        "political-quality": ("review", True),
        "residency-or-title": ("expression", False),
        "front-line-backbone": ("review", False),
        "health": ("fact", True),
        "age": ("age", False),
        "sending-region": ("sending_unit", True),
        "unit-recommendation": ("sending_unit", True),
        "stay": ("stay", False),
    }
    stay = next(one for one in _program(published).requirements if one.id == "stay")
    assert stay.params.months == (6, 12)


def test_procedure(published: Catalogue) -> None:
    """R181: five steps, from the personal application to the report."""
    assert [(step.id, step.actor) for step in _program(published).steps] == [
        ("application", "applicant"),
        ("unit-recommendation", "sending_unit"),
        ("selection", "base"),
        ("notice", "base"),
        ("report", "applicant"),
    ]


def test_application_form(published: Catalogue) -> None:
    """R182 R187: twenty-four fields, among them the intended host unit."""
    documents = {one.id: one for one in _program(published).documents}
    assert [field.label.zh for field in documents["application-form"].fields] == _FIELDS
    assert len(_FIELDS) == 24
    assert documents["completion-form"].required is False


def test_benefits(published: Catalogue) -> None:
    """R174-R176 R183: the host subsidises, the sending unit bears wages and costs."""
    payers = {one.id: str(one.payer) for one in _program(published).benefits}
    assert payers == {
        "fellowship-subsidy": "base",
        "sending-unit-pay": "sending_unit",
        "transport": "sending_unit",
        "board": "sending_unit",
        "lodging-cost": "sending_unit",
        "difficult-cases-and-research": "base",
        "output-hospital": "base",
        "research-projects": "government",
    }


def test_grades_and_penalty(published: Catalogue) -> None:
    """R185 R186: three grades; a negative attitude may end the fellowship."""
    (evaluation,) = _program(published).assessments
    assert [grade.zh for grade in evaluation.grades] == ["优秀", "合格", "不合格"]
    (penalty,) = _program(published).penalties
    assert penalty.consequences == ("terminated", "public_criticism")
    assert {penalty.level, evaluation.level} == {Level.JURISDICTION}
    assert [item.id for item in _section(published, "recognition")] == [
        "certificate",
        "preference",
    ]


def test_r184_mentors_and_content(published: Catalogue) -> None:
    """R184, S3:57: what fellows learn, from a mentor in principle."""
    items = {item.id: item for section in _program(published).sections for item in section.items}
    text, source = items["content"].text, items["content"].source
    assert text is not None
    assert source is not None
    assert "原则上实施“导师带教制”" in text.zh
    assert source.lines == "57"
