"""Text search: two-character Chinese words, pinyin, aliases, codes, ranks, and its speed."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.catalogue.search import SearchIndex, fold

ENTRIES: list[tuple[str, tuple[str | None, ...]]] = [
    ("union", ("某某大学附属协和医院", "Union Hospital", None)),
    ("first", ("武汉市第一医院", "武汉市中西医结合医院", "Wuhan No. 1 Hospital")),
    ("chang", ("重庆长安医院", "")),
    ("women", ("妇产科", "Obstetrics and Gynaecology", "1600")),
    ("inner", ("内科", "Internal Medicine", "0100")),
    ("neuro", ("神经内科", "Neurology", "0600")),
    ("plan", ("north-residency-2026/0100", "北方医院", "内科")),
    ("lv", ("吕梁市人民医院", "Lüliang People's Hospital")),
]


@pytest.fixture(scope="module")
def index() -> SearchIndex[str]:
    return SearchIndex.build(ENTRIES)


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        # Two characters, inside a longer name.
        ("协和", ["union"]),
        ("产科", ["women"]),
        ("西医", ["first"]),
        # Exact before prefix before inside; equal ranks in the order of the entries.
        ("内科", ["inner", "plan", "neuro"]),
        ("重庆", ["chang"]),
        # Pinyin at syllables, initials, polyphones.
        ("xiehe", ["union"]),
        ("neike", ["inner", "plan", "neuro"]),
        ("wuhan", ["first"]),
        ("chongqing", ["chang"]),
        ("changan", ["chang"]),
        ("ingmu", []),
        ("whsdyyy", ["first"]),
        ("xh", ["union"]),
        ("lvliang", ["lv"]),
        ("lüliang", ["lv"]),
        # English, any case, compatibility forms, apostrophes.
        ("MEDICINE", ["inner"]),
        ("ＵＮＩＯＮ", ["union"]),
        ("people's", ["lv"]),
        # Several words: all of them, in any order; the whole text first.
        ("hospital wuhan", ["first"]),
        ("obstetrics and gynaecology", ["women"]),
        ("内科 北方", ["plan"]),
        ("beifang 内科", ["plan"]),
        ("内科 协和", []),
        # Codes, whole and by part.
        ("0100", ["inner", "plan"]),
        ("north-residency-2026/0100", ["plan"]),
        ("2026/01", ["plan"]),
        ("north-residency", ["plan"]),
        ("residency", ["plan"]),
        ("nothing", []),
        ("\n", [key for key, _ in ENTRIES]),
    ],
)
def test_find(index: SearchIndex[str], query: str, keys: list[str]) -> None:
    assert index.find(query) == keys


def test_a_blank_query_finds_everything_in_order(index: SearchIndex[str]) -> None:
    assert index.find("") == index.find(" 　") == [key for key, _ in ENTRIES]
    assert len(index) == len(ENTRIES)


def test_the_text_equal_to_a_query_of_several_words_comes_first() -> None:
    index = SearchIndex.build(
        [("long", ["General Practice of Something"]), ("short", ["General Practice"])]
    )
    assert index.find("general practice") == ["short", "long"]
    assert index.find("practice general") == ["long", "short"]


def test_one_letter_is_no_pinyin(index: SearchIndex[str]) -> None:
    assert index.find("x") == []
    assert index.find("y") == ["women", "neuro", "plan"]  # the letter itself, in English texts


def test_an_empty_index_finds_nothing() -> None:
    empty: SearchIndex[str] = SearchIndex.build([])
    assert empty.find("") == empty.find("内科") == empty.find("a/b") == []


def test_folding() -> None:
    assert fold(" ＡＢＣ　（Ｘ）\t内科 ") == "abc (x) 内科"


texts = st.text(st.sampled_from("内外科儿医院ab/ "), max_size=8)


@given(
    entries=st.lists(st.lists(texts, max_size=3), max_size=12),
    query=st.text(st.sampled_from("内外科儿医院"), min_size=1, max_size=3),
)
def test_chinese_words_are_found_exactly_where_they_stand(
    entries: list[list[str]], query: str
) -> None:
    index = SearchIndex.build(enumerate(entries))
    expected = {at for at, row in enumerate(entries) if any(query in fold(text) for text in row)}
    found = index.find(query)
    assert set(found) == expected
    assert len(found) == len(expected)


@given(entries=st.lists(st.lists(texts, max_size=3), max_size=12))
def test_every_text_finds_its_own_entries_first(entries: list[list[str]]) -> None:
    index = SearchIndex.build(enumerate(entries))
    for row in entries:
        for text in filter(None, map(fold, row)):
            equal = [
                at for at, other in enumerate(entries) if text in {fold(part) for part in other}
            ]
            found = index.find(text)
            assert set(equal) <= set(found[: found.index(equal[-1]) + 1])
            assert equal == [at for at in found if at in set(equal)]


def test_28000_openings_are_indexed_and_searched_at_once() -> None:
    specialties = [f"第{number}专业科" for number in range(28)]
    entries = [
        ((base, at), (f"base-{base}/{at:04}", f"某市第{base}人民医院", f"Hospital {base}", name))
        for base in range(1000)
        for at, name in enumerate(specialties)
    ]
    started = time.process_time()
    index = SearchIndex.build(entries)
    built = time.process_time() - started
    queries = ("人民", "hospital", "moushi", "专业 医院", "base-17/0003", "msd999rmyy", "第7专业科")
    counts = [28_000, 28_000, 28_000, 28_000, 1, 28, 1000]
    assert [len(index.find(query)) for query in queries] == counts
    started = time.process_time()
    for query in queries:
        index.find(query)
    asked = (time.process_time() - started) / len(queries)
    # Both are some five times faster on a quiet machine; the bounds leave room for a shared one.
    assert built < 3
    assert asked < 0.03


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("婦產科", ["women"]),
        ("ＷＵＨＡＮ 醫院", ["first"]),
        ("重慶長安醫院", ["chang"]),
        ("neike 北方醫院", ["plan"]),
        # 乾 is 干 here and 乾 there: as the word has it.
        ("乾燥", ["dry"]),
        ("乾坤", ["heaven"]),
        ("婦產科 協和", []),
        ("無此", []),
        ("\ud83d醫院", []),
    ],
)
def test_traditional_characters_find_what_is_published_in_simplified_ones(
    query: str, keys: list[str]
) -> None:
    index = SearchIndex.build([*ENTRIES, ("dry", ("干燥综合征专科",)), ("heaven", ("乾坤医院",))])
    assert index.find(query) == keys


def test_a_name_published_in_traditional_characters_is_found_as_it_is_written() -> None:
    index = SearchIndex.build([("there", ("香港瑪麗醫院",)), ("here", ("玛丽医院",))])
    assert index.find("瑪麗醫院") == ["there"]
    assert index.find("玛丽医院") == ["here"]
    assert index.find("瑪麗 醫院") == ["there"]


def test_a_search_that_finds_something_or_has_no_chinese_loads_no_dictionary() -> None:
    """OpenCC takes 60 ms and 7 MB, which most processes never need."""
    program = (
        "import sys; from zhupei.catalogue.search import SearchIndex\n"
        "index = SearchIndex.build([('a', ('Union',)), ('b', ('儿科',))])\n"
        "print(index.find('儿科'), index.find('nothing'), 'opencc' in sys.modules)\n"
        "print(index.find('兒科'), 'opencc' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout == "['b'] [] False\n['b'] True\n"
