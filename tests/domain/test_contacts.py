"""Contacts as offices write them: T38, T39, V10, V11, G38 over every row of S2:125-164."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.contacts import (
    ContactNotReadable,
    HospitalName,
    normalise_text,
    parse_hospital_name,
    parse_people,
    parse_phones,
    parse_qq_groups,
)
from zhupei.domain.institutions import Phone

# One line per base as printed in S2:125-164 (hospital, people, phones, QQ groups), then as a reader
# would write it: name, aliases (|), people, phones (x before an extension), groups.
_TABLE = Path(__file__).with_name("contact_table.tsv").read_text(encoding="utf-8")
ROWS = [tuple(line.split("\t")) for line in _TABLE.splitlines()[1:]]


def _written(phone: Phone) -> str:
    return phone.number if phone.extension is None else f"{phone.number}x{phone.extension}"


@pytest.mark.parametrize("row", ROWS, ids=[f"row{number}" for number in range(1, len(ROWS) + 1)])
def test_g38_each_row_of_the_contact_table(row: tuple[str, ...]) -> None:
    printed, people, phones, groups, name, aliases, names, numbers, group_numbers = row
    assert parse_hospital_name(printed) == HospitalName(
        name, tuple(aliases.split("|")) if aliases else ()
    )
    assert " ".join(parse_people(people)) == names
    assert " ".join(map(_written, parse_phones(phones))) == numbers
    assert " ".join(parse_qq_groups(groups)) == group_numbers


def test_g38_totals_of_the_contact_table() -> None:
    assert len(ROWS) == 37
    names = [parse_hospital_name(row[0]) for row in ROWS]
    assert len({name.name for name in names}) == 37
    assert sum(bool(name.aliases) for name in names) == 21
    groups = [parse_qq_groups(row[3]) for row in ROWS]
    assert sum(map(len, groups)) == 38
    assert Counter(map(len, groups)) == {1: 34, 2: 2, 0: 1}


def test_v11_area_codes_of_the_contact_table() -> None:
    areas = Counter(parse_phones(row[2])[0].number.split("-")[0] for row in ROWS)
    assert areas == {
        "027": 18,
        "0719": 3,
        "0710": 3,
        "0717": 2,
        "0716": 2,
        "0718": 2,
        **dict.fromkeys(("0714", "0724", "0712", "0713", "0715", "0722", "0728"), 1),
    }


def test_every_number_of_the_contact_table_is_a_possible_one_of_its_area() -> None:
    for row in ROWS:
        for phone in parse_phones(row[2]):
            assert phonenumbers.is_valid_number(phonenumbers.parse(phone.number, "CN")), phone


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("027_60660788", [Phone("027-60660788")]),
        ("027- 82201738", [Phone("027-82201738")]),
        ("０２７－８２２０１７３８", [Phone("027-82201738")]),
        ("0717-6487803/6221657", [Phone("0717-6487803"), Phone("0717-6221657")]),
        ("0717-6487803 6221657", [Phone("0717-6487803"), Phone("0717-6221657")]),
        ("0717-6487803、0710-6221657", [Phone("0717-6487803"), Phone("0710-6221657")]),
        ("027-88041911转88455", [Phone("027-88041911", "88455")]),
        ("0755-86913333 转分机号 8182", [Phone("0755-86913333", "8182")]),
        ("0755-86913333 ext. 8182", [Phone("0755-86913333", "8182")]),
        ("027-88041911转88455/88456", [Phone("027-88041911", x) for x in ("88455", "88456")]),
        ("电话：0772-2205450。", [Phone("0772-2205450")]),
        ("(027)87576373", [Phone("027-87576373")]),
        ("02787576373", [Phone("027-87576373")]),
        ("027-8757 6373", [Phone("027-87576373")]),
        ("+86 27 8757 6373", [Phone("027-87576373")]),
        ("+862787576373", [Phone("027-87576373")]),
        ("010-65212345；021 65212345", [Phone("010-65212345"), Phone("021-65212345")]),
        ("138-0013-8000", [Phone("13800138000")]),
        ("+86 13800138000，400-810-1234", [Phone("13800138000"), Phone("400-810-1234")]),
        ("6221657", [Phone("6221657")]),
        ("", []),
        (" 　", []),
    ],
)
def test_t38_phones(text: str, phones: list[Phone]) -> None:
    assert list(parse_phones(text)) == phones


def test_t38_a_known_area_code_completes_a_bare_number() -> None:
    assert parse_phones("6221657", area_code="0717") == (Phone("0717-6221657"),)
    assert parse_phones("0710-6221657", area_code="0717") == (Phone("0710-6221657"),)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("见官网", "见官网"),
        ("027-123", "027-123"),
        ("027-60660788 内科", "内科"),
        ("027-606607889", "027-606607889"),
        ("88455", "88455"),
    ],
)
def test_what_is_no_phone_is_refused_not_dropped(text: str, rest: str) -> None:
    with pytest.raises(ContactNotReadable) as caught:
        parse_phones(text)
    assert caught.value.rest == rest
    assert str(caught.value) == f'cannot read telephone numbers from "{text}": "{rest}"'
    assert caught.value.message.zh == f"无法从“{text}”中识别电话号码：“{rest}”"


@given(
    area=st.sampled_from(["010", "027", "0717", "0755"]),
    local=st.integers(20_000_000, 89_999_999).map(str),
    extension=st.none() | st.integers(1, 99_999).map(str),
    join=st.sampled_from(["-", " ", "_", "－", "- ", ""]),
    turn=st.sampled_from(["转", " 转", "转分机号 ", " 分机:", "ext."]),
)
def test_any_writing_of_one_number_reads_the_same(
    area: str, local: str, extension: str | None, join: str, turn: str
) -> None:
    text = f"{area}{join}{local}" + (f"{turn}{extension}" if extension else "")
    assert parse_phones(text) == (Phone(f"{area}-{local}", extension),)
    again = "、".join([text, text])
    assert parse_phones(again) == (Phone(f"{area}-{local}", extension),) * 2


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("", ()),
        ("991862867； 374806357", ("991862867", "374806357")),
        ("340728617 410365317", ("340728617", "410365317")),
        ("QQ群：12345", ("12345",)),
        ("QQ 群 839346124", ("839346124",)),
        ("群1:340728617，群2：410365317", ("340728617", "410365317")),
        ("QQ群号 1023975192", ("1023975192",)),
    ],
)
def test_v10_qq_groups_are_none_or_several(text: str, groups: tuple[str, ...]) -> None:
    assert parse_qq_groups(text) == groups


@pytest.mark.parametrize("text", ["无", "5", "0123456", "123456789012"])
def test_what_is_no_qq_group_is_refused(text: str) -> None:
    with pytest.raises(ContactNotReadable) as caught:
        parse_qq_groups(text)
    assert caught.value.message.en == f'cannot read QQ groups from "{text}": "{text}"'


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("", ()),
        ("刘老师、黄老师、 陈老师", ("刘老师", "黄老师", "陈老师")),
        ("黄老师，万老师", ("黄老师", "万老师")),
        ("洪老师 熊老师", ("洪老师", "熊老师")),
        ("联系人：洪老师、熊老师、罗老师", ("洪老师", "熊老师", "罗老师")),
        ("黄 虎", ("黄虎",)),
        ("John Smith / 赵保军", ("John Smith", "赵保军")),
    ],
)
def test_people(text: str, people: tuple[str, ...]) -> None:
    assert parse_people(text) == people


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("甲医院（乙医院、 丙医院）", HospitalName("甲医院", ("乙医院", "丙医院"))),
        ("甲医院(乙医院)", HospitalName("甲医院", ("乙医院",))),
        ("甲大学（东部）医院", HospitalName("甲大学（东部）医院")),
        (" 甲医院 ", HospitalName("甲医院")),
    ],
)
def test_t39_hospital_names(text: str, name: HospitalName) -> None:
    assert parse_hospital_name(text) == name


def test_t39_a_hospital_has_a_name() -> None:
    with pytest.raises(ValueError, match="the text is blank"):
        parse_hospital_name(" 　")


def test_text_is_normalised_to_its_compatibility_form() -> None:
    assert normalise_text("　ＱＱ群：１２３ \n ４ ") == "QQ群:123 4"
