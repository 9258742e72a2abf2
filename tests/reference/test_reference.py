"""The packaged reference data: complete, consistent, and honest about what it does not know."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from pypinyin import lazy_pinyin

from zhupei.domain.codes import ShortagePurpose, SpecialtyField
from zhupei.domain.places import ProvinceKind
from zhupei.domain.sources import Source
from zhupei.domain.text import Text
from zhupei.reference import Reference, load

# The codes and names that the 2026 plan prints (S0:14-25).
PLAN_2026 = {
    "0100": "内科",
    "0200": "儿科",
    "0300": "急诊科",
    "0600": "神经内科",
    "0900": "外科",
    "1100": "外科（胸心外科方向）",
    "1400": "骨科",
    "1600": "妇产科",
    "1800": "耳鼻咽喉科",
    "2200": "放射科",
    "2500": "放射肿瘤科",
}


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load()


def test_all_34_province_level_divisions_in_the_order_of_their_codes(reference: Reference) -> None:
    codes = list(reference.provinces)
    assert len(codes) == 34
    assert codes == sorted(codes)
    assert all(re.fullmatch(r"[1-8]\d0000", code) for code in codes)
    assert Counter(province.kind for province in reference.provinces.values()) == {
        ProvinceKind.PROVINCE: 23,
        ProvinceKind.AUTONOMOUS_REGION: 5,
        ProvinceKind.MUNICIPALITY: 4,
        ProvinceKind.SPECIAL_ADMINISTRATIVE_REGION: 2,
    }


@pytest.mark.parametrize(
    ("code", "name", "short", "pinyin"),
    [
        ("420000", Text("湖北省", "Hubei Province"), Text("湖北", "Hubei"), "hubei"),
        (
            "500000",
            Text("重庆市", "Chongqing Municipality"),
            Text("重庆", "Chongqing"),
            "chongqing",
        ),
        ("610000", Text("陕西省", "Shaanxi Province"), Text("陕西", "Shaanxi"), "shanxi"),
        ("140000", Text("山西省", "Shanxi Province"), Text("山西", "Shanxi"), "shanxi"),
        (
            "450000",
            Text("广西壮族自治区", "Guangxi Zhuang Autonomous Region"),
            Text("广西", "Guangxi"),
            "guangxi",
        ),
        (
            "810000",
            Text("香港特别行政区", "Hong Kong Special Administrative Region"),
            Text("香港", "Hong Kong"),
            "xianggang",
        ),
    ],
)
def test_names_and_sort_keys_of_provinces(
    reference: Reference, code: str, name: Text, short: Text, pinyin: str
) -> None:
    province = reference.provinces[code]
    assert (province.name, province.short_name, province.pinyin) == (name, short, pinyin)


def test_prefectures_belong_to_their_province_and_every_code_is_given_once(
    reference: Reference,
) -> None:
    codes = [part.code for row in reference.provinces.values() for part in row.prefectures]
    assert len(codes) == len(set(codes)) == len(reference.prefectures) == 365
    for province in reference.provinces.values():
        found = [part.code for part in province.prefectures]
        assert found == sorted(found)
        assert all(f"{part.code[:2]}0000" == province.code for part in province.prefectures)


def test_the_prefecture_level_has_333_divisions_beside_directly_administered_units(
    reference: Reference,
) -> None:
    directly = [code for code in reference.prefectures if code[2:4] == "90"]
    assert (len(reference.prefectures) - len(directly), len(directly)) == (333, 32)


@pytest.mark.parametrize(("code", "count"), [("420000", 17), ("440000", 21), ("450000", 14)])
def test_prefectures_of_the_provinces_of_the_documents(
    reference: Reference, code: str, count: int
) -> None:
    assert len(reference.provinces[code].prefectures) == count


@pytest.mark.parametrize(
    ("code", "zh", "en", "pinyin"),
    [
        ("420100", "武汉市", "Wuhan", "wuhan"),
        (
            "422800",
            "恩施土家族苗族自治州",
            "Enshi Tujia and Miao Autonomous Prefecture",
            "enshi",
        ),
        ("429004", "仙桃市", "Xiantao", "xiantao"),
        ("429005", "潜江市", "Qianjiang", "qianjiang"),
        ("429006", "天门市", "Tianmen", "tianmen"),
        ("429021", "神农架林区", "Shennongjia Forestry District", "shennongjia"),
        ("440300", "深圳市", "Shenzhen", "shenzhen"),
        ("450200", "柳州市", "Liuzhou", "liuzhou"),
        # Polyphones, read as in the place itself.
        ("140400", "长治市", "Changzhi", "changzhi"),
        ("211300", "朝阳市", "Chaoyang", "chaoyang"),
        ("341500", "六安市", "Lu'an", "luan"),
        ("341600", "亳州市", "Bozhou", "bozhou"),
        ("350200", "厦门市", "Xiamen", "xiamen"),
        ("411100", "漯河市", "Luohe", "luohe"),
        ("430100", "长沙市", "Changsha", "changsha"),
        ("511100", "乐山市", "Leshan", "leshan"),
    ],
)
def test_names_and_sort_keys_of_prefectures(
    reference: Reference, code: str, zh: str, en: str, pinyin: str
) -> None:
    found = reference.prefectures[code]
    assert (found.name, found.pinyin) == (Text(zh, en), pinyin)
    assert reference.provinces[f"{code[:2]}0000"].prefecture(code) is found


def test_absent_prefectures_are_told_from_provinces_without_the_level(reference: Reference) -> None:
    recorded = {code: row.prefectures_recorded for code, row in reference.provinces.items()}
    assert [code for code, known in recorded.items() if not known] == ["710000", "810000", "820000"]
    assert reference.provinces["110000"].prefectures == ()
    assert recorded["110000"]
    assert reference.provinces["420000"].prefecture("440300") is None


def test_sort_keys_are_lower_case_letters_that_sound_like_the_name(reference: Reference) -> None:
    provinces, prefectures = reference.provinces.values(), reference.prefectures.values()
    keys = [*(row.pinyin for row in provinces), *(row.pinyin for row in prefectures)]
    assert [key for key in keys if not re.fullmatch(r"[a-z]+", key)] == []
    for row in reference.specialties.specialties:
        spoken = "".join(part for part in lazy_pinyin(row.name.zh) if part.isascii())
        assert row.pinyin == spoken


def test_the_codes_of_the_2026_plan_are_verified_line_by_line(reference: Reference) -> None:
    catalogue = reference.specialties.for_cycle(2026)
    verified = {code: row.name.zh for code, row in catalogue.items() if row.verified}
    assert verified == PLAN_2026
    cycles = {each.cycle for code in PLAN_2026 for each in catalogue[code].evidence}
    assert cycles == {2026}
    (found,) = catalogue["1100"].evidence
    assert found.source == Source("S0", "招收计划表", "19")


def test_every_row_is_proven_or_says_what_to_check(reference: Reference) -> None:
    for row in reference.specialties.specialties:
        assert re.fullmatch(r"\d{4}", row.code)
        assert row.verified is (row.note is None)
        if row.note is not None:
            assert "待核对" in row.note.zh
            assert row.note.en is not None
            assert "verify" in row.note.en
            assert row.name.en


def test_fields_of_the_catalogue(reference: Reference) -> None:
    rows = reference.specialties.for_cycle(2026).values()
    assert Counter(row.field for row in rows) == {
        SpecialtyField.CLINICAL: 28,
        SpecialtyField.STOMATOLOGY: 7,
        SpecialtyField.TCM: 12,
    }


def test_t51_critical_care_is_recorded_from_the_cycle_that_names_it(reference: Reference) -> None:
    specialties = reference.specialties
    found = specialties.find(2024, "重症医学")
    assert found is not None
    assert (found.code, found.verified) == ("3700", False)
    assert specialties.get(2023, "3700") is None
    assert specialties.find(2023, "重症医学") is None
    assert len(specialties.for_cycle(2024)) == len(specialties.for_cycle(2023)) + 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0700", "0700"),
        ("全科", "0700"),
        ("全科医学科", "0700"),
        ("儿外科", "1500"),
        ("精神科", "0500"),
        ("麻醉科", "1900"),
        ("临床病理科", "2000"),
        ("重症医学", "3700"),
        ("paediatrics", "0200"),
        ("Pediatrics", "0200"),
        ("外科(胸心外科方向)", "1100"),
        (" 外科（胸心外科方向） ", "1100"),
    ],
)
def test_specialties_that_the_documents_name_are_found(
    reference: Reference, text: str, code: str
) -> None:
    found = reference.specialties.find(2026, text)
    assert found is not None
    assert found.code == code


def test_find_is_exact_and_codes_stay_text(reference: Reference) -> None:
    for text in ("100", "64", "科", "外", ""):
        assert reference.specialties.find(2026, text) is None
    assert reference.specialties.get(2026, "9900") is None


def test_no_name_or_alias_is_ambiguous_in_any_cycle(reference: Reference) -> None:
    for row in reference.specialties.specialties:
        for text in (row.name.zh, row.name.en or "", *row.aliases):
            assert reference.specialties.find(2026, text) is row


def test_t16_national_shortage_sets_by_purpose(reference: Reference) -> None:
    five = frozenset({"0200", "0500", "0700", "1600", "1900"})
    priority = reference.specialties.shortage(ShortagePurpose.ADMISSION_PRIORITY)
    penalty = reference.specialties.shortage(ShortagePurpose.QUOTA_PENALTY)
    assert priority is not None
    assert penalty is not None
    for found in (priority, penalty):
        assert (found.codes, found.open_ended) == (five, True)
        assert "0700" in found
        assert "3700" not in found
    assert (priority.source.document, priority.source.lines) == ("S4", "320-336")
    assert (penalty.source.document, penalty.source.lines) == ("S4", "338-340")
    assert reference.specialties.shortage(ShortagePurpose.SUBSIDY) is None


def test_shortage_codes_are_in_the_catalogue(reference: Reference) -> None:
    names = {
        reference.specialties.for_cycle(2026)[code].name.zh
        for found in reference.specialties.shortages
        for code in found.codes
    }
    assert names == {"全科", "儿科", "精神科", "妇产科", "麻醉科"}


def test_the_catalogue_of_a_cycle_cannot_be_changed(reference: Reference) -> None:
    catalogue = reference.specialties.for_cycle(2026)
    with pytest.raises(TypeError):
        catalogue["0100"] = catalogue["0200"]  # type: ignore[index]  # the refusal is the test
    assert catalogue is reference.specialties.for_cycle(2026)
    assert reference.specialties.for_cycle(2013) == {}
