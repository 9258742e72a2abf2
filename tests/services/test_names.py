"""Names in pinyin: surnames with readings of their own, spelling, order, and stated spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.services import names
from zhupei.services.names import read_name, spelling_fits


@pytest.mark.parametrize(
    ("name", "surname", "spelling", "passport", "sort_key"),
    [
        ("曾国藩", "曾", "Zeng Guofan", "ZENG GUOFAN", "zeng guo fan"),
        ("解晓东", "解", "Xie Xiaodong", "XIE XIAODONG", "xie xiao dong"),
        ("朴正", "朴", "Piao Zheng", "PIAO ZHENG", "piao zheng"),
        ("单田", "单", "Shan Tian", "SHAN TIAN", "shan tian"),
        ("仇英", "仇", "Qiu Ying", "QIU YING", "qiu ying"),
        ("查良", "查", "Zha Liang", "ZHA LIANG", "zha liang"),
        ("区明", "区", "Ou Ming", "OU MING", "ou ming"),
        ("覃小花", "覃", "Qin Xiaohua", "QIN XIAOHUA", "qin xiao hua"),
        ("盖文", "盖", "Ge Wen", "GE WEN", "ge wen"),
        ("翟天", "翟", "Zhai Tian", "ZHAI TIAN", "zhai tian"),
        ("员明", "员", "Yun Ming", "YUN MING", "yun ming"),
        ("欧阳修", "欧阳", "Ouyang Xiu", "OUYANG XIU", "ou yang xiu"),
        ("尉迟恭", "尉迟", "Yuchi Gong", "YUCHI GONG", "yu chi gong"),
        ("万俟明", "万俟", "Moqi Ming", "MOQI MING", "mo qi ming"),
        ("澹台明", "澹台", "Tantai Ming", "TANTAI MING", "tan tai ming"),
        ("长孙无忌", "长孙", "Zhangsun Wuji", "ZHANGSUN WUJI", "zhang sun wu ji"),
        ("单于", "单", "Shan Yu", "SHAN YU", "shan yu"),
        ("吕律", "吕", "Lü Lü", "LYU LYU", "lv lv"),
        ("王西安", "王", "Wang Xi'an", "WANG XIAN", "wang xi an"),
        ("Ｏｕ", None, "Ou", "OU", "ou"),
        ("John  Smith", None, "John Smith", "JOHN SMITH", "john smith"),
    ],
)
def test_a_name_is_spelt(
    name: str, surname: str | None, spelling: str, passport: str, sort_key: str
) -> None:
    read = read_name(name)
    assert read.surname == surname
    assert (read.spelling, read.passport_spelling) == (spelling, passport)
    assert read.sort_key == sort_key
    assert read.reason is None


def test_a_surname_with_several_readings_names_them() -> None:
    assert read_name("覃小花").surname_readings == ("qin", "tan")
    assert read_name("张三").surname_readings == ("zhang",)


def test_who_knows_where_the_name_is_divided_is_heard() -> None:
    assert read_name("单于明", surname="单").spelling == "Shan Yuming"
    assert read_name("单于明").spelling == "Chanyu Ming"
    both = read_name("曾单明", surname="曾单")
    assert (both.surname, both.given, both.spelling) == ("曾单", "明", "Zengshan Ming")


@pytest.mark.parametrize("surname", ["李", "张三"])
def test_a_surname_that_is_not_the_beginning_is_refused(surname: str) -> None:
    with pytest.raises(ValueError, match="does not begin with the surname and go on"):
        read_name("张三", surname=surname)


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(ValueError, match="a name is not empty"):
        read_name(" \u3000")


@pytest.mark.parametrize(
    ("name", "sort_key", "reason"),
    [
        ("买买提·艾力", "mai mai ti ai li", "a transliterated name"),
        ("张A", "zhang a", "mixed with other writing"),
        ("张", "zhang", "one character"),
        ("张\U0003134a", "zhang \U0003134a", "reading is not known"),
    ],
)
def test_what_cannot_be_spelt_says_why_and_still_sorts(
    name: str, sort_key: str, reason: str
) -> None:
    read = read_name(name)
    assert (read.spelling, read.passport_spelling) == (None, None)
    assert read.sort_key == sort_key
    assert read.reason is not None
    assert reason in (read.reason.en or "")


def test_names_sort_syllable_by_syllable() -> None:
    given_names = ["单田", "曾明", "解东", "李安", "连明", "阿明"]
    assert sorted(given_names, key=lambda name: read_name(name).sort_key) == [
        "阿明",
        "李安",
        "连明",
        "单田",
        "解东",
        "曾明",
    ]


@pytest.mark.parametrize(
    ("name", "spelling", "fits"),
    [
        ("曾国安", "Zeng Guo'an", True),
        ("曾国安", "CENG GUOAN", True),
        ("曾国安", "Zheng Guoan", False),
        ("覃小花", "Tan Xiaohua", True),
        ("吕布", "LYU BU", True),
        ("吕布", "Lǚ Bù", True),
        ("吕布", "LV BU", True),
        ("吕布", "lu bu", True),
        ("欧阳修", "Xiu Ouyang", True),
        ("尉迟恭", "Yuchi Gong", True),
        ("单于明", "Chanyu Ming", True),
        ("张三", "Zhang Shan", False),
        ("张三", "Zhang", False),
        ("张三", "", False),
        ("张\U0003134a", "Zhang Ming", False),
        ("John", "John", False),
    ],
)
def test_a_stated_spelling_is_compared_with_every_reading(
    name: str, spelling: str, *, fits: bool
) -> None:
    assert spelling_fits(name, spelling) is fits


@given(st.text("曾解朴单仇查区覃欧阳尉迟万俟吕张小明国安乐重绿", min_size=2, max_size=5))
def test_what_is_proposed_fits(name: str) -> None:
    read = read_name(name)
    assert read.spelling is not None
    assert read.passport_spelling is not None
    assert spelling_fits(name, read.spelling)
    assert spelling_fits(name, read.passport_spelling)


@pytest.mark.parametrize("surname", [*names._SURNAMES, *names._COMPOUND_SURNAMES])
def test_every_surname_of_the_tables_fits_its_own_reading(surname: str) -> None:
    read = read_name(surname + "明")
    assert (read.surname, read.given) == (surname, "明")
    assert read.spelling is not None
    assert spelling_fits(read.name, read.spelling)


def test_a_reading_that_only_the_table_knows_fits() -> None:
    assert spelling_fits("费明", "Bi Ming")
    assert spelling_fits("黑明", "He Ming")


@given(st.text(min_size=1, max_size=12))
def test_any_text_can_be_sorted(name: str) -> None:
    if name.split():
        assert isinstance(read_name(name).sort_key, str)
