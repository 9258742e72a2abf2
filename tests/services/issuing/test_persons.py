"""Letters, agreements and checklists from rows: R095, R217, R220, T46, T37, R092, R097."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from admissions_office import HOSPITAL, MEDICINE, PERSON, done, moment
from issued_papers import ENTRUSTED, People
from zhupei.catalogue import Catalogue
from zhupei.db.models import Applicant
from zhupei.domain.admission import AdmissionStep
from zhupei.domain.agreements import AgreementTemplate
from zhupei.domain.institutions import Contact, Phone
from zhupei.domain.text import Text
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.issuing.persons import (
    PaperNotDueError,
    agreement_for,
    agreement_kinds,
    checklist_for,
    due_papers,
    letter_for,
    letters_archive,
    letters_of_round,
)
from zhupei.services.papers.letters import LetterIncompleteError
from zhupei.services.papers.render import render_html, render_pdf

pytestmark = pytest.mark.slow


def with_contact(known: Catalogue) -> Catalogue:
    """The sample hospital with somebody to ask and a place to report to."""
    base = replace(
        known.bases["sample-hospital"],
        contacts=(Contact(phones=(Phone("0931-1234567"),), address=Text("样例市医院路1号教学楼")),),
    )
    return replace(known, bases={**known.bases, base.code: base})


def known(people: People) -> Catalogue:
    return with_contact(people.office.loaded.catalogue)


async def test_r217_a_letter_says_what_the_notice_said(people: People) -> None:
    """Day of the notice, period and documents; the same bytes whenever it is printed."""
    (case,) = await people.notified(await people.person())
    catalogue = known(people)
    people.office.later(days=30)
    with people.office.database.use():
        paper = await letter_for(catalogue, case)
        again = await letter_for(catalogue, case)
    page = render_html(paper, catalogue.documents)
    for text in (
        "样例医院<br>录取通知书",
        "王小明：",
        str(case.id),
        "截至 2026年8月31日24:00",
        "样例市医院路1号教学楼",
        "0931-1234567",
        "社会人",
        "劳动合同",
        "2026年5月22日",
    ):
        assert text in page, text
    assert render_pdf(paper, catalogue.documents) == render_pdf(again, catalogue.documents)
    assert "E1234561" not in page


async def test_a_letter_names_the_day_that_its_notice_set(people: People) -> None:
    (case,) = await people.published(await people.person())
    await people.office.confirmed(case)
    people.office.go("2026-05-22T00:00")
    desk = people.office.staff()
    done(await admissions.admit(desk, inputs.AdmitInput(applications=(case.id,))))
    done(
        await admissions.send_notice(
            desk,
            inputs.SendNoticeInput(applications=(case.id,), report_by=date(2026, 8, 25)),
        )
    )
    catalogue = known(people)
    with people.office.database.use():
        paper = await letter_for(catalogue, await people.office.case(case.id))
    assert "截至 2026年8月25日24:00" in render_html(paper, catalogue.documents)


async def test_papers_of_who_is_not_admitted_any_more_never_come(people: People) -> None:
    """What has ended is not told to wait for its letter."""
    (case,) = await people.published(await people.person())
    given = inputs.ReasonedInput(application=case.id, reason="x")
    own = people.office.own(case.applicant)
    case = done(await admissions.decline_admission(own, given))
    with people.office.database.use(), pytest.raises(PaperNotDueError) as raised:
        await letter_for(known(people), case)
    assert raised.value.message == Text(
        "申请已结束（“已放弃录取”），不再出具",
        'the application has ended ("Declined"): this paper is not issued any more',
    )
    papers = due_papers(known(people), case, date(2026, 5, 22))
    assert [paper.reason for paper in papers] == [None, *[raised.value.message] * 2]


async def test_no_letter_before_the_notice_and_none_that_lacks_a_place(people: People) -> None:
    (case,) = await people.published(await people.person())
    with people.office.database.use():
        with pytest.raises(PaperNotDueError, match='the application is "In publicity"'):
            await letter_for(known(people), case)
        with pytest.raises(PaperNotDueError, match='the application is "In publicity"'):
            await agreement_for(known(people), people.keyring, case)
    await people.office.confirmed(case)
    await people.office.notified(case)
    case = await people.office.case(case.id)
    with (
        people.office.database.use(),
        pytest.raises(LetterIncompleteError, match="the letter lacks: place of report, contact"),
    ):
        await letter_for(people.office.loaded.catalogue, case)
    # It is not promised as one that can be had.
    lacking = Text("通知书缺少：报到地点、联系人", "the letter lacks: place of report, contact")
    papers = due_papers(people.office.loaded.catalogue, case, date(2026, 5, 22))
    assert [paper.reason for paper in papers] == [None, lacking, None]
    papers = due_papers(known(people), case, date(2026, 5, 22))
    assert [paper.reason for paper in papers] == [None, None, None]


async def test_the_letters_of_a_round_come_as_one_archive(people: People) -> None:
    """One PDF each by application, a page for a character that the font lacks, problems told."""
    cases = await people.notified(await people.person(), await people.person("王\U00020001"))
    catalogue = known(people)
    with people.office.database.use():
        letters = await letters_of_round(catalogue, HOSPITAL, "batch-1")
        assert [each.application for each in letters] == sorted(case.id for case in cases)
        assert await letters_of_round(catalogue, HOSPITAL, "batch-2") == ()
        every = await letters_of_round(catalogue, HOSPITAL, None)
        assert [each.application for each in every] == [each.application for each in letters]
        await Applicant.filter(id=cases[0].applicant).delete()
        lacking = await letters_of_round(catalogue, HOSPITAL, "batch-1")
    content = letters_archive(letters, catalogue.documents)
    assert content == letters_archive(letters, catalogue.documents)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == [
            f"{cases[0].id}.pdf",
            f"{cases[1].id}.html",
            "problems.txt",
        ]
        assert archive.read(f"{cases[0].id}.pdf").startswith(b"%PDF-")
        assert archive.read("problems.txt").decode() == (
            f"{cases[1].id}: 字体中没有以下字符，无法排印：\U00020001 (U+20001) · "
            "the font lacks these characters: \U00020001 (U+20001)\n"
        )
    with zipfile.ZipFile(io.BytesIO(letters_archive(lacking, catalogue.documents))) as archive:
        assert archive.namelist() == [f"{cases[1].id}.html", "problems.txt"]
        told = archive.read("problems.txt").decode().splitlines()
    assert told[0] == (
        f"{cases[0].id}: 报名号 {cases[0].id} 的人员未登记 · nobody is registered for {cases[0].id}"
    )


@pytest.mark.parametrize(
    ("candidate", "kinds", "texts"),
    [
        (
            PERSON,
            ("labour_contract",),
            ("劳动合同", "甲方（培训基地）", "乙方（培训对象）", "护照 E1234561", "+8613800138000"),
        ),
        (
            ENTRUSTED,
            ("three_party",),
            ("三方委托培训协议", "乙方（委派单位）", "样例县医院", "丙方（培训对象）"),
        ),
    ],
)
async def test_t37_without_a_text_the_sheet_names_what_an_agreement_must(
    people: People, candidate: Any, kinds: tuple[str, ...], texts: tuple[str, ...]
) -> None:
    """R220, T46: parties by type of trainee; and it says that no document gives the text."""
    (case,) = await people.notified(await people.person(), candidate=candidate)
    people.office.go("2026-08-28T09:00")
    case = await people.office.reported(case)
    catalogue = known(people)
    assert agreement_kinds(catalogue, case) == kinds
    with people.office.database.use():
        paper = await agreement_for(catalogue, people.keyring, case)
    page = render_html(paper, catalogue.documents)
    for text in (
        *texts,
        "签订要素表",
        "本表不是协议，不能代替协议签字。",
        "但未提供文本；本单位也尚未配置自己的文本。",
        "2026年9月1日 至 2029年8月31日，共 3年",
        "报到后 7 日内，截至 2026年9月4日",
    ):
        assert text in page, text
    assert render_pdf(paper, catalogue.documents).startswith(b"%PDF-")


async def test_an_institutions_own_text_is_filled_in(people: People) -> None:
    """What is not known is a line to fill in by hand, never made up."""
    (case,) = await people.notified(await people.person())
    text = (
        "# 住培劳动合同\n甲方：{{base_name}}\n乙方：{{ trainee_name }}（{{identity_number}}）\n\n"
        "## 第一条 期限\n自{{starts_on}}起{{months}}个月；委派单位{{unit_name}}。\n"
    )
    catalogue = known(people)
    program = catalogue.programs[HOSPITAL]

    def written(step: AdmissionStep) -> AdmissionStep:
        if step.kind != "agreement":
            return step
        entries = tuple(
            each.model_copy(update={"template": AgreementTemplate("a.md", text)})
            for each in step.params.agreements
        )
        return replace(step, params=step.params.model_copy(update={"agreements": entries}))

    program = replace(program, steps=tuple(written(each) for each in program.steps))
    catalogue = replace(catalogue, programs={**catalogue.programs, HOSPITAL: program})
    with people.office.database.use():
        paper = await agreement_for(catalogue, people.keyring, case, "labour_contract")
        with pytest.raises(PaperNotDueError, match="for such an agreement"):
            await agreement_for(catalogue, people.keyring, case, "three_party")
    assert paper.title == "住培劳动合同"
    assert [line.text for line in paper.lead] == ["甲方：样例医院", "乙方：王小明（E1234561）"]
    assert [(part.heading, part.blocks[0].lines[0].text) for part in paper.parts] == [  # type: ignore[union-attr]  # prose
        ("第一条 期限", "自2026年9月1日起36个月；委派单位＿＿＿＿＿＿。")
    ]


async def test_a_checklist_ticks_what_is_there(people: People) -> None:
    case = await people.office.submitted(MEDICINE, await people.person())
    catalogue = people.office.loaded.catalogue
    with people.office.database.use():
        paper = await checklist_for(catalogue, case, moment("2026-04-10T09:00").date())
    page = render_html(paper, catalogue.documents)
    assert "报名材料清单" in page
    assert "身份证扫描件" in page
    assert "医师资格证书扫描件" not in page  # not licensed: it does not concern this person
    assert page.count("√") == 2  # in the line that explains it, and at the scan
    with people.office.database.use():
        nobody = await people.office.draft(MEDICINE)
        with pytest.raises(PaperNotDueError, match="nobody is registered"):
            await checklist_for(catalogue, nobody, date(2026, 4, 10))
