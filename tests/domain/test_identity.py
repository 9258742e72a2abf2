"""Identity documents: forms, check characters, what is encoded, and errors that tell nothing.

The numbers are those of published specimens (GB 11643-1999's own examples, the National Immigration
Administration's specimens) or made up here with sequences and divisions that nobody holds.
"""

from __future__ import annotations

import logging
import pickle
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.identity import DocumentKind, IdentityDocumentError, IdentityProblem, Sex
from zhupei.domain.identity_numbers import check_character, normalise_number, read_identity_document
from zhupei.domain.people import OriginRegion
from zhupei.domain.text import Text

TODAY = date(2026, 11, 22)
ID, PERMIT, HM, TW, FOREIGN, PASSPORT = DocumentKind
# The two examples in GB 11643-1999.
STANDARD_WOMAN, STANDARD_MAN = "11010519491231002X", "440524188001010014"
# The specimens of the card of 2023 in the announcement of the National Immigration Administration.
FOREIGN_WOMAN, FOREIGN_MAN = "911124198108030024", "932682198501010017"


def made(division: str, born: str, sequence: str = "001") -> str:
    digits = f"{division}{born}{sequence}"
    return digits + check_character(digits)


def refusal(kind: DocumentKind, text: str, **more: str) -> tuple[IdentityProblem, Text]:
    with pytest.raises(IdentityDocumentError) as caught:
        read_identity_document(kind, text, today=TODAY, **more)
    error = caught.value
    assert error.kind is kind
    assert str(error) == error.message.en
    said = f"{error.message.zh}{error.message.en}{error!r}"
    number = normalise_number(text)
    assert not any(number[i : i + 7] in said for i in range(max(0, len(number) - 6)))
    return error.problem, error.message


def test_the_examples_of_the_standard_agree_with_the_check_character() -> None:
    assert check_character(STANDARD_WOMAN[:17]) == "X"
    assert check_character(STANDARD_MAN[:17]) == "4"
    assert check_character(FOREIGN_WOMAN[:17]) == "4"
    assert check_character(FOREIGN_MAN[:17]) == "7"


@pytest.mark.parametrize("digits", ["1" * 16, "1" * 18, "1" * 16 + "X", "１" * 17, ""])
def test_a_check_character_needs_seventeen_digits(digits: str) -> None:
    with pytest.raises(ValueError, match="seventeen digits are needed"):
        check_character(digits)


def test_a_resident_id_tells_birth_date_and_sex() -> None:
    document = read_identity_document(ID, STANDARD_WOMAN, today=TODAY)
    assert document.number == STANDARD_WOMAN
    assert document.birth_date == date(1949, 12, 31)
    assert document.sex is Sex.FEMALE
    assert document.region is OriginRegion.MAINLAND
    assert document.masked == "110***********002X"
    assert document.lookup_key == f"RESIDENT_ID:{STANDARD_WOMAN}"
    assert (document.issuing_state, document.renewals) == (None, None)
    assert document.notes == ()


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002x",
        "１１０１０５１９４９１２３１００２ｘ",
        " 110105 19491231 002X\n",
        "110105-19491231-002X",
        "110105—1949·1231.002ｘ",
    ],
)
def test_a_number_is_read_as_people_type_it(text: str) -> None:
    assert read_identity_document(ID, text, today=TODAY).number == STANDARD_WOMAN


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        (STANDARD_WOMAN[:17], IdentityProblem.FORM),
        (STANDARD_WOMAN + "0", IdentityProblem.FORM),
        (STANDARD_WOMAN[:17] + "Х", IdentityProblem.FORM),  # Cyrillic
        (STANDARD_WOMAN[:17] + "×", IdentityProblem.FORM),
        ("", IdentityProblem.FORM),
        (made("160105", "19901231"), IdentityProblem.DIVISION),
        (made("710000", "19901231"), IdentityProblem.DIVISION),
        (made("000000", "19901231"), IdentityProblem.DIVISION),
        (made("810000", "19901231"), IdentityProblem.OTHER_KIND),
        (FOREIGN_WOMAN, IdentityProblem.OTHER_KIND),
        (made("110105", "19900229"), IdentityProblem.BIRTH_DATE),
        (made("110105", "19901301"), IdentityProblem.BIRTH_DATE),
        (made("110105", "20261123"), IdentityProblem.BIRTH_DATE),
        (STANDARD_MAN, IdentityProblem.BIRTH_DATE),  # 1880: an example, not an applicant
        (STANDARD_WOMAN[:17] + "0", IdentityProblem.CHECK_CHARACTER),
    ],
)
def test_a_resident_id_that_cannot_be(number: str, problem: IdentityProblem) -> None:
    assert refusal(ID, number)[0] is problem


def test_somebody_born_today_and_on_a_leap_day_can_be_read() -> None:
    for born in ("20261122", "20000229", "19000101"):
        assert read_identity_document(ID, made("110105", born), today=TODAY).birth_date is not None


def test_the_message_says_what_to_do() -> None:
    assert refusal(ID, "110105491231002") == (
        IdentityProblem.FORM,
        Text(
            "居民身份证号码有误：15 位旧号码自 2013 年起停用，请填写 18 位公民身份号码",
            "resident identity card number: numbers of 15 digits ended in 2013; give the one of 18",
        ),
    )
    assert refusal(ID, made("830000", "19901231")) == (
        IdentityProblem.OTHER_KIND,
        Text(
            "居民身份证号码有误：这是港澳台居民居住证的号码",
            "resident identity card number: this is the number of a residence permit for "
            "Hong Kong, Macau and Taiwan residents",
        ),
    )
    assert refusal(ID, STANDARD_WOMAN[:17] + "1")[1] == Text(
        "居民身份证号码有误：校验位不符，请检查是否输错",
        "resident identity card number: the check character differs: is it mistyped?",
    )


VALID = st.builds(
    made,
    st.sampled_from(["110105", "440524", "650101", "540102"]),
    st.dates(date(1900, 1, 1), TODAY).map(lambda day: f"{day:%Y%m%d}"),
    st.integers(1, 999).map(lambda number: f"{number:03d}"),
)


@given(VALID)
def test_every_made_number_is_read_with_its_sex(number: str) -> None:
    document = read_identity_document(ID, number, today=TODAY)
    assert f"{document.birth_date:%Y%m%d}" == number[6:14]
    assert (document.sex is Sex.MALE) is (int(number[16]) % 2 == 1)


@given(VALID, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_every_change_of_one_character_is_refused(number: str, place: int, other: str) -> None:
    changed = number[:place] + other + number[place + 1 :]
    if changed != number:
        refusal(ID, changed)


@given(VALID, st.integers(0, 16))
def test_every_transposition_of_neighbours_is_refused(number: str, place: int) -> None:
    one, other = number[place], number[place + 1]
    changed = number[:place] + other + one + number[place + 2 :]
    if changed != number:
        refusal(ID, changed)


@given(st.text(max_size=30), st.sampled_from(list(DocumentKind)))
def test_any_text_is_read_or_refused(text: str, kind: DocumentKind) -> None:
    state = "ZZZ" if kind is PASSPORT else None
    try:
        document = read_identity_document(kind, text, today=TODAY, issuing_state=state)
    except IdentityDocumentError:
        return
    again = read_identity_document(kind, document.number, today=TODAY, issuing_state=state)
    assert again == document


@pytest.mark.parametrize(
    ("division", "region"),
    [
        ("810000", OriginRegion.HONG_KONG),
        ("820000", OriginRegion.MACAU),
        ("830000", OriginRegion.TAIWAN),
    ],
)
def test_a_residence_permit_tells_where_from(division: str, region: OriginRegion) -> None:
    document = read_identity_document(PERMIT, made(division, "19901231", "002"), today=TODAY)
    assert document.region is region
    assert document.birth_date == date(1990, 12, 31)
    assert document.sex is Sex.FEMALE


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        (STANDARD_WOMAN, IdentityProblem.OTHER_KIND),
        (made("840000", "19901231"), IdentityProblem.DIVISION),
        (made("810001", "19901231"), IdentityProblem.DIVISION),
        (made("810000", "19901231")[:17] + "?", IdentityProblem.FORM),
        (made("810000", "19901331"), IdentityProblem.BIRTH_DATE),
    ],
)
def test_a_residence_permit_that_cannot_be(number: str, problem: IdentityProblem) -> None:
    assert refusal(PERMIT, number)[0] is problem


@pytest.mark.parametrize(
    ("text", "number", "region", "renewals", "key"),
    [
        ("h12345678", "H12345678", OriginRegion.HONG_KONG, None, "H12345678"),
        ("M1234567800", "M1234567800", OriginRegion.MACAU, 0, "M12345678"),
        ("H12345678 02", "H1234567802", OriginRegion.HONG_KONG, 2, "H12345678"),
        ("HA1234567", "HA1234567", OriginRegion.HONG_KONG, None, "HA1234567"),
        ("MA1234567", "MA1234567", OriginRegion.MACAU, None, "MA1234567"),
    ],
)
def test_a_renewed_permit_belongs_to_the_same_person(
    text: str, number: str, region: OriginRegion, renewals: int | None, key: str
) -> None:
    document = read_identity_document(HM, text, today=TODAY)
    assert (document.number, document.region, document.renewals) == (number, region, renewals)
    assert document.lookup_key == f"HONG_KONG_MACAU_PERMIT:{key}"
    assert (document.birth_date, document.sex) == (None, None)


@pytest.mark.parametrize(
    "number", ["H1234567", "H123456789", "C12345678", "HB1234567", "HA12345678", "12345678"]
)
def test_a_travel_permit_of_another_form_is_refused(number: str) -> None:
    assert refusal(HM, number)[0] is IdentityProblem.FORM


@pytest.mark.parametrize(
    ("text", "number", "renewals"),
    [
        ("12345678", "12345678", None),
        ("1234567803", "1234567803", 3),
        ("1234567801（B）", "1234567801(B)", 1),
    ],
)
def test_a_taiwan_permit_keeps_its_holders_number(
    text: str, number: str, renewals: int | None
) -> None:
    document = read_identity_document(TW, text, today=TODAY)
    assert (document.number, document.renewals) == (number, renewals)
    assert document.lookup_key == "TAIWAN_PERMIT:12345678"
    assert document.region is OriginRegion.TAIWAN


@pytest.mark.parametrize("number", ["1234567", "123456789", "T1234567", "12345678(B)"])
def test_a_taiwan_permit_of_another_form_is_refused(number: str) -> None:
    assert refusal(TW, number)[0] is IdentityProblem.FORM


def test_the_published_specimens_of_foreigners_cards_are_read() -> None:
    woman = read_identity_document(FOREIGN, FOREIGN_WOMAN, today=TODAY)
    man = read_identity_document(FOREIGN, FOREIGN_MAN, today=TODAY)
    assert (woman.birth_date, woman.sex) == (date(1981, 8, 3), Sex.FEMALE)
    assert (man.birth_date, man.sex) == (date(1985, 1, 1), Sex.MALE)
    assert woman.region is man.region is OriginRegion.FOREIGN
    assert woman.notes == ()


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        (STANDARD_WOMAN, IdentityProblem.FORM),
        (FOREIGN_WOMAN[:17] + "5", IdentityProblem.CHECK_CHARACTER),
        (made("999124", "19810803"), IdentityProblem.DIVISION),
        (made("911124", "19810833"), IdentityProblem.BIRTH_DATE),
        ("ZZZ990181080329", IdentityProblem.DIVISION),
        ("ZZZ110181083329", IdentityProblem.BIRTH_DATE),
        ("ZZ1110181080329", IdentityProblem.FORM),
    ],
)
def test_a_foreigners_card_that_cannot_be(number: str, problem: IdentityProblem) -> None:
    assert refusal(FOREIGN, number)[0] is problem


def test_an_old_foreigners_card_says_what_it_does_not_tell() -> None:
    # By hand, 7-3-1 over ZZZ110199123?: Z is 35, so 245+105+35, 7+3+0, 7+27+9, 7+6+3, 7: 461.
    known = read_identity_document(FOREIGN, "ZZZ110199123101", today=TODAY)
    assert known.birth_date == date(1999, 12, 31)
    assert known.sex is None
    assert known.notes == ()
    wrong = read_identity_document(FOREIGN, "ZZZ110199123105", today=TODAY)
    assert wrong.notes == (
        Text("校验位不符，请核对证件", "check digit differs: compare with the card"),
    )
    unclear = read_identity_document(FOREIGN, "ZZZ110105010100", today=TODAY)
    assert unclear.birth_date is None
    assert (
        Text("出生年份只有两位，无法确定世纪", "the year of birth has two digits: century unknown")
        in unclear.notes
    )


@pytest.mark.parametrize(
    ("number", "state"),
    [
        ("E12345678", "CHN"),
        ("ea1234567", "chn"),
        ("G12345678", "CHN"),
        ("D1234567", "CHN"),
        ("L01X00T47", "UTO"),  # the specimen of ICAO Doc 9303
        ("12345", "ZZZ"),
    ],
)
def test_a_passport_is_unique_with_its_state(number: str, state: str) -> None:
    document = read_identity_document(PASSPORT, number, today=TODAY, issuing_state=state)
    assert document.lookup_key == f"PASSPORT:{state.upper()}:{number.upper()}"
    assert (document.birth_date, document.sex, document.region) == (None, None, None)


@pytest.mark.parametrize(
    ("number", "state", "problem"),
    [
        ("12345678", "CHN", IdentityProblem.FORM),
        ("E1234567890", "CHN", IdentityProblem.FORM),
        ("ABCDEF", "ZZZ", IdentityProblem.FORM),
        ("1234", "ZZZ", IdentityProblem.FORM),
        ("1234567890", "ZZZ", IdentityProblem.FORM),
        ("E12345678", "China", IdentityProblem.ISSUING_STATE),
    ],
)
def test_a_passport_that_cannot_be(number: str, state: str, problem: IdentityProblem) -> None:
    assert refusal(PASSPORT, number, issuing_state=state)[0] is problem


def test_only_a_passport_has_an_issuing_state() -> None:
    assert refusal(PASSPORT, "E12345678") == (
        IdentityProblem.ISSUING_STATE,
        Text("护照号码有误：须注明签发国家", "passport number: the issuing state is needed"),
    )
    assert refusal(ID, STANDARD_WOMAN, issuing_state="CHN")[0] is IdentityProblem.ISSUING_STATE


def test_nothing_personal_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    document = read_identity_document(ID, STANDARD_WOMAN, today=TODAY)
    log = logging.getLogger("test.identity")
    with caplog.at_level(logging.DEBUG):
        log.info("read %s", document)
        log.info("read %r", [document])
        try:
            read_identity_document(ID, STANDARD_WOMAN[:17] + "0", today=TODAY)
        except IdentityDocumentError:
            log.exception("refused")
    assert "IdentityDocument(kind=" in caplog.text
    assert "CHECK" not in caplog.text
    for personal in ("11010519", "19491231", "1949, 12, 31", "FEMALE", "1002X"):
        assert personal not in caplog.text


def test_a_document_survives_a_process_boundary() -> None:
    document = read_identity_document(ID, STANDARD_WOMAN, today=TODAY)
    assert pickle.loads(pickle.dumps(document)) == document
    assert document.birth_date is not None
    assert TODAY - document.birth_date > timedelta(days=365 * 76)


def test_every_kind_has_a_name_in_both_languages() -> None:
    assert {kind: kind.label.zh for kind in DocumentKind} == {
        ID: "居民身份证",
        PERMIT: "港澳台居民居住证",
        HM: "港澳居民来往内地通行证",
        TW: "台湾居民来往大陆通行证",
        FOREIGN: "外国人永久居留身份证",
        PASSPORT: "护照",
    }
    assert all(kind.label.en for kind in DocumentKind)
