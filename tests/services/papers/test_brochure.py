"""Brochures of the three supplied recruitments: R135, R210, and nothing left out or made up."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from types import MappingProxyType

import pytest

from zhupei.catalogue import Catalogue
from zhupei.services.papers.brochure import brochure
from zhupei.services.papers.glyphs import missing_characters
from zhupei.services.papers.paper import Facts, Grid, Paper, Part, Prose, Statement, layout
from zhupei.services.papers.render import UnprintableTextError, render_html, render_pdf

HKU = "hku-szh-residency-2026"
LIUZHOU = "gz-liuzhou-fellowship-2024"
HUBEI = "hubei-xiehe-residency-2024"
ALL = (HKU, LIUZHOU, HUBEI, "hubei-residency-2024", "guangxi-fellowship-2024-2026")


def _part(paper: Paper, heading: str) -> Part:
    return next(part for part in paper.parts if heading in part.heading)


def _statements(part: Part) -> list[Statement]:
    found: list[Statement] = []
    for block in part.blocks:
        match block:
            case Prose():
                found.extend(block.lines)
            case Facts():
                found.extend(line for _, lines in block.rows for line in lines)
            case Grid():
                found.extend(line for row in block.rows for cell in row for line in cell)
    return found


def _texts(part: Part) -> list[str]:
    return [statement.text for statement in _statements(part)]


def _grid(part: Part) -> Grid:
    return next(block for block in part.blocks if isinstance(block, Grid))


@pytest.mark.parametrize("code", ALL)
def test_r135_r210_every_part_is_there_and_never_empty(catalogue: Catalogue, code: str) -> None:
    paper = brochure(catalogue, code)
    assert [part.heading for part in paper.parts[:12]] == [
        "一、基地基本情况",
        "二、招收人员类型",
        "三、招收计划",
        "四、报名条件",
        "五、报名方法与申请材料",
        "六、招录批次与时间",
        "七、招录程序",
        "八、考核时间与考核方式",
        "九、培训期间待遇",
        "十、权利与义务",
        "十一、违约条件与惩处措施",
        "十二、联系方式",
    ]
    for part in paper.parts[:12]:
        assert _statements(part) != []
        assert all(statement.text.strip() for statement in _statements(part))


def test_plan_of_the_shenzhen_hospital(catalogue: Catalogue) -> None:
    """R009-R019, R023: eleven rows with their seats, 19 in all."""
    part = _part(brochure(catalogue, HKU), "招收计划")
    grid = _grid(part)
    assert grid.header == ("专业", "名额", "专业要求")
    rows = [(row[0][0].text, row[1][0].text) for row in grid.rows]
    assert rows == [
        ("0100 内科", "1 名"),
        ("0200 儿科", "4 名"),
        ("0300 急诊科", "1 名"),
        ("0600 神经内科", "1 名"),
        ("0900 外科", "1 名"),
        ("1100 外科（胸心外科方向）", "2 名"),
        ("1400 骨科", "1 名"),
        ("1600 妇产科", "2 名"),
        ("1800 耳鼻咽喉科", "2 名"),
        ("2200 放射科", "1 名"),
        ("2500 放射肿瘤科", "3 名"),
    ]
    assert "19 名" in _texts(part)
    assert "100201K" in grid.rows[0][2][0].text


def test_benefits_have_figures_conditions_and_clauses(catalogue: Catalogue) -> None:
    """R042, R046-R051: each figure with its clause; what has no figure says why."""
    part = _part(brochure(catalogue, HKU), "待遇")
    by_text = {statement.text: statement for statement in _statements(part)}
    for text, lines in (
        ("本科：6000元/月", "66-68"),
        ("硕士：7000元/月", "66-68"),
        ("博士：8500元/月", "66-68"),
        ("1000元/月", "70"),
        ("独立值班：310元/次", "74"),
        ("跟值：155元/次", "74"),
        ("500元/月", "76"),
        ("600元/月", "78"),
    ):
        assert [source.lines for source in by_text[text].sources] == [lines], text
    unknown = by_text["未公布（简章未给金额，也未写明半学年的起止。）"]
    assert unknown.unknown
    assert [source.lines for source in unknown.sources] == ["72"]
    assert "经出勤情况、工作表现、培训强度三个方面考核后发放" in by_text


def test_fellowship_subsidy_of_a_plugins_kind(catalogue: Catalogue) -> None:
    """R111, R112: figures of a kind that only a plugin knows are printed too."""
    texts = _texts(_part(brochure(catalogue, LIUZHOU), "待遇"))
    assert {
        "正高级职称：2500元/月",
        "副高级职称：2000元/月",
        "中级职称：1500元/月",
        "初级职称：1000元/月",
        "时长：6个月",
    } <= set(texts)


def test_t11_midnight_is_the_end_of_the_day_before(catalogue: Catalogue) -> None:
    """T11, R138, R146: 24:00 stays on the day that the notice names."""
    texts = _texts(_part(brochure(catalogue, HUBEI), "招录批次"))
    assert "2024年4月8日00:00 至 2024年4月23日24:00" in texts
    assert "截至 2024年5月31日24:00" in texts


def test_t36_unknown_plan_is_printed_with_its_reason(catalogue: Catalogue) -> None:
    """R169, T36: the annex was not supplied, and the brochure says so instead of 0."""
    found = _statements(_part(brochure(catalogue, HUBEI), "招收计划"))
    total = found[0]
    assert total.unknown
    assert total.text == (
        "未公布（通知附件1《2024年湖北省住院医师规范化培训招收计划表》未随文提供，"
        "本基地招收专业和计划未知）"
    )
    assert [source.document for source in total.sources] == ["S2-ANNEX1"]


def test_t42_weights_that_nobody_gave_are_not_guessed(catalogue: Catalogue) -> None:
    """R142, T42: 100 points each, weights unknown with the reason."""
    texts = _texts(_part(brochure(catalogue, HUBEI), "考核时间"))
    assert texts.count("满分：100 分") == 2
    assert texts.count("权重：未公布（通知未规定面试与专业考试的权重）") == 2


def test_t46_agreements_by_trainee_type(catalogue: Catalogue) -> None:
    """R154, R220, T46: who signs what, and within how many days."""
    texts = _texts(_part(brochure(catalogue, HUBEI), "招录程序"))
    assert any(text.startswith("社会人：劳动合同") for text in texts)
    assert any("三方委托培训协议" in text for text in texts)
    assert "7个日（报到后一周内）" not in texts
    assert "7日（报到后一周内）" in texts


def test_r211_penalties_are_told_in_advance(catalogue: Catalogue) -> None:
    """R057, R211, T43, T44: what a person risks; what a base risks is no part of it."""
    texts = _texts(_part(brochure(catalogue, HKU), "违约"))
    assert "3 年内不得报名参加培训；退还费用（中央财政、省级财政、市级财政补助）" in texts
    assert "取消培训资格；逾期 14 日自动生效" in texts
    assert not any("紧缺专业计划" in text for text in texts)


def test_every_cited_clause_is_listed_once(catalogue: Catalogue) -> None:
    laid = layout(brochure(catalogue, HKU), catalogue.documents)
    assert len(laid["notes"]) == len(set(laid["notes"]))
    assert (
        "《香港大学深圳医院住院医师规范化培训基地招收简介》招收待遇（二）（S0:70）" in laid["notes"]
    )
    used = {
        number
        for part in laid["parts"]
        for block in part["blocks"]
        for row in block.get("rows", ())
        for cell in (row if isinstance(row, list) else [row["lines"]])
        for line in cell
        for number in line["refs"]
    }
    assert used <= set(range(1, len(laid["notes"]) + 1))


def test_a_document_that_was_not_supplied_is_marked(catalogue: Catalogue) -> None:
    """T37: a clause of a text that nobody has seen says so."""
    notes = layout(brochure(catalogue, HUBEI), catalogue.documents)["notes"]
    assert any("S2-ANNEX1，原文未提供" in note for note in notes)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: set[str] = set()
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(given["id"] or "")
        if tag == "a":
            self.targets.add((given.get("href") or "").removeprefix("#"))
        if given.get("src") or tag in {"script", "link", "img"}:
            self.loads.append(tag)


@pytest.mark.parametrize("code", ALL)
def test_page_is_complete_in_itself_and_the_same_again(catalogue: Catalogue, code: str) -> None:
    page = render_html(brochure(catalogue, code), catalogue.documents)
    assert page == render_html(brochure(catalogue, code), catalogue.documents)
    reader = _Reader()
    reader.feed(page)
    assert reader.loads == []
    assert reader.targets == set(reader.ids)
    assert re.search(r"\b(None|Text\(|Source\()", page) is None


def test_markup_in_the_configuration_stays_text(catalogue: Catalogue) -> None:
    name = "<script>alert(1)</script> #panic[x] $y$ \\ `z`"
    program = catalogue.programs[HKU]
    hostile = replace(program, name=replace(program.name, zh=name))
    catalogue = replace(catalogue, programs=MappingProxyType({**catalogue.programs, HKU: hostile}))
    paper = brochure(catalogue, HKU)
    assert "<script>" not in render_html(paper, catalogue.documents)
    assert "&lt;script&gt;" in render_html(paper, catalogue.documents)
    assert render_pdf(paper, catalogue.documents).startswith(b"%PDF-")


def test_pdf_is_the_same_again_and_embeds_its_type(catalogue: Catalogue) -> None:
    paper = brochure(catalogue, LIUZHOU)
    pdf = render_pdf(paper, catalogue.documents)
    assert pdf == render_pdf(paper, catalogue.documents)
    assert b"NotoSansCJKsc" in pdf
    assert b"/FontFile" in pdf
    assert b"/CreationDate" not in pdf


def test_t9_a_limit_of_age_is_in_completed_years(catalogue: Catalogue) -> None:
    """R074, T9: 45周岁, not 45年."""
    texts = _texts(_part(brochure(catalogue, LIUZHOU), "招录程序"))
    assert "45周岁（原则上年龄不超过45周岁；未写明计算基准日）" in texts


def test_what_cannot_be_printed_is_told_and_never_an_empty_box() -> None:
    """Names have characters that no free font has; the page shows them, the PDF refuses."""
    paper = Paper(
        title="名单", parts=(Part("一", (Prose((Statement("赵𠮷、钱\U000323af、😀"),)),)),)
    )
    with pytest.raises(UnprintableTextError) as caught:
        render_pdf(paper, {})
    assert caught.value.characters == ("😀", "\U000323af")
    assert caught.value.message.zh == (
        "字体中没有以下字符，无法排印：😀 (U+1F600), \U000323af (U+323AF)"
    )
    assert "\U000323af" in render_html(paper, {})


@pytest.mark.parametrize(
    "text", ["", "招生简章 2026（一）【二】《三》①②％〔〕—…·“”‘’", "𠮷㐂䶮镕喆\n"]
)
def test_what_can_be_printed(text: str) -> None:
    assert missing_characters([text]) == ()


def test_no_date_unless_one_is_given(catalogue: Catalogue) -> None:
    assert brochure(catalogue, HKU).signed == ()
    assert brochure(catalogue, HKU, dated="2026年5月6日").signed == (
        "香港大学深圳医院",
        "2026年5月6日",
    )


def test_unknown_program(catalogue: Catalogue) -> None:
    with pytest.raises(KeyError, match="nowhere"):
        brochure(catalogue, "nowhere")


def test_a_table_row_must_fit_its_header() -> None:
    with pytest.raises(ValueError, match=r"a row has \[2\] cells, the header 1"):
        Grid(("一",), (((), ()),), (1,))
