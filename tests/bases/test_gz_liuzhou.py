"""The fellowship of the Liuzhou hospital, figure by figure (S1, under the regional plan S3)."""

from __future__ import annotations

from datetime import datetime

import pytest

from zhupei import (
    CHINA_TIME,
    Base,
    CollaborationKind,
    HospitalTier,
    InstitutionType,
    Level,
    Opening,
    Program,
    ProgramKind,
    TitleLevel,
)
from zhupei.catalogue import Catalogue, LoadedCatalogue
from zhupei.config.checks import timelines
from zhupei.config.checks.context import CheckContext

_PROGRAM = "gz-liuzhou-fellowship-2024"

# S1:90-143: department, places, directions with their numbers (None: printed without one).
_PLAN = {
    "paediatrics": (13, [2, 2, 1, 2, 1, 1, 2, 2]),
    "neonatology": (3, [None]),
    "paediatric-surgery": (4, [2, 1, 1]),
    "obstetrics": (3, [2, 1]),
    "gynaecology": (3, [1, 1, 1]),
}


def _base(published: Catalogue) -> Base:
    return published.bases["gz-liuzhou"]


def _program(published: Catalogue) -> Program:
    return published.programs[_PROGRAM]


def _openings(published: Catalogue) -> dict[str, Opening]:
    return {
        opening.specialty: opening
        for opening in published.openings.values()
        if opening.program == _PROGRAM
    }


def test_only_warnings_about_saturdays(south: LoadedCatalogue) -> None:
    """T10: two deadlines are Saturdays; no document shifts them, so they stay and are named.

    The file accepts the warnings, with the reason, because the dates are the brochure's own.
    """
    assert len(south.problems) == 0
    context = CheckContext(
        south.workspace, south.catalogue.reference, south.catalogue.calendar, None
    )
    timelines.check(context)
    found = [
        (problem.code, problem.severity, problem.message.en)
        for problem in context.problems
        if "guangxi" in str(problem.file)
    ]
    assert found == [
        (
            "CALENDAR_REST_DAY",
            "warning",
            (
                f"the deadline {day} (Saturday) is not a working day; no document says that it "
                "is shifted, so it is not"
            ),
        )
        for day in ("2024-05-25", "2024-06-01")
    ]


def test_identity(published: Catalogue) -> None:
    """R068 T1: a tertiary-A women's and children's hospital in Guangxi, not Guangdong."""
    base = _base(published)
    assert base.name.zh == "广州市妇女儿童医疗中心柳州医院"
    assert base.aliases == ("广妇儿柳州医院",)
    assert (base.province, base.prefecture) == ("450000", "450200")
    assert (base.tier, base.grade) == (HospitalTier.TERTIARY, "三级甲等")
    assert base.type is InstitutionType.WOMEN_AND_CHILDREN
    assert base.base_since is None, "no document makes it a residency base of its own"


def test_relations(published: Catalogue) -> None:
    """R070: collaboration unit of two bases, each for one specialty; a hospital behind it."""
    assert [
        (one.kind, one.hospital.zh, one.specialty) for one in _base(published).collaborations
    ] == [
        (CollaborationKind.COLLABORATION_UNIT, "广西科技大学第一附属医院", "1600"),
        (
            CollaborationKind.COLLABORATION_UNIT,
            "广西医科大学第四附属医院（柳州市工人医院）",
            "0200",
        ),
        (CollaborationKind.PARENT, "广州市妇女儿童医疗中心", None),
    ]


def test_contact(published: Catalogue) -> None:
    """R071: one person, phone, mail and site."""
    (contact,) = _base(published).contacts
    assert contact.people == ("唐老师",)
    assert [phone.number for phone in contact.phones] == ["0772-2205450"]
    assert contact.emails == ("gfelzyyjx@163.com",)
    assert contact.websites == ("https://www.gfelz.com/#/home",)


def test_a_fellowship_below_the_regional_plan(published: Catalogue) -> None:
    """R069 T1: no rule of residency reaches it; the parent's rules do."""
    program = _program(published)
    assert (program.kind, program.year) == (ProgramKind.FELLOWSHIP, 2024)
    assert program.parent == "guangxi-fellowship-2024-2026"
    assert program.duration_months == 6
    for opening in _openings(published).values():
        assert {one.level for one in opening.requirements} == {
            Level.JURISDICTION,
            Level.INSTITUTION,
        }
    assert Level.NATIONAL not in {one.level for one in program.benefits}


def test_plan_row_by_row(published: Catalogue) -> None:
    """R081-R086 V5-V7: places by department and direction."""
    found = {
        code: (opening.quota, [direction.quota for direction in opening.directions])
        for code, opening in _openings(published).items()
    }
    assert found == _PLAN


def test_totals(published: Catalogue) -> None:
    """G12 R080 V4: five departments, seventeen directions, twenty-six places."""
    openings = _openings(published).values()
    assert _program(published).quota_total == 26
    assert len(openings) == 5
    assert sum(len(opening.directions) for opening in openings) == 17


def test_directions_add_up_to_departments(published: Catalogue) -> None:
    """R086 V6: where all directions have numbers they add up; one department prints none."""
    for code, opening in _openings(published).items():
        numbers = [direction.quota for direction in opening.directions]
        if code == "neonatology":
            assert numbers == [None]
            assert opening.directions[0].quota_note is not None
        else:
            assert sum(number or 0 for number in numbers) == opening.quota


def test_two_batches_without_a_split(published: Catalogue) -> None:
    """R080 T7: June and December; no share of the 26 is assumed for either."""
    rounds = _program(published).rounds
    assert [one.code for one in rounds] == ["june-2024", "december-2024"]
    assert [one.quota for one in rounds] == [None, None]
    assert all(one.quota_note is not None for one in rounds)
    assert rounds[1].windows == (), "no date of the December batch is published"


def test_windows_of_june(published: Catalogue) -> None:
    """R088-R090 T12: date-only windows include both days, in Shanghai's time."""

    def day(month: int, number: int) -> datetime:
        return datetime(2024, month, number, tzinfo=CHINA_TIME)

    windows = {one.kind: one for one in _program(published).rounds[0].windows}
    found = {kind: (one.opens_at, one.closes_at) for kind, one in windows.items()}
    assert found == {
        "registration": (day(5, 10), day(5, 18)),
        "admission_notice": (None, day(5, 26)),
        "report": (day(6, 1), day(6, 2)),
    }


def test_conditions_by_tier_of_the_sending_hospital(published: Catalogue) -> None:
    """R075 R076 T2 T3: what is asked of whom, and by which clause."""
    rules = {one.id: one for one in _program(published).requirements}
    tiers = {
        name: (one.kind, one.source.lines if one.source else None)
        for name, one in rules.items()
        if name.startswith(("tertiary-", "secondary-"))
    }
    assert tiers == {
        "tertiary-degree": ("degree", "31"),
        "tertiary-title": ("title", "31"),
        "tertiary-licence": ("licence", "31"),
        "tertiary-residency": ("fact", "31"),
        "secondary-degree": ("degree", "33"),
        "secondary-licence": ("licence", "33"),
    }
    for name in tiers:
        tier = name.partition("-")[0].upper()
        assert rules[name].when == (
            f'candidate.sendingUnit.tier == "{tier}" && candidate.postType == "DOCTOR"'
        )
    assert rules["residency-or-title"].hard is True, "R077: the table's row, stricter than S3:36"
    assert rules["age"].hard is False, "R074 T9: in principle"


def test_technicians_have_no_place(published: Catalogue) -> None:
    """T4: all five rows are posts for doctors."""
    assert {opening.post_type for opening in _openings(published).values()} == {"DOCTOR"}


def test_maternal_certificate(published: Catalogue) -> None:
    """G12 R078: obstetrics and gynaecology ask for the certificate, the others do not."""
    asking = {
        code: [one.params.name for one in opening.requirements if one.kind == "certificate"]
        for code, opening in _openings(published).items()
    }
    assert asking == {
        "paediatrics": [],
        "neonatology": [],
        "paediatric-surgery": [],
        "obstetrics": ["母婴保健技术合格证书"],
        "gynaecology": ["母婴保健技术合格证书"],
    }


def test_subsidy_by_title(published: Catalogue) -> None:
    """R111: 2500, 2000, 1500 and 1000 yuan a month; it replaces the region's open entry."""
    (subsidy,) = [one for one in _program(published).benefits if one.id == "fellowship-subsidy"]
    assert subsidy.level is Level.INSTITUTION
    assert subsidy.params.amounts == {
        TitleLevel.SENIOR: 2500,
        TitleLevel.ASSOCIATE_SENIOR: 2000,
        TitleLevel.INTERMEDIATE: 1500,
        TitleLevel.JUNIOR: 1000,
    }
    assert subsidy.source is not None
    assert (subsidy.source.document, subsidy.source.lines) == ("S1", "75")


def test_lodging_is_contradictory(published: Catalogue) -> None:
    """R113 T6: who pays for lodging is null, with both clauses; water and power are one's own."""
    benefits = {one.id: one for one in _program(published).benefits}
    lodging = benefits["lodging-cost"]
    assert (lodging.payer, lodging.funding_source) == (None, None)
    assert lodging.note is not None
    assert "均由派出单位承担" in lodging.note.zh
    assert "水电费自理" in lodging.note.zh
    assert str(benefits["utilities"].payer) == "trainee"
    assert {str(benefits[name].payer) for name in ("transport", "board", "sending-unit-pay")} == {
        "sending_unit"
    }


def test_policies(published: Catalogue) -> None:
    """R074 R080 R100 R103 R105 T61: stay, batches, leave, assessments, mentor, age."""
    policies = {one.key: one.value for one in _program(published).policies}
    expected = {
        "stay_months": 6,
        "batches_per_year": 2,
        "quota_grows_yearly": True,
        "leave_cap_days": 7,
        "leave_counts": "calendar_days",
        "process_assessment_months": 3,
        "mentors_per_fellow": 1,
        "age_limit": 45,
        "age_reference": "application_deadline",
    }
    assert {key: policies[key] for key in expected} == expected


def test_documents(published: Catalogue) -> None:
    """R091 R092 R096 R097 T8: what is mailed, and what is brought to the report."""
    documents = {one.id: one for one in _program(published).documents}
    due: dict[str | None, list[str]] = {}
    for name, one in documents.items():
        due.setdefault(one.at_step, []).append(name)
    assert set(due["application"]) == {
        "application-form",
        "application-form-scan",
        "licence-scan",
        "practice-certificate-scan",
        "title-certificate-scan",
        "application-mail",
        "maternal-and-infant-certificate",
    }
    assert set(due["report"]) == {
        "report-application-form",
        "report-notice",
        "certificate-copies",
        "photo",
        "unit-name-proof",
    }
    assert documents["application-mail"].params.subject_format == "进修专业-姓名-选送医院"
    assert documents["application-mail"].params.example == "儿童呼吸专科-张三-XX医院"
    assert documents["report-notice"].aliases == ("进修报到通知单", "报到通知单")


def test_steps(published: Catalogue) -> None:
    """R093-R095 R181: six steps in order."""
    assert [step.id for step in _program(published).steps] == [
        "application",
        "unit-recommendation",
        "eligibility-check",
        "selection",
        "notice",
        "report",
    ]
    (selection,) = [step for step in _program(published).steps if step.id == "selection"]
    assert [one.zh for one in selection.params.criteria] == [
        "学历",
        "职称",
        "专业技术水平",
        "进修时长",
    ]


def test_assessments_and_grades(published: Catalogue) -> None:
    """R105-R108: every three months; both mentor and fellow are graded at the end."""
    found = {one.id: one for one in _program(published).assessments}
    assert {name for name, one in found.items() if one.every_months == 3} == {
        "process-daily",
        "process-rotation-exit",
    }
    for name in ("fellow-evaluation", "mentor-evaluation"):
        assert [grade.zh for grade in found[name].grades] == ["优秀", "合格", "不合格"]
        assert len(found[name].criteria) == 3


def test_misconduct(published: Catalogue) -> None:
    """R104 R185: the host's rule adds the end of the subsidy to the region's."""
    (penalty,) = _program(published).penalties
    assert penalty.consequences == ("subsidy_stopped", "terminated", "public_criticism")
    assert penalty.level is Level.INSTITUTION


def test_profile(published: Catalogue) -> None:
    """R114 V8: figures by themselves; of "18 groups" with 19 names nothing is counted."""
    items = {item.id: item for section in _base(published).sections for item in section.items}
    assert {name: items[name].value for name in ("beds", "staff", "senior-titles")} == {
        "beds": "900",
        "staff": "1300多",
        "senior-titles": "272",
    }
    text = items["specialties"].text
    assert text is not None
    assert "18个专科/专业组" in text.zh
    assert items["specialties"].value is None


@pytest.mark.parametrize(
    ("item", "lines", "says"),
    [
        ("training-plan", "49", "结合进修学员个人专业水平和职业发展需求，确定培养方向"),
        ("mentor", "51", "采取“一对一”带教方式"),
        ("rotation", "69", "在儿科、儿外科、妇产科等临床科室轮转"),
        ("host-records", "57", "妥善保管学员花名册、教学计划、考核记录及其他培训资料"),
        ("preference", "65", "选送单位在职称评聘、岗位聘用、职级晋升等方面同等条件优先考虑"),
    ],
    ids=["R099", "R100", "R101", "R102", "R110"],
)
def test_what_is_published_of_the_training(
    published: Catalogue, item: str, lines: str, says: str
) -> None:
    """R099, R100, R101, R102, R110: the brochure's own words, with the line."""
    items = {
        each.id: each
        for section in (*_base(published).sections, *_program(published).sections)
        for each in section.items
    }
    text, source = items[item].text, items[item].source
    assert text is not None
    assert source is not None
    assert says in text.zh
    assert (source.document, source.lines) == ("S1", lines)


def test_r087_departments_admit_by_their_teaching_capacity(published: Catalogue) -> None:
    """R087, S1:42: the step says so; the places of each direction are what it can teach."""
    (selection,) = [step for step in _program(published).steps if step.id == "selection"]
    assert selection.description is not None
    assert selection.description.zh.startswith("每批次将根据各科室教学容量")
    assert selection.source is not None
    assert selection.source.lines == "42"
    assert all(
        direction.quota is not None or direction.quota_note is not None
        for opening in _openings(published).values()
        for direction in opening.directions
    )
