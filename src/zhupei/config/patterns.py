"""Forms of codes and addresses in our files, each with its words for an author."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from zhupei.domain.text import Text

__all__ = [
    "DIVISION",
    "DOCUMENT",
    "EMAIL",
    "LINES",
    "MEANINGS",
    "QQ_GROUP",
    "SLUG",
    "SPECIALTY",
    "WARNING",
    "WEBSITE",
    "YEAR_MONTH",
    "pattern_hint",
]

YEAR_MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
SLUG = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
DIVISION = r"^[0-9]{6}$"
SPECIALTY = r"^([0-9]{4}|[a-z][a-z0-9]*(-[a-z0-9]+)*)$"
DOCUMENT = r"^[A-Za-z0-9][A-Za-z0-9-]*$"
LINES = r"^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$"
QQ_GROUP = r"^[0-9]{5,11}$"
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
WEBSITE = r"^https?://\S+$"
WARNING = r"^[A-Z]+(_[A-Z]+)*$"

MEANINGS: Mapping[str, Text] = MappingProxyType(
    {
        YEAR_MONTH: Text("年月，如 2017-10", "a month, such as 2017-10"),
        SLUG: Text(
            "代码：以小写字母开头，只用小写字母、数字和单个连字符，如 example-hospital",
            "a code of lower-case letters, digits and single hyphens that begins with a letter, "
            "such as example-hospital",
        ),
        DIVISION: Text(
            " GB/T 2260 的六位数字代码，而不是名称",
            "a code of GB/T 2260 of six digits, not a name",
        ),
        SPECIALTY: Text(
            "四位数字的专业代码，如 0100，或 specialties 中声明的代码，而不是名称",
            "a specialty code of four digits, such as 0100, or a code declared under "
            "specialties, not a name",
        ),
        DOCUMENT: Text(
            "sources 中列出的文件代码（字母、数字、连字符）",
            "the code of a document listed under sources (letters, digits, hyphens)",
        ),
        LINES: Text("行号，如 74 或 14-25", "lines, such as 74 or 14-25"),
        QQ_GROUP: Text("QQ 群号，5 至 11 位数字", "a QQ group of 5 to 11 digits"),
        EMAIL: Text(
            "电子邮箱，如 office@example.org", "a mail address, such as office@example.org"
        ),
        WEBSITE: Text(
            "以 http:// 或 https:// 开头的网址",
            "a web address that begins with http:// or https://",
        ),
        WARNING: Text(
            "警告代码，如 CALENDAR_REST_DAY", "the code of a warning, such as CALENDAR_REST_DAY"
        ),
    }
)

# Quotes of Chinese input methods; plain ones are the file's own and never arrive here.
_QUOTES = "“”‘’「」"


def pattern_hint(text: str, pattern: str) -> Text | None:
    """Return how to write what is written in another width, case or quotes, or without its 0."""
    plain = unicodedata.normalize("NFKC", text).strip().strip(_QUOTES).strip()
    forms = [plain, re.sub(r"[\s_]+", "-", plain.lower())]
    if pattern == SPECIALTY and re.fullmatch(r"[0-9]{1,3}", plain):
        forms.append(plain.zfill(4))
    if pattern == YEAR_MONTH and (
        match := re.fullmatch(r"([0-9]{4})[-/.年]([0-9]{1,2})月?", plain)
    ):
        forms.append(f"{match[1]}-{match[2]:0>2}")
    for form in forms:
        if form != text and re.fullmatch(pattern, form):
            return Text(f"请写 {form}", f"write {form}")
    return None
