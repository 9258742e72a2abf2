"""Contacts as offices write them, normalised: phones, QQ groups, people, hospital names (T38, T39).

Every reader takes the text of one cell of a contact table. Full-width and other compatibility
characters are read as their ordinary forms. What cannot be read raises `ContactNotReadable`;
nothing is dropped in silence, and nothing is completed by guessing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from zhupei.domain.institutions import Phone
from zhupei.domain.text import Text

__all__ = [
    "ContactNotReadable",
    "HospitalName",
    "normalise_text",
    "parse_hospital_name",
    "parse_people",
    "parse_phones",
    "parse_qq_groups",
]


class ContactNotReadable(ValueError):  # noqa: N818 - says what is wrong with the text
    """Raised for text that holds something else than the contacts asked for.

    ``text`` is the whole cell, ``rest`` the part that could not be read.
    """

    def __init__(self, text: str, rest: str, wanted: Text) -> None:
        self.text = text
        self.rest = rest
        self.message = Text(
            f"无法从“{text}”中识别{wanted.zh}：“{rest}”",
            f'cannot read {wanted.en} from "{text}": "{rest}"',
        )
        super().__init__(self.message.en)


@dataclass(frozen=True, slots=True)
class HospitalName:
    """The name of a hospital and its other names (第二名称)."""

    name: str
    aliases: tuple[str, ...] = ()


_PHONES = Text("电话号码", "telephone numbers")
_GROUPS = Text("QQ群号", "QQ groups")
_SEPARATORS = " /,;、。|\n\t"
_DASHES = str.maketrans(dict.fromkeys("_‐‑‒–—―−", "-"))

_EXTENSION = r"(?:转|ext\.?|分机)\s*(?:接?分机号?|号)?\s*:?\s*-?\s*(?P<extension>\d{1,6})(?!\d)"
_NUMBER = re.compile(
    rf"""(?: (?P<country>\+86) [\s-]* )?
    (?: (?P<mobile>1[3-9]\d(?:[\s-]?\d{{4}}){{2}})
      | (?P<service>[48]00[\s-]?\d{{3}}[\s-]?\d{{4}})
      | (?: \(? (?P<area>0(?:10|2\d|[3-9]\d{{2}})) \)? [\s-]*
          | (?(country) (?P<bare_area>10|2\d|[3-9]\d{{2}}) [\s-]* | ) )
        (?P<local>[2-9]\d{{2,3}}[\s-]?\d{{4}}) )
    (?!\d) (?: \s*{_EXTENSION} )?""",
    re.VERBOSE | re.IGNORECASE,
)
_MORE_EXTENSION = re.compile(r"\d{1,6}(?!\d)")
_LABEL = re.compile(
    r"\s*(?:联系|办公|咨询|固定|服务)?(?:电话|座机|手机|热线|tel)\s*:\s*", re.IGNORECASE
)

_GROUP = re.compile(r"[1-9]\d{4,10}(?!\d)")
_GROUP_LABEL = re.compile(
    r"(?:qq\s*(?:群\s*)?|群\s*)(?:号码?\s*)?(?:[一二三四\d]\s*(?=:))?:?", re.IGNORECASE
)

_PEOPLE_LABEL = re.compile(r"\s*联系人\s*:\s*")
_PEOPLE_SPLIT = re.compile(r"[、,;/|\n\t]+")
_TITLED = re.compile(r"\S+(?:老师|医生|医师|主任|科长|处长|先生|女士)")
_ALIASES = re.compile(r"(?P<name>[^()]+)\((?P<aliases>[^()]+)\)")


def normalise_text(text: str) -> str:
    """Return ``text`` in Unicode's compatibility form (NFKC), blanks trimmed and collapsed."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def parse_phones(text: str, area_code: str | None = None) -> tuple[Phone, ...]:
    """Return the telephone numbers in ``text`` in their order, none for a blank text.

    Numbers become ``010-65212345``, ``13800138000``, ``400-810-1234``; an extension (转, 分机)
    is kept beside its number. A number without an area code takes the one of the number before
    it in the same text, or ``area_code``; where there is neither it stays without. Raise
    `ContactNotReadable` for anything that is not a number.
    """
    cell = unicodedata.normalize("NFKC", text).translate(_DASHES)
    label = _LABEL.match(cell)
    at = label.end() if label else 0
    phones: list[Phone] = []
    while at < len(cell):
        if cell[at] in _SEPARATORS:
            at += 1
            continue
        found = _NUMBER.match(cell, at)
        more = _MORE_EXTENSION.match(cell, at)
        if found:
            bare = found["bare_area"]
            area_code = found["area"] or (bare and f"0{bare}") or area_code
            phones.append(Phone(_number(found, area_code), found["extension"]))
            at = found.end()
        elif more and phones and phones[-1].extension:
            # "…转8001/8002": a short number after an extension is another one of that line.
            phones.append(Phone(phones[-1].number, more[0]))
            at = more.end()
        else:
            raise ContactNotReadable(text, cell[at:].strip(), _PHONES)
    return tuple(phones)


def parse_qq_groups(text: str) -> tuple[str, ...]:
    """Return the QQ group numbers in ``text``: none, one or several, five to eleven digits each.

    Raise `ContactNotReadable` for anything that is not such a number, a separator or a label.
    """
    cell = unicodedata.normalize("NFKC", text)
    groups: list[str] = []
    at = 0
    while at < len(cell):
        if cell[at] in _SEPARATORS:
            at += 1
            continue
        found = _GROUP.match(cell, at)
        label = _GROUP_LABEL.match(cell, at)
        if found:
            groups.append(found[0])
            at = found.end()
        elif label:
            at = label.end()
        else:
            raise ContactNotReadable(text, cell[at:].strip(), _GROUPS)
    return tuple(groups)


def parse_people(text: str) -> tuple[str, ...]:
    """Return the people named in ``text``, such as ``刘老师、黄老师、 陈老师``.

    Blanks separate people only where each part carries a title (``洪老师 熊老师``); otherwise a
    blank belongs to one name that was spaced out (``张 三`` is 张三).
    """
    cell = normalise_text(text)
    label = _PEOPLE_LABEL.match(cell)
    people: list[str] = []
    for part in _PEOPLE_SPLIT.split(cell[label.end() :] if label else cell):
        words = part.split()
        if all(_TITLED.fullmatch(word) for word in words):
            people.extend(words)
        elif all(word.isascii() for word in words):
            people.append(" ".join(words))
        else:
            people.append("".join(words))
    return tuple(people)


def parse_hospital_name(text: str) -> HospitalName:
    """Split ``甲医院（乙医院、丙医院）`` into the name and the aliases in the final brackets.

    Brackets elsewhere belong to the name and stay, in full width. Raise ValueError for a blank.
    """
    cell = normalise_text(text)
    if not cell:
        raise ValueError("a hospital has a name; the text is blank")
    found = _ALIASES.fullmatch(cell)
    if found is None:
        return HospitalName(_wide(cell))
    aliases = (alias.strip() for alias in re.split(r"[、,;/]", found["aliases"]))
    return HospitalName(found["name"].strip(), tuple(alias for alias in aliases if alias))


def _number(found: re.Match[str], area_code: str | None) -> str:
    if found["mobile"]:
        return _digits(found["mobile"])
    if found["service"]:
        digits = _digits(found["service"])
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    local = _digits(found["local"])
    return f"{area_code}-{local}" if area_code else local


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _wide(text: str) -> str:
    return text.replace("(", "（").replace(")", "）")
