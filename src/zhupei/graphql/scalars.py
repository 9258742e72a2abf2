"""Scalars: instants of China's time, dates, exact decimals, yuan; and texts as strings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NewType

import strawberry
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY

from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Text
from zhupei.graphql.uploads import Upload, read_upload, write_upload

__all__ = ["SCALARS", "Representation", "Yuan", "plain", "show_instant"]

Yuan = NewType("Yuan", Decimal)
"""An amount of money in yuan; in the graph a string, because binary floats round."""

Representation = NewType("Representation", object)
"""What a gateway names an entity by: an object with ``__typename`` and a key."""


def plain(value: Decimal | int) -> str:
    """Return ``value`` in digits, without exponent and without zeros after the last figure."""
    text = format(Decimal(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


# No underscores and no digits of other scripts, which Python would read; floats are written with
# exponents.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_DIGITS = 30
"""Before the point, and after it: 1e999999999 is short, and would fill the memory as digits."""


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError(f"expected a number such as 7600 or 0.8, not {value!r}")  # noqa: TRY004 - graphql-core reports a ValueError as the refusal of a value
    text = str(value).strip()
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"expected a number such as 7600 or 0.8, not {value!r}")
    found = Decimal(text)
    _, digits, exponent = found.as_tuple()
    # The form has no NaN and no infinity, which alone have other exponents.
    places = -int(exponent)
    if len(digits) - places > _MOST_DIGITS or places > _MOST_DIGITS:
        raise ValueError(
            f"expected a number of at most {_MOST_DIGITS} digits before and after the point, "
            f"not {value!r}"
        )
    return found


def _instant(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(value)
        if found.utcoffset() is None:
            raise ValueError
        # Of a year that is not one of China's time any more: 9999, seen from the west.
        return found.astimezone(CHINA_TIME)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(
            f"expected an instant with its offset, such as 2024-04-23T23:59:59+08:00, not {value!r}"
        ) from None


def show_instant(value: datetime) -> str:
    """Return an instant as it is written."""
    return value.astimezone(CHINA_TIME).isoformat()


def _day(value: Any) -> date:
    try:
        # Python would read the day of a week of a year too: 2026-W01-1.
        if not _DAY.fullmatch(value):
            raise ValueError
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"expected a date such as 2024-04-23, not {value!r}") from None


SCALARS: Mapping[object, Any] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "An instant in ISO 8601 with its offset (时刻), such as `2024-04-23T23:59:59+08:00`. "
            "Answers are always in China's time, +08:00; values given may carry any offset, but "
            "must carry one."
        ),
        serialize=show_instant,
        parse_value=_instant,
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    ),
    date: strawberry.scalar(
        name="Date",
        description="A calendar date in China (日期), such as `2024-04-23`.",
        serialize=date.isoformat,
        parse_value=_day,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="An exact decimal number as a string (十进制数), such as `0.8`.",
        serialize=plain,
        parse_value=_decimal,
    ),
    Yuan: strawberry.scalar(
        name="Yuan",
        description=(
            "An amount of money in yuan (人民币元) as a string of an exact decimal, such as "
            "`7600` or `1519.5`."
        ),
        serialize=plain,
        parse_value=_decimal,
    ),
    Representation: strawberry.scalar(
        name="_Any",
        description="What a gateway names an entity by (实体引用): `__typename` and a key.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
    Upload: strawberry.scalar(
        name="Upload",
        description=(
            "A file that comes with a request (上传文件), by the GraphQL multipart request "
            "specification: null in `operations`, and `map` says which part of the request it is."
        ),
        serialize=write_upload,
        parse_value=read_upload,
        specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
    ),
    # A bilingual text leaves the graph as a string in one language: `sources.Localized` picks it.
    Text: DEFAULT_SCALAR_REGISTRY[str],
}
"""What the schema knows beside GraphQL's own scalars."""
