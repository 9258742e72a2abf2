"""What an author probably meant: near names, and numbers, dates and flags written otherwise."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from difflib import get_close_matches

from zhupei.domain.text import Text

__all__ = [
    "date_hint",
    "did_you_mean",
    "flag_hint",
    "list_choices",
    "moment_hint",
    "number_hint",
    "suggest",
    "unknown_hint",
    "whole_hint",
    "year_hint",
]

_LISTED = 20
_UNKNOWN = frozenset(
    {"待定", "未定", "未知", "不详", "暂无", "若干", "tbd", "n/a", "?", "？", "-", "/"}
)
_DISTANT = Text("年份应在 1900 至 2999 之间", "the year must be one from 1900 to 2999")
_NO_DAY = Text("没有这一天", "there is no such day")
_EXCEL_BEGINS = date(1899, 12, 30)
_DAY = r"\s*([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?"
_TIME = r"(?:[T\s]*([0-9]{1,2})(?::([0-9]{2})|[点时](?:([0-9]{1,2})分?)?))?\s*"


def suggest(word: str, candidates: Sequence[str]) -> str | None:
    """Return the candidate that ``word`` was most likely meant to be, None where none is near."""
    by_form = {_form(candidate): candidate for candidate in reversed(candidates)}
    # Of a Chinese word of two characters one may be wrong.
    cutoff = 0.6 if word.isascii() else 0.5
    near = get_close_matches(_form(word), by_form, n=1, cutoff=cutoff)
    return by_form[near[0]] if near else None


def list_choices(choices: Sequence[str]) -> Text:
    """Return the choices in one line, in their order, cut off where there are very many."""
    shown = list(choices[:_LISTED])
    if len(choices) > _LISTED:
        shown.append("…")
    return Text("、".join(shown), ", ".join(shown))


def did_you_mean(word: str) -> Text:
    """Return the question that offers ``word``."""
    return Text(f"您是不是想写“{word}”？", f'did you mean "{word}"?')


def _form(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold().replace("-", "_").replace(" ", "_")


def _write(text: str) -> Text:
    return Text(f"请写 {text}", f"write {text}")


def unknown_hint(text: str) -> Text | None:
    """Return what to do with a figure that nobody knows yet: ``待定``, ``TBD``."""
    if text.strip().casefold() in _UNKNOWN:
        return Text(
            "未知的不写：请删除这个键，并在旁边写明原因（如 quota_note、note）",
            "what is unknown is left out: delete the key, and say why beside it "
            "(as quota_note or note)",
        )
    return None


def whole_hint(text: str, unit: str | None = None) -> Text | None:
    """Return how to write a whole number that is written otherwise.

    ``unit`` is a pattern of the unit that the number has anyway: ``7个工作日`` of working days.
    """
    hint = number_hint(text)
    if hint is None and unit is not None:
        plain = unicodedata.normalize("NFKC", text).strip()
        found = re.fullmatch(rf"(0|[1-9][0-9]{{0,8}})\s*(?:{unit})", plain)
        hint = None if found is None else _write(found[1])
    return None if hint is not None and "." in hint.zh else hint


def share_hint(text: str) -> Text | None:
    """Return how to write a share that is written otherwise: ``40%``, ``４０％``."""
    plain = unicodedata.normalize("NFKC", text).strip()
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)\s*%", plain)
    if found is None:
        return number_hint(text)
    return _write(f"{(Decimal(found[1]) / 100).normalize():f}")


def year_hint(text: str) -> Text | None:
    """Return how to write a year that is written otherwise: ``26``, ``2026年``, ``2026级``."""
    plain = unicodedata.normalize("NFKC", text).strip()
    found = re.fullmatch(r"(20)?([0-9]{2})\s*[年级届]?", plain)
    return _write(f"20{found[2]}") if found is not None else whole_hint(text)


def number_hint(text: str) -> Text | None:
    """Return how to write a number that is written otherwise: ``1,000``, ``１２``, ``0.76万元``."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("_", "").replace(",", "")
    # Only units that leave the figure as it is: three years are not three months.
    plain = re.sub(r"(?<=[0-9万])\s*(?:元(?:/\S{1,4})?|[人个名])$", "", plain).lstrip("+")
    if re.fullmatch(r"[0-9]{1,8}(?:\.[0-9]{1,6})?万", plain):
        plain = f"{(Decimal(plain[:-1]) * 10_000).normalize():f}"
    if re.fullmatch(r"0[0-9]+", plain):
        return Text("数字不能以 0 开头", "a number must not begin with 0")
    if re.fullmatch(r"-?(?:0|[1-9][0-9]*)\.0+", plain):
        plain = plain.partition(".")[0]
    if plain != text and re.fullmatch(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", plain):
        return _write(plain)
    return None


def flag_hint(text: str) -> Text | None:
    """Return how to write yes and no."""
    form = _form(text)
    if form in {"yes", "y", "on", "1", "true", "t", "是", "有", "对"}:
        return _write("true")
    if form in {"no", "n", "off", "0", "false", "f", "否", "无", "不是", "没有"}:
        return _write("false")
    return None


def date_hint(text: str) -> Text | None:
    """Return how to write a date that is written otherwise: ``2026/6/30``, ``2026年6月30日``."""
    plain = unicodedata.normalize("NFKC", text)
    match = re.fullmatch(rf"{_DAY}\s*", plain)
    if match is None:
        return _excel_hint(plain)
    iso = _day(match)
    if iso is None:
        return _NO_DAY
    return _write(iso) if _is_near(iso) else _DISTANT


def moment_hint(text: str) -> Text | None:
    """Return how to write a time that is written otherwise: ``2026/6/30 17:00``, ``…日24点``."""
    plain = unicodedata.normalize("NFKC", text)
    match = re.fullmatch(_DAY + _TIME, plain)
    if match is None:
        return _excel_hint(plain)
    iso = _day(match)
    if iso is None:
        return _NO_DAY
    if not _is_near(iso):
        return _DISTANT
    if match[4] is None:
        return _write(iso)
    hour, minute = int(match[4]), int(match[5] or match[6] or 0)
    if hour * 60 + minute > 24 * 60 or minute > 59:
        return Text("一天的时间是 00:00 至 24:00", "the times of a day are 00:00 to 24:00")
    return _write(f"{iso}T{hour:02}:{minute:02}")


def _day(match: re.Match[str]) -> str | None:
    """Return the date as it is written here, None where there is no such day."""
    try:
        return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        return None


def _is_near(iso: str) -> bool:
    """Whether a date is of a year that files may have."""
    return "1900" <= iso[:4] <= "2999"


def _excel_hint(plain: str) -> Text | None:
    """Return the date that a spreadsheet means by a number of days, from 2000 to 2099."""
    if not re.fullmatch(r"[0-9]{5}", plain) or not 36_526 <= int(plain) <= 73_050:
        return None
    iso = (_EXCEL_BEGINS + timedelta(days=int(plain))).isoformat()
    return Text(
        f"像是 Excel 的日期序号；若指 {iso}，请写 {iso}",
        f"it looks like Excel's number of a date; if {iso} is meant, write {iso}",
    )
