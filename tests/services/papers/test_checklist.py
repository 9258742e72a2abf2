"""The checklist: R091 documents, R092 the subject of the mail, R097 three names, S3's form."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from zhupei.catalogue import Catalogue
from zhupei.domain.people import Candidate, LicenceCategory, SendingUnit
from zhupei.domain.text import Text
from zhupei.services.papers.checklist import application_checklist, mail_subject, names_of_unit
from zhupei.services.papers.paper import Facts
from zhupei.services.papers.records import ApplyingPerson
from zhupei.services.papers.render import render_html, render_pdf

LIUZHOU = "gz-liuzhou-fellowship-2024"
PERSON = ApplyingPerson(
    application="a-1",
    name="张三",
    opening=f"{LIUZHOU}/gynaecology",
    candidate=Candidate(sending_unit=SendingUnit(name="XX医院", names_match=True)),
    answers={"practice-place": "XX医院", "seal": "XX 医院", "sex": "女"},
    handed_in=frozenset({"licence-scan"}),
)


def test_r091_r092_r097_the_checklist_of_a_fellow(catalogue: Catalogue) -> None:
    paper = application_checklist(catalogue, PERSON, date(2024, 5, 12))
    page = render_html(paper, catalogue.documents)
    for text in (
        "报名材料清单",
        "培养计划申请表盖章扫描件",
        "盖章扫描件",
        "母婴保健技术合格证书",  # R078: asked for gynaecology
        "妇科-张三-XX医院",  # R092
        "√ 三者一致",
        "报名时填报：三者一致",
        "拟申请研修单位",
        "（贴照片）",
        "（盖章）",
    ):
        assert text in page, text
    headings = [part.heading for part in paper.parts]
    assert headings[1].startswith("二、“提交申请材料”")
    assert headings[-1].startswith("八、表格：")
    assert render_pdf(paper, catalogue.documents) == render_pdf(paper, catalogue.documents)


def test_documents_are_listed_in_the_order_of_the_steps(catalogue: Catalogue) -> None:
    """What comes first in a list, such as the nation's report papers, may be due last."""
    program = catalogue.programs[LIUZHOU]
    turned = replace(program, documents=program.documents[::-1])
    shown = replace(catalogue, programs={**catalogue.programs, LIUZHOU: turned})
    headings = [
        part.heading
        for part in application_checklist(shown, PERSON, date(2024, 5, 12)).parts
        if "时提交的材料" in part.heading
    ]
    assert headings == ["二、“提交申请材料”时提交的材料", "三、“报到”时提交的材料"]


@pytest.mark.parametrize(
    ("unit", "direction", "subject"),
    [
        ("XX医院", None, "妇科-张三-XX医院"),
        ("XX医院", Text("海扶"), "海扶-张三-XX医院"),
        (None, None, "妇科-张三-＿＿＿＿＿＿"),
    ],
)
def test_r092_the_subject_of_the_mail(
    catalogue: Catalogue, unit: str | None, direction: Text | None, subject: str
) -> None:
    """A part that is not known is a blank to fill in, never left out."""
    (mail,) = [each for each in catalogue.programs[LIUZHOU].documents if each.kind == "mail"]
    person = replace(
        PERSON, candidate=Candidate(sending_unit=SendingUnit(name=unit)), direction=direction
    )
    assert mail_subject(mail, catalogue.openings[PERSON.opening], person) == subject


def test_r092_a_subject_that_was_used_is_compared(catalogue: Catalogue) -> None:
    for used, verdict in (("妇科-张三-XX医院", "与要求一致"), ("张三", "与要求不一致")):
        person = replace(PERSON, answers={"mail-subject": used})
        page = render_html(
            application_checklist(catalogue, person, date(2024, 5, 12)), catalogue.documents
        )
        assert f"{used}（{verdict}）" in page


def test_r097_differing_names_are_told(catalogue: Catalogue) -> None:
    person = replace(PERSON, answers={"practice-place": "YY医院", "seal": "XX医院"})
    assert names_of_unit(person).agree is False
    page = render_html(
        application_checklist(catalogue, person, date(2024, 5, 12)), catalogue.documents
    )
    assert "× 三者不一致" in page
    assert names_of_unit(replace(PERSON, answers={})).agree is None
    own = replace(
        PERSON,
        candidate=Candidate(),
        answers={"practice-place": "甲院", "seal": "甲院", "work-unit": "甲院"},
    )
    assert names_of_unit(own).agree is True


@pytest.mark.parametrize(
    ("facts", "category", "verdict"),
    [
        (
            Candidate(practice_specialty="妇科", licence_category=LicenceCategory.CLINICAL),
            "临床",
            "√ 填报的执业范围与申请专业一致，须与执业证核对",
        ),
        (
            Candidate(practice_specialty="儿科"),
            "＿＿＿＿＿＿",
            "□ 填报的执业范围与“妇产科、妇科”不同名，须由人核对",
        ),
        (Candidate(), "＿＿＿＿＿＿", "□ 执业范围未填报，须核对执业证"),
    ],
)
def test_r098_category_and_scope_stand_beside_the_specialty(
    catalogue: Catalogue, facts: Candidate, category: str, verdict: str
) -> None:
    """S1:46: the registered category and scope have to be the specialty applied for."""
    paper = application_checklist(catalogue, replace(PERSON, candidate=facts), date(2024, 5, 12))
    (part,) = [each for each in paper.parts if each.heading.endswith("注册类别和执业范围")]
    (block,) = part.blocks
    assert isinstance(block, Facts)
    rows = {label: lines[0].text for label, lines in block.rows}
    assert rows == {
        "要求": "注册类别和范围与所申请进修专业必须一致。",
        "申请专业": "妇科",
        "与之相符的执业范围": "妇产科、妇科",
        "注册类别": category,
        "注册执业范围": facts.practice_specialty or "＿＿＿＿＿＿",
        "核对": verdict,
    }
    assert [each.clause for each in block.rows[0][1][0].sources]


def test_r098_stands_only_where_a_rule_asks_for_it(catalogue: Catalogue) -> None:
    opening = catalogue.openings[PERSON.opening]
    without = tuple(each for each in opening.requirements if each.kind != "practice_scope")
    bare = replace(opening, requirements=without)
    program = catalogue.programs[LIUZHOU]
    plain = replace(
        program, requirements=tuple(r for r in program.requirements if r.kind != "practice_scope")
    )
    changed = replace(
        catalogue,
        openings={**catalogue.openings, PERSON.opening: bare},
        programs={**catalogue.programs, LIUZHOU: plain},
    )
    paper = application_checklist(changed, PERSON, date(2024, 5, 12))
    assert not [each for each in paper.parts if "注册类别" in each.heading]
