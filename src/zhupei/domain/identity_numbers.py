"""Numbers of identity documents: reading them, their check characters, what they tell.

A number is read for the kind of document that the applicant names; nothing is guessed from its
form.

What is encoded, and where that is laid down:

- resident identity card and residence permit: GB 11643-1999 (division, birth date, sequence whose
  last digit is odd for men, check character ISO 7064 MOD 11-2); the permits of residents of Hong
  Kong, Macau and Taiwan stand under the divisions 810000, 820000 and 830000 (State Council
  General Office 2018 No. 81);
- travel permit of Hong Kong and Macau residents: ``H`` or ``M``, the holder's eight digits, and on
  cards up to 2012 two digits that count the renewals; ``HA``/``MA`` and seven digits for permanent
  residents of foreign nationality (National Immigration Administration, July 2024);
- travel permit of Taiwan residents: the holder's eight digits, before 2008 two digits of renewals
  and the issuing office in brackets as well;
- permanent resident identity card of a foreigner: eighteen digits since December 2023 (``9``,
  province of acceptance, numeric code of the nationality, birth date, sequence, MOD 11-2), three
  letters and twelve digits before;
- passport: at most nine letters and digits (ICAO Doc 9303), unique only with the issuing state.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from types import MappingProxyType

from zhupei.domain.identity import (
    DocumentKind,
    IdentityDocument,
    IdentityDocumentError,
    IdentityProblem,
    Sex,
)
from zhupei.domain.people import OriginRegion
from zhupei.domain.text import Text

__all__ = ["check_character", "normalise_number", "read_identity_document"]

# GB/T 2260, province level; residents of 71, 81 and 82 hold other documents.
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]")


_PERMIT_REGIONS = MappingProxyType(
    {
        "810000": OriginRegion.HONG_KONG,
        "820000": OriginRegion.MACAU,
        "830000": OriginRegion.TAIWAN,
    }
)


_EARLIEST_BIRTH = date(1900, 1, 1)


_CITIZEN = re.compile(r"[0-9]{17}[0-9X]")


_FIRST_GENERATION = re.compile(r"[0-9]{15}")


_HONG_KONG_MACAU = re.compile(r"(?P<letter>[HM])(?:[0-9]{8}(?P<renewals>[0-9]{2})?|A[0-9]{7})")


_TAIWAN = re.compile(r"[0-9]{8}(?:(?P<renewals>[0-9]{2})(?:\([A-Z0-9]{1,2}\))?)?")


_FOREIGN = re.compile(r"9[0-9]{16}[0-9X]")


_FOREIGN_BEFORE_2023 = re.compile(
    r"(?P<state>[A-Z]{3})(?P<province>[0-9]{2})[0-9]{2}(?P<birth>[0-9]{6})[0-9](?P<check>[0-9])"
)


_PASSPORT = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,9}")


_CHINESE_PASSPORT = re.compile(r"[A-Z][0-9]{7,8}|[A-Z]{2}[0-9]{7}")


_STATE = re.compile(r"[A-Z]{3}")


# What people put between groups of digits.
_SEPARATORS = re.compile(r"[\s\-‐‑‒–—―−·.]+")


def normalise_number(text: str) -> str:
    """Return the number as documents print it: half-width, upper case, without separators."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()


def check_character(digits: str) -> str:
    """Return the eighteenth character for seventeen digits (ISO 7064 MOD 11-2, GB 11643).

    Raises ValueError for anything but seventeen ASCII digits.
    """
    if not re.fullmatch(r"[0-9]{17}", digits):
        raise ValueError("seventeen digits are needed")
    total = sum(int(digit) * pow(2, 17 - index, 11) for index, digit in enumerate(digits))
    return "10X98765432"[total % 11]


def read_identity_document(
    kind: DocumentKind, text: str, *, today: date, issuing_state: str | None = None
) -> IdentityDocument:
    """Read the number of an identity document and what it encodes.

    ``today`` is the day in Asia/Shanghai on which it is read: nobody is born after it.
    ``issuing_state`` is needed for a passport and only there. Raises `IdentityDocumentError`.
    """
    state = None if issuing_state is None else normalise_number(issuing_state)
    if (kind is DocumentKind.PASSPORT) is not (state is not None):
        raise IdentityDocumentError(
            kind,
            IdentityProblem.ISSUING_STATE,
            Text("须注明签发国家", "the issuing state is needed")
            if state is None
            else Text("不应注明签发国家", "only a passport has an issuing state"),
        )
    number = normalise_number(text)
    if state is not None:
        return _passport(number, state)
    return _READERS[kind](number, today)


def _resident_id(number: str, today: date) -> IdentityDocument:
    kind = DocumentKind.RESIDENT_ID
    if _FIRST_GENERATION.fullmatch(number):
        raise IdentityDocumentError(
            kind,
            IdentityProblem.FORM,
            Text(
                "15 位旧号码自 2013 年起停用，请填写 18 位公民身份号码",
                "numbers of 15 digits ended in 2013; give the one of 18",
            ),
        )
    _require(kind, _CITIZEN, number, _EIGHTEEN)
    if number[:6] in _PERMIT_REGIONS:
        raise _other_kind(kind, DocumentKind.RESIDENCE_PERMIT)
    if _FOREIGN.fullmatch(number):
        raise _other_kind(kind, DocumentKind.FOREIGN_PERMANENT_RESIDENT_ID)
    # Only the province is checked: cards keep divisions that were dissolved long ago, and a list
    # that misses one would turn away a real person.
    _require_province(kind, number[:2])
    return _citizen(kind, number, today, OriginRegion.MAINLAND)


def _residence_permit(number: str, today: date) -> IdentityDocument:
    kind = DocumentKind.RESIDENCE_PERMIT
    _require(kind, _CITIZEN, number, _EIGHTEEN)
    region = _PERMIT_REGIONS.get(number[:6])
    if region is None:
        if _PROVINCES.fullmatch(number[:2]):
            raise _other_kind(kind, DocumentKind.RESIDENT_ID)
        raise IdentityDocumentError(
            kind,
            IdentityProblem.DIVISION,
            Text("应以 810000、820000 或 830000 开头", "it begins with 810000, 820000 or 830000"),
        )
    return _citizen(kind, number, today, region)


def _foreign_permanent_resident_id(number: str, today: date) -> IdentityDocument:
    kind = DocumentKind.FOREIGN_PERMANENT_RESIDENT_ID
    if (old := _FOREIGN_BEFORE_2023.fullmatch(number)) is not None:
        return _foreign_before_2023(number, old, today)
    _require(
        kind,
        _FOREIGN,
        number,
        Text(
            "应为以 9 开头的 18 位号码，或 3 个字母加 12 位数字的旧号码",
            "it is 9 and 17 more characters, or on older cards 3 letters and 12 digits",
        ),
    )
    _require_province(kind, number[1:3])
    return _citizen(kind, number, today, OriginRegion.FOREIGN)


def _foreign_before_2023(number: str, parts: re.Match[str], today: date) -> IdentityDocument:
    """Read a card that has three letters and twelve digits; the year of birth has two digits.

    No published text of its check rule is known to us; the last digit is compared with ICAO's
    7-3-1 rule, and a number that differs is for a person to compare, not refused. Nor is it known
    which digit tells the sex.
    """
    kind = DocumentKind.FOREIGN_PERMANENT_RESIDENT_ID
    _require_province(kind, parts["province"])
    births = [
        birth
        for century in ("19", "20")
        if (birth := _date(century + parts["birth"])) is not None
        and _EARLIEST_BIRTH <= birth <= today
    ]
    if not births:
        raise IdentityDocumentError(kind, IdentityProblem.BIRTH_DATE, _NO_BIRTH_DATE)
    notes: list[Text] = []
    if _icao_check_digit(number[:-1]) != parts["check"]:
        notes.append(Text("校验位不符，请核对证件", "check digit differs: compare with the card"))
    if len(births) > 1:
        notes.append(
            Text(
                "出生年份只有两位，无法确定世纪",
                "the year of birth has two digits: century unknown",
            )
        )
    return IdentityDocument(
        kind=kind,
        number=number,
        birth_date=births[0] if len(births) == 1 else None,
        region=OriginRegion.FOREIGN,
        notes=tuple(notes),
    )


def _hong_kong_macau_permit(number: str, today: date) -> IdentityDocument:
    del today  # the number holds no date
    kind = DocumentKind.HONG_KONG_MACAU_PERMIT
    found = _require(
        kind,
        _HONG_KONG_MACAU,
        number,
        Text(
            "应为 H 或 M 加 8 位数字（旧证 10 位），非中国籍为 HA 或 MA 加 7 位数字",
            "it is H or M and 8 digits (10 on older cards), or HA or MA and 7 digits",
        ),
    )
    renewals = found["renewals"]
    return IdentityDocument(
        kind=kind,
        number=number,
        region=OriginRegion.HONG_KONG if found["letter"] == "H" else OriginRegion.MACAU,
        renewals=None if renewals is None else int(renewals),
    )


def _taiwan_permit(number: str, today: date) -> IdentityDocument:
    del today  # the number holds no date
    kind = DocumentKind.TAIWAN_PERMIT
    found = _require(
        kind,
        _TAIWAN,
        number,
        Text("应为 8 位数字（旧证 10 位）", "it is 8 digits (10 on older permits)"),
    )
    renewals = found["renewals"]
    return IdentityDocument(
        kind=kind,
        number=number,
        region=OriginRegion.TAIWAN,
        renewals=None if renewals is None else int(renewals),
    )


def _passport(number: str, state: str) -> IdentityDocument:
    kind = DocumentKind.PASSPORT
    if not _STATE.fullmatch(state):
        raise IdentityDocumentError(
            kind,
            IdentityProblem.ISSUING_STATE,
            Text("签发国家应为三个字母的代码", "the issuing state is a code of three letters"),
        )
    if state == "CHN":
        _require(
            kind,
            _CHINESE_PASSPORT,
            number,
            Text(
                "应为一或两个字母加数字，共 8 或 9 位",
                "it is one or two letters and digits, 8 or 9 in all",
            ),
        )
    _require(
        kind,
        _PASSPORT,
        number,
        Text("应为 5 至 9 位字母和数字", "it is 5 to 9 letters and digits"),
    )
    return IdentityDocument(kind=kind, number=number, issuing_state=state)


_READERS: MappingProxyType[DocumentKind, Callable[[str, date], IdentityDocument]] = (
    MappingProxyType(
        {
            DocumentKind.RESIDENT_ID: _resident_id,
            DocumentKind.RESIDENCE_PERMIT: _residence_permit,
            DocumentKind.HONG_KONG_MACAU_PERMIT: _hong_kong_macau_permit,
            DocumentKind.TAIWAN_PERMIT: _taiwan_permit,
            DocumentKind.FOREIGN_PERMANENT_RESIDENT_ID: _foreign_permanent_resident_id,
        }
    )
)


_EIGHTEEN = Text("应为 17 位数字加 1 位数字或 X", "it is 17 digits and one more digit or X")


_NO_BIRTH_DATE = Text("其中的出生日期不可能", "the birth date in it is not possible")


def _citizen(
    kind: DocumentKind, number: str, today: date, region: OriginRegion
) -> IdentityDocument:
    """Read what GB 11643 lays down for characters 7 to 18."""
    birth = _date(number[6:14])
    if birth is None or not _EARLIEST_BIRTH <= birth <= today:
        raise IdentityDocumentError(kind, IdentityProblem.BIRTH_DATE, _NO_BIRTH_DATE)
    if check_character(number[:17]) != number[17]:
        raise IdentityDocumentError(
            kind,
            IdentityProblem.CHECK_CHARACTER,
            Text("校验位不符，请检查是否输错", "the check character differs: is it mistyped?"),
        )
    sex = Sex.MALE if int(number[16]) % 2 else Sex.FEMALE
    return IdentityDocument(kind=kind, number=number, birth_date=birth, sex=sex, region=region)


def _date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _icao_check_digit(text: str) -> str:
    """Return the check digit of ICAO Doc 9303: weights 7, 3, 1; A is 10, Z is 35."""
    total = sum(int(character, 36) * (7, 3, 1)[index % 3] for index, character in enumerate(text))
    return str(total % 10)


def _require(
    kind: DocumentKind, pattern: re.Pattern[str], number: str, form: Text
) -> re.Match[str]:
    if (found := pattern.fullmatch(number)) is None:
        raise IdentityDocumentError(kind, IdentityProblem.FORM, form)
    return found


def _require_province(kind: DocumentKind, code: str) -> None:
    if not _PROVINCES.fullmatch(code):
        raise IdentityDocumentError(
            kind,
            IdentityProblem.DIVISION,
            Text("其中的省级行政区代码不存在", "the province in it does not exist"),
        )


def _other_kind(kind: DocumentKind, other: DocumentKind) -> IdentityDocumentError:
    return IdentityDocumentError(
        kind,
        IdentityProblem.OTHER_KIND,
        Text(f"这是{other.label.zh}的号码", f"this is the number of a {other.label.en}"),
    )
