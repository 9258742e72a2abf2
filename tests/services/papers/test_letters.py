"""Letters of admission: R217 time, place, contact and documents, R220 and T46 agreements."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from zhupei.catalogue import Catalogue
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.institutions import Contact, Phone
from zhupei.domain.people import (
    Candidate,
    Degree,
    DegreeLevel,
    DegreeType,
    TraineeType,
)
from zhupei.domain.text import Text
from zhupei.services.papers.letters import (
    LetterIncompleteError,
    admission_letter,
    agreements_for,
    documents_to_bring,
)
from zhupei.services.papers.records import AdmittedTrainee, ReportTerms
from zhupei.services.papers.render import render_html, render_pdf

HKU = "hku-szh-residency-2026"
LIUZHOU = "gz-liuzhou-fellowship-2024"
ISSUED = date(2026, 7, 1)
TERMS = ReportTerms(
    opens_at=datetime(2026, 8, 31, 1, 30, tzinfo=UTC),
    closes_at=datetime(2026, 9, 2, tzinfo=CHINA_TIME),
)
TRAINEE = AdmittedTrainee(
    application="a-1",
    name="张三",
    opening=f"{HKU}/0100",
    trainee_type=TraineeType.SOCIAL,
    candidate=Candidate(licensed=False, degrees=(Degree(level=DegreeLevel.BACHELOR),)),
)


def test_letter_says_time_place_contact_and_documents(catalogue: Catalogue) -> None:
    paper = admission_letter(catalogue, TRAINEE, TERMS, ISSUED)
    page = render_html(paper, catalogue.documents)
    for text in (
        "香港大学深圳医院<br>录取通知书",
        "张三：",
        "2026年8月31日09:30 至 2026年9月1日24:00",
        "福田区海园一路1号",
        "0755-86913333 转 8182",
        "个人身份证（原件及复印件）",
        "学历学位证书（原件及复印件）",
        "介绍信，按本人情况提供",
        "劳动合同",
        "逾期两周不报到视为放弃培训资格：取消培训资格；逾期 14 日自动生效。",
        "弄虚作假：取消报名资格；取消录取资格。",
        "2026年7月1日",
    ):
        assert text in page, text
    assert render_pdf(paper, catalogue.documents) == render_pdf(paper, catalogue.documents)


def _brought(catalogue: Catalogue, candidate: Candidate) -> list[tuple[str, bool]]:
    found = documents_to_bring(
        catalogue, catalogue.programs[HKU], replace(TRAINEE, candidate=candidate), ISSUED
    )
    return [(each.label.zh, each.certain) for each in found]


def test_r217_documents_depend_on_the_person(catalogue: Catalogue) -> None:
    """A licence is asked of who has one; what is not known is asked, marked as such."""
    degree = Degree(level=DegreeLevel.MASTER, type=DegreeType.PROFESSIONAL)
    always = [("介绍信", False), ("个人身份证", True), ("学历学位证书", True)]
    assert _brought(catalogue, TRAINEE.candidate) == always
    assert _brought(catalogue, Candidate(licensed=True, degrees=(degree,))) == [
        *always,
        ("医师资格证书", True),
        ("院校开具的轮转培训证明", False),
    ]
    assert ("医师资格证书", False) in _brought(catalogue, Candidate())


def test_fellows_get_a_report_notice_by_the_programs_own_dates(catalogue: Catalogue) -> None:
    """R090, R096: reporting has two rounds, of which only one has a date, and that is taken."""
    fellow = replace(TRAINEE, opening=f"{LIUZHOU}/obstetrics", trainee_type=TraineeType.FELLOW)
    page = render_html(
        admission_letter(catalogue, fellow, ReportTerms(), date(2024, 5, 25)), catalogue.documents
    )
    assert "录取报到通知书" in page
    assert "2024年6月1日00:00 至 2024年6月1日24:00" in page
    assert "柳州市鱼峰区博园大道50号" in page
    assert "文件未规定进修学员须签订的协议，请向我单位咨询。" in page
    assert "单位名称证明或批文复印件" in page


def test_all_that_is_lacking_is_told_at_once(catalogue: Catalogue) -> None:
    with pytest.raises(LetterIncompleteError) as caught:
        admission_letter(catalogue, TRAINEE, ReportTerms(), ISSUED)
    assert [each.zh for each in caught.value.lacking] == ["报到时间"]
    base = replace(catalogue.bases["hku-szh"], contacts=())
    program = replace(catalogue.programs[HKU], documents=(), steps=())
    bare = replace(
        catalogue,
        bases={**catalogue.bases, "hku-szh": base},
        programs={**catalogue.programs, HKU: program},
    )
    with pytest.raises(LetterIncompleteError) as caught:
        admission_letter(bare, TRAINEE, ReportTerms(), ISSUED)
    assert caught.value.message.zh == "通知书缺少：报到时间、报到地点、联系人、应携带的材料"
    given = replace(TERMS, place=Text("一号楼"), contact=Contact(phones=(Phone("0755-12345678"),)))
    with pytest.raises(LetterIncompleteError, match="the letter lacks: documents to bring"):
        admission_letter(bare, TRAINEE, given, ISSUED)


def test_the_notice_step_names_documents_where_the_list_has_none(catalogue: Catalogue) -> None:
    """R217: the national step names four documents."""
    program = replace(catalogue.programs[HKU], documents=())
    found = documents_to_bring(catalogue, program, TRAINEE, ISSUED)
    assert [each.label.zh for each in found] == [
        "介绍信",
        "个人身份证",
        "学历学位证书",
        "医师资格证书",
    ]


@pytest.mark.parametrize(
    ("trainee_type", "kinds"),
    [
        (TraineeType.SOCIAL, ["labour_contract"]),
        (TraineeType.ENTRUSTED, ["three_party", "directed_entrustment"]),
        (TraineeType.RURAL_ORDER, []),
    ],
)
def test_t46_hubei_agreements(
    catalogue: Catalogue, trainee_type: TraineeType, kinds: list[str]
) -> None:
    """R154, R158, T46: a labour contract for society, three parties for units, within 7 days."""
    found = agreements_for(catalogue.programs["hubei-xiehe-residency-2024"], trainee_type)
    assert [each.kind for each in found] == kinds
    assert {each.within_days for each in found} <= {7}


@pytest.mark.parametrize(
    ("trainee_type", "kinds"),
    [(TraineeType.SOCIAL, ["labour_contract"]), (TraineeType.ENTRUSTED, ["three_party"])],
)
def test_t46_hospital_amends_the_national_agreements_r043_r220(
    catalogue: Catalogue, trainee_type: TraineeType, kinds: list[str]
) -> None:
    found = agreements_for(catalogue.programs[HKU], trainee_type)
    assert [(each.kind, each.within_days) for each in found] == [(kinds[0], None)]


def test_given_place_and_contact_come_first(catalogue: Catalogue) -> None:
    terms = replace(
        TERMS,
        place=Text("门诊楼三层"),
        contact=Contact(people=("王老师",), phones=(Phone("0755-12345678"),)),
        note=Text("请自带餐具。"),
    )
    page = render_html(admission_letter(catalogue, TRAINEE, terms, ISSUED), catalogue.documents)
    assert "门诊楼三层" in page
    assert "王老师" in page
    assert "请自带餐具。" in page
    assert "福田区" not in page
