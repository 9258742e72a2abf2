"""Writes data as YAML in our style: two spaces, Chinese as it is, codes in quotes.

What is written reads back as the same texts. Numbers, dates and flags stand without quotes, and
text that could be taken for one of them (``"0100"``, ``"no"``, ``"12:30"``) in quotes, so that any
other YAML parser reads it as text too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from unicodedata import east_asian_width

__all__ = ["WIDTH", "dump"]

#: Short mappings and lists stand in one line of at most so many columns.
WIDTH = 100

_INDENT = "  "
_SHORT = 4
# YAML ends an unquoted or quoted key that is not on its line's first 1024 characters.
_LONGEST_KEY = 1000
# Begins with a letter; then nothing that YAML could read as the end of the text.
_PLAIN = re.compile(r"[^\W\d_](?:[\w./()（）、，。；·+%-]| (?=[\w(（]))*")
# Words that some YAML parser reads as null, a flag or a number.
_RESERVED = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"})
# What JSON leaves as it is, but a YAML reader (and ours) refuses or does not show.
_ESCAPED = re.compile("[\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
# Text with line breaks stands as a block where no line could be mistaken for indentation.
_BLOCK = re.compile(r"[^\s\x00-\x1f][^\x00-\x09\x0b-\x1f]*\n?")
_BLANK_LINE = re.compile(r"^ +$|\n\n\Z", re.MULTILINE)


def dump(data: Mapping[str, object]) -> str:
    """Return ``data`` as a YAML document that our loader reads back.

    Accepted are mappings with text keys, sequences, text, numbers, dates, times, flags and None.
    The order of keys is kept. Mappings and lists of at most four (lists: any number) short
    values stand in one line where they fit.

    Raises:
        TypeError: a value or key of another type.
        ValueError: text that no YAML document can hold (a null character, half a surrogate
            pair), a number that is not finite, a key of more than 1,000 characters.
    """
    if not data:
        return "{}\n"
    return "".join(f"{line}\n" for line in _mapping(data, ""))


def _mapping(data: Mapping[str, object], indent: str) -> Iterator[str]:
    for key, value in data.items():
        yield from _entry(f"{indent}{_key(key)}:", value, indent)


def _entry(start: str, value: object, indent: str) -> Iterator[str]:
    """Yield the lines of a value that follows ``start``, a key or the dash of an item."""
    inline = _inline(value)
    if inline is not None and (
        not isinstance(value, Mapping | list | tuple) or not value or _fits(f"{start} {inline}")
    ):
        yield f"{start} {inline}"
    elif isinstance(value, str):
        yield f"{start} {'|' if value.endswith(chr(10)) else '|-'}"
        for line in value.removesuffix("\n").split("\n"):
            yield f"{indent}{_INDENT}{line}" if line else ""
    elif isinstance(value, Mapping):
        if start.endswith("-"):
            # The first key of a mapping in a list stands beside the dash.
            lines = _mapping(value, f"{indent}{_INDENT}")
            yield f"{start} {next(lines).lstrip(' ')}"
            yield from lines
        else:
            yield start
            yield from _mapping(value, f"{indent}{_INDENT}")
    elif isinstance(value, Sequence):
        yield start
        for item in value:
            yield from _entry(f"{indent}{_INDENT}-", item, f"{indent}{_INDENT}")


def _inline(value: object) -> str | None:
    """Return the value as part of one line, None where it needs several."""
    if isinstance(value, Mapping):
        if len(value) > _SHORT:
            return None
        texts = _inline_items(value.values())
        if texts is None:
            return None
        entries = zip(map(_key, value), texts, strict=True)
        return "{" + ", ".join(f"{key}: {text}" for key, text in entries) + "}"
    if isinstance(value, list | tuple):
        texts = _inline_items(value)
        return None if texts is None else f"[{', '.join(texts)}]"
    return _scalar(value)


def _inline_items(values: Iterable[object]) -> list[str] | None:
    texts = []
    for value in values:
        text = None if _is_nested(value) else _inline(value)
        if text is None:
            return None
        texts.append(text)
    return texts


def _scalar(value: object) -> str | None:
    """Return a scalar, None for text that is written as a block of lines."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return None if _is_block(value) else _text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal | float):
        number = Decimal(str(value))
        if not number.is_finite():
            raise ValueError(f"{value} is not a number that YAML can hold")
        return format(number, "f")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    raise TypeError(f"cannot write {type(value).__name__} as YAML")


def _is_nested(value: object) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)


def _is_block(text: str) -> bool:
    return (
        "\n" in text.rstrip("\n")
        and _BLOCK.fullmatch(text) is not None
        and not _BLANK_LINE.search(text)
        and not _ESCAPED.search(text)
        and not _UNWRITABLE.search(text)
    )


def _key(key: object) -> str:
    if isinstance(key, bool) or not isinstance(key, str | int):
        raise TypeError(f"a key must be text, not {type(key).__name__}")
    text = str(key) if isinstance(key, int) else _text(key)
    if not text.strip('" '):
        raise ValueError("a key must not be blank")
    if len(text) > _LONGEST_KEY:
        raise ValueError(f"a key of more than {_LONGEST_KEY} characters")
    return text


def _text(text: str) -> str:
    if _UNWRITABLE.search(text):
        raise ValueError("text with a null character or half a surrogate pair")
    if _PLAIN.fullmatch(text) and text.casefold() not in _RESERVED:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match.group()):04x}", quoted)


def _fits(line: str) -> bool:
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in line) <= WIDTH
