"""Scalar types of our YAML: every scalar arrives as text and says here what it may look like."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from zhupei.config import patterns
from zhupei.config.hints import (
    date_hint,
    flag_hint,
    moment_hint,
    number_hint,
    unknown_hint,
    whole_hint,
    year_hint,
)
from zhupei.domain.text import Text

__all__ = [
    "Amount",
    "Code",
    "Day",
    "Flag",
    "Moment",
    "Share",
    "Slug",
    "SpecialtyCode",
    "Whole",
    "Year",
    "YearMonth",
    "problem",
]

_YEARS = range(1000, 10_000)
# Of a date: what lies outside is a slip (0206 for 2026), and would overflow where days are added.
_YEARS_OF_DAYS = range(1900, 3000)


def problem(code: str, zh: str, en: str, **context: Any) -> PydanticCustomError:
    """Return an error with our own code and a message in both languages."""
    return PydanticCustomError(code, "{en}", {"zh": zh, "en": en, **context})


def _unlike(
    value: object, hint: Callable[[str], Text | None], code: str, zh: str, en: str
) -> PydanticCustomError:
    """Return an error that says what to write instead, where the text shows what was meant."""
    meant = hint(value) if isinstance(value, str) else None
    if meant is None and isinstance(value, str) and code == "CONFIG_BAD_NUMBER":
        meant = unknown_hint(value)
    said = {} if meant is None else {"hint_zh": meant.zh, "hint_en": meant.en}
    return problem(code, zh, en, **said)


def _flag(value: object) -> object:
    if isinstance(value, bool):
        return value
    if value in {"true", "false"}:
        return value == "true"
    raise _unlike(
        value, flag_hint, "CONFIG_BAD_FLAG", "应为 true 或 false", "expected true or false"
    )


def _whole(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?(0|[1-9][0-9]{0,8})", value):
        return int(value)
    raise _unlike(
        value,
        whole_hint,
        "CONFIG_BAD_NUMBER",
        "应为整数，如 12",
        "expected a whole number, such as 12",
    )


def _year(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value in _YEARS:
        return value
    if isinstance(value, str) and re.fullmatch(r"[1-9][0-9]{3}", value):
        return int(value)
    raise _unlike(
        value,
        year_hint,
        "CONFIG_BAD_NUMBER",
        "应为四位数的年份，如 2026",
        "expected a year of four digits, such as 2026",
    )


def _decimal(value: object) -> object:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?", value):
        return Decimal(value)
    raise _unlike(
        value,
        number_hint,
        "CONFIG_BAD_NUMBER",
        "应为数字，如 7600 或 0.8",
        "expected a number, such as 7600 or 0.8",
    )


def _day(value: object) -> object:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = None
        if day is not None and day.year in _YEARS_OF_DAYS:
            return day
    raise _unlike(
        value,
        date_hint,
        "CONFIG_BAD_DATE",
        "应为日期，如 2026-06-30",
        "expected a date, such as 2026-06-30",
    )


def _moment(value: object) -> object:
    if isinstance(value, str):
        match = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2}))?", value)
        if match:
            _day(match[1])
            hour, minute = int(match[2] or 0), int(match[3] or 0)
            if (hour < 24 and minute < 60) or (hour, minute) == (24, 0):
                return value.replace(" ", "T")
    raise _unlike(
        value,
        moment_hint,
        "CONFIG_BAD_MOMENT",
        "应为日期或北京时间，如 2024-04-23 或 2024-04-23T24:00",
        "expected a date or a Shanghai time, such as 2024-04-23 or 2024-04-23T24:00",
    )


Flag = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=bool)]
"""``true`` or ``false``; never yes, no, on, off."""

Whole = Annotated[int, BeforeValidator(_whole, json_schema_input_type=int)]
"""A whole number in plain digits."""

Year = Annotated[
    int,
    BeforeValidator(_year, json_schema_input_type=Annotated[int, Field(ge=1000, le=9999)]),
]
"""A year of four digits."""

Amount = Annotated[Decimal, BeforeValidator(_decimal, json_schema_input_type=float), Field(ge=0)]
"""Yuan, not negative."""

Share = Annotated[Decimal, BeforeValidator(_decimal, json_schema_input_type=float), Field(ge=0)]
"""A share such as 0.8; not negative, and above 1 only where a rule says so (110 %)."""

Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=str)]
"""A date, ``2026-06-30``."""

Moment = Annotated[str, BeforeValidator(_moment, json_schema_input_type=str)]
"""A date, or a date and time of Asia/Shanghai; ``24:00`` is the next day's 00:00 (T11)."""

YearMonth = Annotated[str, StringConstraints(pattern=patterns.YEAR_MONTH)]
"""A month, ``2017-10``."""

Slug = Annotated[str, StringConstraints(pattern=patterns.SLUG, max_length=80)]
"""A code of ours: lower-case letters, digits and single hyphens."""

Code = Annotated[str, StringConstraints(pattern=patterns.DIVISION)]
"""A code of GB/T 2260, six digits."""

SpecialtyCode = Annotated[str, StringConstraints(pattern=patterns.SPECIALTY, max_length=60)]
"""A national specialty code of four digits, or a slug that the program itself declares."""
